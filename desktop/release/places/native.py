"""Run here without an engine: the program itself, watched over by a small process that outlives Goferry."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command
from desktop.base.paths import Home, remove_tree, write_atomically
from desktop.base.plans import Recorder
from desktop.base.processes import ProgramMissing, run_process
from desktop.base.words import msg
from desktop.release.decide import lacking
from desktop.release.errors import NotStarted, PortBusy, SecretMissing, WrongCpu
from desktop.release.filelock import is_locked
from desktop.release.health import http_probe
from desktop.release.model import Artifact, Instance, Release, Seen, Sent, ToSend
from desktop.release.place import Probe, Values
from desktop.release.ports import is_free, owner
from desktop.release.supervise import Running, read_state

from .ledger import FileLedger, read_text
from .spawn import STARTS_WITHIN, end_orphan, environment_of, spawn

T = TypeVar("T")


class NativePlace:
    """Releases as supervised processes, under the home folder."""

    kind = "native"

    def __init__(self, home: Home, pool: Pool, host: str = "local") -> None:
        self.host = host
        self._root, self._pool = home.root / "native", pool
        self._ledger = FileLedger(self._root, pool, host)
        self._values: dict[Path, Values] = {}
        """Of releases that are made and not started yet; a supervisor keeps them after that, and nothing else."""

    # ---------------------------------------------------------------- folders

    def _app(self, app: str) -> Path:
        return self._root / app

    def _folder(self, release: Release) -> Path:
        return self._root / release.app / release.id

    def _binary(self, app: str, digest: str, name: str) -> Path:
        return self._root / app / "bin" / digest.removeprefix("sha256:")[:16] / name

    def log_files(self, app: str, release: str) -> tuple[Path, ...]:
        """A release's logs, older first, in the engine's `json-file` format."""
        folder = self._root / app / release
        return (folder / "log.1.jsonl", folder / "log.jsonl")

    # ---------------------------------------------------------------- looking

    async def look(self, app: str) -> Seen:
        state = await self._ledger.look(app)
        instances = await self._run(
            lambda token: tuple(
                self._instance(app, path) for path in sorted(self._app(app).glob("*/state.json"))
            )
        )
        current = _really_current(state.current, state.records, instances)
        return Seen(self.host, app, state.records, instances, current, state.now, _machine(), state.holder)

    def _instance(self, app: str, path: Path) -> Instance:
        folder, now = path.parent, read_state(path.parent)
        alive = is_locked(folder / "alive")
        wanted = _json(folder / "wanted.json")
        state = now.state if now is not None else "created"
        state = "stopped" if state == "held" else state
        if not alive and state in ("running", "restarting"):
            state = "exited"
        port = f"{wanted.get('bind', '')}:{wanted.get('publish', 0)}"
        return Instance(
            self.host,
            app,
            folder.name,
            state,
            ports=(port,) if alive else (),
            version=str(wanted.get("version", "")),
            restarts=now.restarts if now is not None else 0,
            exit_code=now.exit_code if now is not None else None,
            started=now.started if now is not None else 0.0,
            container=f"{app}-{folder.name}",
        )

    async def instance(self, release: Release) -> Instance | None:
        path = self._folder(release) / "state.json"
        return await self._run(lambda token: self._instance(release.app, path) if path.exists() else None)

    async def tail(self, release: Release, lines: int = 40) -> str:
        return await self._run(lambda token: _tail(self.log_files(release.app, release.id), lines))

    # ---------------------------------------------------------------- the lock

    def hold(self, app: str, by: str, what: str) -> AbstractAsyncContextManager[None]:
        return self._ledger.hold(app, by, what)

    async def take_over(self, app: str) -> None:
        await self._ledger.take_over(app)

    # ---------------------------------------------------------------- a release's way

    async def check(self, release: Release, artifact: Artifact, seen: Seen) -> None:
        if artifact.binary is not None and str(artifact.binary.target) != _machine():
            raise WrongCpu(self.host, str(artifact.binary.target), _machine())
        serving = seen.serving
        ours = serving is not None and seen.up and serving.publish == release.publish
        if not ours and not await self._run(lambda token: is_free(release.bind, release.publish)):
            who = await self._run(owner, release.publish)
            raise PortBusy(self.host, release.publish, who)

    async def has(self, release: Release, artifact: Artifact) -> bool:
        # a binary is copied in a moment; the copy is made of what is there now
        return artifact.binary is None

    async def to_send(self, release: Release, artifact: Artifact) -> ToSend:
        return ToSend(artifact.binary.size if artifact.binary is not None else 0)

    @asynccontextmanager
    async def ship(self, release: Release, artifact: Artifact, recorder: Recorder) -> AsyncIterator[Copy]:
        yield Copy(self, release, artifact)

    async def copy(self, release: Release, artifact: Artifact) -> Sent:
        """Copies the binary to where it runs, so that the next build does not change what is running."""
        binary = artifact.binary
        if binary is None:
            return Sent()
        started = time.monotonic()

        def copy(token: CancelToken) -> int:
            target = self._binary(release.app, release.image_digest, _program(release))
            if target.exists():
                return 0
            target.parent.mkdir(parents=True, exist_ok=True)
            part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
            shutil.copyfile(binary.path, part)
            part.chmod(0o755)
            os.replace(part, target)
            return target.stat().st_size

        size = await self._run(copy)
        return Sent(size, time.monotonic() - started, "whole" if size else "none")

    async def create(self, release: Release, artifact: Artifact, values: Values, recorder: Recorder) -> None:
        _check_secrets(release, values)

        def make(token: CancelToken) -> None:
            folder = self._folder(release)
            folder.mkdir(parents=True, exist_ok=True)
            known = _json(folder / "wanted.json")
            wanted = {
                "publish": release.publish,
                "bind": release.bind,
                "version": release.version,
                "cwd": str(artifact.folder or known.get("cwd") or folder),
            }
            write_atomically(folder / "wanted.json", json.dumps(wanted, ensure_ascii=False))
            self._values[folder] = values

        await self._run(make)

    async def swap(self, release: Release, old: Release | None, recorder: Recorder) -> None:
        if old is not None:
            await self._make_room(old, release)
        (self._folder(release) / "confirmed").unlink(missing_ok=True)
        await self._launch(release, self._values.pop(self._folder(release), ()))

    async def _make_room(self, old: Release, new: Release) -> None:
        """Holds the old program; its supervisor stays, with its settings and secrets, to start it again."""
        folder = self._folder(old)
        if await self._run(lambda token: is_locked(folder / "alive")):
            await self._run(lambda token: write_atomically(folder / "hold", new.id))
            await self._until(folder, lambda now: now.state == "held" or not is_locked(folder / "alive"))

    async def probe(self, release: Release) -> Probe:
        if release.health.command:
            return await self._run(self._probe_command, release)
        return await self._run(self._probe_port, release)

    def _probe_port(self, token: CancelToken, release: Release) -> Probe:
        address = "127.0.0.1" if release.bind in ("", "0.0.0.0") else release.bind  # noqa: S104  compared, not bound
        started = time.monotonic()
        try:
            connection = socket.create_connection((address, release.publish), release.health.timeout)
        except OSError as error:
            return Probe(
                False, msg("port {port}: {error}", port=release.publish, error=error.strerror or str(error))
            )
        if release.health.http:
            return http_probe(connection, release.health.http, release.health.timeout)
        connection.close()
        return Probe(
            True, msg("port {port} is open", port=release.publish), (time.monotonic() - started) * 1000
        )

    def _probe_command(self, token: CancelToken, release: Release) -> Probe:
        cwd = Path(str(_json(self._folder(release) / "wanted.json").get("cwd", ".")))
        try:
            done = run_process(
                token, Command(release.health.command, cwd=cwd), timeout=release.health.timeout
            )
        except (ProgramMissing, TimeoutError) as error:
            return Probe(False, str(error))
        return Probe(done.ok, msg("the command ended with {code}", code=done.code), done.seconds * 1000)

    async def confirm(self, release: Release, old: Release | None, recorder: Recorder) -> None:
        await self._ledger.record(release)
        await self._ledger.set_current(release)
        await self._run(lambda token: write_atomically(self._folder(release) / "confirmed", b""))
        if old is not None:
            await self.stop(old)

    async def settle(self, release: Release, recorder: Recorder) -> None:
        """There is nothing: the old one has ended before the new one started."""

    async def restore(self, release: Release, old: Release | None, recorder: Recorder) -> None:
        await self.stop(release)
        folder = self._folder(release)
        await self._clear(folder)
        if old is not None:
            place = self._folder(old)
            await self._run(lambda token: (place / "hold").unlink(missing_ok=True))
            await self._until(place, lambda now: now.state == "running")

    async def record(self, release: Release) -> None:
        await self._ledger.record(release)

    async def retire(
        self, releases: tuple[Release, ...], kept: tuple[Release, ...], recorder: Recorder
    ) -> None:
        used = {r.image_digest for r in kept}
        for release in releases:
            await self.stop(release)
            await self._clear(self._folder(release))
            if release.image_digest not in used:
                place = self._binary(release.app, release.image_digest, "x").parent
                await self._clear(place)

    async def sweep(self, instances: tuple[Instance, ...], recorder: Recorder) -> None:
        for instance in instances:
            folder = self._root / instance.app / instance.release
            await self._stop_folder(folder)
            await self._clear(folder)

    # ---------------------------------------------------------------- by hand

    async def stop(self, release: Release) -> None:
        await self._stop_folder(self._folder(release))

    async def start(self, release: Release, values: Values) -> None:
        await self._launch(release, values)
        await self._run(lambda token: write_atomically(self._folder(release) / "confirmed", b""))

    async def restart(self, release: Release, values: Values) -> None:
        _check_secrets(release, values)  # before it is stopped: what holds them ends with it
        await self.stop(release)
        await self.start(release, values)

    async def forget(self, app: str, releases: tuple[Release, ...]) -> None:
        seen = await self.look(app)
        await self.sweep(seen.instances, Recorder())
        await self._clear(self._app(app) / "bin")
        await self._ledger.forget(app)

    async def clear(self, app: str) -> None:
        await self._ledger.clear(app)

    def commands(
        self, stage: str, release: Release, old: Release | None, artifact: Artifact
    ) -> tuple[Command, ...]:
        program = str(self._binary(release.app, release.image_digest, _program(release)))
        if stage == "upload" and artifact.binary is not None:
            return (Command(("cp", str(artifact.binary.path), program)),)
        if stage == "start":
            return (Command((program, *release.args), release.env),)
        return ()

    # ---------------------------------------------------------------- the supervisor

    async def _launch(self, release: Release, values: Values) -> None:
        """Starts the supervisor of a release and waits until the program runs. Raises NotStarted, SecretMissing."""
        _check_secrets(release, values)
        folder = self._folder(release)
        nonce = secrets.token_hex(8)
        wanted = {
            "nonce": nonce,
            "argv": [str(self._binary(release.app, release.image_digest, _program(release))), *release.args],
            "env": environment_of(release, values),
            "cwd": str(_json(folder / "wanted.json").get("cwd", folder)),
        }
        await self._run(spawn, folder, json.dumps(wanted).encode())
        try:
            await self._until(folder, lambda now: now.nonce == nonce)
        except NotStarted as error:
            error.detail = await self._run(lambda token: read_text(folder / "supervisor.log"))
            raise

    async def _until(self, folder: Path, holds: Callable[[Running], bool]) -> None:
        """Waits for what a supervisor says. Raises NotStarted when it does not come."""
        deadline = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < deadline:
            now = await self._run(lambda token: read_state(folder))
            if now is not None and holds(now):
                return
            await asyncio.sleep(0.05)
        raise NotStarted(folder.name, self.host, msg("The process that watches over it does not answer."))

    async def _stop_folder(self, folder: Path) -> None:
        if not await self._run(lambda token: is_locked(folder / "alive")):
            await self._run(lambda token: end_orphan(folder))
            return
        await self._run(lambda token: write_atomically(folder / "stop", b""))
        deadline = time.monotonic() + 20
        while await self._run(lambda token: is_locked(folder / "alive")):
            if time.monotonic() > deadline:
                raise NotStarted(folder.name, self.host, msg("The old process does not end."))
            await asyncio.sleep(0.05)

    async def _clear(self, folder: Path) -> None:
        await self._run(lambda token: remove_tree(folder))

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        return await self._pool.run(work, *arguments)


@dataclass(slots=True)
class Copy:
    """A binary on its short way."""

    place: NativePlace
    release: Release
    artifact: Artifact
    copied: Sent = field(default_factory=Sent)

    async def sent(self) -> Sent:
        self.copied = await self.place.copy(self.release, self.artifact)
        return self.copied

    async def loaded(self) -> Sent:
        """A copy that was renamed is whole."""
        return self.copied


def _really_current(current: str, records: tuple[Release, ...], instances: tuple[Instance, ...]) -> str:
    """What serves: a Goferry that was killed while it confirmed a release leaves another one running than it wrote."""
    running = [instance.release for instance in instances if instance.running]
    known = {release.id for release in records}
    if current not in running and len(running) == 1 and running[0] in known:
        return running[0]
    return current


def _check_secrets(release: Release, values: Values) -> None:
    """Raises SecretMissing: nothing here but the running program holds their values."""
    if missing := lacking(release, dict(values)):
        raise SecretMissing(missing, release.environment, release.app)


def _program(release: Release) -> str:
    return release.app + (".exe" if sys.platform == "win32" else "")


def _machine() -> str:
    """This computer as a Go target."""
    import platform

    system = {"win32": "windows", "darwin": "darwin"}.get(sys.platform, "linux")
    machine = platform.machine().lower()
    return f"{system}/{ {'x86_64': 'amd64', 'aarch64': 'arm64'}.get(machine, machine) }"


def _json(path: Path) -> dict[str, object]:
    with suppress(ValueError):
        found = json.loads(read_text(path))
        if isinstance(found, dict):
            return found
    return {}


def _tail(files: tuple[Path, ...], lines: int) -> str:
    kept: list[str] = []
    for file in files:
        for entry in read_text(file).splitlines()[-lines:]:
            with suppress(ValueError, KeyError, TypeError):
                kept.append(str(json.loads(entry)["log"]).rstrip("\n"))
    return "\n".join(kept[-lines:])
