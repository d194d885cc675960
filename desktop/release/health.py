"""The health gate: a release passes when it answers well twice in a row and still runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from desktop.base.words import Words, msg

from .errors import ExitedAtOnce, NeverHealthy
from .model import Health, Instance, Release
from .place import Place, Probe, Watches

GOOD_IN_A_ROW = 2
SETTLE = 2.0
"""Seconds that a release without a health check must keep running."""
SLICE = 1.0
"""Seconds that a host watches by itself before it tells what it saw."""
LONGEST_ANSWER = 64 * 1024


def http_probe(connection: Any, path: str, timeout: float) -> Probe:
    """One GET on a connected socket-like object (blocking; closes it). 200 to 399 is well."""
    started = time.monotonic()
    try:
        connection.settimeout(timeout)
        words = path if path.startswith("/") else f"/{path}"
        connection.sendall(
            f"GET {words} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: goferry\r\nConnection: close\r\n\r\n".encode()
        )
        status = _status_line(connection, started + timeout)
    except TimeoutError:
        return Probe(False, msg("no answer within {seconds} s", seconds=f"{timeout:g}"))
    except OSError as error:
        return Probe(False, msg("connection lost: {error}", error=str(error) or type(error).__name__))
    finally:
        with suppress(OSError):
            connection.close()
    return judged(status, (time.monotonic() - started) * 1000)


def tcp_probe(connection: Any, port: int, started: float) -> Probe:
    """Whether a program is behind a connection (blocking; closes it): an engine's own proxy takes every connection,
    and ends it at once when nobody listens inside."""
    milliseconds = (time.monotonic() - started) * 1000
    try:
        connection.settimeout(0.3)
        alive = bool(connection.recv(1))
    except TimeoutError:
        alive = True
    except OSError:
        alive = False
    finally:
        with suppress(OSError):
            connection.close()
    if alive:
        return Probe(True, msg("port {port} is open", port=port), milliseconds)
    return Probe(False, msg("port {port} is closed inside the container", port=port), milliseconds)


def _status_line(connection: Any, deadline: float) -> bytes:
    answer = b""
    while b"\n" not in answer and len(answer) < LONGEST_ANSWER:
        if time.monotonic() > deadline:
            raise TimeoutError
        chunk = connection.recv(4096)
        if not chunk:
            break
        answer += chunk
    return answer.split(b"\n", 1)[0].strip()


def judged(status: bytes, milliseconds: float) -> Probe:
    """What an answer's first line means."""
    words = status.decode("latin-1").split(None, 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        return Probe(
            False, msg("no HTTP answer: {text}", text=repr(status[:60].decode("latin-1"))), milliseconds
        )
    said = " ".join(words[1:])
    return Probe(200 <= int(words[1]) < 400, said, milliseconds)


async def gate(
    place: Place, release: Release, on_probe: Callable[[Probe, int], None] = lambda probe, good: None
) -> None:
    """Returns when the release is healthy. Raises ExitedAtOnce or NeverHealthy, with its last lines as detail."""
    health = release.health
    if not (health.http or health.tcp or health.command):
        await _settle(place, release, on_probe)
        return
    if isinstance(place, Watches) and await _watched(place, release, on_probe):
        return
    started = time.monotonic()
    good, wait, last = 0, 0.1, Probe(False, "")
    while good < GOOD_IN_A_ROW:
        last = await place.probe(release)
        good = good + 1 if last.ok else 0
        on_probe(last, good)
        if not last.ok:
            _still_there(place, release, await place.instance(release), await _tail_if_gone(place, release))
            if time.monotonic() - started > health.patience:
                detail = await place.tail(release)
                raise NeverHealthy(
                    release.id, place.host, time.monotonic() - started, last.said, detail=detail
                )
            wait = min(wait * 1.3, 1.0, max(health.interval, 0.1))
        await asyncio.sleep(wait)
    _still_there(place, release, await place.instance(release), await _tail_if_gone(place, release))


async def _watched(place: Place, release: Release, on_probe: Callable[[Probe, int], None]) -> bool:
    """The same where the host can watch by itself; False where it cannot."""
    assert isinstance(place, Watches)
    started, good = time.monotonic(), 0
    while (look := await place.watch(release, SLICE, GOOD_IN_A_ROW)) is not None:
        for probe in look.probes:
            good = good + 1 if probe.ok else 0
            on_probe(probe, good)
        alive = look.instance is not None and _lives(look.instance)
        _still_there(place, release, look.instance, "" if alive else await place.tail(release))
        if look.passed:
            return True
        if time.monotonic() - started > release.health.patience:
            last, detail = look.probes[-1].said, await place.tail(release)
            raise NeverHealthy(release.id, place.host, time.monotonic() - started, last, detail=detail)
    return False


async def _settle(place: Place, release: Release, on_probe: Callable[[Probe, int], None]) -> None:
    deadline = time.monotonic() + SETTLE
    while time.monotonic() < deadline:
        _still_there(place, release, await place.instance(release), await _tail_if_gone(place, release))
        on_probe(Probe(True, msg("it runs")), 1)
        await asyncio.sleep(0.25)


async def _tail_if_gone(place: Place, release: Release) -> str:
    instance = await place.instance(release)
    return "" if instance is not None and _lives(instance) else await place.tail(release)


def _lives(instance: Instance) -> bool:
    return instance.state in ("running", "created") and instance.restarts == 0


def _still_there(place: Place, release: Release, instance: Instance | None, detail: str) -> None:
    if instance is None or not _lives(instance):
        code = instance.exit_code if instance is not None else None
        raise ExitedAtOnce(release.title, place.host, code, ended_because(code, detail), detail=detail)


SIGNATURES: tuple[tuple[str, Words], ...] = (
    ("CPU does not support x86-64-v", msg("The image's base needs a newer processor. Choose another base.")),
    (
        "pthread_create failed: Operation not permitted",
        msg("The engine is older than 20.10.10, too old for the image's base. Choose another base."),
    ),
    ("exec format error", msg("The program is for another processor or system.")),
    ("permission denied", msg("The program, or a file it needs, may not be opened by its user.")),
    ("address already in use", msg("The port it wants to listen on is taken.")),
    ("GLIBC_", msg("The program needs a C library that the image does not have. Build without CGO.")),
    ("unknown time zone", msg("The image has no time zones.")),
    ("unknown authority", msg("The image has no certificates of authorities.")),
    ("no such file or directory", msg("A file that it needs is not in the image.")),
    ("panic:", msg("The program panicked.")),
)


def ended_because(code: int | None, log: str) -> Words:
    """The likely reason, from what the program said last."""
    for mark, why in SIGNATURES:
        if mark.lower() in log.lower():
            return why
    if code == 137:
        return msg("It was killed: most often for using more memory than it may.")
    return msg("Its exit code is {code}.", code="?" if code is None else code)


def described(health: Health, publish: int) -> Words:
    """The check in words."""
    if health.command:
        return msg("{command} ends with 0", command=" ".join(health.command))
    if health.http:
        return msg("GET {path} on port {port} answers 200 to 399", path=health.http, port=publish)
    if health.tcp:
        return msg("port {port} takes a connection", port=publish)
    return msg("it keeps running")
