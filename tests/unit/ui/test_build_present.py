"""What the Build page says, told from made-up events."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.base.commands import Command
from desktop.base.errors import Fix
from desktop.base.words import msg
from desktop.build import BuildError, BuildEvent, Problem
from desktop.image import Image, Layer
from desktop.project import GitState
from desktop.ui.pages.build import present
from desktop.ui.pages.build.graph import placed, shown_name
from desktop.ui.pages.build.look import There
from desktop.ui.pages.build.runs import Run, short_command

GO = Command(
    (
        "/usr/local/go/bin/go",
        "build",
        "-v",
        "-buildvcs=false",
        "-trimpath",
        "-ldflags=-s -w -X main.version=1",
        "-o",
        "/x",
        ".",
    ),
    (("GOOS", "linux"),),
    cwd=Path("/w/my app"),
)
TARGETS = ("linux/amd64", "windows/amd64")


def event(at: float, target: str, stage: str, kind: str, text: str = "", **more: object) -> BuildEvent:
    return BuildEvent(at, target, stage, kind, text, **more)  # type: ignore[arg-type]  # as the caller gave them


def running() -> Run:
    run = Run(TARGETS, ("vet",), module="example.com/orders")
    for one in (
        event(0.0, "all", "vet", "start"),
        event(2.0, "all", "vet", "end", "go vet found nothing"),
        event(2.0, "linux/amd64", "compile", "start", command=GO),
        event(2.0, "windows/amd64", "compile", "start", command=GO),
        event(5.0, "linux/amd64", "compile", "progress", "net/http", fraction=0.5),
        event(6.0, "windows/amd64", "compile", "end", "no", ok=False),
    ):
        run.feed(one)
    return run


def test_lanes_show_what_ran_what_runs_and_what_comes() -> None:
    first, linux, windows = present.lanes(running(), TARGETS, 8.0, vet=True, test=False, images=True)
    assert [(bar.key, bar.state) for bar in first.bars] == [("vet", "ok")]
    assert linux.state == "busy"
    assert [(bar.text, bar.state, bar.start, bar.length) for bar in linux.bars[:1]] == [
        ("Compile 50 %", "busy", 2.0, 6.0)
    ]
    assert (linux.bars[1].key, linux.bars[1].estimated) == ("image", True)
    assert (windows.state, [bar.state for bar in windows.bars]) == ("fail", ["fail"])


def test_before_the_first_build_all_is_to_come() -> None:
    lanes = present.lanes(None, TARGETS, 0.0, vet=False, test=True, images=False)
    assert [lane.title for lane in lanes] == ["All targets", *TARGETS]
    assert all(bar.estimated for lane in lanes for bar in lane.bars)
    assert present.headline(None, 0.0) == ("wait", "Not built yet", "")


def test_the_headline_counts_up_and_says_what_is_usual() -> None:
    run = running()
    run.expected = 25.0
    assert present.headline(run, 19.4) == ("busy", "Running, 0:19", "usually 0:25")
    assert present.failed_note(run) == "1 target failed, the others go on"
    assert run.share() == 0.75


def test_a_cancelled_run_leaves_its_lanes_off() -> None:
    run = running()
    run.cancelled = True
    assert present.headline(run, 9.0)[:2] == ("off", "Cancelled after 0:06")
    assert present.state_of(run, "linux/amd64") == "off"


def test_commands_are_short_in_the_output_and_whole_to_copy() -> None:
    assert short_command(GO) == 'go build -trimpath -ldflags "-s -w -X …"'
    text = present.command_text([("linux/amd64", "compile", GO)], powershell=False)
    assert f"cd '{Path('/w/my app')}'" in text
    assert "GOOS=linux /usr/local/go/bin/go build" in text
    assert "$env:GOOS = linux" in present.command_text([("linux/amd64", "compile", GO)], powershell=True)


def test_package_names_lose_the_modules_path() -> None:
    run = Run(TARGETS, module="example.com/orders")
    rows = run.feed(event(1.0, "all", "test", "line", "ok  \texample.com/orders/internal/cart\t0.4s"))
    assert rows[0].text == "ok  \tinternal/cart\t0.4s"


def test_the_banner_has_at_most_three_things_to_do() -> None:
    error = BuildError(
        "What", "Why.", "Fix.", fixes=tuple(Fix(msg("Open go.mod"), "open", str(n)) for n in range(5))
    )
    said = present.error_banner(error)
    assert (said.title, said.why, len(said.actions)) == ("What", "Why. Fix.", 3)
    assert said.actions[1][0] == "open|1"


def test_problems_name_place_and_target() -> None:
    rows = present.problem_rows(
        [Problem("a.go", 3, 7, "no", "windows/amd64"), Problem("b.go", 4, 0, "hm", "all", "vet")]
    )
    assert [(row.second, row.state, row.chips) for row in rows] == [
        ("a.go:3:7", "fail", (("windows/amd64", "fail"),)),
        ("b.go:4", "warn", (("vet", "warn"),)),
    ]


@pytest.mark.parametrize(
    ("git", "chips"),
    [
        (None, ("", "", "")),
        (GitState("main", "3f9c2e1ab012", 0), ("main", "3f9c2e1", "")),
        (GitState("main", "3f9c2e1ab012", 2), ("main", "3f9c2e1", "2 files not committed")),
    ],
)
def test_git_is_told_in_three_chips(git: GitState | None, chips: tuple[str, str, str]) -> None:
    assert present.git_chips(git) == chips


def test_unusual_targets_get_a_column_and_a_row() -> None:
    assert present.matrix_columns(["linux/riscv64"])[-1] == "riscv64"
    assert present.matrix_rows(["freebsd/amd64"])[-1] == "freebsd"


def test_the_graph_is_placed_by_distance() -> None:
    from desktop.build.deps import parse_graph

    graph = parse_graph("app a@v1\napp b@v1\na@v1 c@v2\nb@v1 c@v2\n")
    assert placed(graph) == {"app": (0, 0), "a@v1": (1, 0), "b@v1": (1, 1), "c@v2": (2, 0)}
    assert shown_name("github.com/gin-gonic/gin@v1.9.1") == "gin-gonic/gin v1.9.1"


def image_of(*layers: tuple[str, int]) -> Image:
    made = tuple(Layer(name, name, size, name, Path()) for name, size in layers)
    return Image("orders:dev", "", "", 0, made, "linux/amd64", Path())


def test_what_a_deploy_sends_is_told_from_what_serves_there() -> None:
    new = image_of(("certificates", 1_000_000), ("config", 10_000), ("orders 2", 1_500_000))
    there = There("prod", "1.8.0", image_of(("certificates", 1_000_000), ("orders 1", 1_400_000)))
    assert present.will_send(new, new, there) == (
        "Production serves 1.8.0. A deploy there sends 1.5 MB at most: 2 of 3 layers."
    )
    same = There("prod", "1.9.0", new)
    assert present.will_send(new, None, same) == "Production has all of it: a deploy sends nothing."
