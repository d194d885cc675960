"""Newer versions of Goferry itself: asked for once a day at most, signed, checked, and installed when a person says so.
Until the new version's own installer has put everything in place, nothing of the running one is touched.
"""

from __future__ import annotations

import json
import logging
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop import __version__
from desktop.base.blocking import CancelToken
from desktop.base.commands import Command
from desktop.base.download import NotDownloaded, Progress, Wanted, download, sha256_of
from desktop.base.editions import remove_older
from desktop.base.errors import GoferryError
from desktop.base.paths import PORTABLE, write_atomically
from desktop.base.processes import run_process
from desktop.base.update_manifest import LARGEST, Manifest, Older, UpdateFile, newer, opened, order
from desktop.base.update_policy import Source, UpdatePolicy, policy_now
from desktop.base.words import msg

if TYPE_CHECKING:
    from desktop.app import App

A_DAY = 86_400.0
SETUP_LIMIT = 900.0
"""Seconds that the installer may take."""

_log = logging.getLogger(__name__)


class NoFileForHere(GoferryError):
    code = "update.no_file"

    def __init__(self, version: str) -> None:
        super().__init__(
            msg("Goferry {version} has no file for this kind of computer.", version=version),
            msg("Its publisher made it for other systems only."),
            msg("Ask whoever gave you Goferry."),
        )


class NotInstalled(GoferryError):
    code = "update.not_installed"

    def __init__(self, detail: str) -> None:
        super().__init__(
            msg("The new version was not installed. The one you use is as it was."),
            msg("The installer stopped: the disk may be full, or a file may be in use."),
            msg("Free some space, then try again."),
            detail=detail,
        )


@dataclass(frozen=True, slots=True)
class Offer:
    """A newer version, and its file for this computer."""

    manifest: Manifest
    file: UpdateFile

    @property
    def version(self) -> str:
        return self.manifest.version


class Updates:
    """One of them for each App. `offer` and `ready` are what is known now."""

    def __init__(self, app: App, source: Source | None = None, *, running: str = __version__) -> None:
        self._app, self.running = app, running
        self.source = source or Source.own()
        self.offer: Offer | None = None
        self.ready: Path | None = None
        """The downloaded file, checked."""
        self.waits: tuple[float, ...] = (1.0, 3.0, 8.0)

    @property
    def policy(self) -> UpdatePolicy:
        return policy_now(self.source, self._app.settings.now.updates)

    @property
    def checked(self) -> float:
        """When it was last looked, UNIX seconds; 0: never."""
        return _State.read(self._state).checked

    @property
    def _state(self) -> Path:
        return self._app.home.root / "updates" / "state.json"

    @property
    def _kept(self) -> Path:
        return self._app.home.root / "updates" / "manifest.json"

    async def daily(self, now: float | None = None) -> Offer | None:
        """The offer, asked for anew when a day has gone by and nothing forbids it. Raises like `check`."""
        policy, moment = self.policy, time.time() if now is None else now
        if not policy.daily:
            await self._app.pools.files.run(self._forget)
            return None
        since = moment - await self._app.pools.files.run(lambda token: self.checked)
        if not 0 <= since < A_DAY:
            return await self.check()
        return self.offer or await self._app.pools.files.run(self._known)

    async def check(self) -> Offer | None:
        """Ask now; None when this is the newest. Raises UpdateRefused and its kin, NotDownloaded, GoferryError with the
        reason when it is not allowed."""
        policy = self.policy
        if not policy.allowed:
            raise GoferryError(msg("Goferry does not look for updates here."), policy.why)
        return await self._app.pools.net.run(self._check, policy.address)

    async def fetch(self, progress: Progress = lambda part: None) -> Path:
        """The file of the offer, whole and checked. Raises NotDownloaded, Damaged, OSError."""
        offer = self.offer
        if offer is None:
            raise GoferryError(msg("There is no newer version to download."))
        wanted = Wanted(offer.file.url, offer.file.sha256, offer.file.size)
        path = self._app.home.file("updates", offer.file.name)

        def work(token: CancelToken) -> Path:
            return download(token, wanted, path, progress, waits=self.waits)

        self.ready = await self._app.pools.net.run(work)
        return self.ready

    async def install(self) -> None:
        """Lets the installer of the new version do its work, silently (Windows). Raises NotInstalled; the version that
        runs stands until the installer has put all of the new one in place, and goes on running."""
        offer, path = self.offer, self.ready
        if offer is None or path is None:
            raise GoferryError(msg("There is no newer version to install."))
        await self._app.pools.files.run(_install, path, offer.file.sha256)

    async def tidy(self) -> list[str]:
        """Removes what earlier versions left in the program's folder, installed or portable; gives back its names."""
        if not getattr(sys, "frozen", False):
            return []
        return await self._app.pools.files.run(lambda token: remove_older(Path(sys.executable).parent))

    # Blocking parts

    def _check(self, token: CancelToken, address: str) -> Offer | None:
        state = _State.read(self._state)
        self._write(
            _State(time.time(), state.seen)
        )  # also when it fails: no address is asked more than daily
        content = _asked(token, address)
        manifest = opened(content, self.source.keys, address)
        self.offer, self.ready = None, None
        if not newer(manifest, self.running, state.seen):
            self._tidy(None)
            return None
        self._write(_State(time.time(), manifest.version))
        write_atomically(self._kept, content)
        return self._offered(manifest)

    def _known(self, token: CancelToken) -> Offer | None:
        """The offer of an earlier run, checked as if it came anew."""
        try:
            content = self._kept.read_bytes()
            manifest = opened(content, self.source.keys, self.policy.address)
            if newer(manifest, self.running, _State.read(self._state).seen):
                return self._offered(manifest)
        except (OSError, Older, NoFileForHere):
            pass  # installed meanwhile, or nothing was kept
        except GoferryError as error:
            _log.info("what was kept about an update is of no use: %s", error.code)
        self._tidy(None)
        return None

    def _forget(self, token: CancelToken) -> None:
        """What was kept about an update goes when it is installed, also where nothing is looked for by itself."""
        try:
            address = self.policy.address or self.source.address
            if newer(opened(self._kept.read_bytes(), self.source.keys, address), self.running):
                return
        except FileNotFoundError:
            return
        except (OSError, GoferryError) as error:
            _log.info("what was kept about an update is of no use: %s", error)
        self._tidy(None)

    def _offered(self, manifest: Manifest) -> Offer:
        file = manifest.file_for(platforms())
        if file is None:
            raise NoFileForHere(manifest.version)
        self.offer = Offer(manifest, file)
        path = self._app.home.root / "updates" / file.name
        if path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256:
            self.ready = path
        self._tidy(file)
        return self.offer

    def _tidy(self, keep: UpdateFile | None) -> None:
        """Files of other versions go; so does what was kept about an update that is no longer one."""
        folder = self._app.home.root / "updates"
        kept = {self._state.name}
        if keep is not None:
            kept |= {self._kept.name, keep.name, f".{keep.name}.{keep.sha256[:12]}.part"}
        try:
            for file in folder.iterdir():
                if file.name not in kept and not file.is_dir():
                    file.unlink()
        except OSError as error:
            _log.info("an old download stays: %s", error)

    def _write(self, state: _State) -> None:
        self._app.home.folder("updates")
        write_atomically(self._state, json.dumps({"checked": state.checked, "seen": state.seen}))


@dataclass(frozen=True, slots=True)
class _State:
    checked: float = 0.0
    seen: str = ""
    """The newest version ever offered: an older one is not taken any more."""

    @classmethod
    def read(cls, file: Path) -> _State:
        try:
            values = json.loads(file.read_text(encoding="utf-8"))
            seen = str(values["seen"])
            if seen:
                order(seen)
            return cls(float(values["checked"]), seen)
        except (OSError, ValueError, KeyError, TypeError):
            return cls()


def platforms() -> tuple[str, ...]:
    """The names in a manifest that fit this computer, the best one first."""
    system = {"win32": "windows", "darwin": "darwin"}.get(sys.platform, "linux")
    machine = platform.machine().lower()
    arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(machine, machine)
    if is_portable():
        return (f"{system}/{arch}/portable",)
    return (f"{system}/{arch}", "any")


def is_portable() -> bool:
    return bool(getattr(sys, "frozen", False)) and (Path(sys.executable).parent / PORTABLE).is_file()


def program() -> Path | None:
    """The installed program, which an installer can replace; None where this is a source tree or a portable copy."""
    folder = Path(sys.executable).parent
    if sys.platform != "win32" or not getattr(sys, "frozen", False) or is_portable():
        return None
    return folder / "goferryw.exe" if (folder / "uninstall.exe").is_file() else None


def _asked(token: CancelToken, address: str) -> bytes:
    import requests

    from desktop.base.web import web_session

    content = bytearray()
    try:
        with web_session(token) as session, session.get(address, timeout=(10, 20), stream=True) as reply:
            reply.raise_for_status()
            for chunk in reply.iter_content(1 << 14):
                content += chunk
                if len(content) > LARGEST:
                    raise NotDownloaded(address, f"more than {LARGEST} bytes")
    except (requests.RequestException, ConnectionError, TimeoutError) as error:
        token.check()
        raise NotDownloaded(address, str(error)) from error
    return bytes(content)


def _install(token: CancelToken, path: Path, sha256: str) -> None:
    if sha256_of(path) != sha256:  # once more, right before it is started
        path.unlink(missing_ok=True)
        raise NotInstalled(f"{path.name} was changed after its download")
    done = run_process(token, Command((str(path), "/S")), timeout=SETUP_LIMIT)
    if not done.ok:
        raise NotInstalled(f"{path.name} ended with {done.code}\n{done.said()}")
