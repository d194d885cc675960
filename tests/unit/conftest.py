"""These tests read words, and say in which language: the computer may have another one, and a command that a test
before called in this process took up another."""

from __future__ import annotations

import pytest

from desktop.base.words import set_language


@pytest.fixture(autouse=True)
def in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOFERRY_LANG", "en")
    set_language("en")
