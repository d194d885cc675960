"""Ruff, mypy, import-linter and the lock agree with every file."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.quality.sources import ROOT

pytestmark = pytest.mark.timeout(900)  # the first run of mypy fills its cache


def finds_nothing(*words: str) -> None:
    """Runs a tool of this environment in the clone; its own words are the report."""
    done = subprocess.run(
        words, cwd=ROOT, capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout}{done.stderr}"


def tool(name: str) -> str:
    scripts = sysconfig.get_path("scripts")
    found = shutil.which(name, path=os.pathsep.join((scripts, os.environ.get("PATH", os.defpath))))
    assert found, f"{name} is part of the dev group: run the tests through installer/bootstrap.py"
    return found


def test_ruff_has_no_complaint() -> None:
    finds_nothing(tool("ruff"), "check", "--output-format", "concise")


def test_every_file_has_the_common_format() -> None:
    finds_nothing(tool("ruff"), "format", "--check", "--quiet")


@pytest.mark.parametrize(
    ("platform", "folders"),
    [("linux", ()), ("win32", ("desktop", "installer"))],  # tests of POSIX ways name calls that Windows lacks
)
def test_types_hold_on(platform: str, folders: tuple[str, ...]) -> None:
    finds_nothing(sys.executable, "-m", "mypy", "--platform", platform, "--no-error-summary", *folders)


def test_imports_run_one_way() -> None:
    finds_nothing(tool("lint-imports"), "--no-cache")


def test_the_lock_names_public_addresses_only() -> None:
    lock = (ROOT / "uv.lock").read_text(encoding="utf-8")
    addresses = {line.split('"')[1] for part in ("url = ", "registry = ") for line in lock.split(part)[1:]}
    hosts = {Path(address).parts[1] for address in addresses}
    assert hosts == {"files.pythonhosted.org", "pypi.org"}


def test_the_lock_belongs_to_pyproject() -> None:
    """Offline, so it holds only as far as the lock can tell by itself: names, bounds, extras and groups."""
    uv = shutil.which("uv", path=sysconfig.get_path("scripts")) or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not in this environment: installer/bootstrap.py test brings it")
    words = [uv, "lock", "--check", "--offline", "--no-config", "--project", str(ROOT)]
    done = subprocess.run(words, capture_output=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
