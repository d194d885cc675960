"""What a build reads outside the project's folder: modules that a replace points to, and those that a go.work joins."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .go_mod import GoMod, read_go_mod
from .reading import read_text

_LONGEST = 1 << 20


def folders_outside(folder: Path, place: Path) -> tuple[Path, ...]:
    """Folders of other modules that belong to the program, none inside another (blocking). `place`: where Go stands."""
    work = go_work_of(place)
    found: list[Path] = []
    if work is not None:
        joined = _read(work)
        modules = [work.parent / use for use in joined.uses]
        found += [*modules, *_replaced(work.parent, joined)]
        for module in modules:
            found += _replaced(module, _read(module / "go.mod"))
    elif (module_file := _above(place, "go.mod")) is not None:
        found += _replaced(module_file.parent, _read(module_file))
    return _outermost(folder, found)


def go_work_of(place: Path) -> Path | None:
    """The go.work that joins the modules where Go stands: here, or the nearest above."""
    return _above(place, "go.work")


def _above(place: Path, name: str) -> Path | None:
    whole = Path(os.path.abspath(place))
    return next((above / name for above in (whole, *whole.parents) if (above / name).is_file()), None)


def _read(file: Path) -> GoMod:
    return read_go_mod(read_text(file, _LONGEST))


def _replaced(base: Path, mod: GoMod) -> list[Path]:
    return [base / one.replace("\\", "/") for one in mod.replaced_by_folder]


def _outermost(folder: Path, found: Iterable[Path]) -> tuple[Path, ...]:
    own = Path(os.path.realpath(folder))
    kept: list[Path] = []
    for path in sorted({Path(os.path.realpath(one)) for one in found}):
        if not path.is_relative_to(own) and not any(path.is_relative_to(one) for one in kept):
            kept.append(path)
    return tuple(kept)
