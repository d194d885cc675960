"""Where both frozen programs begin: goferryw.exe, which has no console, and goferry.exe."""

import os
import sys

if sys.platform == "win32":
    for _name in ("stdin", "stdout", "stderr"):
        if (
            getattr(sys, _name) is None
        ):  # a windowed program has none, and libraries write to them all the same
            setattr(sys, _name, open(os.devnull, "r+", encoding="utf-8"))  # noqa: SIM115  as long as the program

from desktop.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
