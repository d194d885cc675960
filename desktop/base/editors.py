"""The person's own editor, opened at a line: VS Code, GoLand, or whatever the system opens the file with."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from .commands import Command
from .processes import find_program, open_with_system, start_apart

VSCODE, GOLAND, SYSTEM, AUTO = "vscode", "goland", "system", "auto"


def editor_command(editor: str, program: Path, file: Path, line: int = 0, column: int = 0) -> Command:
    """The command that opens `file` at a line and column (from 1; 0: none) in "vscode" or "goland"."""
    if editor == VSCODE:
        place = ":".join([str(file), *(str(n) for n in (line, column) if n)])
        return Command((str(program), "--goto", place))
    where = [*(["--line", str(line)] if line else []), *(["--column", str(column)] if column else [])]
    return Command((str(program), *where, str(file)))


def find_editor(wanted: str) -> tuple[str, Path] | None:
    """The editor and its program; None where the system's own choice is meant, or the wanted one is not there."""
    for editor in (VSCODE, GOLAND) if wanted == AUTO else (wanted,):
        for name in _names(editor):
            if (program := find_program(name, _places(editor))) is not None:
                return editor, program
    return None


def open_in_editor(wanted: str, file: Path, line: int = 0, column: int = 0) -> str:
    """Opens it and tells in what ("vscode", "goland", "system"). Raises FileNotFoundError when the file is gone, and
    ProgramMissing when nothing can open it."""
    if not file.is_file():
        raise FileNotFoundError(str(file))
    found = find_editor(wanted) if wanted != SYSTEM else None
    if found is None:
        open_with_system(file)
        return SYSTEM
    start_apart(editor_command(found[0], found[1], file, line, column))
    return found[0]


def _names(editor: str) -> tuple[str, ...]:
    # on Windows `code` is a .cmd file, which is never run: the program beside it takes the same words
    if editor == VSCODE:
        return ("Code", "VSCodium") if sys.platform == "win32" else ("code", "codium")
    if editor == GOLAND:
        return ("goland64", "goland") if sys.platform == "win32" else ("goland", "goland.sh")
    return ()


def _places(editor: str) -> tuple[Path, ...]:
    if sys.platform != "win32":
        fixed = (Path("/usr/local/bin"), Path("/snap/bin"), Path("/usr/share/code/bin"))
        return (*fixed, Path.home() / ".local" / "share" / "JetBrains" / "Toolbox" / "scripts")
    local = Path(os.environ.get("LOCALAPPDATA", str(Path.home() / "AppData" / "Local")))
    programs = [Path(p) for name in ("ProgramFiles", "ProgramW6432") if (p := os.environ.get(name))]
    if editor == VSCODE:
        return (local / "Programs" / "Microsoft VS Code", *(p / "Microsoft VS Code" for p in programs))
    kept = sorted(
        (folder for p in programs for folder in (p / "JetBrains").glob("GoLand*/bin")), reverse=True
    )
    return (*kept, local / "Programs" / "GoLand" / "bin")
