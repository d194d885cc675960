"""These tests read what the command says, and say which language that is: a computer may have another one."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFERRY_LANG", "en")
