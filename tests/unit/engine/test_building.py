"""Build steps from what BuildKit and the engine's own builder really wrote."""

from __future__ import annotations

import sys
import tarfile
from pathlib import Path

import pytest

from desktop.base.blocking import CancelToken
from desktop.engine import BuildStep
from desktop.engine.building import DOCKERFILE, LegacyReader, SolveReader, buildx_command, context_archive

RECORDED = Path(__file__).parent / "recorded"


def read(name: str) -> tuple[SolveReader, list[BuildStep]]:
    steps: list[BuildStep] = []
    reader = SolveReader(steps.append)
    for line in (RECORDED / name).read_bytes().splitlines():
        reader.line(line)
    return reader, steps


def test_buildkits_steps_are_told_as_they_go_on() -> None:
    reader, steps = read("buildx-0.29-ok.jsonl")
    run = [step for step in steps if step.name.startswith("[3/3] RUN")]
    assert run[0].state == "running"
    assert run[-1].state == "done"
    assert run[-1].seconds is not None
    assert [step.text for step in run if step.text] == ["a.txt", "hi"]
    assert reader.failed == ""


def test_buildkits_failed_step_is_named_with_its_last_lines() -> None:
    reader, steps = read("buildx-0.29-failed.jsonl")
    assert reader.failed == "[3/3] RUN echo oops >&2; exit 3"
    assert "oops" in reader.tail()
    assert [step.state for step in steps if step.name == reader.failed][-1] == "failed"
    assert any("did not complete successfully" in line for line in reader.plain)


LEGACY = """\
Step 1/3 : FROM busybox:lab
 ---> d567a8d29b27
Step 2/3 : COPY . /x/
 ---> Using cache
 ---> cb76cf1f47d8
Step 3/3 : RUN ls /x
 ---> Running in c60865d70e30
a.txt
Removing intermediate container c60865d70e30
 ---> 2fc2144ec7fd
"""


def test_the_engines_own_builder_tells_steps_too() -> None:
    steps: list[BuildStep] = []
    reader = LegacyReader(steps.append)
    reader.text(LEGACY)
    reader.finish("done")
    assert [(step.id, step.state) for step in steps if not step.text] == [
        ("1", "running"), ("1", "done"), ("2", "running"), ("2", "cached"), ("3", "running"), ("3", "done"),
    ]  # fmt: skip
    assert [step.text for step in steps if step.text] == ["a.txt"]


def test_the_dockerfile_goes_in_by_standard_input() -> None:
    command = buildx_command(
        "/bin/docker", "unix:///x", Path("/src"), "a:1", "linux/amd64", {"V": "1"}, "", "FROM scratch\n"
    )
    assert command.input() == b"FROM scratch\n"
    assert command.argv[-1] == str(Path("/src"))
    assert ("DOCKER_HOST", "unix:///x") in command.env
    assert "V=1" in command.argv


def test_what_dockerignore_names_is_not_sent(tmp_path: Path) -> None:
    (tmp_path / "keep.txt").write_text("x", encoding="utf-8")
    (tmp_path / "secret.env").write_text("x", encoding="utf-8")
    (tmp_path / ".dockerignore").write_text("*.env\n", encoding="utf-8")
    with tarfile.open(fileobj=context_archive(CancelToken(), tmp_path, "FROM scratch\n")) as tar:
        names = tar.getnames()
    assert "keep.txt" in names
    assert "secret.env" not in names
    assert DOCKERFILE in names


@pytest.mark.skipif(sys.platform == "win32", reason="a link needs a right there that few people have")
def test_a_link_stays_one_and_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/etc/passwd")
    with tarfile.open(fileobj=context_archive(CancelToken(), tmp_path, "FROM scratch\n")) as tar:
        assert tar.getmember("link").issym()
