"""Secrets in the operating system's credential store; where there is none they are asked for and not kept."""

from __future__ import annotations

import logging
import re
import sys
from typing import Protocol

from .errors import GoferryError
from .secret import Secret
from .words import msg

SERVICE = "Goferry"
PIECE = 1200
"""UTF-16 units that are kept as one entry: Windows' Credential Manager takes 2,560 bytes (jaraco/keyring#355). What is
longer, such as a private key, is kept as several."""
LONGEST = 32_000
"""Characters of a secret: as many as an environment variable of Windows can hold."""

_IN_PIECES = re.compile(r"\x02goferry:(\d{1,2}):([0-9a-f]{16})")

_log = logging.getLogger(__name__)


class SecretTooLong(GoferryError):
    code = "secret.too_long"

    def __init__(self, length: int) -> None:
        super().__init__(
            msg("This secret is too long to be kept."),
            msg(
                "It has {length} characters; the credential store takes {most}.", length=length, most=LONGEST
            ),
            msg("Keep it in a file on the server, and give the file's path instead."),
        )


class NoSecretStore(GoferryError):
    code = "secret.no_store"

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            msg("This computer has no credential store that Goferry can use."),
            msg("Secrets are never written to a file, so this one cannot be remembered."),
            msg("Type it when it is asked for, or set up the system's keyring."),
            detail=detail,
        )


class SecretStore(Protocol):
    """Blocking: a locked keyring may ask the person. Give calls to a Pool."""

    def get(self, key: str) -> Secret | None: ...
    def put(self, key: str, secret: Secret) -> None: ...
    def forget(self, key: str) -> None: ...


class KeyringStore:
    """The system's own store, by the keyring library. `get` answers None where there is no store."""

    def get(self, key: str) -> Secret | None:
        text = self._read(key)
        if text is None or (found := _IN_PIECES.fullmatch(text)) is None:
            return None if text is None else Secret(text)
        whole = "".join(self._read(_piece(key, at)) or "" for at in range(int(found[1])))
        if _digest(whole) != found[2]:
            _log.info("a piece of a long secret is gone: it is asked for again")
            return None
        return Secret(whole)

    def put(self, key: str, secret: Secret) -> None:
        text = secret.reveal()
        if len(text) > LONGEST:
            raise SecretTooLong(len(text))
        pieces = _cut(text)
        before = self._pieces(key)
        if len(pieces) > 1:
            for at, piece in enumerate(pieces):
                self._write(_piece(key, at), piece)
            self._write(key, f"\x02goferry:{len(pieces)}:{_digest(text)}")
        else:
            self._write(key, text)
        self._drop(key, range(len(pieces) if len(pieces) > 1 else 0, before))

    def forget(self, key: str) -> None:
        before = self._pieces(key)
        self._delete(key)
        self._drop(key, range(before))

    def _pieces(self, key: str) -> int:
        """In how many a long secret is kept under `key` now."""
        found = _IN_PIECES.fullmatch(self._read(key) or "")
        return int(found[1]) if found else 0

    def _drop(self, key: str, which: range) -> None:
        for at in which:
            self._delete(_piece(key, at))

    def _read(self, key: str) -> str | None:
        import keyring

        try:
            return keyring.get_password(SERVICE, key)
        except _refusals() as error:
            _log.info("no credential store answers: %s", type(error).__name__)
            return None

    def _write(self, key: str, text: str) -> None:
        import keyring

        try:
            keyring.set_password(SERVICE, key, text)
        except _refusals() as error:
            raise NoSecretStore(str(error)) from error

    def _delete(self, key: str) -> None:
        import keyring

        try:
            keyring.delete_password(SERVICE, key)
        except _refusals():
            _log.debug("nothing to forget under %s", key)


def _refusals() -> tuple[type[Exception], ...]:
    """How a store says no. Windows' does it by an error of pywin32: a policy may forbid that anything is kept."""
    import keyring.errors

    if sys.platform != "win32":
        return (keyring.errors.KeyringError,)
    import pywintypes

    return (keyring.errors.KeyringError, pywintypes.error)


def _piece(key: str, at: int) -> str:
    return f"{key}#{at + 1}"


def _cut(text: str) -> list[str]:
    """Pieces of PIECE UTF-16 units at most; no character is cut in two."""
    pieces, room = [""], PIECE
    for letter in text:
        units = 2 if ord(letter) > 0xFFFF else 1
        if units > room:
            pieces.append("")
            room = PIECE
        pieces[-1] += letter
        room -= units
    return pieces


def _digest(text: str) -> str:
    import hashlib

    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


class MemoryStore:
    """Kept until the program ends: for tests, and where a person wants nothing remembered."""

    def __init__(self) -> None:
        self._kept: dict[str, Secret] = {}

    def get(self, key: str) -> Secret | None:
        return self._kept.get(key)

    def put(self, key: str, secret: Secret) -> None:
        if len(secret.reveal()) > LONGEST:
            raise SecretTooLong(len(secret.reveal()))
        self._kept[key] = secret

    def forget(self, key: str) -> None:
        self._kept.pop(key, None)


def secret_key(*parts: str) -> str:
    """`secret_key("env", "orders", "prod", "DB_PASSWORD")`: the name a secret is kept under."""
    return "/".join(parts)
