"""Where lines come from: one container of an engine, or the log file of an app that runs natively here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Protocol

from desktop.base.channel import OutputLine
from desktop.base.commands import Command, sh
from desktop.base.errors import GoferryError
from desktop.base.words import msg

from .stamps import NANO, format_stamp

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from desktop.base.channel import Channel
    from desktop.engine import Engine, LogChunk


class SourceGone(GoferryError):
    """The container is no longer there: following it has no end in sight, so it ends here."""

    code = "watch.source_gone"

    def __init__(self, host: str, source: str, *, detail: str = "") -> None:
        super().__init__(
            msg("{source} is no longer on {host}.", source=source, host=host),
            msg("Its container was removed, and its lines went with it."),
            msg("Choose the container of the new release."),
            detail=detail,
        )


CONNECTED: list[OutputLine] = []
"""Comes first from a source, and once: the way is open, although the container may be silent."""
_HELLO = b"goferry: connected"


class LogSource(Protocol):
    """One stream of lines that can be asked for again from where it broke off."""

    def __hash__(self) -> int: ...

    @property
    def host(self) -> str: ...

    @property
    def name(self) -> str:
        """Short and unique in a merged log."""

    @property
    def clock_offset(self) -> float:
        """Seconds that the host's clock is ahead of ours."""

    @property
    def remembers(self) -> bool:
        """Whether it keeps its own place: asked again, it goes on there, whatever `since_ns` says."""

    def lines(
        self, since_ns: int | None, tail: int | None, *, follow: bool
    ) -> AsyncIterator[list[OutputLine]]:
        """CONNECTED, then batches of stamped lines from `since_ns` on (by the host's clock), at most the last `tail`.

        Ends when the container stops (or, without `follow`, when all is read). Raises SourceGone, or the errors of
        the way there. Closing it ends the far process.
        """


class ContainerLogs:
    """A container's lines through `docker logs` on a channel of its own: cancelled together with the far process."""

    remembers = False

    def __init__(
        self, channel: Channel, container: str, *, name: str = "", host: str = "", clock_offset: float = 0.0
    ) -> None:
        self.host = host or channel.name
        self.name = name or container
        self.container = container
        self.clock_offset = clock_offset
        self._channel = channel

    async def lines(
        self, since_ns: int | None, tail: int | None, *, follow: bool
    ) -> AsyncGenerator[list[OutputLine], None]:
        command = logs_command(self.container, since_ns=since_ns, tail=tail, follow=follow)
        if self._channel.local:
            yield CONNECTED
        else:
            command = announced(command)
        batches: AsyncGenerator[list[OutputLine], None] = self._channel.batches(command)  # type: ignore[assignment]
        async with aclosing(batches):
            async for batch in batches:
                if batch[0].text == _HELLO:
                    yield CONNECTED
                    batch = batch[1:]
                elif len(batch) <= 2 and (gone := next((line for line in batch if is_gone(line)), None)):
                    raise SourceGone(
                        self.host, self.name, detail=gone.text.decode("utf-8", "backslashreplace")
                    )
                if batch:
                    yield batch


class EngineLogs:
    """A container's lines from this computer's own engine."""

    remembers = False
    clock_offset = 0.0

    def __init__(self, engine: Engine, container: str, *, name: str = "", host: str = "") -> None:
        self.host = host or engine.name
        self.name = name or container
        self.container = container
        self._engine = engine

    async def lines(
        self, since_ns: int | None, tail: int | None, *, follow: bool
    ) -> AsyncGenerator[list[OutputLine], None]:
        from desktop.engine import ContainerMissing

        since = None if since_ns is None else since_ns / NANO
        chunks: AsyncGenerator[LogChunk, None]
        chunks = self._engine.logs(self.container, follow=follow, since=since, tail=tail)  # type: ignore[assignment]
        yield CONNECTED
        try:
            async with aclosing(chunks):
                async for chunk in chunks:
                    stamp = format_stamp(chunk.at_ns).encode() + b" " if chunk.at_ns else b""
                    yield [OutputLine(chunk.stream, stamp + chunk.data)]
        except ContainerMissing as error:
            raise SourceGone(self.host, self.name, detail=error.detail) from error


def logs_command(container: str, *, since_ns: int | None, tail: int | None, follow: bool) -> Command:
    """`docker logs` with stamps, from a nanosecond on."""
    words = ["docker", "logs", "--timestamps"]
    if follow:
        words.append("--follow")
    if since_ns is not None:
        words += ["--since", format_stamp(since_ns)]
    if tail is not None:
        words += ["--tail", str(tail)]
    return Command((*words, container))


def announced(command: Command) -> Command:
    """The same command, saying a line first: a quiet container would leave open whether the way is."""
    return sh('printf "%s\\n" "$1"; shift; exec "$@"', _HELLO.decode(), *command.argv)


def is_gone(line: OutputLine) -> bool:
    """Whether docker itself says that there is no such container; the container's own lines begin with a stamp."""
    return line.stream == "err" and line.text[:5] == b"Error" and b"o such container" in line.text
