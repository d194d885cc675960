"""The Channel to this computer: the same promises without SSH, so that the newcomer's first target needs no server."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import Any

from desktop.base.blocking import CancelToken, Pool
from desktop.base.channel import Chunks, OutputLine
from desktop.base.commands import Command
from desktop.base.paths import write_atomically
from desktop.base.processes import Child, Completed, run_process
from desktop.base.streaming import batched

from .errors import CommandFailed, FileNotWritten, TooSlow
from .model import LOCAL_NAME

ENGINE_SOCKET = "/var/run/docker.sock"
KEPT_OF_STREAM = 64 << 10
"""Bytes of a stream's output that are kept to explain its end; the lines themselves have been handed over."""


class LocalChannel:
    """Implements base.channel.Channel for this computer."""

    local = True
    name = LOCAL_NAME

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def run(self, command: Command, *, timeout: float | None = 60.0) -> Completed:
        try:
            return await self._pool.run(partial(run_process, command=command, timeout=timeout))
        except TimeoutError as error:
            raise TooSlow(self.name, command.shown(), timeout or 0) from error

    async def send(self, command: Command, chunks: Chunks, *, timeout: float | None = None) -> Completed:
        try:
            return await self._pool.run(partial(_send, command=command, chunks=chunks, timeout=timeout))
        except subprocess.TimeoutExpired as error:
            raise TooSlow(self.name, command.shown(), timeout or 0) from error

    async def lines(self, command: Command) -> AsyncIterator[OutputLine]:
        """Raises CommandFailed at the end when the command's code is not 0."""
        async with aclosing(self.batches(command)) as batches:
            async for batch in batches:
                for line in batch:
                    yield line

    async def batches(self, command: Command) -> AsyncGenerator[list[OutputLine], None]:
        """Raises CommandFailed at the end when the command's code is not 0."""

        def produce(token: CancelToken, put: Callable[[list[OutputLine]], None]) -> None:
            def take(name: str, text: bytes) -> None:
                put([OutputLine(name, text)])

            ended = run_process(token, command, on_line=take, keep=KEPT_OF_STREAM)
            if not ended.ok:
                raise CommandFailed(self.name, command.shown(), ended.code, ended.errors()[-4000:])

        async with aclosing(batched(self._pool, produce)) as batches:
            async for batch in batches:
                yield batch

    def dial(self, address: str, port: int) -> socket.socket:
        return socket.create_connection((address, port), timeout=10.0)

    def dial_engine(self) -> socket.socket:
        """The engine's unix socket. On Windows the engine is reached by its pipe, which `engine` opens by itself."""
        if sys.platform == "win32":
            raise ConnectionError("the engine of this computer is reached by its named pipe")
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        sock.connect(ENGINE_SOCKET)
        return sock

    async def write_file(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        try:
            await self._pool.run(_write, Path(path), content, mode)
        except OSError as error:
            raise FileNotWritten(self.name, path, detail=str(error)) from error


def _write(token: CancelToken, path: Path, content: bytes, mode: int) -> None:
    token.check()
    write_atomically(path, content, private=not mode & 0o077)
    if sys.platform != "win32":
        path.chmod(mode)


def _send(token: CancelToken, command: Command, chunks: Chunks, timeout: float | None) -> Completed:
    """Like run_process, with input that is made while it is read."""
    token.check()
    started = time.monotonic()
    child = Child(Command(command.argv, command.env, b"", command.cwd))
    forget = token.on_cancel(child.end)
    failure: list[BaseException] = []
    feeder = threading.Thread(target=_feed, args=(child, chunks, failure), name="process-input", daemon=True)
    feeder.start()
    streams = [_collect(child.popen.stdout), _collect(child.popen.stderr)]
    try:
        code = child.popen.wait(timeout)
        child.release()
        out, err = (_joined(stream) for stream in streams)
    finally:
        forget()
        child.end()
    token.check()
    if failure:
        raise failure[0]
    return Completed(command, code, out, err, time.monotonic() - started)


def _feed(child: Child, chunks: Chunks, failure: list[BaseException]) -> None:
    pipe = child.popen.stdin
    assert pipe is not None
    try:
        for chunk in chunks:
            try:
                pipe.write(chunk)
            except OSError:
                break  # it has ended before its input: its code says why
    except BaseException as error:  # noqa: BLE001  the source's own failure, handed to who waits
        failure.append(error)
        child.end()
    with suppress(OSError):
        pipe.close()


def _collect(pipe: Any) -> tuple[threading.Thread, bytearray]:
    kept = bytearray()

    def drain() -> None:
        with pipe:
            while part := pipe.read1(1 << 16):
                kept.extend(part)

    thread = threading.Thread(target=drain, name="process-output", daemon=True)
    thread.start()
    return thread, kept


def _joined(stream: tuple[threading.Thread, bytearray]) -> bytes:
    thread, kept = stream
    thread.join(10)
    return bytes(kept)
