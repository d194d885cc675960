"""Coroutines that are no jobs: small reads for a page. Strong references, ended with their owner, never silent."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from PySide6.QtWidgets import QWidget

_log = logging.getLogger(__name__)


class Tasks:
    """Runs them on the window's loop and hands errors to one place."""

    def __init__(self, loop: asyncio.AbstractEventLoop, failed: Callable[[BaseException], None]) -> None:
        self._loop, self._failed = loop, failed
        self._running: set[asyncio.Task[Any]] = set()
        self._closed = False

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
        if task.cancelled() or (error := task.exception()) is None:
            return
        if self._closed:
            _log.info("ended after the window: %r", error)
        else:
            self._failed(error)

    async def close(self) -> None:
        """Cancel what still runs and wait for it; nobody is left to be told."""
        self._closed = True
        while running := list(self._running):  # what ends may start a last look, which is ended too
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
