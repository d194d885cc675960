"""What helps to understand a fault, as texts that a person reads first and then keeps as one zip.

Left out are secrets, always. Addresses and users are replaced by the names of their servers unless the person wants
them in: whoever helps seldom needs them, and a zip goes further than it was meant to.
"""

from __future__ import annotations

import io
import json
import locale
import os
import platform
import sys
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop import __version__
from desktop.base.anonymous import Anonymous
from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.base.libraries import versions_of
from desktop.base.masking import masked, masked_values, secret_values
from desktop.base.paths import write_atomically
from desktop.base.visible import visible
from desktop.base.words import Message, Words, msg

if TYPE_CHECKING:
    from desktop.app import App

JOBS = 20
"""Jobs whose log is taken along, newest first, and of each the last lines."""
JOB_LINES = 400
PAST_JOBS = 100
LOG_BYTES = 256 << 10
"""Of the end of Goferry's own log."""
_LIBRARIES = ("PySide6-Essentials", "qasync", "paramiko", "cryptography", "docker", "requests", "urllib3",
              "truststore", "keyring", "certifi")  # fmt: skip

Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """One file of the zip: its name, what it is, and all of its text."""

    name: str
    what: Words
    text: str


@dataclass(frozen=True, slots=True)
class Diagnostics:
    """All files, as they will be written."""

    parts: tuple[Part, ...]
    made: float

    @property
    def file_name(self) -> str:
        return time.strftime("goferry-diagnostics-%Y%m%d-%H%M%S.zip", time.localtime(self.made))

    def zipped(self) -> bytes:
        file = io.BytesIO()
        moment = time.localtime(self.made)[:6]
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for part in self.parts:
                entry = zipfile.ZipInfo(part.name, moment)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o600 << 16
                archive.writestr(entry, part.text)
        return file.getvalue()


async def diagnose(app: App, *, addresses: bool = False, screen: Facts | None = None) -> Diagnostics:
    """Collects; writes nothing and sends nothing. `screen` is what only a window knows."""
    checks = [{"title": str(check.title), **check.to_json()} for check in await app.doctor()]
    jobs = [_job(job) for job in app.jobs.all[-JOBS:][::-1]]
    return await app.pools.files.run(_collect, app, checks, jobs, addresses, dict(screen or {}))


async def save_diagnostics(app: App, found: Diagnostics, path: Path) -> None:
    """The zip, whole or not at all. Raises OSError."""

    def write(token: CancelToken) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, found.zipped(), private=True)

    await app.pools.files.run(write)


def _collect(
    token: CancelToken, app: App, checks: Sequence[Facts], jobs: Sequence[str], addresses: bool, screen: Facts
) -> Diagnostics:
    cleaner = _Cleaner(app, addresses)
    servers = cleaner.servers()  # first, since it learns their names
    parts = [
        Part("versions.json", msg("Goferry, its libraries, this system"), cleaner.json(_versions())),
        Part("checks.json", msg("What “Check this computer” found"), cleaner.json(checks)),
        Part("settings.json", msg("Your settings"), cleaner.json(asdict(app.settings.now))),
        Part("servers.json", msg("Your servers"), cleaner.json(servers)),
        Part("jobs.txt", msg("The last jobs: what they said, and how they ended"), cleaner.text(_jobs(app, jobs))),
        Part("goferry.log", msg("The end of Goferry's own log"), cleaner.text(_log(app))),
    ]  # fmt: skip
    if screen:
        parts.insert(1, Part("screen.json", msg("Screens and their scale"), cleaner.json(screen)))
    first = Part("README.txt", msg("What is in here, and what was left out"), _readme(parts, addresses))
    return Diagnostics((first, *parts), time.time())


class _Cleaner:
    """Every text of the zip goes through it: secrets first, then addresses."""

    def __init__(self, app: App, addresses: bool) -> None:
        self._app = app
        self._known = [*secret_values(os.environ), *_kept_secrets(app)]
        self._names = Anonymous(home=str(Path.home()), off=addresses)
        computer = platform.node()
        if len(computer) > 2 and computer.lower() != "localhost":
            self._names.known[computer] = "‹this computer›"

    def text(self, text: str) -> str:
        plain = "\n".join(visible(line.rstrip("\r")) for line in text.split("\n"))
        return self._names.text(masked(plain, self._known))

    def json(self, values: Any) -> str:
        clean = masked_values(values, self._known)
        text = json.dumps(self._each(clean), ensure_ascii=False, indent=2, default=str)
        return text + "\n"

    def _each(self, values: Any) -> Any:
        if isinstance(values, dict):
            return {self._each(key): self._each(value) for key, value in values.items()}
        if isinstance(values, (list, tuple)):
            return [self._each(value) for value in values]
        return self._names.text(values) if isinstance(values, str) else values

    def servers(self) -> list[dict[str, Any]]:
        try:
            hosts = [host for host in self._app.inventory.hosts() if not host.local]
        except GoferryError as error:
            return [{"problem": str(error)}]
        for host in hosts:
            self._names.add_host(host.name, host.address, host.user)
        return [
            {
                "name": host.name,
                "address": host.address,
                "port": host.port,
                "user": self._names.user(host.user),
                "sign_in": host.auth,
                "via": host.via,
                "groups": host.groups,
                "confirmed_keys": len(host.fingerprints),
            }
            for host in hosts
        ]


def _kept_secrets(app: App) -> list[str]:
    """What the credential store has for servers, projects and registries, so that it is known wherever it turns up."""
    from desktop.app_keeping import secret_places
    from desktop.base.secret_store import secret_key

    keys = [one.key for one in secret_places(app)]
    keys += [secret_key("registry", name, "password") for name in app.settings.now.registries]
    found = [app.secrets.get(key) for key in keys]
    return [secret.reveal() for secret in found if secret]


def _versions() -> dict[str, Any]:
    return {
        "goferry": __version__,
        "frozen": bool(getattr(sys, "frozen", False)),
        "python": platform.python_version(),
        "libraries": versions_of(_LIBRARIES),
        "system": platform.platform(),
        "machine": platform.machine(),
        "processors": os.cpu_count(),
        "encoding": locale.getencoding(),
        "file_names": sys.getfilesystemencoding(),
        "language": ".".join(filter(None, locale.getlocale())),
        "time_zone": time.strftime("%z"),
        "proxies": sorted(name for name in os.environ if name.lower().endswith("_proxy")),
    }


def _job(job: Job[Any]) -> str:
    """One job of this run, with the end of its log."""
    head = (
        f"== {job.kind}: {job.title} [{job.subject}] {job.state}, {job.seconds:.1f} s, {_clock(job.started)}"
    )
    lines = [head, f"   {job.stage}"]
    if (error := job.error) is not None:
        lines += [f"   {error.code}: {error.what}", f"   {error.why}", f"   {error.fix}"]
        lines += [f"   | {line}" for line in error.detail.splitlines()]
    log = list(job.log)[-JOB_LINES:]
    if len(job.log) + job.dropped > len(log):
        lines.append(f"   ({len(job.log) + job.dropped - len(log)} earlier lines are left out)")
    lines += [f"{entry.at:9.2f} {entry.source} {entry.level} {entry.text}" for entry in log]
    return "\n".join(lines)


def _jobs(app: App, of_this_run: Sequence[str]) -> str:
    past = [
        f"{_clock(one.started)} {one.kind} {one.state} {one.seconds:.1f} s: {one.title} [{one.subject}] {one.stage}"
        for one in app.history.past[:PAST_JOBS]
    ]
    return "\n".join([*of_this_run, "", "== Earlier runs", *past, ""])


def _log(app: App) -> str:
    file = app.home.root / "logs" / "goferry.log"
    try:
        with open(file, "rb") as opened:
            opened.seek(0, os.SEEK_END)
            size = opened.tell()
            opened.seek(max(0, size - LOG_BYTES))
            kept = opened.read()
    except OSError as error:
        return f"{error.strerror}\n"
    if size > LOG_BYTES:
        kept = kept.partition(b"\n")[2]
    return kept.decode("utf-8", errors="backslashreplace")


def _clock(moment: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(moment))


def _readme(parts: list[Part], addresses: bool) -> str:
    said: list[Message] = [
        msg("Goferry made these files when it was asked to, and sent them nowhere."),
        msg(
            "Passwords, keys and tokens are left out or shown as dots. Read the files before you pass them on."
        ),
        msg("Addresses and user names are as they are: you asked for that.")
        if addresses
        else msg("Addresses and user names are replaced by the names that the servers have in Goferry."),
    ]
    lines = [*map(str, said), "", *(f"{part.name}: {part.what}" for part in parts)]
    return "\n".join(lines) + "\n"
