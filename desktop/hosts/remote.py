"""The Channel to a server: commands, streams and files over the host's one shared SSH connection."""

from __future__ import annotations

import asyncio
import io
import secrets
import threading
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from desktop.base.blocking import CancelToken, Pool
from desktop.base.channel import Chunks, OutputLine
from desktop.base.commands import Command, sh
from desktop.base.processes import Completed
from desktop.base.streaming import batched

from . import wrapper
from .errors import CommandFailed, DiskFull, FileNotWritten
from .exchange import exchange, quiet_close, refused_shell

if TYPE_CHECKING:
    from .session import Link

STREAMS = 5
"""Endless streams (logs, events) at a time on one connection; the other sessions stay free for short commands."""

_WRITE = """\
set -e
umask 077
d=$(dirname -- "$1")
[ -d "$d" ] || { echo "no folder $d" >&2; exit 2; }
t=$d/.$2.part
trap 'rm -f -- "$t"' EXIT
set -C
cat > "$t"
set +C
[ "$(wc -c < "$t")" -eq "$4" ] || { echo "only a part arrived" >&2; exit 3; }
chmod "$3" "$t"
mv -f -- "$t" "$1"
trap - EXIT
! command -v restorecon >/dev/null 2>&1 || restorecon -- "$1" 2>/dev/null || :
"""


class SshChannel:
    """Implements base.channel.Channel over a Link."""

    local = False

    def __init__(self, link: Link, pool: Pool) -> None:
        self._link, self._pool = link, pool
        self._streams = asyncio.Semaphore(STREAMS)  # waited for on the loop: a waiting stream holds no thread

    @property
    def name(self) -> str:
        return self._link.host.name

    async def run(self, command: Command, *, timeout: float | None = 60.0) -> Completed:
        return await self._exchange(command, None, timeout)

    async def send(self, command: Command, chunks: Chunks, *, timeout: float | None = None) -> Completed:
        return await self._exchange(command, chunks, timeout)

    async def _exchange(self, command: Command, chunks: Chunks | None, timeout: float | None) -> Completed:
        link = self._link
        asked = link.ended_tries  # now: what waits for a thread meanwhile belongs to the same try
        work = partial(exchange, link=link, command=command, chunks=chunks, timeout=timeout, asked=asked)
        return await self._pool.run(work)

    async def lines(self, command: Command) -> AsyncIterator[OutputLine]:
        """Raises CommandFailed at the end when the command's code is not 0."""
        async with aclosing(self.batches(command)) as batches:
            async for batch in batches:
                for line in batch:
                    yield line

    async def batches(self, command: Command) -> AsyncGenerator[list[OutputLine], None]:
        """Raises CommandFailed at the end when the command's code is not 0."""
        asked = 0

        def produce(token: CancelToken, put: Any) -> None:
            ended = exchange(token, self._link, command, on_lines=put, asked=asked)
            if not ended.ok:
                raise CommandFailed(self.name, command.shown(), ended.code, ended.errors()[-4000:])

        async with self._streams:
            asked = self._link.ended_tries
            async with aclosing(batched(self._pool, produce)) as batches:
                async for batch in batches:
                    yield batch

    async def talk(self, command: Command, chunks: Chunks) -> AsyncGenerator[list[OutputLine], None]:
        """Raises CommandFailed at the end when the command's code is not 0."""
        asked = self._link.ended_tries

        def produce(token: CancelToken, put: Any) -> None:
            ended = exchange(token, self._link, command, chunks=chunks, on_lines=put, asked=asked)
            if not ended.ok:
                raise CommandFailed(self.name, command.shown(), ended.code, ended.errors()[-4000:])

        async with aclosing(batched(self._pool, produce)) as batches:
            async for batch in batches:
                yield batch

    def dial(self, address: str, port: int) -> Any:
        return self._link.dial(CancelToken(), address, port)

    def dial_engine(self) -> RemoteSocket:
        return RemoteSocket(self._link, CancelToken(), "docker system dial-stdio")

    async def write_file(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        script = sh(_WRITE, path, secrets.token_hex(8), f"{mode:o}", str(len(content)))
        ended = await self.send(script, (content,), timeout=300.0)
        if not ended.ok:
            refusal = DiskFull if "No space left" in ended.said() else FileNotWritten
            raise refusal(self.name, path, detail=ended.said())


class RemoteSocket:
    """A program on the server that speaks through its standard streams, as a socket: for http.client and the SDK.

    An end before the first byte raises ConnectionError with what the program said (no such program, no permission).
    """

    def __init__(self, link: Link, token: CancelToken, program: str) -> None:
        marker = wrapper.new_marker()
        self._link = link
        self._released = threading.Lock()
        self._channel: Any = None
        self._filter = wrapper.MarkerFilter(marker)
        self._heard = False
        self._channel = link.session(token, wrapper.dial_line(marker, program))

    def settimeout(self, seconds: float | None) -> None:
        self._channel.settimeout(seconds)

    def gettimeout(self) -> float | None:
        timeout: float | None = self._channel.gettimeout()
        return timeout

    def setsockopt(self, *_: object) -> None:
        """Nothing to set: the SSH connection below has TCP_NODELAY."""

    def sendall(self, data: bytes) -> None:
        try:
            self._channel.sendall(data)
        except OSError:
            self._explain_refusal()
            raise

    def send(self, data: bytes) -> int:
        try:
            sent: int = self._channel.send(data)
        except OSError:
            self._explain_refusal()
            raise
        return sent

    def _explain_refusal(self) -> None:
        """The program may have ended before it was asked anything: what it has said tells why."""
        if self._channel.closed and self._link.active and not self._heard:
            self.recv(1)

    def recv(self, size: int) -> bytes:
        while True:
            data: bytes = self._channel.recv(max(size, 1) if self._filter.found else 4096)
            if not data:
                self._explain_end()
                return b""
            data = self._filter.feed(data)
            if data:
                self._heard = True
                return data

    def recv_into(self, buffer: Any, size: int = 0) -> int:
        data = self.recv(size or len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def _explain_end(self) -> None:
        if self._heard:
            return
        said = b""
        with suppress(OSError):
            self._channel.settimeout(5.0)
            while part := self._channel.recv_stderr(65536):
                said += part
        text = said.decode("utf-8", errors="backslashreplace").strip()
        if not self._filter.found:
            raise refused_shell(self._link.host.name, self._link.host.user, text)
        raise ConnectionError(text or "the program on the server ended without a word")

    def makefile(self, mode: str = "rb", buffering: int | None = None, **_: object) -> io.BufferedReader:
        if "w" in mode:
            raise ValueError("only reading goes through a file")
        return io.BufferedReader(_Raw(self), buffering if buffering and buffering > 1 else 65536)

    def shutdown(self, how: int = 2) -> None:
        """Ends the connection; a reader in another thread gets the end of file."""
        quiet_close(self._channel)

    @property
    def closed(self) -> bool:
        return bool(self._channel.closed or self._channel.eof_received)

    def close(self) -> None:
        if self._released.acquire(blocking=False) and self._channel is not None:
            self._link.release(self._channel)

    def __del__(self) -> None:
        # a link that was cut lets __init__ fail before there is anything to give back
        if hasattr(self, "_released"):
            self.close()


class _Raw(io.RawIOBase):
    def __init__(self, sock: RemoteSocket) -> None:
        self._sock = sock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._sock.recv_into(buffer)
