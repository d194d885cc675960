"""Secrets longer than an entry of Windows' Credential Manager, and a store that says no."""

from __future__ import annotations

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError, PasswordSetError

from desktop.base.secret import Secret
from desktop.base.secret_store import LONGEST, PIECE, KeyringStore, NoSecretStore, SecretTooLong


class Vault(KeyringBackend):
    """Takes 2,560 bytes an entry, as Windows does."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[str, str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get(username)

    def set_password(self, service: str, username: str, password: str) -> None:
        if len(password.encode("utf-16-le")) > 2560:
            raise PasswordSetError("The stub received bad data.")
        self.kept[username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop(username, None) is None:
            raise PasswordDeleteError(username)


@pytest.fixture
def vault(monkeypatch: pytest.MonkeyPatch) -> Vault:
    made = Vault()
    monkeypatch.setattr(keyring, "get_password", made.get_password)
    monkeypatch.setattr(keyring, "set_password", made.set_password)
    monkeypatch.setattr(keyring, "delete_password", made.delete_password)
    return made


@pytest.mark.parametrize(
    "text", ["", "short", "x" * PIECE, "密" * (PIECE + 1), "🔑" * 2000, "-----BEGIN KEY-----\n" * 300]
)
def test_a_secret_of_any_length_comes_back_and_is_forgotten_whole(vault: Vault, text: str) -> None:
    store = KeyringStore()
    store.put("k", Secret(text))
    kept = store.get("k")
    assert kept is not None
    assert kept.reveal() == text
    store.forget("k")
    assert vault.kept == {}


def test_a_shorter_secret_leaves_no_pieces_of_the_longer_one(vault: Vault) -> None:
    store = KeyringStore()
    store.put("k", Secret("x" * 5000))
    store.put("k", Secret("y" * 2000))
    assert sorted(vault.kept) == ["k", "k#1", "k#2"]
    store.put("k", Secret("z"))
    assert vault.kept == {"k": "z"}


def test_a_secret_that_lost_a_piece_is_asked_for_again(vault: Vault) -> None:
    store = KeyringStore()
    store.put("k", Secret("x" * 5000))
    del vault.kept["k#2"]
    assert store.get("k") is None


def test_what_is_longer_than_any_variable_is_refused(vault: Vault) -> None:
    with pytest.raises(SecretTooLong):
        KeyringStore().put("k", Secret("x" * (LONGEST + 1)))
    assert vault.kept == {}


def test_a_store_that_refuses_is_no_store(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*words: str) -> None:
        raise PasswordSetError("A specified logon session does not exist.")

    monkeypatch.setattr(keyring, "set_password", refuse)
    with pytest.raises(NoSecretStore) as caught:
        KeyringStore().put("k", Secret("x"))
    assert "logon session" in caught.value.detail
