"""The Hosts page with two hundred servers that do not answer: partial results, and a page that stays usable."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

import desktop.hosts.session  # noqa: F401  the window has it ready by then, see desktop.ui.warm
from desktop.hosts import Host, check_hosts
from tests.lag import Lags, Stopwatch
from tests.too_slow import TooSlow
from tests.ui.conftest import Aio

from .hosts_stage import Stage, staged


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    with staged(aio, tmp_path) as made:
        yield made


def test_while_two_hundred_are_asked_the_first_answers_show_and_the_page_is_usable(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("desktop.hosts.check.GREETS_WITHIN", 3.0)
    page = stage.page
    page._ask_hosts = check_hosts
    with socket.create_server(("127.0.0.1", 0), backlog=128) as mute:
        port = mute.getsockname()[1]
        hosts = []
        for number in range(67):
            groups = (f"group-{number % 5}",)
            hosts.append(Host(f"off-{number}", "127.0.0.1", 1, "deploy", "own", groups=groups))
            hosts.append(Host(f"mute-{number}", "127.0.0.1", port, "deploy", "own", groups=groups))
            hosts.append(Host(f"unknown-{number}", f"u{number}.invalid", 22, "deploy", "own", groups=groups))
        stage.app.inventory.add_all(hosts)
        seen: list[tuple[int, int]] = []

        async def ask() -> Lags:
            page.show()
            page.shown(None)
            async with Stopwatch() as watch:
                await stage.aio.until(
                    lambda: any(one.busy for one in page.known.values()), "the question to the hosts"
                )
                while any(one.busy for one in page.known.values()):
                    told = [one for name, one in page.known.items() if one.error is not None]
                    waiting = [one for one in page.known.values() if one.busy]
                    seen.append((len(told), len(waiting)))
                    if len(told) > 60 and not page.filter.text():
                        page.filter.setText("off-6")  # typed while the others are still asked
                    await asyncio.sleep(0.05)
            return watch.lags

        lags = stage.aio(ask())
    states = {name: one.error.code for name, one in page.known.items() if one.error is not None}
    assert len(states) == 201, len(states)
    if not any(told > 60 and waiting > 60 for told, waiting in seen):
        raise TooSlow(f"the first answers were not shown while the others were awaited: {seen[-5:]}")
    assert page.filter.text() == "off-6"
    print(lags)
    if lags.own > 1.0:  # seconds; of 201 threads that all run at once it was more
        raise TooSlow(str(lags))
