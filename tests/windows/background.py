"""What runs beside the other tests, in the time that they leave, until its own tests ask for it.

With `pytest -n` the process that hands out the tests starts and ends it, and another one has the tests that ask: what
the two know of each other is in files.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from installer.build import CANNOT

ROOT = Path(__file__).resolve().parents[2]
PLACE = "GOFERRY_TEST_BACKGROUND"
"""The variable that names the folder for all of it."""
PATIENCE_S = 600
"""How long one may still take when the other tests are over."""
ALL_S = 2500
"""Of the 3000 s that a whole run may take (`session_timeout`): what is not done by then is left out, with this reason."""
GOES_S = 100
"""How long one may take to tidy up when it is ended."""
BEGUN = time.monotonic()


def time_left() -> float:
    return ALL_S - (time.monotonic() - BEGUN)


class Background:
    """`python WORDS` as a process of its own; `{folder}` in them is a folder for what it makes."""

    def __init__(self, name: str, *words: str) -> None:
        self._name, self._words = name, words
        self._process: subprocess.Popen[bytes] | None = None
        self._teller: threading.Thread | None = None

    @property
    def folder(self) -> Path:
        return Path(os.environ[PLACE]) / self._name

    def start(self) -> None:
        if self._process is not None:
            return
        offer()
        self.folder.mkdir(parents=True)
        words = [sys.executable, *(word.replace("{folder}", str(self.folder)) for word in self._words)]
        # a tenth of what others get: nothing at all would take tests on a Windows past their time limits
        apart = ["nice", "-n", "10"] if sys.platform != "win32" else []
        with open(self.folder / "background.log", "wb") as log:
            self._process = subprocess.Popen(
                [*apart, *words],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _put(self.folder / "pid", self._process.pid)
        self._teller = threading.Thread(target=self._tell, args=(self._process,), daemon=True)
        self._teller.start()

    def _tell(self, process: subprocess.Popen[bytes]) -> None:
        code = process.wait()
        with suppress(OSError):  # the run is over, and its folder gone
            _put(self.folder / "code", code)

    def done(self, fine: Sequence[int] = (0,)) -> Path:
        """The folder of what it made. Skips the test where no Windows can be had or the computer is too slow, and
        fails it when it ended with another code than those that are `fine`."""
        if not (self.folder / "pid").exists():
            self.start()
        pid = int((self.folder / "pid").read_text(encoding="ascii"))
        if sys.platform != "win32":
            with suppress(OSError):  # now it is waited for, so it may have as much as the others
                os.setpriority(os.PRIO_PGRP, pid, 0)
        ends = time.monotonic() + max(1.0, min(PATIENCE_S, time_left()))
        while not (self.folder / "code").exists():
            if time.monotonic() > ends:
                with suppress(OSError):
                    os.kill(pid, signal.SIGTERM)
                pytest.skip("it did not end in time: this computer is too slow for it beside the other tests")
            time.sleep(0.2)
        code = int((self.folder / "code").read_text(encoding="ascii"))
        said = (self.folder / "background.log").read_text(encoding="utf-8", errors="replace")
        if code == CANNOT:
            pytest.skip(f"no Windows can be had here: {said[-600:]}")
        assert code in fine, said[-4000:]
        return self.folder

    def end(self) -> None:
        """Ends it, and takes away what it made, where this process has started it."""
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(GOES_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._teller is not None:  # it writes into the folder once more
            self._teller.join()
        shutil.rmtree(self.folder, ignore_errors=True)


def _put(file: Path, number: int) -> None:
    """Whoever sees the file sees all of it."""
    new = file.with_suffix(".new")
    new.write_text(str(number), encoding="ascii")
    new.replace(file)


BUILD = Background("build", "installer/build.py", "--quick", "--output", "{folder}")
TESTS = Background("tests", "-m", "tests.windows", "--some", "--told", "{folder}/told.jsonl")
USES = {"test_edition.py": BUILD, "test_on_windows_python.py": TESTS}
"""By the file of the tests that ask for it."""


def offer() -> None:
    """Makes the folder that the processes of this run know."""
    if PLACE not in os.environ:
        os.environ[PLACE] = tempfile.mkdtemp(prefix="goferry-edition-")


def start(files: Collection[str]) -> None:
    """Starts what the tests of these files will ask for."""
    for name, one in USES.items():
        if name in files and (one is BUILD or sys.platform != "win32"):
            one.start()


def end() -> None:
    for one in USES.values():
        one.end()
    if PLACE in os.environ:
        with suppress(OSError):  # another process still has something in it
            Path(os.environ[PLACE]).rmdir()
