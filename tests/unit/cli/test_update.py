"""`goferry update`: what can be had, downloaded and checked, and refused with words."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop import __version__
from desktop.base.update_policy import Source
from desktop.cli.main import main
from tests.update_server import Publisher

CONTENT = b"a new Goferry" * 1000


@pytest.fixture
def publisher(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Publisher]:
    made = Publisher(tmp_path / "publisher")
    made.publish("99.0.0", CONTENT)
    monkeypatch.setattr(Source, "own", lambda: made.source)
    yield made
    made.close()


@pytest.fixture
def update(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Any:
    def call(*words: str, code: int = 0) -> dict[str, Any]:
        assert main(["--home", str(tmp_path / "家"), "--json", "update", *words]) == code
        answer: dict[str, Any] = json.loads(capsys.readouterr().out)
        return answer

    return call


def test_it_says_what_can_be_had_and_fetches_nothing_unasked(publisher: Publisher, update: Any) -> None:
    answer = update()
    assert (answer["running"], answer["version"], answer["path"]) == (__version__, "99.0.0", None)
    assert answer["installed"] is False
    assert [name for name, _ in publisher.asked] == ["update.json"]


def test_the_file_is_downloaded_checked_and_named(publisher: Publisher, update: Any) -> None:
    for wish in ("--download", "--install"):  # a source tree has no installer that could replace it
        answer = update(wish)
        assert Path(answer["path"]).read_bytes() == CONTENT
        assert answer["installed"] is False
    assert [name for name, _ in publisher.asked].count("Goferry-99.0.0-setup.exe") == 1


def test_the_newest_version_is_told_as_such(
    publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publisher.publish(__version__, CONTENT)
    assert main(["--home", str(tmp_path), "--lang", "en", "update"]) == 0
    assert f"Goferry {__version__} is the newest." in capsys.readouterr().out


def test_what_is_refused_is_explained_and_fails(publisher: Publisher, update: Any) -> None:
    publisher.change_manifest("99.0.0", "99.0.1")
    assert update(code=1)["error"]["code"] == "update.unsigned"
