"""What compilers, vet and tests say, as places in files."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from .model import ALL, Problem

PLACE = re.compile(
    r"^(?:vet: )?(?P<file>(?:[A-Za-z]:[\\/])?[^:\s][^:\n]*?\.(?:go|s|c|h|cc|cpp|mod|work|sum)):"
    r"(?P<line>\d+)(?::(?P<column>\d+))?: ?(?P<text>.*)$"
)
TEST_PLACE = re.compile(r"^\s+(?P<file>[\w.-]+_test\.go):(?P<line>\d+): ?(?P<text>.*)$")
MOST = 2000


def find_place(text: str) -> re.Match[str] | None:
    """The place at the start of a line of output: groups file, line, column, text."""
    return PLACE.match(text)


def parse_problems(
    lines: Iterable[str], *, ran_in: Path, folder: Path, target: str = ALL, stage: str = "compile"
) -> tuple[Problem, ...]:
    """The places in `lines`, in order, none twice. `ran_in` is where go ran; files come back relative to `folder`."""
    found: dict[tuple[str, int, int, str], Problem] = {}
    for line in lines:
        match = PLACE.match(line)
        if match is None or len(found) >= MOST:
            continue
        file = relative_file(match["file"], ran_in, folder)
        problem = Problem(
            file, int(match["line"]), int(match["column"] or 0), match["text"].strip(), target, stage
        )
        found.setdefault((problem.file, problem.line, problem.column, problem.text), problem)
    return tuple(found.values())


def relative_file(file: str, ran_in: Path, folder: Path) -> str:
    """`..\\store\\lock.go` as seen from the project's folder, with forward slashes; a foreign file stays whole."""
    plain = file if re.match(r"^[A-Za-z]:", file) and os.name != "nt" else file.replace("\\", "/")
    whole = Path(os.path.normpath(ran_in / plain))
    try:
        return whole.relative_to(os.path.normpath(folder)).as_posix()
    except ValueError:
        return file if os.path.isabs(plain) or plain != file else whole.as_posix()


def merge(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The same finding of several targets once, as one of all targets when more than one has it."""
    seen: dict[tuple[str, int, int, str], Problem] = {}
    for problem in problems:
        key = (problem.file, problem.line, problem.column, problem.text)
        seen.setdefault(key, problem)
    return tuple(sorted(seen.values(), key=lambda p: (p.file, p.line, p.column)))
