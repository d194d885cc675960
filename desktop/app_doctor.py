"""What this computer has for the way from source to server: each check with what was found, why it matters, a fix."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.blocking import CancelToken
from desktop.base.commands import Command
from desktop.base.errors import Fix, GoferryError
from desktop.base.processes import Completed, find_program, run_process
from desktop.base.proxies import Proxy, system_proxy, without_login
from desktop.base.words import Words, msg

if TYPE_CHECKING:
    from desktop.app import App

TIME_LIMIT = 10.0
"""Seconds for all checks together; what has not answered by then is shown as such."""


class CheckState(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"
    OFF = "off"
    """Not there, and not needed: optional."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. `commands` is what the fix would run or write, for a person to read first."""

    id: str
    title: Words
    state: CheckState
    found: Words
    why: Words
    fix: Words = ""
    fixes: tuple[Fix, ...] = ()
    commands: tuple[str, ...] = ()
    required: bool = False

    def to_json(self) -> dict[str, Any]:
        texts = {"found": str(self.found), "why": str(self.why), "fix": str(self.fix)}
        return {"id": self.id, "state": str(self.state), **texts}


async def doctor(app: App) -> list[Check]:
    """All checks, side by side. Changes nothing."""
    looks: tuple[Callable[[App], Awaitable[Check]], ...] = (
        _go,
        _git,
        _ssh_key,
        _long_paths,
        _secrets,
        _engine,
    )
    found = await asyncio.gather(*(_within(look, app) for look in looks))
    proxy = system_proxy()
    return [*found, *([_proxy(proxy)] if proxy.source or proxy.script else [])]


def _proxy(proxy: Proxy) -> Check:
    """Shown only where one is set."""
    title = msg("Proxy")
    why = msg("Downloads, Go's modules and registries are reached through it.")
    address = without_login(proxy.https or proxy.http)
    if proxy.source:
        text = msg("{address}, from Windows' settings", address=address)
        if proxy.source == "variables":
            text = msg("{address}, from the variables HTTP_PROXY and HTTPS_PROXY", address=address)
        return Check("proxy", title, CheckState.OK, text, why)
    fix = msg(
        "Ask which proxy it names, set the variable HTTPS_PROXY=http://HOST:PORT, then start Goferry anew."
    )
    text = msg("A proxy script ({address}), which only browsers carry out", address=proxy.script)
    return Check("proxy", title, CheckState.WARN, text, why, fix)


async def _within(look: Callable[[App], Awaitable[Check]], app: App) -> Check:
    try:
        async with asyncio.timeout(TIME_LIMIT):
            return await look(app)
    except TimeoutError:
        name = look.__name__.strip("_")
        return Check(name, name, CheckState.WARN, msg("No answer within 10 s"), "", msg("Check again."))


async def _go(app: App) -> Check:
    title, why = msg("Go toolchain"), msg("It compiles your project for the server, here on this computer.")
    try:
        found = await app.toolchain()
    except GoferryError as error:
        fixes = (*go_offer(error), *error.fixes)
        return Check("go", title, CheckState.FAIL, error.what, why, error.fix, fixes, required=True)
    text = msg("go {version} at {path}", version=found.version, path=str(found.path))
    return Check("go", title, CheckState.OK, text, why, required=True)


GET_GO = "go.fetch"
"""The fix that downloads Go into Goferry's own folder."""


def go_offer(error: GoferryError) -> tuple[Fix, ...]:
    """A button that gets Go, where there is a package of it for this computer."""
    from desktop.build import offered

    package = offered()
    if package is None:
        return ()
    size = f"{package.size / 1e6:.0f}"
    return (Fix(msg("Get Go {version} ({size} MB)", version=package.version, size=size), GET_GO),)


async def get_go(app: App, progress: Callable[[float], None] = lambda part: None) -> Path:
    """Downloads Go for this computer, checked, into the home folder. Raises GoNotFetched."""
    from desktop.build import fetch_go

    found = await fetch_go(app.pools.build, app.home, progress=progress)
    app.forget_toolchain()
    return found


async def _git(app: App) -> Check:
    title, why = msg("Git"), msg("Versions are stamped from it. Without it builds carry no commit.")
    path = find_program("git")
    if path is None:
        return Check("git", title, CheckState.OFF, msg("Not found"), why, msg("Install Git if you want it."))
    done = await _say(app, Command((str(path), "--version")))
    return Check("git", title, CheckState.OK, done.text().strip() or str(path), why)


async def _ssh_key(app: App) -> Check:
    title = msg("SSH key")
    why = msg(
        "Servers know you by it. Goferry makes a key of its own when a server is added with a password."
    )
    names = await app.pools.files.run(_key_files)
    if names:
        return Check("ssh_key", title, CheckState.OK, ", ".join(names), why)
    return Check("ssh_key", title, CheckState.OFF, msg("None in your .ssh folder"), why)


def _key_files(token: CancelToken) -> list[str]:
    folder = Path.home() / ".ssh"
    kinds = ("id_ed25519", "id_ecdsa", "id_rsa")
    return [name for name in kinds if (folder / name).is_file()]


async def _long_paths(app: App) -> Check:
    title, why = msg("Long file paths"), msg("Go's module cache has paths of more than 260 characters.")
    if sys.platform != "win32":
        return Check("long_paths", title, CheckState.OK, msg("No limit on this system"), why)
    import winreg

    key = r"SYSTEM\CurrentControlSet\Control\FileSystem"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, key) as opened:
            enabled = bool(winreg.QueryValueEx(opened, "LongPathsEnabled")[0])
    except OSError:
        enabled = False
    if enabled:
        return Check("long_paths", title, CheckState.OK, msg("Turned on"), why)
    command = (
        f"New-ItemProperty -Path 'HKLM:\\{key}' -Name LongPathsEnabled -Value 1 -PropertyType DWORD -Force"
    )
    fix = msg("Turn it on; Windows asks for administrator rights.")
    return Check("long_paths", title, CheckState.WARN, msg("Turned off"), why, fix, commands=(command,))


async def _secrets(app: App) -> Check:
    title = msg("Credential store")
    why = msg("Passwords and tokens are kept there, never in a file.")

    def probe(token: CancelToken) -> bool:
        import keyring
        from keyring.backends.fail import Keyring

        return not isinstance(keyring.get_keyring(), Keyring)

    if await app.pools.files.run(probe):
        return Check("secrets", title, CheckState.OK, msg("Answers"), why)
    return Check("secrets", title, CheckState.OFF, msg("None: secrets are asked for and not remembered"), why)


async def _engine(app: App) -> Check:
    title = msg("Docker Engine")
    why = msg("Optional. Images are made without it; with it, containers can be tried on this computer.")
    try:
        engine = await app.engine("local")
        version = await engine.version()
    except GoferryError as error:
        # one button: in a small window a second one leaves no room for the reason
        return Check("engine", title, CheckState.OFF, error.what, why, error.fix, error.fixes[:1])
    return Check("engine", title, CheckState.OK, msg("Docker Engine {version}", version=version.server), why)


async def _say(app: App, command: Command) -> Completed:
    def run(token: CancelToken) -> Completed:
        return run_process(token, command, timeout=8)

    return await app.pools.build.run(run)
