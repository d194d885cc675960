"""What runs beside the other tests, in the time that nobody else wants, until its own tests ask for it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest

from installer.build import CANNOT
from tests.conftest import ROOT

PATIENCE_S = 600
"""How long one may still take when the other tests are over."""
ALL_S = 2500
"""Of the 3000 s that a whole run may take (`session_timeout`): what is not done by then is left out, with this reason."""
BEGUN = time.monotonic()


def time_left() -> float:
    return ALL_S - (time.monotonic() - BEGUN)


class Background:
    """`python WORDS` as a process of its own; `{folder}` in them is a folder for what it makes."""

    def __init__(self, *words: str) -> None:
        self._words = words
        self._folder: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="goferry-edition-"))
        words = [sys.executable, *(word.replace("{folder}", str(self._folder)) for word in self._words)]
        apart = ["nice", "-n", "19"] if sys.platform != "win32" else []
        with open(self._folder / "background.log", "wb") as log:
            self._process = subprocess.Popen(
                [*apart, *words],
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def done(self, fine: Sequence[int] = (0,)) -> Path:
        """The folder of what it made. Skips the test where no Windows can be had or the computer is too slow, and
        fails it when it ended with another code than those that are `fine`."""
        if self._process is None or self._folder is None:
            self.start()
        assert self._process is not None
        assert self._folder is not None
        if sys.platform != "win32":
            with suppress(OSError):  # the others are done: now it may have all there is
                os.setpriority(os.PRIO_PGRP, self._process.pid, 0)
        try:
            code = self._process.wait(max(1.0, min(PATIENCE_S, time_left())))
        except subprocess.TimeoutExpired:
            self.stop()
            pytest.skip("it did not end in time: this computer is too slow for it beside the other tests")
        said = (self._folder / "background.log").read_text(encoding="utf-8", errors="replace")
        if code == CANNOT:
            pytest.skip(f"no Windows can be had here: {said[-600:]}")
        assert code in fine, said[-4000:]
        return self._folder

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait()

    def end(self) -> None:
        """Ends it, and takes away what it made."""
        self.stop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
