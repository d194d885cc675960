"""The real Go toolchain, for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

GO = shutil.which("go", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
needs_go = pytest.mark.skipif(GO is None, reason="needs the go program on PATH or beside python")


def run_go(folder: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """`go WORDS` in `folder`, offline, with nothing of this computer's Go settings but its caches."""
    assert GO is not None
    environment = {
        **os.environ,
        "GOFLAGS": "-mod=mod",
        "GOTOOLCHAIN": "local",
        "GOPROXY": "off",
        "GOSUMDB": "off",
        "GOWORK": "off",
        "CGO_ENABLED": "0",
        "GOENV": "off",
        **settings,
    }
    return subprocess.run(
        [GO, *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=850,
    )
