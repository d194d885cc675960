"""Key files as people have them, and the pictures of keys."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from desktop.base.paths import Home
from desktop.base.secret import Secret
from desktop.hosts import KeyFileUnusable, PassphraseNeeded, PassphraseWrong, grouped
from desktop.hosts.keys import load_private_key, own_key, own_key_path, random_art

needs_ssh_keygen = pytest.mark.skipif(not shutil.which("ssh-keygen"), reason="needs ssh-keygen")


def make(path: Path, *words: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-f", str(path), *words], check=True, stdin=subprocess.DEVNULL)
    return path


@needs_ssh_keygen
@pytest.mark.parametrize("kind", [("ed25519",), ("ecdsa", "-b", "384"), ("rsa", "-b", "2048")])
@pytest.mark.parametrize("form", [(), ("-m", "PEM")])
def test_keys_of_every_kind_are_read(tmp_path: Path, kind: tuple[str, ...], form: tuple[str, ...]) -> None:
    path = make(tmp_path / "key", "-N", "", "-t", *kind, *form)
    key = load_private_key(path, None, "web-1")
    assert key.public.split()[1] == path.with_suffix(".pub").read_text(encoding="utf-8").split()[1]


@needs_ssh_keygen
def test_a_locked_key_asks_for_its_passphrase_and_tells_a_wrong_one(tmp_path: Path) -> None:
    path = make(tmp_path / "key", "-t", "ed25519", "-N", "open sesame")
    with pytest.raises(PassphraseNeeded):
        load_private_key(path, None, "web-1")
    with pytest.raises(PassphraseWrong):
        load_private_key(path, Secret("shut"), "web-1")
    assert load_private_key(path, Secret("open sesame"), "web-1").public.startswith("ssh-ed25519 ")


@needs_ssh_keygen
def test_a_passphrase_for_a_key_without_one_does_no_harm(tmp_path: Path) -> None:
    path = make(tmp_path / "key", "-t", "ed25519", "-N", "")
    assert load_private_key(path, Secret("needless"), "web-1").public


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"PuTTY-User-Key-File-3: ssh-ed25519\n", "PuTTY"),
        (b"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI someone\n", "public"),
        (b"hello\n", "not a private key"),
        (b"", "not a private key"),
        (b"\xff\xfe\x00" * 50, "not a private key"),
        (
            b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
            "not a private key",
        ),
        (b"x" * 100_000, "too large"),
    ],
)
def test_what_is_no_key_is_named(tmp_path: Path, content: bytes, word: str) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    with pytest.raises(KeyFileUnusable) as caught:
        load_private_key(path, None, "web-1")
    assert word in str(caught.value.why)


def test_a_missing_key_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyFileUnusable) as caught:
        load_private_key(tmp_path / "none", None, "web-1")
    assert str(tmp_path / "none") in str(caught.value.what)
    assert "cannot be read" in str(caught.value.why)  # the rest is in the system's own language


def test_the_own_key_is_made_once_and_for_this_person_only(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    first, second = own_key(home), own_key(home)
    assert first.public == second.public
    assert repr(first.pem) == "••••••"
    if os.name != "nt":
        assert own_key_path(home).stat().st_mode & 0o777 == 0o600


@needs_ssh_keygen
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_the_picture_is_the_one_that_ssh_keygen_draws(tmp_path: Path, kind: str) -> None:
    path = make(tmp_path / "key", "-t", kind, "-N", "")
    shown = subprocess.run(
        ["ssh-keygen", "-lvf", str(path)], check=True, capture_output=True, encoding="utf-8"
    ).stdout.splitlines()  # fmt: skip
    bits, title = shown[0].split()[0], shown[0].split()[-1].strip("()")
    blob = base64.b64decode(path.with_suffix(".pub").read_text(encoding="utf-8").split()[1])
    assert random_art(blob, f"{title} {bits}").splitlines() == shown[1:]


def test_a_fingerprint_is_shown_in_groups_of_four() -> None:
    groups = grouped("SHA256:" + "abcd" * 10 + "xyz")
    assert groups[0] == "SHA256:"
    assert groups[1:] == ("abcd",) * 10 + ("xyz",)


def test_a_user_for_deploys_has_a_key_of_its_own(tmp_path: Path) -> None:
    from desktop.hosts import deploy_key_path, deploy_public_key, own_public_key

    home = Home(tmp_path)
    line = deploy_public_key(home, "ferry")
    assert line.startswith("ssh-ed25519 ")
    assert line == deploy_public_key(home, "ferry")
    assert line.split()[1] not in own_public_key(home) + deploy_public_key(home, "other")
    if os.name != "nt":
        assert deploy_key_path(home, "ferry").stat().st_mode & 0o077 == 0
