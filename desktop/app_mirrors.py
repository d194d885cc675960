"""Where things come from beside Go's modules: image registries with who signs in there, and the mirrors of packages."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.app_image import forget_login, keep_login, registry_login
from desktop.app_setup import mirrors_of
from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError
from desktop.base.web import Timed, time_of
from desktop.base.words import Words, msg

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.hosts.setup import Mirror
    from desktop.image import Login

PROJECTS = 20
"""Projects whose base images are looked at, those opened last."""
PATIENCE = 6.0
_PROBE = "linux/centos/9/x86_64/stable/repodata/repomd.xml"


@dataclass(frozen=True, slots=True)
class Registry:
    """An image registry. `user`: who signs in there; empty: nobody. `apps`: whose base image is there."""

    name: str
    user: str = ""
    apps: tuple[str, ...] = ()


async def registries(app: App) -> tuple[Registry, ...]:
    """Those that somebody signed in to, and those that base images of the person's projects come from."""
    used = await app.pools.files.run(lambda token: _of_projects(app))
    names = dict.fromkeys((*app.settings.now.registries, *used))
    found = []
    for name in names:
        login = await registry_login(app, name)
        found.append(Registry(name, login.user if login is not None else "", used.get(name, ())))
    return tuple(found)


def _of_projects(app: App) -> dict[str, tuple[str, ...]]:
    from desktop.image import parse_reference
    from desktop.project import load_config

    used: dict[str, tuple[str, ...]] = {}
    for folder in app.settings.now.projects[:PROJECTS]:
        with suppress(GoferryError):
            config = load_config(Path(folder))
            if config is not None and config.image.base != "scratch":
                name = parse_reference(config.image.base).registry
                used[name] = (*used.get(name, ()), config.name)
    return used


async def ask_registry(app: App, name: str, login: Login | None = None) -> Words:
    """How a registry answers `login`, or who signs in there by what is kept. Raises LoginRefused, RegistryUnreachable,
    RegistryBusy."""
    from desktop.image import greet_registry

    who = login or await registry_login(app, name)
    let_in = await app.pools.net.run(lambda token: greet_registry(token, name, who))
    if not let_in:
        return msg("reachable, asks for a sign-in")
    return msg("signed in") if who is not None else msg("reachable")


async def sign_in_to_registry(app: App, name: str, login: Login) -> None:
    """Tries a login, and keeps it when the registry takes it. Raises as `ask_registry` does, NoSecretStore."""
    await ask_registry(app, name, login)
    await keep_login(app, name, login)


async def measure_mirrors(app: App) -> tuple[tuple[Mirror, Timed], ...]:
    """How quickly the mirrors of Docker's packages answer this computer, those that do first."""
    mirrors = await mirrors_of(app)

    async def one(mirror: Mirror) -> tuple[Mirror, Timed]:
        return mirror, await measure_mirror(app, mirror.docker)

    found = await asyncio.gather(*(one(mirror) for mirror in mirrors))
    return tuple(sorted(found, key=lambda each: (each[1].seconds is None, each[1].seconds or 0.0)))


async def measure_mirror(app: App, address: str) -> Timed:
    """How quickly one answers this computer."""

    def ask(token: CancelToken) -> Timed:
        return time_of(token, f"{address}/{_PROBE}", PATIENCE)

    return await app.pools.net.run(ask)


__all__ = [
    "Registry",
    "ask_registry",
    "forget_login",
    "measure_mirror",
    "measure_mirrors",
    "registries",
    "sign_in_to_registry",
]
