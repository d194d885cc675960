"""The branch of a working folder, read from .git without running git."""

from __future__ import annotations

from pathlib import Path

_MOST = 4096


def branch_of(folder: Path) -> str:
    """ "main", seven digits of a commit without a branch, "" where there is no repository."""
    for place in (folder, *folder.parents):
        git = place / ".git"
        try:
            if git.is_file():  # a work tree: the file names the real folder
                git = (
                    place / git.read_text(encoding="utf-8", errors="replace").partition(":")[2].strip()
                ).resolve()
            if not (git / "HEAD").is_file():
                continue
            with open(git / "HEAD", encoding="utf-8", errors="replace") as file:
                head = file.read(_MOST).strip()
        except OSError:
            return ""
        if head.startswith("ref:"):
            return head.partition("refs/heads/")[2] or head[4:].strip()
        return head[:7]
    return ""
