"""The private environment: exactly the packages of uv.lock, each checked against its hash.

It is made by a pinned uv in a folder of its own. `stamp.json` is written last and removed first, so an
interrupted set-up is never taken for a complete one, and what it left is thrown away: uv would take a package
whose files are half there for an installed one. A lock file keeps two set-ups apart.
"""

import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from installer.words import Speaker

LAYOUT = "1"  # of the folder: another number makes each computer set up anew
NEEDED_MB = {"run": 900, "test": 1400}
EXTRA_MB = 100  # below this, not even a small update is tried


@dataclass(frozen=True, slots=True)
class Needs:
    """What an environment must hold. One that holds more serves as well."""

    tests: bool = False
    go: bool = False

    def words(self) -> set[str]:
        return {word for word, wanted in (("tests", self.tests), ("go", self.go)) if wanted}


class Environment:
    """The environment of the clone at `project`, in `folder`."""

    def __init__(self, project: Path, folder: Path) -> None:
        self.project, self.folder = project, folder
        self.packages = folder / "python"
        self.log = folder / "setup.log"
        self._stamp = folder / "stamp.json"
        self._unfinished = folder / "unfinished"

    @classmethod
    def of(cls, project: Path) -> "Environment":
        """In GOFERRY_ENV, else inside the clone, else (a clone of somebody else) in the person's cache."""
        if chosen := os.environ.get("GOFERRY_ENV"):
            return cls(project, Path(chosen).expanduser().absolute())
        inside = project / ".goferry-env"
        if os.access(inside if inside.exists() else project, os.W_OK):
            return cls(project, inside)
        cache = (
            os.environ.get("LOCALAPPDATA") if sys.platform == "win32" else os.environ.get("XDG_CACHE_HOME")
        )
        key = hashlib.sha256(str(project).encode()).hexdigest()[:12]
        return cls(project, Path(cache or Path.home() / ".cache") / "goferry" / f"env-{key}")

    @property
    def python(self) -> Path:
        return self.scripts / ("python.exe" if sys.platform == "win32" else "python")

    @property
    def scripts(self) -> Path:
        return self.packages / ("Scripts" if sys.platform == "win32" else "bin")

    def fingerprint(self) -> str:
        """Changes with the locked packages, the Python below, the place of the clone, and our own layout."""
        lock = (self.project / "uv.lock").read_bytes()
        parts = (LAYOUT, hashlib.sha256(lock).hexdigest(), sys.version, sys.base_prefix, str(self.project))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def holds(self) -> set[str] | None:
        """What a finished set-up for this very state installed; None when there is none."""
        import json

        try:
            stamp = json.loads(self._stamp.read_text(encoding="utf-8"))
            if stamp["fingerprint"] == self.fingerprint() and self.python.exists():
                return set(stamp["holds"])
        except (OSError, ValueError, KeyError, TypeError):
            pass  # no stamp, or one that was damaged: set up again
        return None

    def serves(self, needs: Needs) -> bool:
        holds = self.holds()
        return holds is not None and needs.words() <= holds

    def begin(self) -> None:
        if self._unfinished.exists() and self.packages.exists():
            shutil.rmtree(self.packages)
        self._unfinished.touch()
        self._stamp.unlink(missing_ok=True)

    def finish(self, holds: set[str]) -> None:
        import json

        part = self._stamp.with_suffix(".part")
        text = json.dumps({"fingerprint": self.fingerprint(), "holds": sorted(holds)})
        part.write_text(text + "\n", encoding="utf-8", newline="\n")
        os.replace(part, self._stamp)
        self._unfinished.unlink(missing_ok=True)


@contextmanager
def locked(environment: Environment, speaker: Speaker) -> Iterator[None]:
    """Waits until no other set-up of this environment runs. The system frees the lock of a killed one."""
    with open(environment.folder / "lock", "a+b") as file:
        if not _try_lock(file.fileno()):
            speaker.say("Another set-up of this folder is running; waiting for it.")
            while not _try_lock(file.fileno()):
                time.sleep(0.2)
        yield


def _try_lock(number: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(number, 0, os.SEEK_SET)
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def prepare(environment: Environment, needs: Needs, speaker: Speaker) -> None:
    """Makes the environment hold what is needed; costs milliseconds when it does. Raises Trouble."""
    from installer import packages, troubles

    folder = environment.folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise troubles.NoRights(str(folder), error.strerror or str(error)) from error
    try:
        with locked(environment, speaker):
            holds = environment.holds()
            if holds is not None and needs.words() <= holds:
                return  # the one that we waited for did it
            _ensure_room(environment, needs, fresh=holds is None)
            started = time.monotonic()
            speaker.say(
                "Setting Goferry up in {folder} (only the first start, and after an update).", folder=folder
            )
            environment.begin()
            environment.log.write_bytes(b"")
            wanted = needs.words() | (holds or set())
            packages.install(environment, wanted, speaker)
            environment.finish(wanted)
            speaker.say("Ready after {seconds} s.", seconds=round(time.monotonic() - started, 1))
    except OSError as error:
        raise _trouble_of(error, folder) from error


def _ensure_room(environment: Environment, needs: Needs, *, fresh: bool) -> None:
    from installer import troubles

    needed = NEEDED_MB["test" if needs.tests else "run"] if fresh else EXTRA_MB
    if fresh and environment.packages.exists():
        needed = EXTRA_MB  # an update replaces what is there
    free = shutil.disk_usage(environment.folder).free // 1_000_000
    if free < needed:
        raise troubles.NoRoom(str(environment.folder), free, needed)


def _trouble_of(error: OSError, folder: Path) -> Exception:
    import errno

    from installer import troubles

    place = str(error.filename or folder)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return troubles.NoRoom(place, detail=str(error))
    if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
        return troubles.NoRights(place, error.strerror or str(error))
    return troubles.Unknown(str(folder), str(error))
