"""Blocking work in bounded thread pools, one per kind of resource, each call with a way to be ended.

Why not the loop's default executor: libraries.md, section 1 (qasync's is ten QThreads that close() waits for), and a
hung server must not starve a build.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Concatenate, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_log = logging.getLogger(__name__)


class Cancelled(Exception):
    """Blocking work was asked to end, and did."""


class CancelToken:
    """Ends blocking work: set once; callbacks close what the work waits on (a socket, a channel, a process)."""

    def __init__(self) -> None:
        self._set = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: list[Callable[[], object]] = []

    @property
    def cancelled(self) -> bool:
        return self._set.is_set()

    def cancel(self) -> None:
        """May be called often and from any thread; callbacks run once, their errors are logged."""
        with self._lock:
            callbacks, self._callbacks = self._callbacks, []
            self._set.set()
        for callback in callbacks:
            _quietly(callback)

    def on_cancel(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Run `callback` on cancel, at once if that has been. The returned function takes it back."""
        with self._lock:
            if not self._set.is_set():
                self._callbacks.append(callback)
                return lambda: self._forget(callback)
        _quietly(callback)
        return lambda: None

    def _forget(self, callback: Callable[[], object]) -> None:
        with self._lock, suppress(ValueError):
            self._callbacks.remove(callback)

    def check(self) -> None:
        """Raises Cancelled once the token is set."""
        if self._set.is_set():
            raise Cancelled

    def sleep(self, seconds: float) -> None:
        """Waits, and raises Cancelled as soon as the token is set."""
        if self._set.wait(seconds):
            raise Cancelled


def _quietly(callback: Callable[[], object]) -> None:
    try:
        callback()
    except Exception:  # noqa: BLE001  closing a dead thing may fail in any way, and the rest must still be closed
        _log.debug("closing on cancel failed", exc_info=True)


class Pool:
    """A few threads for one kind of resource."""

    def __init__(self, name: str, threads: int) -> None:
        self.name = name
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        self.abandoned = 0
        """Calls that did not end within the grace after a cancel; shown in diagnostics."""

    async def run(
        self, work: Callable[Concatenate[CancelToken, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """`work(token, ...)` in a thread. When the awaiting task is cancelled the token is, and the thread is waited
        for (5 s at most), so that nothing goes on behind a person's back."""
        token = CancelToken()
        future = asyncio.wrap_future(self._executor.submit(work, token, *args, **kwargs))
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            token.cancel()
            future.add_done_callback(_forget_end)  # also where a second cancel comes while it is waited for
            done, _ = await asyncio.wait({future}, timeout=5.0)
            if not done:
                self.abandoned += 1
                _log.info("%s: a call goes on after its cancel", self.name)
            raise

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)


def _forget_end(future: asyncio.Future[Any]) -> None:
    """Whatever an abandoned call ends with, nobody waits for it."""
    if not future.cancelled():
        future.exception()
