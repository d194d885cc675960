"""Mirrors of Docker's repository that serve badly, beside the good one."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab.machine import base_image, repositories
from tests.lab.machine.commands import LabError, locked
from tests.lab.machine.names import REPOSITORY_NAME

STALE, TRUNCATED, TORN, EMPTY = "stale", "truncated", "torn", "empty"
_PART = 50_000


def ensure(kind: str) -> str:
    """The address of a mirror of that kind: `stale` (its index names packages that are gone), `truncated` (files end
    early), `torn` (index and lists are of different days), `empty`. It has the folders that the good one has by now."""
    if kind not in (STALE, TRUNCATED, TORN, EMPTY):
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
    if kind == EMPTY:
        target.mkdir(parents=True)
        base_image.run_script(f"createrepo_c -q --general-compress-type=gz --no-database {target}")
        return
    shutil.copytree(source / "repodata", target / "repodata")
    for file in source.glob("*.rpm") if kind == TRUNCATED else ():
        with file.open("rb") as whole:
            (target / file.name).write_bytes(whole.read(_PART))
    for file in target.glob("repodata/*primary*") if kind == TORN else ():
        file.write_bytes(file.read_bytes()[:-20])
