"""Runs a program, hands its output on as it comes, and is done when the program is.

What a Windows program starts and leaves behind (Explorer, a program in the background) keeps the program's output
open. Whoever reads to its end would wait for those as well; this waits for the program alone.
"""

from __future__ import annotations

import os
import selectors
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

TICK_S = 0.05
TIMED_OUT = 124
"""The exit code of a program that was ended at its time limit, as of timeout(1)."""

Take = Callable[[bytes], object]


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended, with all that it wrote."""

    words: tuple[str, ...]
    code: int
    out: bytes = b""
    err: bytes = b""
    seconds: float = 0.0

    @property
    def said(self) -> str:
        """Both outputs, for a person."""
        both = (self.err + b"\n" + self.out).decode("utf-8", errors="backslashreplace")
        return both.replace("\r\n", "\n").strip()

    @property
    def text(self) -> str:
        return self.out.decode("utf-8", errors="backslashreplace").replace("\r\n", "\n")


def tied(words: Sequence[str]) -> list[str]:
    """`words` as a command that the kernel ends when we end, however that comes about."""
    return ["setpriv", "--pdeathsig", "KILL", *words]


def carry(
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    timeout: float | None = None,
    folder: Path | None = None,
    stdin: bytes | None = None,
    out: Take | None = None,
    err: Take | None = None,
) -> Ended:
    """Runs it to its end, or ends it after `timeout` seconds. `out` and `err` get what comes, when it comes."""
    started = time.monotonic()
    child = subprocess.Popen(
        tied(words),
        env=dict(environment),
        cwd=folder,
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        if stdin is not None and child.stdin is not None:
            child.stdin.write(stdin)
            child.stdin.close()
        kept = _read(child, out, err, started + timeout if timeout else None)
    finally:
        in_time = child.poll() is not None
        if not in_time:
            child.kill()
        code = child.wait()
        for pipe in (child.stdout, child.stderr):
            if pipe is not None:
                pipe.close()
    code = TIMED_OUT if not in_time else code if code >= 0 else 128 - code
    return Ended(tuple(words), code, bytes(kept[0]), bytes(kept[1]), time.monotonic() - started)


def _read(
    child: subprocess.Popen[bytes], out: Take | None, err: Take | None, deadline: float | None
) -> tuple[bytearray, bytearray]:
    kept = (bytearray(), bytearray())
    with selectors.DefaultSelector() as streams:
        for pipe, number, take in ((child.stdout, 0, out), (child.stderr, 1, err)):
            if pipe is not None:
                streams.register(pipe, selectors.EVENT_READ, (number, take))
        while deadline is None or time.monotonic() < deadline:
            ended = child.poll() is not None
            ready = streams.select(0 if ended else TICK_S) if streams.get_map() else []
            if ended and not ready:
                return kept
            if not streams.get_map():
                time.sleep(TICK_S)
            for key, _ in ready:
                chunk = os.read(key.fd, 65536)
                if not chunk:
                    streams.unregister(key.fileobj)
                    continue
                number, take = key.data
                kept[number].extend(chunk)
                if take is not None:
                    take(chunk)
    return kept
