"""One Windows: a Wine prefix with a user, a language and a screen of its own, and what is run in it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from installer.wine.carry import TIMED_OUT, Ended, Take, carry, tied
from installer.wine.store import HERE, SCREEN, USER, CannotBeHad, Store

LINUX_ONLY = (
    "HOME", "VIRTUAL_ENV", "PYTHONHOME", "PYTHON_KEYRING_BACKEND", "QT_QPA_PLATFORM", "QT_PLUGIN_PATH", "DOCKER_HOST",
    "WAYLAND_DISPLAY", "WINELOADER", "WINESERVER",
)  # fmt: skip
"""Variables that would carry Linux' ways into a Windows program, besides all whose value is a path of Linux."""

_NEVER_BEGUN = b"wine client error:0: recvmsg: Connection reset by peer"
"""What Wine says of a program that it did not begin: its server was just ending, as the last program before had."""
_TRIES = 10


def windows_path(path: Path) -> str:
    """A Linux path as a Windows program here sees it."""
    return "Z:" + str(path.absolute()).replace("/", "\\")


class Machine:
    """A Windows in the folder `prefix`, made when it is first asked for. Close it with `stop`."""

    def __init__(
        self,
        place: Store,
        prefix: Path,
        *,
        user: str = USER,
        language: str = "en_US",
        go: bool = True,
        screen: str = SCREEN,
    ) -> None:
        self.place, self.prefix, self.user, self.language, self.go = place, prefix, user, language, go
        self._size = screen
        self.state = prefix / "goferry-state"
        self._noted: dict[str, subprocess.Popen[bytes]] = {}
        self.folders: tuple[str, ...] = ()
        """More Windows folders of PATH."""

    # ------------------------------------------------------------------------------------------ running

    def words(self, words: Sequence[str]) -> list[str]:
        return [str(self.place.loader), *words]

    def python_words(self, *words: str | Path) -> list[str]:
        return [windows_path(self.place.python / "python.exe"), *map(str, words)]

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """The variables of a program that is started in this Windows."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if name == "PATH" or (name not in LINUX_ONLY and not value.startswith("/"))
        }
        locale = f"{self.language}.UTF-8"
        self._locale(locale)
        path = [windows_path(self.place.python)]
        path += [windows_path(self.place.go / "go" / "bin")] if self.go and self.place.go.exists() else []
        kept |= {
            "WINEPREFIX": str(self.prefix),
            "WINEARCH": "win64",
            "WINEDEBUG": os.environ.get("WINEDEBUG", "-all"),
            "WINEDLLOVERRIDES": "mscms=n,b;winemenubuilder.exe=d;mscoree,mshtml=d",
            "WINEPATH": ";".join((*path, *self.folders)),
            "XDG_CACHE_HOME": str(self.place.root / "xdg"),
            "LOCPATH": str(self.place.root / "locale"),
            "LC_ALL": locale,
            "USER": self.user,
            "LOGNAME": self.user,
        }
        if self.go and self.place.go_cache.exists():
            kept.setdefault("GOCACHE", windows_path(self.place.go_cache))
        if (self.state / "display").exists():
            kept["DISPLAY"] = f":{(self.state / 'display').read_text(encoding='ascii').strip()}"
        return {**kept, **(more or {})}

    def _locale(self, name: str) -> None:
        """Wine takes Windows' language and code pages from the locale's name, and the encoding of file names from its
        data, for which C.UTF-8's will do."""
        folder = self.place.root / "locale"
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            (folder / name).symlink_to("/usr/lib/locale/C.utf8")

    def run(
        self,
        *words: str,
        timeout: float | None = 120,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        stdin: bytes | None = None,
        out: Take | None = None,
        err: Take | None = None,
    ) -> Ended:
        """Runs a Windows program (a path of either kind, or `cmd`, `reg`) to its end."""
        self.ready()

        def begun() -> Ended:
            return carry(
                self.words(words),
                self.environment(environment),
                timeout=timeout,
                folder=folder,
                stdin=stdin,
                out=out,
                err=err,
            )

        ended = begun()
        for _ in range(_TRIES):
            if not (ended.code and ended.err.startswith(_NEVER_BEGUN)):
                break
            ended = begun()
        return ended

    def python(self, *words: str | Path, **settings: object) -> Ended:
        """Runs the Windows Python with `words`; settings as of `run`."""
        return self.run(*self.python_words(*words), **settings)  # type: ignore[arg-type]  # handed on as they are

    def start(
        self, *words: str, log: Path, environment: Mapping[str, str] | None = None
    ) -> subprocess.Popen[bytes]:
        """Starts a program that goes on by itself; it ends with us at the latest."""
        self.ready()
        with open(log, "wb") as output:
            return subprocess.Popen(
                tied(self.words(words)),
                env=self.environment(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )

    def path(self, windows: str) -> Path:
        """Where a Windows path is on this computer; %APPDATA% and the like are filled in."""
        asked = self.python("-X", "utf8", HERE / "inside" / "path.py", windows)
        found = asked.text.strip()
        if found[:2].lower() == "c:":
            return (self.prefix / "drive_c" / found[2:].lstrip("/")).resolve()
        if found[:2].lower() == "z:":
            return Path(found[2:]).resolve()
        raise ValueError(f"{windows} is on no drive of this computer: {asked.said}")

    # ------------------------------------------------------------------------------------------- screen

    def click(self, x: int, y: int) -> None:
        self.xdotool("mousemove", str(x), str(y), "click", "1")

    def xdotool(self, *words: str) -> str:
        asked = subprocess.run(
            ["xdotool", *words], env=self.environment(), capture_output=True, encoding="utf-8", check=True
        )
        return asked.stdout

    def paste(self, text: str) -> None:
        """Types any text, Chinese too, by way of the clipboard."""
        self.python(HERE / "inside" / "clipboard.py", text)
        self.xdotool("key", "ctrl+v")

    def photograph(self, file: Path) -> None:
        """The whole desktop as a picture."""
        file.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["import", "-window", "root", str(file)], env=self.environment(), check=True, timeout=200
        )

    # --------------------------------------------------------------------------------- coming and going

    def ready(self) -> None:
        """Makes the prefix and its screen, where they are not there yet."""
        if not self.place.is_ready:
            raise CannotBeHad("run `python installer/wine setup` first")
        if not self.prefix.exists():
            self._copy()
        self.user = (self.prefix / "goferry-user").read_text(encoding="utf-8")
        size = self.prefix / "goferry-screen"
        self._size = size.read_text(encoding="ascii") if size.exists() else SCREEN
        self.state.mkdir(exist_ok=True)
        if not self._alive("screen"):
            self._start_screen()

    def _copy(self) -> None:
        """A second Windows: Wine's own files are hard links, the rest is copied."""
        base, new = self.place.prefix, self.prefix.with_name(self.prefix.name + ".new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        for name in ("dosdevices", "system.reg", "user.reg", "userdef.reg", ".update-timestamp"):
            subprocess.run(["cp", "-a", str(base / name), str(new)], check=True)
        (new / "drive_c/windows").mkdir(parents=True)
        system = "drive_c/windows/system32"
        try:
            subprocess.run(
                ["cp", "-al", str(base / system), str(new / system)], check=True, capture_output=True
            )
        except subprocess.CalledProcessError:  # another disk
            subprocess.run(["cp", "-a", str(base / system), str(new / system)], check=True)
        subprocess.run(["cp", "-a", "-n", str(base / "drive_c"), str(new)], check=True)
        _share(new)
        (new / "goferry-user").write_text(self.user, encoding="utf-8")
        if self.user != USER:
            (new / "drive_c/users" / USER).rename(new / "drive_c/users" / self.user)
            for registry in new.glob("*.reg"):
                registry.write_bytes(renamed(registry.read_bytes(), USER, self.user))
        desktop = new / "user.reg"
        desktop.write_bytes(desktop.read_bytes().replace(f'"{SCREEN}"'.encode(), f'"{self._size}"'.encode()))
        (new / "goferry-screen").write_text(self._size, encoding="ascii")
        new.rename(self.prefix)

    def _start_screen(self) -> None:
        """The prefix's own X server, kept until `stop`: all programs of a prefix share one Windows desktop."""
        reader, writer = os.pipe()
        with open(self.state / "screen.log", "wb") as log:
            screen = subprocess.Popen(
                ["Xvfb", "-displayfd", str(writer), "-screen", "0", f"{self._size}x24", "-nolisten", "tcp"],
                pass_fds=(writer,),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        os.close(writer)
        with os.fdopen(reader, encoding="ascii") as answer:
            display = answer.readline().strip()
        if not display:
            raise CannotBeHad(
                f"Xvfb did not start: {(self.state / 'screen.log').read_text(encoding='utf-8')}"
            )
        (self.state / "display").write_text(display, encoding="ascii")
        self.note("screen", screen)

    def note(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """Remembers what goes on by itself, for whoever ends it: this process or another."""
        (self.state / f"{name}.pid").write_text(str(process.pid), encoding="ascii")
        self._noted[name] = process

    def _alive(self, name: str) -> int:
        """The process that was noted under `name`, if that number is still ours; else 0."""
        with suppress(OSError, ValueError):
            pid = int((self.state / f"{name}.pid").read_text(encoding="ascii"))
            line = Path(f"/proc/{pid}/cmdline").read_bytes()
            return pid if b"Xvfb" in line or b"docker_" in line else 0
        return 0

    def end(self, name: str) -> None:
        """Ends what was noted under `name`."""
        if pid := self._alive(name):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            if not until(lambda: not self._alive(name), 5):
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)
        (self.state / f"{name}.pid").unlink(missing_ok=True)
        if (process := self._noted.pop(name, None)) is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(10)

    def stop(self) -> None:
        """Ends all that runs in it, its screen included."""
        if not self.state.exists():
            return
        for name in ("pipe-windows", "pipe-linux"):
            self.end(name)
        carry([str(self.place.server), "-k"], self.environment(), timeout=200)
        self.end("screen")
        (self.state / "display").unlink(missing_ok=True)

    def power_off(self) -> None:
        """Ends all programs at once, and Windows with them: nobody hears of it, and the registry is as it was last
        written. The next program that is run starts Windows again."""
        mark = b"WINEPREFIX=" + os.fsencode(self.prefix) + b"\0"

        def left() -> list[int]:
            return [int(one.name) for one in Path("/proc").glob("[0-9]*") if mark in _environment_of(one)]

        def over() -> bool:
            for pid in left():
                with suppress(ProcessLookupError):
                    os.kill(pid, 9)
            return not left()

        if not until(over, 60):
            raise CannotBeHad(f"programs of {self.prefix} do not end: {left()}")

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.prefix, ignore_errors=True)


def _share(prefix: Path) -> None:
    r"""\\localhost\C$, which each Windows has for its administrators: a path of the network that leads to drive C."""
    computer = prefix / "dosdevices" / "unc" / "localhost"
    computer.mkdir(parents=True, exist_ok=True)
    with suppress(FileExistsError):
        (computer / "C$").symlink_to(Path("..", "..", "..", "drive_c"))


def _environment_of(process: Path) -> bytes:
    """The variables a process was started with; of one that has ended, none."""
    try:
        return (process / "environ").read_bytes()
    except OSError:
        return b""


def fresh(place: Store, *, user: str = USER, language: str = "en_US", screen: str = SCREEN) -> Machine:
    """A Windows for this process alone, to be removed by it. Those of processes that were killed go first."""
    for left in place.root.glob("fresh-*"):
        if not Path("/proc", left.stem.rpartition("-")[2]).exists():  # .new while it is being copied
            Machine(place, left).remove()
    return Machine(place, place.root / f"fresh-{os.getpid()}", user=user, language=language, screen=screen)


def renamed(registry: bytes, old: str, new: str) -> bytes:
    """A registry file in which the folder of user `old` is that of `new`."""
    escaped = "".join(c if c.isascii() else f"\\x{ord(c):04x}" for c in new).encode("ascii")
    for root in (b"C:\\\\users\\\\", b"\\\\users\\\\"):
        for end in (b"\\\\", b'"'):
            registry = registry.replace(root + old.encode() + end, root + escaped + end)
    return registry


def until(holds: Callable[[], object], seconds: float) -> bool:
    """Waits until something holds; False when it did not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.1)
    return True


__all__ = ["TIMED_OUT", "Ended", "Machine", "fresh", "until", "windows_path"]
