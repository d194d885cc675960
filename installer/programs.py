"""Runs pip, uv and apt-get: their lines are told as they come, kept in the log, and read when they fail."""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

TOLD = ("Downloading", "Get:", "Setting up ")  # the lines that say what is going on


class Failed(Exception):
    """A program ended with another code than 0; `output` is all it wrote."""

    def __init__(self, code: int, output: str) -> None:
        super().__init__(f"exit code {code}")
        self.code, self.output = code, output


def run(
    words: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str | None] | None = None,
    tell: Callable[[str], None] = lambda line: None,
) -> str:
    """What the program wrote to both outputs. Raises `Failed`; ends the program when we are interrupted.

    A variable of `environment` that is None is taken away.
    """
    lines: list[str] = []
    with open(log, "a", encoding="utf-8", newline="\n") as kept:
        kept.write("$ " + " ".join(str(word) for word in words) + "\n")
        process = subprocess.Popen(
            [str(word) for word in words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="backslashreplace",
            env=_merged(environment or {}),
        )
        assert process.stdout is not None  # noqa: S101 - PIPE was asked for above
        try:
            for line in process.stdout:
                lines.append(line)
                kept.write(line)
                if line.strip().startswith(TOLD):
                    tell("  " + line.strip())
            code = process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code:
        raise Failed(code, "".join(lines))
    return "".join(lines)


def _merged(changes: Mapping[str, str | None]) -> dict[str, str]:
    both = {**os.environ, "PYTHONIOENCODING": "utf-8", **changes}
    return {name: value for name, value in both.items() if value is not None}


def hand_over(words: Sequence[str | Path], environment: dict[str, str], folder: Path | None = None) -> int:
    """Become the program (POSIX), or wait for it (Windows). Returns its exit code."""
    line = [str(word) for word in words]
    if folder:
        os.chdir(folder)
    sys.stdout.flush()
    sys.stderr.flush()
    if sys.platform != "win32":
        os.execve(line[0], line, environment)  # noqa: S606 - this process has nothing left to do
    process = subprocess.Popen(line, env=environment)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue  # Ctrl-C reached the program too; it says when it is done
