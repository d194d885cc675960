"""Watches a project's folder, and tells of saves that can change what is built: once, after the last of a burst."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from desktop.base.blocking import CancelToken
from desktop.base.words import msg

from .errors import BuildError
from .inputs import Inputs, Snapshot

QUIET_MS, LONGEST_MS = 50, 1_500
"""A burst of saves is over when nothing was written for the first; it is told of after the second in any case."""
BEAT_MS = 1_000
MANY = 500
"""Paths in a burst from which the whole folder is looked at: the system may have dropped some."""
CALM = 200
"""The folder is looked at as a whole as well, in case the system tells nothing of it (network drives): each time after
so many times as long as that took, so that it costs half a percent of a processor."""


class FolderGone(BuildError):
    code = "build.folder_gone"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            msg("The folder {folder} is gone.", folder=folder.name),
            msg("It was moved, renamed or removed, or its drive is not there: {place}", place=str(folder)),
            msg("Put it back and switch on again, or open the project where it is now."),
        )


class CannotWatch(BuildError):
    code = "build.cannot_watch"

    def __init__(self, folder: Path, *, detail: str = "") -> None:
        super().__init__(
            msg("The folder {folder} cannot be watched.", folder=folder.name),
            msg("The system refused to tell of changes in it, for want of rights or because it has too many folders."),
            msg("On Linux, raise fs.inotify.max_user_watches; else keep the project on a drive of this computer."),
            detail=detail,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Saved:
    """A burst of saves. `at`: when the last of its files was written; `files` relative to the project."""

    files: tuple[str, ...]
    at: float


class Watching:
    """Watches one folder. `inputs` may be replaced at any time, when the project's choices have changed."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self._snapshot = Snapshot(inputs)
        self._next = 0.0

    def run(self, token: CancelToken, saved: Callable[[Saved], object], ready: Callable[[], object]) -> None:
        """Blocks until the token is set; `ready` is called when saves are noticed, `saved` with each burst, both on
        this thread. Raises FolderGone, CannotWatch."""
        from watchfiles import watch

        folder = self.inputs.folder
        stop = threading.Event()
        forget = token.on_cancel(stop.set)
        try:
            self._meet(folder)
            ready()
            root = os.path.realpath(folder)
            for told in watch(
                root, watch_filter=None, debounce=LONGEST_MS, step=QUIET_MS, rust_timeout=BEAT_MS,
                yield_on_timeout=True, stop_event=stop, raise_interrupt=False, force_polling=False,
                ignore_permission_denied=True,
            ):  # fmt: skip
                if not folder.is_dir():
                    raise FolderGone(folder)
                files = self._changed(root, [path for _, path in told])
                if files:
                    saved(Saved(files, _written(folder, files)))
        except OSError as error:
            raise (
                CannotWatch(folder, detail=str(error)) if folder.is_dir() else FolderGone(folder)
            ) from error
        finally:
            forget()
        token.check()

    def _meet(self, folder: Path) -> None:
        if not folder.is_dir():
            raise FolderGone(folder)
        self._snapshot = Snapshot(self.inputs)
        self._look()
        self._next = 0.0  # once more right after watching has begun: nothing is lost between the two

    def _changed(self, root: str, told: list[str]) -> tuple[str, ...]:
        """What matters of what was told, or of all there is when it is time."""
        self._snapshot.inputs = inputs = self.inputs
        hints = [path for path in _relative(root, told) if inputs.may_matter(path)]
        if len(told) >= MANY or (not told and time.monotonic() >= self._next):
            changed = self._look()
        else:
            changed = self._snapshot.look_at(hints)
        return tuple(sorted(path for path in set(changed) if inputs.matters(path)))

    def _look(self) -> list[str]:
        started = time.monotonic()
        changed = self._snapshot.look()
        ended = time.monotonic()
        self._next = ended + max(BEAT_MS / 1000, CALM * (ended - started))
        return changed


def _relative(root: str, told: Iterable[str]) -> Iterable[str]:
    for path in told:
        inside = os.path.relpath(path, root).replace(os.sep, "/")
        if inside != "." and not inside.startswith("../"):
            yield inside


def _written(folder: Path, files: Iterable[str]) -> float:
    """When the last of these was written: its own time, where that is no older than what we wait for."""
    now = time.time()
    times = []
    for file in files:
        try:
            times.append((folder / file).stat().st_mtime)
        except OSError:
            continue  # removed
    last = max(times, default=now)
    return last if now - 2 * LONGEST_MS / 1000 <= last <= now else now
