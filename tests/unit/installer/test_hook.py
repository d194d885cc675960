"""The hook looks at what is committed, and at nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.installer.clone import ROOT

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Git for Windows brings a sh of its own")


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A Git clone with the hook switched on and this environment's tools."""
    folder = tmp_path / "clone"
    (folder / "installer" / "hooks").mkdir(parents=True)
    shutil.copy(ROOT / "installer" / "hooks" / "pre-commit", folder / "installer" / "hooks")
    shutil.copy(ROOT / "pyproject.toml", folder)
    (folder / "desktop" / "base").mkdir(parents=True)
    (folder / "desktop" / "__init__.py").write_text("", encoding="utf-8")
    (folder / "desktop" / "base" / "__init__.py").write_text("", encoding="utf-8")
    (tmp_path / "env" / "python").mkdir(parents=True)
    (tmp_path / "env" / "python" / "bin").symlink_to(Path(sys.executable).parent)
    subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
    git(folder, "config", "core.hooksPath", "installer/hooks")
    git(folder, "add", "desktop")
    return folder


def git(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "GOFERRY_ENV": str(folder.parent / "env")}
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    return subprocess.run(
        ["git", *who, "-C", str(folder), *words],
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_a_tidy_change_is_committed(clone: Path) -> None:
    done = git(clone, "commit", "-m", "Begin")
    assert done.returncode == 0, done.stderr


def test_a_file_with_a_fault_is_not_committed(clone: Path) -> None:
    (clone / "desktop" / "faulty.py").write_text("import os\n", encoding="utf-8")
    git(clone, "add", "desktop/faulty.py")
    done = git(clone, "commit", "-m", "Add a fault")
    assert done.returncode != 0
    assert "desktop/faulty.py:1:8" in done.stdout + done.stderr


def test_an_import_against_the_stream_is_not_committed(clone: Path) -> None:
    (clone / "desktop" / "app.py").write_text("", encoding="utf-8")
    (clone / "desktop" / "base" / "back.py").write_text(
        "import desktop.app  # noqa: F401\n", encoding="utf-8"
    )
    git(clone, "add", "desktop")
    done = git(clone, "commit", "-m", "Import against the stream")
    assert done.returncode != 0
    assert "desktop.base is not allowed to import desktop.app" in done.stdout + done.stderr


def test_without_the_environment_it_says_how_to_make_it(clone: Path) -> None:
    shutil.rmtree(clone.parent / "env")
    done = git(clone, "commit", "-m", "Begin")
    assert done.returncode != 0
    assert "installer/bootstrap.py hooks" in done.stderr
