"""The Windows edition is built in the background while other tests run, and checked when they are done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from installer.build import CANNOT
from tests.conftest import ROOT

USES_IT = "test_edition.py"
PATIENCE_S = 600
"""How long the build may still take when the other tests are over."""
ALL_S = 2500
"""Of the 3000 s that a whole run may take (`session_timeout`): what is not done by then is left out, with this reason."""
BEGUN = time.monotonic()


def time_left() -> float:
    return ALL_S - (time.monotonic() - BEGUN)


class Build:
    """installer/build.py as a process of its own that takes only the time which nobody else wants."""

    def __init__(self) -> None:
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="goferry-edition-"))
        words = [
            sys.executable,
            str(ROOT / "installer" / "build.py"),
            "--quick",
            "--output",
            str(self._folder),
        ]
        apart = ["nice", "-n", "19"] if sys.platform != "win32" else []
        with open(self._folder / "build.log", "wb") as log:
            self._process = subprocess.Popen(
                [*apart, *words], stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )

    def done(self) -> Path:
        """The folder of what it made. Skips the test where no Windows can be had, and fails it when it failed."""
        if self._process is None or self._folder is None:
            self.start()
        assert self._process is not None
        assert self._folder is not None
        if sys.platform != "win32":
            with suppress(OSError):  # the others are done: now it may have all there is
                os.setpriority(os.PRIO_PGRP, self._process.pid, 0)
        log = self._folder / "build.log"
        try:
            code = self._process.wait(max(1.0, min(PATIENCE_S, time_left())))
        except subprocess.TimeoutExpired:
            self.end()
            pytest.skip(
                "the build did not end in time: this computer is too slow for it beside the other tests"
            )
        said = log.read_text(encoding="utf-8", errors="replace")
        if code == CANNOT:
            pytest.skip(f"no Windows can be had here: {said[-600:]}")
        assert code == 0, said[-4000:]
        return self._folder

    def end(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


BUILD = Build()


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = any(item.path.name == USES_IT for item in session.items)
    if wanted and not session.config.getoption("collectonly"):
        BUILD.start()


def pytest_sessionfinish() -> None:
    BUILD.end()


@pytest.fixture(scope="session")
def edition_folder() -> Path:
    """Where the built edition lies: the installer, and the program as it was frozen."""
    return BUILD.done()
