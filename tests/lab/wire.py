"""A TCP way to a server that a test cuts when it wants: after so many bytes, or at once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

_BLOCK = 65536


class Wire:
    """Forwards 127.0.0.1:`port` to a server. `cut()` tears what is open and lets nobody through until `mend()`."""

    def __init__(self, address: str, port: int) -> None:
        self._there = (address, port)
        self._open: set[asyncio.StreamWriter] = set()
        self._carrying: set[asyncio.Task[None]] = set()
        self._whole = True
        self._left: int | None = None
        self._swallows = False
        self._audible = asyncio.Event()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._begin, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._carrying)

    @property
    def is_cut(self) -> bool:
        return not self._whole

    def cut(self) -> None:
        self._whole, self._left = False, None
        self._audible.set()
        for end in tuple(self._open):
            end.transport.abort()

    def cut_after(self, sent: int) -> None:
        """Cuts when so many more bytes have gone to the server."""
        self._left = sent

    def swallow(self) -> None:
        """Nothing of what is open gets through any more, and no side is told, not even that the other has ended, until
        the next `cut` or `mend`: the far end has slept too long."""
        self._swallows = True
        self._audible.clear()

    def mend(self) -> None:
        self._whole, self._swallows = True, False
        self._audible.set()

    def _begin(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        carrying = asyncio.ensure_future(self._carry(reader, writer))
        self._carrying.add(carrying)
        carrying.add_done_callback(self._carrying.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with self._end(writer):
            if not self._whole:
                return
            try:
                far_reader, far_writer = await asyncio.open_connection(*self._there)
            except OSError:  # the server takes nobody, so nobody gets through
                return
            async with self._end(far_writer):
                up = asyncio.ensure_future(self._copy(reader, far_writer, counted=True))
                down = asyncio.ensure_future(self._copy(far_reader, writer))
                await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
                for copy in (up, down):
                    copy.cancel()
                await asyncio.gather(up, down, return_exceptions=True)

    @asynccontextmanager
    async def _end(self, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.transport.abort()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool = False
    ) -> None:
        with suppress(OSError):
            while block := await reader.read(_BLOCK):
                if self._swallows:
                    continue
                writer.write(block)
                await writer.drain()
                if counted and self._left is not None:
                    self._left -= len(block)
                    if self._left <= 0:
                        self.cut()
        if self._swallows:
            await self._audible.wait()
