"""A credential store for tests, shared by a test and the programs it starts; never the person's own."""

from __future__ import annotations

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError


class Keyring(KeyringBackend):
    """Keeps made-up passwords in the file that GOFERRY_TEST_KEYRING names."""

    priority = 0.1

    def get_password(self, service: str, username: str) -> str | None:
        return _read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        _write({**_read(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        kept = _read()
        if kept.pop(f"{service}/{username}", None) is None:
            raise PasswordDeleteError(username)
        _write(kept)


def _file() -> Path:
    return Path(os.environ["GOFERRY_TEST_KEYRING"])


def _read() -> dict[str, str]:
    try:
        return dict(json.loads(_file().read_text(encoding="utf-8")))
    except FileNotFoundError:
        return {}


def _write(passwords: dict[str, str]) -> None:
    _file().write_text(json.dumps(passwords), encoding="utf-8", newline="\n")
