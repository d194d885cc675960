"""A folder as a template: placeholders, limits, and paths that are safe everywhere."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from desktop.project import NoFolder, fill, read_folder_template, write_project
from desktop.project.errors import BadAnswer
from desktop.project.folder_template import check_paths


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = {
        "go.mod": b"module {{module}}\n\ngo {{ go_version }}\n",
        "cmd/{{name}}/main.go": b"package main\n\n// {{owner}}\nfunc main() {}\n",
        "page.tmpl": b"<p>{{.Title}}</p>{{name}}{{",
        "logo.png": b"\x89PNG\0{{name}}",
        ".git/config": b"{{secret}}",
    }
    for name, content in files.items():
        path = tmp_path / "template" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "template"


def test_placeholders_are_found_in_names_and_texts_but_not_in_git_or_pictures(folder: Path) -> None:
    found = read_folder_template(folder)
    assert set(found.fields) == {"module", "go_version", "name", "owner"}
    assert found.own_fields == ("owner",)


def test_they_are_filled_in_and_what_is_none_stays(folder: Path, tmp_path: Path) -> None:
    files = fill(read_folder_template(folder), {"name": "shop", "module": "a.b/shop", "go_version": "1.22"})
    assert files["go.mod"] == b"module a.b/shop\n\ngo 1.22\n"
    assert b"{{owner}}" in files["cmd/shop/main.go"]
    assert files["page.tmpl"] == b"<p>{{.Title}}</p>shop{{"
    assert files["logo.png"] == b"\x89PNG\0{{name}}"
    assert len(write_project(files, tmp_path / "made")) == 4


HOSTILE = ["../x", "/etc/x", "a/../b", "C:\\x", "C:x", "a:b", "\\\\host\\s", "CON", "a/nul.txt", "x.", "x ", "a\nb", "a//b",
           "", "a\0b", "a|b", "a?b", "x" * 300, "a\\..\\b", "./x", "COM1 .txt", "a\udcffb"]  # fmt: skip


@pytest.mark.parametrize("path", HOSTILE)
def test_a_path_that_leads_elsewhere_is_refused_and_nothing_is_written(path: str, tmp_path: Path) -> None:
    with pytest.raises(BadAnswer) as caught:
        write_project({"good.txt": b"x", path: b"x"}, tmp_path / "new")
    assert str(caught.value.what).isprintable()
    assert list(tmp_path.iterdir()) == []


def test_files_that_windows_takes_for_one_are_refused() -> None:
    with pytest.raises(BadAnswer):
        check_paths(["Readme.md", "README.md"])


@pytest.mark.parametrize("value", ["../../x", "/etc/cron.d/x", "a/../../b", "CON"])
def test_a_value_cannot_lead_out_of_the_folder(folder: Path, value: str) -> None:
    with pytest.raises(BadAnswer):
        fill(read_folder_template(folder), {"name": value})


@pytest.mark.skipif(sys.platform == "win32", reason="needs links and pipes")
def test_links_and_pipes_are_left_out(folder: Path) -> None:
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "round").symlink_to(folder)
    os.mkfifo(folder / "pipe")
    names = [path for path, _ in read_folder_template(folder).files]
    assert sorted(names) == ["cmd/{{name}}/main.go", "go.mod", "logo.png", "page.tmpl"]


def test_what_is_no_template_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(NoFolder):
        read_folder_template(tmp_path / "gone")
    with pytest.raises(BadAnswer):
        read_folder_template(tmp_path)
    monkeypatch.setattr("desktop.project.folder_template.MOST_FILES", 2)
    for number in range(4):
        (tmp_path / f"{number}.txt").touch()
    with pytest.raises(BadAnswer):
        read_folder_template(tmp_path)
