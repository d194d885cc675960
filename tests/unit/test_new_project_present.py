"""What the wizard knows: answers in, sentences and files out; no widgets."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.project import TEMPLATES, parse_config
from desktop.ui.pages.new_project import present

DRAFT = present.first_draft(Path("/projects"), "1.27")


def test_module_and_folder_follow_the_name() -> None:
    draft = replace(DRAFT, name="coupon-svc")
    assert (draft.shown_module, draft.path) == ("coupon-svc", Path("/projects/coupon-svc"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", ""), ("name", "x;id"), ("name", "CON"), ("module", "-x"), ("module", "a b"), ("port", "0"),
     ("port", "８０"), ("port", "99999"), ("port", ""), ("folder", "somewhere")],
)  # fmt: skip
def test_what_cannot_be_used_is_said_under_its_field_and_nothing_is_previewed(field: str, value: str) -> None:
    draft = replace(DRAFT, **{field: value})  # type: ignore[arg-type]
    assert list(present.problems(draft)) == [field]
    assert present.preview(draft).files == {}
    assert present.preview(draft).problem


@pytest.mark.parametrize("template", [one.id for one in TEMPLATES])
def test_every_template_has_a_preview_within_a_frame_or_two(template: str) -> None:
    draft = present.with_template(DRAFT, template)
    present.preview(draft)
    started = time.thread_time()  # others may have the processor meanwhile
    found = present.preview(draft)
    assert time.thread_time() - started < 0.1
    assert found.problem == ""
    assert "go.mod" in found.files
    assert found.summary.startswith(f"{len(found.files)} files, ")


def test_where_it_runs_is_written_into_goferry_yaml_with_its_comments_kept() -> None:
    where = {"dev": present.Where(on=True), "prod": present.Where(on=True, host="web", mode="proxy")}
    text = present.preview(replace(DRAFT, environments=where)).files["goferry.yaml"].decode()
    config = parse_config(text)
    assert text.startswith("# How Goferry builds")
    assert list(config.environments) == ["dev", "prod"]
    assert (config.environments["prod"].hosts, config.environments["prod"].mode) == (("web",), "proxy")
    assert config.environments["prod"].publish == 8080


def test_nowhere_is_an_answer_too() -> None:
    where = {"dev": present.Where(on=False)}
    text = present.preview(replace(DRAFT, environments=where)).files["goferry.yaml"].decode()
    assert parse_config(text).environments == {}


def test_the_tree_has_folders_first() -> None:
    top = present.tree("x", present.preview(DRAFT).files)
    names = [leaf.name for leaf in top.below]
    assert names[:4] == ["cmd", "configs", "internal", "pkg"]
    assert all(leaf.is_folder for leaf in top.below[:4])
    assert names[4:] == sorted(names[4:], key=str.lower)


@pytest.mark.parametrize(
    ("there", "versions"),
    [("1.27.3", ["1.27", "1.26", "1.25", "1.24", "1.23", "1.22"]), ("1.21.1", ["1.22"]), ("", ["1.22"])],
)
def test_the_go_versions_are_those_that_the_go_here_can_build(there: str, versions: list[str]) -> None:
    assert present.go_versions(there) == versions


def test_the_folder_is_looked_at(tmp_path: Path) -> None:
    files = ["go.mod", "cmd/app/main.go"]
    assert present.look_at_place(tmp_path / "new", files).state == "ok"
    (tmp_path / "new").mkdir()
    assert present.look_at_place(tmp_path / "new", files).state == "ok"
    (tmp_path / "new" / "notes.txt").touch()
    warned = present.look_at_place(tmp_path / "new", files)
    assert (warned.state, "notes.txt" in str(warned.words)) == ("warn", True)
    (tmp_path / "new" / "go.mod").touch()
    failed = present.look_at_place(tmp_path / "new", files)
    assert (failed.state, "go.mod" in str(failed.words)) == ("fail", True)
    assert present.look_at_place(tmp_path / "new" / "go.mod", files).state == "fail"
    assert present.look_at_place(Path("/\0"), files).state == "fail"


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_without_rights_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        assert present.look_at_place(tmp_path / "new", []).state == "fail"
    finally:
        tmp_path.chmod(0o700)


def test_the_review_names_every_answer() -> None:
    one = TEMPLATES[1]
    facts = dict(present.review(replace(DRAFT, template=one.id), one, 17))
    assert facts["Port"] == "8080"
    assert facts["Where it runs"] == "Dev: This computer"
    assert "go mod tidy" in " ".join(present.steps(DRAFT, one))
