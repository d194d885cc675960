"""Looking at all hosts of a target: who is named while some keep the others waiting."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from desktop import app_deploy
from desktop.base.words import Words


def test_while_a_silent_host_is_awaited_only_that_one_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    named = asyncio.Event()
    said: list[str] = []

    class Place:
        def __init__(self, host: str) -> None:
            self.host = host

        async def look(self, app: str) -> str:
            if self.host == "web-2":
                await named.wait()
            return f"seen on {self.host}"

    async def place_of(app: Any, host: str, name: str, *, native: bool = False) -> Place:
        return Place(host)

    def say(text: Words) -> None:
        said.append(str(text))
        named.set()

    monkeypatch.setattr(app_deploy, "place_of", place_of)
    monkeypatch.setattr(app_deploy, "AWAITED_EVERY", 0.001)
    hosts = tuple(SimpleNamespace(name=name) for name in ("web-1", "web-2", "web-3"))
    target: Any = SimpleNamespace(app="shop", hosts=hosts)
    app: Any = None
    look = app_deploy.look_at(app, target, say=say)
    _, seen, offline = asyncio.run(asyncio.wait_for(look, 250))
    assert said == ["Looking at web-2"]
    assert (list(seen), offline) == (["web-1", "web-2", "web-3"], {})
