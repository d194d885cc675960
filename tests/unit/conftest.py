"""These tests read words, and say in which language: the computer may have another one, and a command that a test
before called in this process took up another."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import HealthCheck, settings

from desktop.base.blocking import Pool
from desktop.base.words import set_language
from desktop.build import Toolchain, find_toolchain

# the same examples in each run, and none of them is timed: whatever this computer is busy with, a run fails or passes
settings.register_profile(
    "same", derandomize=True, database=None, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("same")


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFERRY_LANG", "en")
    set_language("en")


@pytest.fixture(scope="session")
def go() -> Toolchain:
    """The Go of this computer."""

    async def find() -> Toolchain:
        pool = Pool("find-go", 1)
        try:
            return await find_toolchain(pool)
        finally:
            pool.close()

    return asyncio.run(find())
