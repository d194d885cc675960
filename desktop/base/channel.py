"""A way to one machine: this computer, or a server through SSH. `hosts` provides it, `engine` and others use it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from .commands import Command
from .processes import Completed

Chunks = Iterable[bytes]
"""Bytes to send, made while they are sent; read in a worker thread."""


@dataclass(frozen=True, slots=True)
class OutputLine:
    """One line a running command wrote: `stream` is "out" or "err"."""

    stream: str
    text: bytes


class Channel(Protocol):
    """Runs commands on one machine. All calls may raise the errors of `hosts` (unreachable, cut, refused...)."""

    @property
    def name(self) -> str:
        """The host's name in the inventory; "local" for this computer."""

    @property
    def local(self) -> bool: ...

    async def run(self, command: Command, *, timeout: float | None = 60.0) -> Completed:
        """Runs to the end. A non-zero code is returned, not raised. Cancelling ends the remote process group."""

    async def send(self, command: Command, chunks: Chunks, *, timeout: float | None = None) -> Completed:
        """The same with `chunks` as its input, for large data."""

    def lines(self, command: Command) -> AsyncIterator[OutputLine]:
        """What a long command writes, as it comes; closing the iterator ends it with its process group."""

    def batches(self, command: Command) -> AsyncIterator[list[OutputLine]]:
        """The same in the batches in which they came, for what may flood."""

    def dial(self, address: str, port: int) -> Any:
        """A connected socket-like object (sendall, recv, settimeout, close) to a TCP address as seen from that
        machine. Blocking: for worker threads."""

    def dial_engine(self) -> Any:
        """A socket-like object that speaks to the machine's Docker Engine (`docker system dial-stdio`). Blocking."""

    async def write_file(self, path: str, content: bytes, *, mode: int = 0o644) -> None:
        """Writes a file on that machine as a whole or not at all."""


@runtime_checkable
class Talks(Protocol):
    """A channel on which a command and its caller can take turns."""

    def talk(self, command: Command, chunks: Chunks) -> AsyncGenerator[list[OutputLine], None]:
        """What the command writes, while `chunks` are its input; an empty chunk sends at once what came before it.
        Ends when the command does; closing it ends the command with its process group."""
