"""Where the files beside the code lie: in a source tree, in an installed wheel and in a frozen program."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path


@cache
def resources() -> Path:
    """The folder `resources/`. Raises FileNotFoundError when the installation is broken."""
    frozen = getattr(sys, "_MEIPASS", None)
    here = Path(__file__).resolve()
    candidates = ([Path(frozen)] if frozen else []) + [here.parents[2], here.parents[1]]
    for root in candidates:
        if (root / "resources" / "translations").is_dir():
            return root / "resources"
    raise FileNotFoundError(f"resources/ is missing beside {here.parents[1]}: the installation is incomplete")
