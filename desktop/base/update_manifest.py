"""What a new version of Goferry says about itself: signed, read, and compared with the one that runs. Pure.

The file is a JSON object of two texts: `payload`, itself a JSON object, and `signature`, the base64 of the Ed25519
signature over SEAL and the payload's bytes. What is not signed by a key that came along is not even read.
"""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

from .errors import GoferryError
from .words import Words, msg

SEAL = b"goferry update 1\n"
"""Signed before the payload, so that no signature over something else is ever one over a manifest."""
LARGEST = 256 << 10
LARGEST_FILE = 2 << 30
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}\Z", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_VERSION = re.compile(r"(\d{1,6})\.(\d{1,6})\.(\d{1,6})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?\Z", re.ASCII)
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class UpdateRefused(GoferryError):
    """What an address offers is not taken. `code` tells which check it was."""

    code = "update.refused"

    def __init__(self, why: Words, *, detail: str = "") -> None:
        super().__init__(
            msg("The update was not taken. Your Goferry is as it was."),
            why,
            msg("Try again later; if it stays so, tell whoever looks after the address of updates."),
            detail=detail,
        )


class Unsigned(UpdateRefused):
    code = "update.unsigned"

    def __init__(self, detail: str = "") -> None:
        super().__init__(msg("It is not signed by a key that this Goferry trusts."), detail=detail)


class Unreadable(UpdateRefused):
    code = "update.unreadable"

    def __init__(self, detail: str) -> None:
        super().__init__(msg("What it says about the new version cannot be understood."), detail=detail)


class Older(UpdateRefused):
    code = "update.older"

    def __init__(self, offered: str, than: str) -> None:
        super().__init__(
            msg("It offers version {offered}, which is older than {than}.", offered=offered, than=than)
        )


@dataclass(frozen=True, slots=True)
class UpdateFile:
    """One file to download, for one kind of computer."""

    name: str
    url: str
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """A version that can be had. `files` is by platform: "windows/amd64", "windows/amd64/portable", "any"."""

    version: str
    files: dict[str, UpdateFile] = field(hash=False)
    notes: dict[str, str] = field(default_factory=dict, hash=False)
    """What is new, in a sentence or two, by language."""

    def file_for(self, platforms: Sequence[str]) -> UpdateFile | None:
        return next((self.files[name] for name in platforms if name in self.files), None)

    def note(self, language: str) -> str:
        return self.notes.get(language) or self.notes.get("en", "")


def sealed(payload: dict[str, Any], private_key: bytes) -> str:
    """The text of a signed manifest; `private_key` is PEM. Raises ValueError on a key of another kind."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(private_key, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("the key is no Ed25519 key")
    text = json.dumps(payload, ensure_ascii=False, sort_keys=True)
    signature = base64.b64encode(key.sign(SEAL + text.encode())).decode()
    return json.dumps({"payload": text, "signature": signature}, ensure_ascii=False, indent=1) + "\n"


def opened(content: bytes, keys: Sequence[str], address: str) -> Manifest:
    """The manifest in what an address gave; `keys` are public keys, base64 of 32 bytes each. A file's address may be
    relative to `address`. Raises Unsigned, Unreadable."""
    try:
        outer = json.loads(content)
        payload, signature = outer["payload"], base64.b64decode(outer["signature"], validate=True)
        signed = SEAL + payload.encode()
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as error:
        raise Unsigned(str(error)) from error
    if not any(_signed_by(key, signature, signed) for key in keys):
        raise Unsigned(f"{len(keys)} keys are trusted")
    try:
        return _manifest(json.loads(payload), address)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error


def _signed_by(key: str, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True)).verify(signature, signed)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def _manifest(values: dict[str, Any], address: str) -> Manifest:
    if values["product"] != "goferry" or values["schema"] != 1:
        raise ValueError("it is for another product, or a later form")
    version = str(values["version"])
    order(version)
    files = {str(name): _file(entry, address) for name, entry in values["files"].items()}
    notes = {str(name): str(text)[:2000] for name, text in values.get("notes", {}).items()}
    return Manifest(version, files, notes)


def _file(entry: dict[str, Any], address: str) -> UpdateFile:
    name, digest, size = str(entry["name"]), str(entry["sha256"]), entry["size"]
    url = urljoin(address, str(entry.get("url") or name))
    if not _NAME.match(name) or not _SHA256.match(digest):
        raise ValueError(f"{name}: its name or checksum")
    if not isinstance(size, int) or not 0 < size <= LARGEST_FILE:
        raise ValueError(f"{name}: its size")
    if problem := address_problem(url):
        raise ValueError(f"{url}: {problem}")
    return UpdateFile(name, url, digest, size)


def address_problem(address: str) -> str:
    """What is wrong with an address of updates, or "". Without TLS only this computer is asked."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError as error:
        return str(error)
    if parts.scheme == "https" and host:
        return ""
    if parts.scheme == "http" and host in _LOOPBACK:
        return ""
    return "it does not begin with https://"


@functools.total_ordering
@dataclass(frozen=True, slots=True)
class _Order:
    """Semantic Versioning's order: a version with a suffix comes before the one without."""

    numbers: tuple[int, int, int]
    suffix: tuple[tuple[int, int, str], ...]

    def __lt__(self, other: _Order) -> bool:
        mine, its = (self.numbers, not self.suffix), (other.numbers, not other.suffix)
        return mine < its or (mine == its and self.suffix < other.suffix)


def order(version: str) -> _Order:
    """Something that compares as versions do. Raises ValueError."""
    found = _VERSION.match(version)
    if found is None:
        raise ValueError(f"{version!r} is no version")
    parts = [part for part in (found[4] or "").split(".") if part]
    suffix = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts)
    return _Order((int(found[1]), int(found[2]), int(found[3])), suffix)


def newer(manifest: Manifest, running: str, seen: str = "") -> bool:
    """Whether it is newer than the version that runs; False for the same one. Raises Older for one before it, or
    before one that was `seen`: whoever repeats an old manifest wants an old fault back."""
    offered = order(manifest.version)
    for known in filter(None, (running, seen)):
        if offered < order(known):
            raise Older(manifest.version, known)
    return offered > order(running)
