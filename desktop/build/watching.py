"""Watches a project's folder and those beside it that belong to it, and tells of saves that can change what is built:
once, after the last of a burst."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import closing
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
    """A burst of saves. `at`: when the last of its files was written; `files` relative to the project: "../lib/a.go" is
    in a folder beside it."""

    files: tuple[str, ...]
    at: float


class Watching:
    """Watches one project."""

    def __init__(self, inputs: Inputs) -> None:
        self.inputs = inputs
        self._snapshots: dict[Path, Snapshot] = {}
        self._next = 0.0
        self._since = 0.0

    def take(self, inputs: Inputs, since: float) -> None:
        """Watch this from now on, at any time, when the project's choices or its modules have changed. Of a folder that
        was not watched before, what was written after `since` (as time.time) is told of as saved."""
        self._since = since
        self.inputs = inputs

    def run(self, token: CancelToken, saved: Callable[[Saved], object], ready: Callable[[], object]) -> None:
        """Blocks until the token is set; `ready` is called when saves are noticed, `saved` with each burst, both on
        this thread. Raises FolderGone, CannotWatch."""
        folder = self.inputs.folder
        stop = threading.Event()
        forget = token.on_cancel(stop.set)
        try:
            if not folder.is_dir():
                raise FolderGone(folder)
            self._meet()  # what is there already is no news
            ready()
            while not stop.is_set():
                self._follow(stop, saved)
        except OSError as error:
            raise (
                CannotWatch(folder, detail=str(error)) if folder.is_dir() else FolderGone(folder)
            ) from error
        finally:
            forget()
        token.check()

    def _follow(self, stop: threading.Event, saved: Callable[[Saved], object]) -> None:
        """Until the end, or until other folders belong to the project."""
        folder, roots = self.inputs.folder, self._roots()
        self._next = 0.0  # all is looked at right after watching has begun: nothing is lost between the two
        with closing(_bursts(list(roots), stop)) as bursts:
            for told in bursts:
                if not folder.is_dir():
                    raise FolderGone(folder)
                files = self._changed(roots, told)
                if files:
                    saved(Saved(files, _written(folder, files)))
                if self._roots() != roots:
                    return

    def _parts(self) -> tuple[Inputs, ...]:
        return (self.inputs, *self.inputs.beside)

    def _roots(self) -> dict[str, Path]:
        """The folders that the system tells of, by their real paths: the project's own first."""
        parts = [self.inputs, *(one for one in self.inputs.beside if not one.only and one.folder.is_dir())]
        return {os.path.realpath(one.folder): one.folder for one in parts}

    def _meet(self) -> list[tuple[Inputs, str]]:
        """Gets to know new folders; returns what is news in them."""
        news: list[tuple[Inputs, str]] = []
        parts = {one.folder: one for one in self._parts()}
        self._snapshots = {place: one for place, one in self._snapshots.items() if place in parts}
        for place, inputs in parts.items():
            if place in self._snapshots:
                self._snapshots[place].inputs = inputs
            else:
                self._snapshots[place] = known = Snapshot(inputs)
                news += [(inputs, path) for path in known.look() if known.files[path][0] > self._since * 1e9]
        return news

    def _changed(self, roots: Mapping[str, Path], told: list[str]) -> tuple[str, ...]:
        """What matters of what was told, or of all there is when it is time."""
        changed = self._meet()
        if len(told) >= MANY or (not told and time.monotonic() >= self._next):
            changed += self._look()
        else:
            changed += [
                (one.inputs, path)
                for one, hints in self._hints(roots, told)
                for path in one.look_at([hint for hint in hints if one.inputs.may_matter(hint)])
            ]
        names = {_name(self.inputs, inputs, path) for inputs, path in changed if inputs.matters(path)}
        return tuple(sorted(names))

    def _hints(self, roots: Mapping[str, Path], told: Iterable[str]) -> Iterator[tuple[Snapshot, list[str]]]:
        """What was told, by the folder it is in."""
        found: dict[Path, list[str]] = {}
        deepest = sorted(roots, key=len, reverse=True)
        for path in told:
            inside = next(((root, way) for root in deepest if (way := _inside(root, path))), None)
            if inside is not None:
                found.setdefault(roots[inside[0]], []).append(inside[1])
        for place, hints in found.items():
            if place in self._snapshots:
                yield self._snapshots[place], hints

    def _look(self) -> list[tuple[Inputs, str]]:
        started = time.monotonic()
        changed = [(one.inputs, path) for one in self._snapshots.values() for path in one.look()]
        ended = time.monotonic()
        self._next = ended + max(BEAT_MS / 1000, CALM * (ended - started))
        return changed


def _bursts(roots: list[str], stop: threading.Event) -> Generator[list[str], None, None]:
    """The paths that the system tells of, together; an empty list for each beat without any. Where it does not tell of
    the folders beside the first, because they are too many, the looks at all there is find what changed in them."""
    from watchfiles import watch

    while True:
        try:
            for told in watch(
                *roots, watch_filter=None, debounce=LONGEST_MS, step=QUIET_MS, rust_timeout=BEAT_MS,
                yield_on_timeout=True, stop_event=stop, raise_interrupt=False, force_polling=False,
                ignore_permission_denied=True,
            ):  # fmt: skip
                yield [path for _, path in told]
            return
        except OSError:
            if len(roots) < 2 or not os.path.isdir(roots[0]):
                raise
            del roots[1:]


def _inside(root: str, path: str) -> str:
    """The way from a folder to what is in it, with forward slashes; nothing for the folder itself and what is not."""
    try:
        way = os.path.relpath(path, root).replace(os.sep, "/")
    except ValueError:  # on another drive
        return ""
    return "" if way in (".", "..") or way.startswith("../") else way


def _name(project: Inputs, inputs: Inputs, path: str) -> str:
    if inputs.folder == project.folder:
        return path
    place = Path(os.path.realpath(inputs.folder)) / path
    try:
        return os.path.relpath(place, os.path.realpath(project.folder)).replace(os.sep, "/")
    except ValueError:
        return place.as_posix()


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
