"""Where packages come from: the list that comes along, a person's own, and one given by its address."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from desktop.base.errors import GoferryError
from desktop.base.resources import resources
from desktop.base.words import msg

from .model import Measured, Mirror

GIVEN = "given"
"""The id of a mirror that a person gave by its address."""
_ADDRESS = re.compile(
    r"(https?://(?:\[[0-9a-fA-F:]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?)(?::[0-9]{1,5})?)((?:/[A-Za-z0-9._~%+-]+)*)"
)


class MirrorsUnreadable(GoferryError):
    code = "setup.mirrors"

    def __init__(self, path: Path, detail: str) -> None:
        super().__init__(
            msg("The list of mirrors {path} could not be read.", path=str(path)),
            msg("It is not a list of entries with id, docker and vault."),
            msg("Correct the file, or remove it: Goferry has a list of its own."),
            detail=detail,
        )


def load_mirrors(own: Path | None = None) -> tuple[Mirror, ...]:
    """The person's own mirrors first, then those that come along. Blocking; raises MirrorsUnreadable."""
    listed = _read(resources() / "setup/mirrors.yaml")
    return (*_read(own), *listed) if own is not None and own.is_file() else listed


def mirror_at(word: str, mirrors: tuple[Mirror, ...], key: str = "") -> Mirror:
    """A mirror by its id or its base address; `key` is the text of the key that signs there, if it is not Docker's.
    Raises MirrorUnknown for a word that is neither, MirrorAddressBad."""
    for mirror in mirrors:
        if word.strip() in (mirror.id, mirror.docker):
            return replace(mirror, key=key) if key else mirror
    if "://" not in word:
        raise MirrorUnknown(word, tuple(mirror.id for mirror in mirrors))
    address = check_mirror(word)
    for mirror in mirrors:
        if address == mirror.docker:
            return replace(mirror, key=key) if key else mirror
    vault = address.removesuffix("/docker-ce") + "/centos-vault"
    return Mirror(GIVEN, address, address, vault, key or _docker_key())


def check_mirror(text: str) -> str:
    """The base of a mirror as set-up needs it: what a person copied from a browser is cut before /linux/. Raises
    MirrorAddressBad: the address stands in a file on the server, where $ and a password would mean something."""
    found = _ADDRESS.fullmatch(text.strip().rstrip("/"))
    if found is None:
        raise MirrorAddressBad(text)
    host, path = found[1], found[2] or ""
    base = f"{path}/".partition("/linux/")[0].rstrip("/")
    return f"{host}{base}"


class MirrorAddressBad(GoferryError):
    code = "setup.mirror_address"

    def __init__(self, text: str) -> None:
        shown = "".join(c if c.isprintable() else "?" for c in text[:80])
        super().__init__(
            msg("“{address}” is not the address of a mirror.", address=shown),
            msg("It starts with https:// or http:// and holds neither spaces, nor special characters, nor a password."),
            msg("Give the part before /linux/, such as https://mirror.example/docker-ce"),
        )  # fmt: skip


class MirrorUnknown(GoferryError):
    code = "setup.mirror_unknown"

    def __init__(self, word: str, known: tuple[str, ...]) -> None:
        shown = "".join(c if c.isprintable() else "?" for c in word[:80])
        super().__init__(
            msg("There is no mirror “{name}”.", name=shown),
            msg("Known are: {names}.", names=", ".join(known)),
            msg("Give one of these, or an address that starts with https://."),
        )


def in_order(measured: tuple[Measured, ...], chosen: Mirror | None) -> tuple[Mirror, ...]:
    """The chosen one first, then those that answered, quickest first. Where none did, the chosen one alone, or all: a
    server without curl measures nothing."""
    answered = tuple(one.mirror for one in measured if one.ms is not None)
    if chosen is None:
        return answered or tuple(one.mirror for one in measured)
    return (chosen, *(one for one in answered if one.docker != chosen.docker))


def _docker_key() -> str:
    return (resources() / "setup/docker.asc").read_text(encoding="utf-8")


def _read(path: Path) -> tuple[Mirror, ...]:
    import yaml

    try:
        entries = yaml.safe_load(path.read_text(encoding="utf-8"))["mirrors"]
        return tuple(_mirror(entry, path.parent) for entry in entries)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise MirrorsUnreadable(path, str(error)) from error


def _mirror(entry: Mapping[str, Any], folder: Path) -> Mirror:
    key = (folder / str(entry["key"])).read_text(encoding="utf-8") if entry.get("key") else _docker_key()
    identity = str(entry["id"])
    base, vault = str(entry["docker"]).rstrip("/"), str(entry.get("vault") or "").rstrip("/")
    return Mirror(identity, str(entry.get("name") or identity), base, vault, key)
