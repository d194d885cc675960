"""Mirrors of Docker's repository that serve badly, beside the good one."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab.machine import repositories
from tests.lab.machine.commands import LabError, locked
from tests.lab.machine.names import REPOSITORY_NAME

STALE, TRUNCATED, TORN = "stale", "truncated", "torn"
_PART = 50_000


def ensure(kind: str) -> str:
    """The address of a mirror of that kind: `stale` (its index names packages that are gone), `truncated` (files end
    early), `torn` (index and lists are of different days). It has what the good one has by now."""
    if kind not in (STALE, TRUNCATED, TORN):
        raise LabError(f"no mirror {kind!r}")
    with locked("mirrors.lock"):
        root = repositories.ROOT / "mirrors" / kind / "linux"
        for source in sorted((repositories.ROOT / "linux/centos").glob("*/x86_64/stable")):
            target = root / "centos" / source.relative_to(repositories.ROOT / "linux/centos")
            if not target.exists():
                _copy(source, target, kind)
        if not (root / "rhel").is_symlink():
            (root / "rhel").symlink_to("centos")
    return f"http://{REPOSITORY_NAME}/mirrors/{kind}"


def _copy(source: Path, target: Path, kind: str) -> None:
    shutil.copytree(source / "repodata", target / "repodata")
    for file in source.glob("*.rpm") if kind == TRUNCATED else ():
        with file.open("rb") as whole:
            (target / file.name).write_bytes(whole.read(_PART))
    for file in target.glob("repodata/*primary*") if kind == TORN else ():
        file.write_bytes(file.read_bytes()[:-20])
