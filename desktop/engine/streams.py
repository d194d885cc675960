"""Endless answers: logs and events. Of this computer's engine through the SDK, of a server as commands over SSH."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktop.base.blocking import CancelToken, Pool
from desktop.base.channel import Channel
from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.streaming import Put, streamed

from . import parse
from .errors import recognise
from .model import EngineEvent, LogChunk

if TYPE_CHECKING:
    from .client import Client

PIECE = 1 << 16


@dataclass(frozen=True, slots=True)
class LogWish:
    """Which lines of which container."""

    container: str
    follow: bool = False
    since: float | None = None
    tail: int | None = None
    until: float | None = None

    def command(self) -> Command:
        words = ["docker", "logs", "--timestamps"]
        if self.follow:
            words.append("--follow")
        if self.since is not None:
            words += ["--since", parse.since_word(self.since)]
        if self.until is not None:
            words += ["--until", parse.since_word(self.until)]
        if self.tail is not None:
            words += ["--tail", str(self.tail)]
        return Command((*words, self.container))

    def parameters(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "stdout": 1,
            "stderr": 1,
            "timestamps": 1,
            "follow": int(self.follow),
            "tail": "all" if self.tail is None else str(self.tail),
        }
        if self.since is not None:
            found["since"] = parse.since_word(self.since)
        if self.until is not None:
            found["until"] = parse.since_word(self.until)
        return found


async def remote_logs(channel: Channel, wish: LogWish) -> AsyncGenerator[LogChunk, None]:
    async with aclosing(_explained(channel, wish.command())) as lines:
        async for stream, text in lines:
            yield parse.log_line(stream, text)


async def remote_events(channel: Channel, labels: tuple[str, ...]) -> AsyncGenerator[EngineEvent, None]:
    words = ["docker", "events", "--format", "{{json .}}", "--filter", "type=container"]
    for label in labels:
        words += ["--filter", f"label={label}"]
    async with aclosing(_explained(channel, Command(tuple(words)))) as lines:
        async for stream, text in lines:
            if stream == "out" and (found := _event(text)) is not None:
                yield found


async def _explained(channel: Channel, command: Command) -> AsyncGenerator[tuple[str, bytes], None]:
    """The lines of a command; when it fails, docker's words become the error that they mean."""
    try:
        lines: Any = channel.lines(command)
        async with aclosing(lines):
            async for line in lines:
                yield line.stream, line.text
    except GoferryError as error:
        if (
            error.code == "host.command_failed"
            and (known := recognise(channel.name, error.detail)) is not None
        ):
            raise known from error
        raise


def _event(text: bytes) -> EngineEvent | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return parse.event(found) if isinstance(found, dict) else None


async def local_logs(
    pool: Pool, connect: Callable[[], Client], wish: LogWish
) -> AsyncGenerator[LogChunk, None]:
    def produce(token: CancelToken, put: Put[LogChunk]) -> None:
        from .client import with_errors

        client = connect()
        try:
            terminal = with_errors("local", client.inspect_container, wish.container)["Config"].get(
                "Tty", False
            )
            path = client._url("/containers/{0}/logs", wish.container)
            reader = _Lines() if terminal else parse.FrameReader()
            for piece in _pieces(token, client, path, wish.parameters()):
                if lines := reader.feed(piece):
                    put(lines)
            if lines := reader.finish():
                put(lines)
        finally:
            client.close()

    async with aclosing(streamed(pool, produce)) as chunks:
        async for chunk in chunks:
            yield chunk


async def local_events(
    pool: Pool, connect: Callable[[], Client], labels: tuple[str, ...]
) -> AsyncGenerator[EngineEvent, None]:
    def produce(token: CancelToken, put: Put[EngineEvent]) -> None:
        client = connect()
        filters = json.dumps({"type": ["container"], **({"label": list(labels)} if labels else {})})
        rest = b""
        try:
            for piece in _pieces(token, client, client._url("/events"), {"filters": filters}):
                *lines, rest = (rest + piece).split(b"\n")
                if found := [event for line in lines if (event := _event(line)) is not None]:
                    put(found)
        finally:
            client.close()

    async with aclosing(streamed(pool, produce)) as events:
        async for event in events:
            yield event


def _pieces(token: CancelToken, client: Client, path: str, parameters: dict[str, Any]) -> Iterator[bytes]:
    """The bytes of an endless answer, as they come. A cancel closes the connection under the reader."""
    from docker.types import CancellableStream

    from .client import with_errors

    client.timeout = None  # a quiet container is no failure
    response = with_errors("local", lambda: client._get(path, params=parameters, stream=True))
    with_errors("local", client._raise_for_status, response)
    forget = token.on_cancel(CancellableStream(iter(()), response).close)
    stream = response.raw.stream(PIECE, decode_content=False)
    try:
        while True:
            try:
                piece = with_errors("local", next, stream, None)
            except Exception:
                token.check()  # after our own cancel any failure is the end that was asked for
                raise
            if piece is None:
                return
            yield piece
    finally:
        forget()
        response.close()


class _Lines:
    """Lines of a container with a terminal: one stream, no frames."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[LogChunk]:
        *lines, rest = (self._rest + data).split(b"\n")
        self._rest = rest[-(1 << 20) :]
        return [parse.log_line("out", line.removesuffix(b"\r")) for line in lines]

    def finish(self) -> list[LogChunk]:
        rest, self._rest = self._rest, b""
        return [parse.log_line("out", rest)] if rest else []
