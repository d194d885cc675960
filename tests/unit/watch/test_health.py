from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

import pytest

from desktop.base.blocking import CancelToken, Pool
from desktop.base.errors import GoferryError
from desktop.watch import (
    Alert,
    Check,
    Health,
    HealthHistory,
    HealthSample,
    Turn,
    UsageSample,
    Watcher,
    percentile,
)
from desktop.watch.probe import probe, read_answer, request

CHECK = Check("web-1", "orders", 0, interval=0.02, timeout=60)


class Loopback:
    """Dials this computer, as LocalChannel does; `broken` stands for a host that cannot be reached."""

    name, local, broken = "web-1", True, False

    def dial(self, address: str, port: int) -> socket.socket:
        if self.broken:
            raise GoferryError("web-1 does not answer.")
        return socket.create_connection((address, port), 60)


def reply(connection: socket.socket, answer: bytes) -> None:
    with connection, suppress(OSError):  # who asked may have gone
        connection.recv(4096)
        connection.sendall(answer)


@contextmanager
def server(*answers: bytes | None) -> Iterator[int]:
    """Answers connections one after the other, the last answer for ever; None hangs until the end."""
    listener = socket.create_server(("127.0.0.1", 0))
    over, held = threading.Event(), list[socket.socket]()

    def serve() -> None:
        turn = 0
        while not over.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            held.append(connection)
            if over.is_set():  # it came at the last moment, when those that are held may be closed already
                connection.close()
                return
            answer = answers[min(turn, len(answers) - 1)]
            turn += 1
            if answer is not None:
                reply(connection, answer)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        over.set()
        with suppress(OSError):  # Windows has nothing to shut down there: closing wakes who accepts
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for connection in held:
            connection.close()
        thread.join()


def ask(port: int, **changes: Any) -> HealthSample:
    return probe(CancelToken(), replace(CHECK, port=port, **changes), Loopback())  # type: ignore[arg-type]


def test_a_good_answer_is_healthy_and_timed() -> None:
    with server(b"HTTP/1.1 200 OK\r\n\r\nfine") as port:
        sample = ask(port)
    assert (sample.ok, sample.said, sample.missed) == (True, "200 OK", False)
    assert sample.latency is not None
    assert 0 < sample.latency < 60


def test_a_bad_answer_says_what_the_app_said() -> None:
    with server(b"HTTP/1.1 503 Service Unavailable\r\n\r\ndatabase\x1b[31m gone") as port:
        sample = ask(port)
    assert (sample.ok, sample.said, sample.body) == (False, "503 Service Unavailable", "database gone")


def test_silence_refusal_and_nonsense_are_bad_answers() -> None:
    with server(None) as port:
        assert ask(port, timeout=0.3).said == "no answer within 0.3 s"
    with pytest.raises(OSError, match=r"\[") as refused:
        socket.create_connection(("127.0.0.1", port))
    assert ask(port).said == refused.value.strerror  # in the words of the system, which has a language
    with server(b"SSH-2.0-OpenSSH\r\n") as port:
        assert ask(port).said == "SSH-2.0-OpenSSH"
    with server(b"") as port:
        assert ask(port).said == "closed without an answer"


def test_an_open_port_is_enough_without_a_path() -> None:
    with server(None) as port:
        assert ask(port, path=None).ok


def test_a_host_out_of_reach_is_a_missed_check_not_a_sick_app() -> None:
    channel = Loopback()
    channel.broken = True
    sample = probe(CancelToken(), CHECK, channel)  # type: ignore[arg-type]
    assert (sample.ok, sample.missed, sample.said) == (False, True, "web-1 does not answer.")


def test_a_path_cannot_smuggle_a_header() -> None:
    assert b"\r\nX: y" not in request(replace(CHECK, path="/health HTTP/1.1\r\nX: y"))


def test_an_endless_answer_is_read_to_a_limit() -> None:
    assert not read_answer(CHECK, b"x" * 100_000, 0.1).ok


def sample(at: float, ok: bool = True, missed: bool = False) -> HealthSample:
    return HealthSample(at, "h", "s", ok, 0.01 if ok else None, missed=missed)


def test_a_container_is_not_called_healthy_before_the_first_answer() -> None:
    history = HealthHistory()
    states = [history.state]
    assert history.add(sample(1)) is Turn.NONE
    states.append(history.state)
    assert states == [Health.WAIT, Health.OK]


def test_turning_bad_and_coming_back_are_told_once_each() -> None:
    history = HealthHistory()
    turns = [history.add(sample(n, ok)) for n, ok in enumerate([True, False, False, False, True, True])]
    assert turns == [Turn.NONE, Turn.NONE, Turn.BAD, Turn.NONE, Turn.BACK, Turn.NONE]


def test_the_short_gap_of_a_deploy_alarms_nobody() -> None:
    history = HealthHistory()
    assert [history.add(sample(n, ok)) for n, ok in enumerate([True, False, True])] == [Turn.NONE] * 3
    assert history.bars(now=10)[-1].failed == 1, "it is seen all the same"


def test_after_three_missed_checks_nobody_knows() -> None:
    history = HealthHistory()
    history.add(sample(0))
    states = []
    for n in (1, 2, 3):
        history.add(sample(n, ok=False, missed=True))
        states.append(history.state)
    assert states == [Health.OK, Health.OK, Health.UNKNOWN]


def test_the_strip_shows_two_minutes_a_bar_and_gaps_as_no_answer() -> None:
    history = HealthHistory()
    for at, ok in [(0, True), (60, True), (130, True), (140, False), (250, False), (260, False)]:
        history.add(sample(at, ok))
    bars = history.bars(now=359)
    assert len(bars) == 30
    assert [bar.state for bar in bars[-4:]] == ["", "ok", "warn", "fail"]
    assert history.uptime(359) == pytest.approx(0.5)
    assert HealthHistory().uptime(0) is None


def test_percentiles_are_values_that_were_measured() -> None:
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(list(range(1, 101)), 0.95) == 95
    assert percentile([], 0.95) is None


def test_the_watcher_tells_when_an_app_turns_bad_and_when_it_is_back() -> None:
    alerts: list[Alert] = []

    async def run(port: int) -> None:
        pool = Pool("test", 2)
        watcher = Watcher(pool, alerts.append)
        watcher.watch(replace(CHECK, port=port), Loopback())  # type: ignore[arg-type]
        asked = 0

        async def usage() -> UsageSample:
            nonlocal asked
            asked += 1
            return UsageSample(time.time(), "web-1", "orders", 12.5, 1 << 20)

        watcher.measure("web-1", "orders", usage, every=0.01)
        deadline = time.monotonic() + 120
        while len(alerts) < 2 or asked < 3:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.01)
        assert watcher.health["web-1", "orders"].state is Health.OK
        assert len(watcher.usage["web-1", "orders"].samples) >= 2
        await watcher.close()
        pool.close()

    good, bad = b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 500 Oh\r\n\r\n"
    with server(good, bad, bad, good) as port:
        asyncio.run(run(port))
    assert [alert.turn for alert in alerts] == [Turn.BAD, Turn.BACK]
    assert alerts[0].sample.said == "500 Oh"
