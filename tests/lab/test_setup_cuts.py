"""A set-up is broken off after every step, in every way: the next run goes on from what really is, and all of it can be taken back.

The test prints a matrix: each row is one break, all rows of a kind happen to the same server one after the other.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.lab.desk import Desk, differences, side_by_side, started, table
from tests.lab.handle import Lab, LabHost

STEPS = 7
"""What changes on a bare server, at the least: source, packages, settings, service, group, records, trial."""
_MOST_RUNS = 40
_LITTER = re.compile(
    r"/etc/(?:passwd|group|shadow|gshadow|subuid|subgid)(?:\.\d+|\.lock|\+)\s|;[0-9a-f]{8}\s"
)
"""What usermod and rpm themselves leave when the power fails in the middle of them, and no run of theirs takes away: usermod's
lock and the file that becomes it (shadow-utils, lib/commonio.c), rpm's file before it gets its name (rpm, lib/fsm.c)."""
_HALF = r"""
for i in $(seq 600); do pgrep -x 'yum|dnf|dnf-3|rpm' >/dev/null || break; sleep 0.1; done
for f in /etc/docker/daemon.json; do [ ! -e $f ] || python3 -m json.tool $f >/dev/null || echo "broken: $f"; done
grep -L '^gpgcheck=1' /etc/yum.repos.d/goferry-*.repo 2>/dev/null || :
dnf -q check 2>&1 || yum -q check 2>&1 | grep -v 'not found' || :
[ ! -e /var/lib/goferry/setup.json ] || grep -vE '^\{"step":"[a-z]+","key":"[a-z]+","value":".*"\}$' /var/lib/goferry/setup.json || :
"""


@dataclass
class Story:
    """One server whose set-up is broken off in one way, again and again."""

    kind: str
    desk: Desk
    lab: Lab
    host: LabHost
    broken: list[str] = field(default_factory=list)
    """Titles of the steps after which it was broken off."""
    runs: int = 0
    ended: str = "did not end"

    def break_off(self, run: subprocess.Popen[str]) -> None:
        """Returns when the server can be reached again. A Goferry that lives goes on by itself."""
        name = self.host.name
        if self.kind == "Goferry is killed":
            run.kill()
        elif self.kind == "the server reboots":
            self.lab.reboot(name)
        elif len(self.broken) == 2:  # once by the cable, which Goferry notices by the silence
            self.lab.fault(name, "cut")
            assert any("is lost; trying again" in line for line in run.stderr or ()), (
                "it ended, or said nothing"
            )
            self.lab.heal(name)
        else:
            self.lab.fault(name, "kill-sshd")
            self.lab.heal(name)

    def until_it_is_done(self) -> None:
        done = False
        while not done:
            self.runs += 1
            assert self.runs < _MOST_RUNS, self.broken
            done = self._one_run()
        assert set(self.desk.cli(self.host, "setup").values()) == {"held"}

    def _one_run(self) -> bool:
        """Whether it came to its end. Breaks it off after the first step that is new, and once inside the packages."""
        with self.desk.start(self.host, "setup") as run:
            assert run.stderr is not None
            for line in run.stderr:
                if (step := _begun_or_done(line)) and step not in self.broken:
                    self.broken.append(step)
                    self.break_off(run)
            out = run.stdout.read() if run.stdout else ""
        if run.returncode not in (0, -9):
            answer = json.loads(out)  # an end that it explains, in the one way of all failures
            assert answer["error"]["code"].startswith("host."), str(answer)
        assert self.lab.console(self.host.name, _HALF) == "", f"after {self.broken[-1:]}"
        return run.returncode == 0


def _begun_or_done(line: str) -> str:
    """The title of a step that Goferry says is applied; and that packages are being installed."""
    mark, _, title = line.strip().partition(" ")
    if mark == "applied":
        return title.strip()
    return "(while packages are installed)" if line.strip().startswith("Installing  ") else ""


KINDS = ("Goferry is killed", "the connection is cut", "the server reboots")


@pytest.mark.timeout(1800, func_only=True)
def test_broken_off_after_any_step_it_goes_on_from_what_really_is(
    lab: Lab, tmp_path: Path, show: Callable[[str], None]
) -> None:
    def told(story: Story) -> None:
        before = story.desk.seen(story.host)
        story.until_it_is_done()
        story.desk.cli(story.host, "undo")
        changes = differences(before, story.desk.seen(story.host))
        if story.kind == "the server reboots":
            changes = [line for line in changes if not _LITTER.search(f"{line} ")]
        assert changes == [], story.kind
        story.ended = "went on, ended, was undone"

    stories: list[Story] = []
    try:
        with started(lab, ["rocky-9"] * len(KINDS)) as hosts:
            for kind, host in zip(KINDS, hosts, strict=True):
                stories.append(Story(kind, Desk(lab, tmp_path / host.name), lab, host))
                stories[-1].desk.add(host)
            side_by_side(told, stories)
    finally:
        show(table("Set-ups that were broken off", ("how", "after the step", "then"),
                   ((s.kind, step, s.ended) for s in stories for step in s.broken)))  # fmt: skip
    assert all(len(story.broken) >= STEPS for story in stories)
