"""Where this computer's Docker Engine is: Settings, DOCKER_HOST, the current context, the usual places; in that order.

The SDK's own way falls back to the default engine when a context does not exist, without a word: not here.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from desktop.base.words import msg

from .errors import AddressUnusable, ContextUnknown
from .model import EnginePlace

PIPES = (
    "npipe:////./pipe/docker_engine",
    "npipe:////./pipe/dockerDesktopLinuxEngine",
    "npipe:////./pipe/podman-machine-default",
)
"""Docker Desktop's, which Rancher Desktop and Podman serve too; Docker Desktop's own; Podman's own."""
SCHEMES = ("npipe://", "unix://", "tcp://", "http://", "https://")


@dataclass(frozen=True, slots=True)
class Context:
    """A docker context: a name for an engine's address."""

    name: str
    address: str
    tls: str = ""


def read_contexts(folder: Path) -> tuple[Context, ...]:
    """The contexts under a .docker folder; damaged ones are left out."""
    found = []
    for file in sorted((folder / "contexts" / "meta").glob("*/meta.json")):
        try:
            meta = json.loads(file.read_text(encoding="utf-8"))
            name, address = str(meta["Name"]), str(meta["Endpoints"]["docker"]["Host"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
        keys = folder / "contexts" / "tls" / hashlib.sha256(name.encode()).hexdigest() / "docker"
        found.append(Context(name, address, str(keys) if (keys / "cert.pem").is_file() else ""))
    return tuple(found)


def current_context(folder: Path, environment: Mapping[str, str]) -> str:
    """The name of the context in force; empty for the default one."""
    if name := environment.get("DOCKER_CONTEXT", ""):
        return "" if name == "default" else name
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        name = str(config.get("currentContext") or "")
    except (OSError, ValueError, AttributeError):
        return ""
    return "" if name == "default" else name


def docker_folder(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("DOCKER_CONFIG") or Path.home() / ".docker")


def local_places(
    choice: str = "", environment: Mapping[str, str] | None = None, *, windows: bool = sys.platform == "win32"
) -> tuple[EnginePlace, ...]:
    """Where to look, in order. A place that was chosen (`choice` from Settings, DOCKER_HOST, a context) is the only
    one. Raises ContextUnknown and AddressUnusable."""
    env = os.environ if environment is None else environment
    folder = docker_folder(env)
    if choice:
        if "://" in choice:
            return (_addressed(choice, EnginePlace(choice, msg("chosen in Settings"), chosen=True)),)
        return (
            _of_context(choice, folder, EnginePlace("", msg("context chosen in Settings"), choice, True)),
        )
    if address := env.get("DOCKER_HOST", ""):
        tls = env.get("DOCKER_CERT_PATH", "") if env.get("DOCKER_TLS_VERIFY") else ""
        return (
            _addressed(address, EnginePlace(address, msg("the variable DOCKER_HOST"), chosen=True, tls=tls)),
        )
    if name := current_context(folder, env):
        return (_of_context(name, folder, EnginePlace("", msg("the current Docker context"), name, True)),)
    usual = PIPES if windows else _sockets(env)
    return tuple(EnginePlace(address, msg("the usual place")) for address in usual)


def _sockets(env: Mapping[str, str]) -> tuple[str, ...]:
    places = [
        "/var/run/docker.sock",
        str(Path.home() / ".docker" / "desktop" / "docker.sock"),
        str(Path.home() / ".docker" / "run" / "docker.sock"),
    ]
    if runtime := env.get("XDG_RUNTIME_DIR", ""):
        places.append(f"{runtime}/docker.sock")
    return tuple(f"unix://{place}" for place in places)


def _of_context(name: str, folder: Path, place: EnginePlace) -> EnginePlace:
    known = {context.name: context for context in read_contexts(folder)}
    if name == "default":
        address = PIPES[0] if sys.platform == "win32" else "unix:///var/run/docker.sock"
        return EnginePlace(address, place.source, name, True)
    if name not in known:
        raise ContextUnknown(name, ("default", *known))
    found = known[name]
    return _addressed(found.address, EnginePlace(found.address, place.source, name, True, found.tls))


def _addressed(address: str, place: EnginePlace) -> EnginePlace:
    if address.startswith("ssh://"):
        raise AddressUnusable(address, msg("An engine behind SSH is a host: add it with goferry host add."))
    if not address.startswith(SCHEMES) or not address.isprintable() or " " in address:
        raise AddressUnusable(address, msg("It begins with none of: {schemes}.", schemes=", ".join(SCHEMES)))
    return place
