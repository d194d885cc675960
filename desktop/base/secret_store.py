"""Secrets in the operating system's credential store; where there is none they are asked for and not kept."""

from __future__ import annotations

import logging
from typing import Protocol

from .errors import GoferryError
from .secret import Secret
from .words import msg

SERVICE = "Goferry"
LONGEST = 1280
"""Characters that Windows' Credential Manager takes: 2,560 bytes of UTF-16 (jaraco/keyring#355)."""

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
        import keyring.errors

        try:
            text = keyring.get_password(SERVICE, key)
        except keyring.errors.KeyringError:
            _log.info("no credential store answers")
            return None
        return None if text is None else Secret(text)

    def put(self, key: str, secret: Secret) -> None:
        import keyring.errors

        if len(secret.reveal()) > LONGEST:
            raise SecretTooLong(len(secret.reveal()))
        try:
            keyring.set_password(SERVICE, key, secret.reveal())
        except keyring.errors.KeyringError as error:
            raise NoSecretStore(str(error)) from error

    def forget(self, key: str) -> None:
        import keyring.errors

        try:
            keyring.delete_password(SERVICE, key)
        except keyring.errors.KeyringError:
            _log.debug("nothing to forget under %s", key)


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
