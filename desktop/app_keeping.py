"""What Goferry keeps for a person: keys on this computer, secrets in the credential store, servers that it knows."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.app_image import forget_login
from desktop.app_mirrors import registries
from desktop.base.errors import GoferryError
from desktop.base.secret_store import secret_key
from desktop.base.words import Words, msg

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.hosts import Host

PROJECTS = 20
"""Projects whose kept secrets are looked for, those opened last."""


@dataclass(frozen=True, slots=True)
class KeptKey:
    """A private key that Goferry signs in with. `public`: the line for a server, where it lies beside."""

    what: Words
    file: Path
    public: str = ""
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class KeptSecret:
    """A secret by what it is for; its value is not here. `registry`: a sign-in there."""

    what: Words
    key: str
    registry: str = ""
    app: str = ""
    environment: str = ""
    """Of a project's own; `what` is its name there."""


@dataclass(frozen=True, slots=True)
class KnownServer:
    """A server with the fingerprints that it is known by."""

    name: str
    address: str
    fingerprints: tuple[str, ...]


async def kept_keys(app: App) -> tuple[KeptKey, ...]:
    """Goferry's own keys, and the files that hosts are signed in to with."""
    return await app.pools.files.run(lambda token: _keys(app))


def _keys(app: App) -> tuple[KeptKey, ...]:
    from desktop.hosts import own_key_path

    hosts = _servers(app)
    own = own_key_path(app.home)
    files: dict[Path, tuple[Words, tuple[str, ...]]] = {}
    if own.is_file():
        files[own] = msg("Goferry's own key"), tuple(host.name for host in hosts if host.auth == "own")
    for file in sorted(own.parent.glob("deploy-*_ed25519")):
        user = file.name.removeprefix("deploy-").removesuffix("_ed25519")
        files[file] = msg("Key of the user for deploys, {user}", user=user), ()
    for host in hosts:
        if host.auth == "key" and host.key:
            file = Path(host.key).expanduser()
            what, users = files.get(file, (msg("Key file"), ()))
            files[file] = what, (*users, host.name)
    return tuple(KeptKey(what, file, _public(file), users) for file, (what, users) in files.items())


def _public(file: Path) -> str:
    try:
        return file.with_name(f"{file.name}.pub").read_text(encoding="utf-8")[:4000].strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _servers(app: App) -> tuple[Host, ...]:
    try:
        return tuple(host for host in app.inventory.hosts() if not host.local)
    except GoferryError:
        return ()


def secret_places(app: App) -> tuple[KeptSecret, ...]:
    """What may be kept for servers and projects, whether it is there or not. Blocking."""
    from desktop.project import load_config

    found = []
    for host in _servers(app):
        if host.auth == "password":
            found.append(
                KeptSecret(
                    msg("Password of {host}", host=host.name), secret_key("host", host.name, "password")
                )
            )
        elif host.auth == "key":
            file = str(Path(host.key).expanduser())
            found.append(KeptSecret(msg("Passphrase of {file}", file=file), secret_key("key", file)))
    for folder in app.settings.now.projects[:PROJECTS]:
        with suppress(GoferryError):
            config = load_config(Path(folder))
            for name, environment in config.environments.items() if config is not None else ():
                found += [
                    KeptSecret(
                        one,
                        secret_key("env", config.name, name, one),
                        app=config.name,
                        environment=name,
                    )
                    for one in environment.secrets
                    if config is not None
                ]
    return tuple({one.key: one for one in found}.values())


async def kept_secrets(app: App) -> tuple[KeptSecret, ...]:
    """The secrets that are in the credential store now."""
    places = await app.pools.files.run(lambda token: secret_places(app))
    kept = await app.pools.files.run(
        lambda token: tuple(one for one in places if app.secrets.get(one.key) is not None)
    )
    logins = tuple(
        KeptSecret(
            msg("Sign-in of {user} at {registry}", user=one.user, registry=one.name),
            secret_key("registry", one.name, "password"),
            one.name,
        )
        for one in await registries(app)
        if one.user
    )
    return (*kept, *logins)


async def forget_secret(app: App, secret: KeptSecret) -> None:
    """Takes a secret out of the credential store."""
    if secret.registry:
        await forget_login(app, secret.registry)
    else:
        await app.pools.files.run(lambda token: app.secrets.forget(secret.key))


async def known_servers(app: App) -> tuple[KnownServer, ...]:
    """The servers of the inventory and who they have proved to be. Raises KnownHostsUnreadable."""

    def look() -> tuple[KnownServer, ...]:
        return tuple(
            KnownServer(host.name, host.shown_address, app.sessions.known_fingerprints(host.name))
            for host in sorted(_servers(app), key=lambda host: host.name.casefold())
        )

    return await app.pools.files.run(lambda token: look())
