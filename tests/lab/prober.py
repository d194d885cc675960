"""Somebody who asks at an app's door all the time, from the server's own side of the network."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from tests.lab.handle import LabHost
from tests.lab.machine import hosts

EVERY_S = 0.005


@dataclass
class Prober:
    """`seen`: versions in the order of their first answers; `failed`: what was said instead of an answer."""

    seen: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    asked: int = 0

    def until(self, version: str, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while self.seen[-1:] != [version]:
            assert time.monotonic() < deadline, f"{version} does not answer, but {self.seen[-1:]}"
            time.sleep(0.02)


@contextmanager
def prober(host: LabHost, port: int) -> Iterator[Prober]:
    """Asks until the end of the block. It has heard a first answer when the block begins."""
    read, write = os.pipe()
    code = f"from tests.lab.prober import stand_at_the_door; stand_at_the_door({port})"
    words = ("nsenter", "-t", hosts.host(host.name).pid, "-n", sys.executable, "-c", code)
    found = Prober()
    with subprocess.Popen(words, stdout=subprocess.PIPE, stdin=read, text=True, encoding="utf-8") as asking:
        os.close(read)
        assert asking.stdout is not None
        lines = asking.stdout

        def hear() -> None:
            for line in lines:
                kind, _, text = line.rstrip("\n").partition(" ")
                if kind == "asked":
                    found.asked = int(text)
                else:
                    (found.seen if kind == "seen" else found.failed).append(text)

        thread = threading.Thread(target=hear, daemon=True)
        thread.start()
        try:
            deadline = time.monotonic() + 120
            while not found.seen:
                assert time.monotonic() < deadline, found.failed[-1:]
                time.sleep(0.02)
            yield found
        finally:
            os.close(write)
            asking.wait(120)
            thread.join(120)


def stand_at_the_door(port: int) -> None:
    """One line for each new answer and for each failure after the first answer, until standard input ends."""
    ended, last, asked = threading.Event(), "", 0

    def until_closed() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=until_closed, daemon=True).start()
    while not ended.wait(EVERY_S):
        answer, trouble = ask(port)
        asked += 1
        if trouble and last:
            tell(f"failed {trouble}")
        elif answer and answer != last:
            tell(f"seen {answer}")
            last = answer
    tell(f"asked {asked}")


def ask(port: int) -> tuple[str, str]:
    """The version that answers, or what went wrong."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", "/")
        answer = connection.getresponse()
        text = answer.read().decode().strip()
        return (text.split(" ")[0], "") if answer.status == 200 else ("", f"{answer.status} {text}")
    except (OSError, http.client.HTTPException) as error:
        return "", repr(error)
    finally:
        with suppress(OSError):
            connection.close()


def tell(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
