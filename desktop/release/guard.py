"""Outlives a Goferry that was killed while it tried a release: `python -m desktop.release.guard FOLDER`."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main(words: list[str]) -> int:
    """Goes to the background, and stays until what is on trial in the app's folder is over."""
    folder = Path(words[0])
    if sys.platform != "win32":
        # whoever started us waits for this process only, and has no zombie to care for
        if os.fork():
            os._exit(0)
        os.setsid()
    import asyncio

    from .places.trial import read_trial, watch

    trial = read_trial(folder)
    if trial is not None:
        asyncio.run(watch(folder, trial.nonce))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
