"""A folder of a person's own as a template: its files with {{name}}-like placeholders, bounded, and paths that are safe
on Windows and Linux alike."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from desktop.base.links import leads_elsewhere
from desktop.base.visible import visible
from desktop.base.words import Words, msg

from .errors import BadAnswer, NoFolder
from .names import WINDOWS_NAMES
from .reading import read_bounded

MOST_FILES = 2_000
MOST_BYTES = 20 << 20
KNOWN = ("name", "module", "port", "go_version")
"""Placeholders that the wizard's own fields fill."""
_PLACEHOLDER = re.compile(r"\{\{[ ]?([A-Za-z_][A-Za-z0-9_]{0,39})[ ]?\}\}")
_SKIPPED = frozenset([".git", ".hg", ".svn", "node_modules", ".idea", ".vscode"])


@dataclass(frozen=True, slots=True)
class FolderTemplate:
    """`files` maps paths with slashes to contents as they lie in the folder; `fields` are its placeholders."""

    folder: Path
    files: tuple[tuple[str, bytes], ...]
    fields: tuple[str, ...]

    @property
    def own_fields(self) -> tuple[str, ...]:
        """Placeholders that only this template has."""
        return tuple(name for name in self.fields if name not in KNOWN)


def read_folder_template(folder: Path) -> FolderTemplate:
    """Reads a folder (blocking). Links and special files are left out. Raises NoFolder, and BadAnswer when it is empty
    or too big to be a template."""
    if not folder.is_dir():
        raise NoFolder(folder)
    files: list[tuple[str, bytes]] = []
    size = 0
    for above, folders, names in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if name not in _SKIPPED and not _is_link(above, name))
        for name in sorted(names):
            path = os.path.join(above, name)
            if os.path.islink(path):
                continue
            try:
                content = read_bounded(path, MOST_BYTES + 1)
            except OSError:
                continue
            size += len(content)
            files.append((Path(os.path.relpath(path, folder)).as_posix(), content))
            if size > MOST_BYTES or len(files) > MOST_FILES:
                raise BadAnswer(msg("The folder is too big for a template."), _limits())
    if not files:
        raise BadAnswer(msg("The folder has no files to make a template of."))
    found = (
        name
        for path, content in files
        for text in (path, _text(content))
        for name in _PLACEHOLDER.findall(text)
    )
    fields = tuple(dict.fromkeys(found))
    return FolderTemplate(folder, tuple(files), fields)


def _is_link(above: str, name: str) -> bool:
    """A junction too, which a walk would follow, perhaps for ever."""
    try:
        return leads_elsewhere(os.lstat(os.path.join(above, name)))
    except OSError:
        return True


def _limits() -> Words:
    return msg("It may have {n} files and {size} MB.", n=MOST_FILES, size=MOST_BYTES >> 20)


def _text(content: bytes) -> str:
    """The text of a file; nothing for what is no text, which is copied as it is."""
    if b"{{" not in content or b"\0" in content:
        return ""
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return ""


def fill(chosen: FolderTemplate, values: Mapping[str, str]) -> dict[str, bytes]:
    """The files with their placeholders filled in. What has no value stays as it is: {{ }} is also Go's own way of
    templates. Raises BadAnswer when a path that results cannot be written safely."""
    files: dict[str, bytes] = {}
    for path, content in chosen.files:
        text = _text(content)
        files[_filled(path, values)] = _filled(text, values).encode() if text else content
    check_paths(files)
    return dict(sorted(files.items()))


def _filled(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values.get(found[1]) or found[0], text)


def check_paths(paths: Iterable[str]) -> None:
    """Raises BadAnswer on a path that leads out of the folder, or that Windows or another file system takes otherwise:
    nothing is written then."""
    seen: dict[str, str] = {}
    for path in paths:
        for part in path.split("/"):
            if not _safe(part):
                raise BadAnswer(msg("{path} cannot be a file of a project.", path=visible(path, 80)))
        twin = seen.setdefault(path.casefold(), path)
        if twin != path:
            one, other = visible(twin, 60), visible(path, 60)
            raise BadAnswer(msg("{one} and {other} are the same file on Windows.", one=one, other=other))


def _safe(part: str) -> bool:
    if part in ("", ".", "..") or part[-1] in ". " or len(part.encode("utf-8", "surrogateescape")) > 255:
        return False
    if any(ord(one) < 32 or one in '<>:"|?*\\' or 0xD800 <= ord(one) < 0xE000 for one in part):
        return False
    return part.split(".")[0].rstrip(" ").lower() not in WINDOWS_NAMES
