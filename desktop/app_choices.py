"""What a person chooses for a project in the window, kept in its goferry.yaml; and changes offered as a fix."""

from __future__ import annotations

import codecs
import tarfile
from collections.abc import Mapping
from pathlib import Path

from desktop.base.blocking import CancelToken
from desktop.base.paths import write_atomically
from desktop.base.processes import find_program, run_process
from desktop.project import (
    CONFIG_FILE,
    Change,
    Config,
    decode,
    edit_config,
    git_command,
    parse_config,
    visible,
)

Value = str | int | float | bool | list[str] | None
Choices = Mapping[str | tuple[str, ...], Value]
"""Keys of goferry.yaml such as "build.targets", and their values; None takes a key out."""
MOST_FILES = 5000


def save_choices(folder: Path, config: Config, choices: Choices) -> Config:
    """Writes `choices` into the project's goferry.yaml, which is made where there is none (blocking); comments stay.
    Gives the configuration that holds now. Raises ConfigError, and OSError when it cannot be written."""
    file = folder / CONFIG_FILE
    mark, text = text_as_it_is(file) if file.is_file() else ("", first_text(config))
    edited = edit_config(text, choices)
    parsed = parse_config(edited, file)
    if edited != text or not file.is_file():
        write_atomically(file, mark + edited)
    return parsed


def edited(folder: Path, choices: Choices) -> Change | None:
    """The change to the project's goferry.yaml that `choices` make, to be shown before it is written (blocking); None
    where they make none. Raises ConfigError, and OSError when it cannot be read."""
    file = folder / CONFIG_FILE
    mark, text = text_as_it_is(file)
    after = edit_config(text, choices)
    return Change(file, (mark + text).encode(), (mark + after).encode()) if after != text else None


def text_as_it_is(file: Path) -> tuple[str, str]:
    """The mark of its encoding that Windows' editors put before it, or nothing; and the text, each line with its own
    end (blocking). Raises OSError, and ConfigError where it is no text."""
    data = file.read_bytes()
    return "\ufeff" if data.startswith(codecs.BOM_UTF8) else "", decode(data, file)


def first_text(config: Config) -> str:
    """A goferry.yaml that says what was detected, and nothing more."""
    values: dict[str | tuple[str, ...], Value] = {"main": config.main}
    if config.port:
        values["port"] = config.port
    if config.build.cgo:
        values["build.cgo"] = True
    if config.health.http is not None:
        values["health.http"] = config.health.http
    elif config.health.tcp:
        values["health.tcp"] = True
    return edit_config(f"name: {config.name}\n", values)


def changed_files(token: CancelToken, folder: Path) -> list[tuple[str, str]]:
    """(state in git's letters, path) of what is not committed (blocking); empty without git."""
    program = find_program("git")
    if program is None:
        return []
    done = run_process(token, git_command(program, folder), timeout=10)
    found, parts = list[tuple[str, str]](), iter(done.text().split("\0"))
    for part in parts:
        fields = {"1": 8, "2": 9, "u": 10, "?": 1}.get(part[:1])
        if fields is None or part[1:2] != " ":
            continue
        words = part.split(" ", fields)
        found.append(("new" if part[0] == "?" else words[1].strip("."), visible(words[-1])))
        if part[0] == "2":
            next(parts, "")
    return found


def linux_only(file: Path, system: str) -> Change:
    """The change that leaves a Go file out for `system` ("windows") by a build tag (blocking). Raises OSError."""
    before = file.read_bytes()
    end = b"\r\n" if b"\r\n" in before[:4096] else b"\n"
    tag = f"//go:build !{system}".encode()
    return Change(file, before, tag + end + end + before)


def files_in_layer(blob: Path) -> list[tuple[str, int]]:
    """Names and sizes of the files in a layer, largest first (blocking)."""
    found = []
    with tarfile.open(blob) as tar:
        for member in tar:
            if not member.isdir():
                found.append((f"/{member.name}", member.size))
            if len(found) >= MOST_FILES:
                break
    return sorted(found, key=lambda one: (-one[1], one[0]))
