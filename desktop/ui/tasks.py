"""Coroutines that are no jobs: small reads for a page. Strong references, ended with their owner, never silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtWidgets import QWidget


class Tasks:
    """Runs them on the window's loop and hands errors to one place."""

    def __init__(self, loop: asyncio.AbstractEventLoop, failed: Callable[[BaseException], None]) -> None:
        self._loop, self._failed = loop, failed
        self._running: set[asyncio.Task[Any]] = set()

    def spawn(self, work: Coroutine[Any, Any, Any], owner: QWidget | None = None) -> asyncio.Task[Any]:
        """Start it; it is cancelled when `owner` is destroyed."""
        task = self._loop.create_task(work, name=getattr(work, "__qualname__", "spawned"))
        self._running.add(task)
        task.add_done_callback(self._done)
        if owner is not None:
            owner.destroyed.connect(lambda: task.cancel())
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)

    def close(self) -> None:
        """Cancel what still runs."""
        for task in list(self._running):
            task.cancel()
