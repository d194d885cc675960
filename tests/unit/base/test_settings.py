"""Settings survive damage, and nothing unknown gets in."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml

from desktop.base.paths import PORTABLE, Home, write_atomically
from desktop.base.settings import Settings, SettingsStore
from installer.freeze import pack


def test_a_change_is_kept_and_told(tmp_path: Path) -> None:
    store, told = SettingsStore(Home(tmp_path)), list[str]()
    store.listen(lambda settings: told.append(settings.theme))
    store.change(theme="dark", projects=("/a", "/张三"))
    again = SettingsStore(Home(tmp_path)).now
    assert (again.theme, again.projects, told) == ("dark", ("/a", "/张三"), ["dark"])


def test_what_a_person_wrote_as_yaml_is_read_and_what_we_write_is_yaml(tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text("theme: dark  # for the evening\nprojects:\n- /a\n- /张三\n", encoding="utf-8")
    store = SettingsStore(Home(tmp_path))
    assert (store.now.theme, store.now.projects, store.problem) == ("dark", ("/a", "/张三"), "")
    store.change(language="zh_CN")
    written = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert (written["language"], written["projects"]) == ("zh_CN", ["/a", "/张三"])


@pytest.mark.parametrize(
    "content", ["{", "theme: pink", "theme: [1]", "- 1", "text_size: big", "\x00", "log_lines: yes"]
)
def test_a_damaged_file_is_set_aside(tmp_path: Path, content: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(content, encoding="utf-8")
    store = SettingsStore(Home(tmp_path))
    assert store.now == Settings()
    assert store.problem
    assert (tmp_path / "settings.damaged.yaml").read_text(encoding="utf-8") == content


def test_an_unknown_choice_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    store = SettingsStore(Home(tmp_path))
    with pytest.raises(ValueError, match="pink"):
        store.change(theme="pink")
    assert store.now.theme == "system"


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    target = tmp_path / "kept.txt"
    write_atomically(target, "old")
    with pytest.raises(TypeError):
        write_atomically(target, None)  # type: ignore[arg-type]  # a fault of ours in the middle
    assert target.read_text(encoding="utf-8") == "old"
    assert [f.name for f in tmp_path.iterdir()] == ["kept.txt"]


def test_a_portable_copy_keeps_its_state_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOFERRY_HOME")
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "goferry.exe"))
    assert Home.find().root != tmp_path / "data"
    (tmp_path / PORTABLE).touch()
    assert Home.find().root == tmp_path / "data"
    assert Home.find(tmp_path / "chosen").root == tmp_path / "chosen"
    assert PORTABLE == pack.PORTABLE
