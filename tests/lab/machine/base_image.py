"""The userland that all hosts share: Debian packages laid out as a server of the RHEL family."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from tests.lab.machine import engine
from tests.lab.machine.apt import STABLE, sources
from tests.lab.machine.commands import attempt, run, stamp, step
from tests.lab.machine.names import CACHE, HERE, IMAGE, STAMP

IMAGE_NAME = f"{IMAGE}:base"
STATUS = CACHE / "base.status"
"""The dpkg status file of the base: which Debian packages in which versions it holds."""

INIT = 'CMD ["/usr/libexec/lab-init"]'
_ARCHIVE = CACHE / "base.tar"
_KEPT = (
    "exclude=/usr/share/man/*",
    "exclude=/usr/share/doc/*",
    "exclude=/usr/share/locale/*/*",
    "include=/usr/share/locale/zh_CN/*",
)


def ensure() -> str:
    """Make the base image if its ingredients changed; returns their stamp."""
    mark = stamp(HERE / "base")
    record = CACHE / "base.stamp"
    if not _ARCHIVE.exists() or not record.exists() or record.read_text(encoding="utf-8") != mark:
        _bootstrap()
        record.write_text(mark, encoding="utf-8")
    if mark_of(IMAGE_NAME) != mark:
        with step("importing the base image"):
            changes = (f"LABEL {STAMP}={mark}", "ENV container=docker", INIT)
            run(
                "docker",
                "import",
                *(word for change in changes for word in ("-c", change)),
                _ARCHIVE,
                IMAGE_NAME,
            )
    return mark


def _bootstrap() -> None:
    if not shutil.which("mmdebstrap"):
        engine.install("mmdebstrap")
    lines = (HERE / "base/packages").read_text(encoding="utf-8").splitlines()
    packages = ",".join(word for line in lines if not line.startswith("#") for word in line.split())
    new = CACHE / "new.tar"  # the name's end tells mmdebstrap the format
    options = [
        "--variant=minbase",
        f"--include={packages}",
        *(f"--dpkgopt=path-{rule}" for rule in _KEPT),
        f'--customize-hook={HERE}/base/customize "$1"',
        "--skip=cleanup",
    ]
    with step("bootstrapping the base userland"):
        environment = {"LAB_BASE_STATUS": str(STATUS)}
        run("mmdebstrap", "--quiet", *options, STABLE, new, *sources(), env=environment)
        os.replace(new, _ARCHIVE)


def mark_of(image: str) -> str:
    """The stamp that an image carries; empty when there is no such image."""
    form = f'{{{{index .Config.Labels "{STAMP}"}}}}'
    return attempt("docker", "image", "inspect", image, "-f", form)


def run_script(script: str, *, seen: Path = CACHE) -> None:
    """Run a shell script as root in a throwaway container of the base that sees a folder at its own path."""
    options = ("--rm", "-i", "--network=none", "-v", f"{seen}:{seen}")
    run("docker", "run", *options, IMAGE_NAME, "sh", "-eu", stdin=script)
