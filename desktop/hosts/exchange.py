"""One command on one SSH session, from the first byte to the exit code. Blocks: runs in worker threads.

Both output streams are drained in one loop while a second thread feeds the input: waiting for one of them while another
is full would hang for ever (libraries.md 3.6).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from desktop.base.blocking import CancelToken
from desktop.base.channel import OutputLine
from desktop.base.commands import Command, posix_line
from desktop.base.processes import LONGEST_LINE, Completed

from . import wrapper
from .errors import Cut, HostError, NoisyLogin, PasswordExpired, ShellRefused, TooSlow

if TYPE_CHECKING:
    from .session import Link

KEEP_OF_STREAM = 64 << 10
"""Of what a stream (logs) says on its error output: enough to explain its end, however much there is."""
KEEP = 16 << 20
"""Bytes of each stream that are kept; of longer output the end."""
PIECE = 512 << 10
"""Least size of what is sent at once: small writes are what makes SSH slow."""
GRACE = 4.0
"""Seconds that a command gets to end on the server after a cancel: the wrapper asks it for 2 s, then makes it."""
_READ = 1 << 17

OnLines = Callable[[list[OutputLine]], None]


def exchange(
    token: CancelToken,
    link: Link,
    command: Command,
    *,
    chunks: Iterable[bytes] | None = None,
    on_lines: OnLines | None = None,
    timeout: float | None = None,
    asked: int | None = None,
) -> Completed:
    """Runs `command` to its end and gives its code and output; with `on_lines` the output goes there in batches.
    `asked` as for `Link.ready`.

    Raises Cancelled when the token is set, TooSlow after `timeout` seconds; the remote process group is ended then.
    Raises Cut when the connection ends first.
    """
    marker = wrapper.new_marker()
    script = wrapper.script(posix_line(command), marker)
    channel = link.session(token, wrapper.BOOT, asked=asked)
    started = (
        time.monotonic()
    )  # the command's own time: connecting, or waiting for a free session, is not its
    talk = _Talk(channel, marker, on_lines, link.host.name)
    forget = token.on_cancel(talk.ready.set)
    try:
        feeder = _Feeder(channel, _frames(script, command.input(), chunks))
        _pump(talk, token, link.host.name, command, timeout)
        token.check()
        feeder.check()
        code = _exit_code(talk, link, command)
    finally:
        forget()
        _end(channel)
        link.release(channel)
    return Completed(command, code, talk.out.kept(), talk.err.kept(), time.monotonic() - started)


def _end(channel: Any) -> None:
    """Input that ends in the middle tells the wrapper to end the command; waits a moment until that has happened."""
    if not channel.exit_status_ready() and not channel.closed:
        with suppress(OSError, EOFError):
            channel.shutdown_write()
            channel.status_event.wait(GRACE)


def _frames(script: bytes, data: bytes | None, chunks: Iterable[bytes] | None) -> Iterator[bytes]:
    """Small chunks are gathered: each frame costs the far side a process. An empty one sends what is gathered."""
    yield wrapper.frame(script)
    pending = bytearray()
    for chunk in chunks if chunks is not None else (data or b"",):
        if not chunk and pending:
            yield wrapper.frame(bytes(pending))
            pending.clear()
        for start in range(0, len(chunk), wrapper.FRAME):
            pending += chunk[start : start + wrapper.FRAME]
            if len(pending) >= PIECE:
                yield wrapper.frame(bytes(pending))
                pending.clear()
    yield wrapper.frame(bytes(pending)) + wrapper.END


class _Feeder:
    """Sends the input from a thread of its own. What the source raises ends the command, and comes out at `check`."""

    def __init__(self, channel: Any, frames: Iterator[bytes]) -> None:
        self._channel, self._frames = channel, frames
        self._failure: BaseException | None = None
        threading.Thread(target=self._feed, name="ssh-input", daemon=True).start()

    def _feed(self) -> None:
        while True:
            try:
                piece = next(self._frames, None)
            except BaseException as error:  # noqa: BLE001  the source's own failure, handed to who waits
                self._failure = error
                with suppress(OSError, EOFError):
                    self._channel.shutdown_write()  # in the middle: the wrapper ends the command
                return
            if piece is None:
                return
            try:
                self._channel.sendall(piece)
            except (OSError, EOFError):
                return  # the command has ended before its input: its code says why

    def check(self) -> None:
        if self._failure is not None:
            raise self._failure


@dataclass
class _Stream:
    """One output stream: marker first, then what is kept, or lines."""

    name: str
    filter: wrapper.MarkerFilter
    on_lines: OnLines | None
    _kept: bytearray = field(default_factory=bytearray)
    _rest: bytes = b""

    def take(self, data: bytes) -> None:
        data = self.filter.feed(data)
        if not data:
            return
        if self.on_lines is None or self.name == "err":
            self._kept += data
            most = KEEP if self.on_lines is None else KEEP_OF_STREAM
            if len(self._kept) > 2 * most:
                del self._kept[:-most]
        if self.on_lines is not None:
            *lines, rest = (self._rest + data).split(b"\n")
            self._rest = rest[-LONGEST_LINE:]
            if lines:
                self.on_lines([OutputLine(self.name, line.removesuffix(b"\r")) for line in lines])

    def finish(self) -> None:
        if self._rest and self.on_lines is not None:
            self.on_lines([OutputLine(self.name, self._rest)])
            self._rest = b""

    def kept(self) -> bytes:
        return bytes(self._kept[-KEEP:])


class _Talk:
    """Both streams of a session. `ready` is set whenever either has something, or has ended."""

    def __init__(self, channel: Any, marker: str, on_lines: OnLines | None, host: str) -> None:
        self.channel, self._host = channel, host
        self.out = _Stream("out", wrapper.MarkerFilter(marker), on_lines)
        self.err = _Stream("err", wrapper.MarkerFilter(marker), on_lines)
        self.ready = threading.Event()
        channel.in_buffer.set_event(self.ready)
        channel.in_stderr_buffer.set_event(self.ready)

    def drain(self) -> bool:
        """Takes what is there; whether there was anything."""
        got = False
        while self.channel.recv_ready():
            self.out.take(self._came(self.channel.recv))
            got = True
        while self.channel.recv_stderr_ready():
            self.err.take(self._came(self.channel.recv_stderr))
            got = True
        return got

    def _came(self, take: Callable[[int], bytes]) -> bytes:
        """The far side is told that there is room again for more, and the link may end in the midst of that."""
        try:
            return take(_READ)
        except (OSError, EOFError) as error:
            raise Cut(self._host, detail=str(error)) from error

    @property
    def over(self) -> bool:
        return bool(self.channel.closed or (self.channel.eof_received and self.channel.exit_status_ready()))


def _pump(talk: _Talk, token: CancelToken, host: str, command: Command, timeout: float | None) -> None:
    deadline = time.monotonic() + timeout if timeout else None
    while True:
        talk.ready.clear()
        over = talk.over  # looked at before draining: what came until then is drained below
        talk.drain()
        if talk.out.filter.flooded or talk.err.filter.flooded:
            raise NoisyLogin(host, detail=_readable(talk.out.filter.noise[:2000]))
        if over:
            break
        wait = 0.5 if deadline is None else min(0.5, deadline - time.monotonic())
        if wait <= 0:
            raise TooSlow(host, command.shown(), timeout or 0)
        token.check()
        talk.ready.wait(wait)
    talk.out.finish()
    talk.err.finish()


def _exit_code(talk: _Talk, link: Link, command: Command) -> int:
    host = link.host
    code = talk.channel.recv_exit_status() if talk.channel.exit_status_ready() else -1
    noise = _readable((talk.out.filter.noise + b"\n" + talk.err.filter.noise).strip())
    if talk.out.filter.found and code >= 0:
        return int(code)
    if code < 0 and not link.active:
        raise Cut(host.name, detail=command.shown()[:500])
    if not talk.out.filter.found:
        raise refused_shell(host.name, host.user, noise)
    raise Cut(host.name, detail=command.shown()[:500])


def refused_shell(host: str, user: str, said: str) -> HostError:
    """The login shell ended before the command: why, from what it said."""
    lowered = said.lower()
    if "password" in lowered and (
        "expired" in lowered or "change required" in lowered or "must change" in lowered
    ):
        return PasswordExpired(host, user, detail=said)
    return ShellRefused(host, detail=said)


def _readable(data: bytes) -> str:
    return data.decode("utf-8", errors="backslashreplace")


def quiet_close(channel: Any) -> None:
    with suppress(OSError, EOFError):
        channel.close()
