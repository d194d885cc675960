"""goferry.team.yaml: marks are read, added and taken away; what a person wrote stays."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.project import TEAM_FILE, ConfigError, Mark, load_marks, marked, parse_marks

WRITTEN = """\
# our agreements
meant_to_differ:
  config.SEARCH:   # see the wiki
    why: comes in June
    by: zhao@pc
"""
NEW = Mark("container.memory", "内存: 16 GB 的机器", "li@pc", "2026-12-31")


def test_a_mark_is_added_and_comments_stay() -> None:
    text = marked(WRITTEN, NEW)
    assert text.startswith(WRITTEN)
    assert parse_marks(text) == (Mark("config.SEARCH", "comes in June", "zhao@pc"), NEW)


def test_the_first_mark_makes_the_file_and_the_last_one_leaves_none() -> None:
    text = marked("", NEW)
    assert parse_marks(text) == (NEW,)
    assert parse_marks(marked(text, Mark(NEW.key, ""))) == ()


def test_a_project_without_the_file_has_no_marks(tmp_path: Path) -> None:
    assert load_marks(tmp_path) == ()
    (tmp_path / TEAM_FILE).write_bytes(WRITTEN.replace("\n", "\r\n").encode())
    assert [mark.key for mark in load_marks(tmp_path)] == ["config.SEARCH"]


@pytest.mark.parametrize("text", ["meant_to_differ: [a]\n", "- a\n", "meant_to_differ:\n  a: b\n", "a: [\n"])
def test_what_is_no_such_file_is_an_error_with_its_line(text: str) -> None:
    with pytest.raises(ConfigError) as error:
        parse_marks(text)
    assert "goferry.team.yaml" in str(error.value)
