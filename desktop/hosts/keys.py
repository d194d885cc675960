"""SSH keys with `cryptography` alone: fingerprints, random art, reading key files, Goferry's own key.

Blocking: a passphrase-protected key takes half a second (bcrypt); call from a worker thread.
"""

from __future__ import annotations

import base64
import hashlib
import os
import threading
from dataclasses import dataclass
from pathlib import Path

from desktop.base.paths import Home, write_atomically
from desktop.base.secret import Secret
from desktop.base.words import msg

from .errors import KeyFileUnusable, PassphraseNeeded, PassphraseWrong
from .known_hosts import fingerprint
from .model import HostKey, key_kind

LARGEST_KEY_FILE = 64 * 1024
_ART = " .o+=*BOX@%&#/^SE"


@dataclass(frozen=True, slots=True)
class PrivateKey:
    """A key ready to sign with. `pem` is OpenSSH format without a passphrase: it stays in memory."""

    pem: Secret
    public: str
    """The authorized_keys line without comment: type and base64."""

    @property
    def fingerprint(self) -> str:
        return fingerprint(self.public.split()[1])


def host_key(key_type: str, blob: bytes, bits: int) -> HostKey:
    """A server's public key as a value, with its fingerprint and picture."""
    text = base64.b64encode(blob).decode()
    return HostKey(key_type, text, fingerprint(text), bits, random_art(blob, f"{key_kind(key_type)} {bits}"))


def random_art(blob: bytes, title: str) -> str:
    """The picture that ssh-keygen -lv draws of a key: eleven lines to compare at a glance."""
    width, height = 17, 9
    field = [[0] * width for _ in range(height)]
    x, y = width // 2, height // 2
    for byte in hashlib.sha256(blob).digest():
        for shift in (0, 2, 4, 6):
            step = byte >> shift & 3
            x = min(max(x + (1 if step & 1 else -1), 0), width - 1)
            y = min(max(y + (1 if step & 2 else -1), 0), height - 1)
            field[y][x] = min(field[y][x] + 1, len(_ART) - 3)
    field[height // 2][width // 2] = len(_ART) - 2
    field[y][x] = len(_ART) - 1
    rows = ["|" + "".join(_ART[count] for count in row) + "|" for row in field]
    return "\n".join((_edge(f"[{title}]", width), *rows, _edge("[SHA256]", width)))


def _edge(title: str, width: int) -> str:
    left = (width - len(title)) // 2
    return "+" + "-" * left + title + "-" * (width - len(title) - left) + "+"


def grouped(text: str) -> tuple[str, ...]:
    """A fingerprint in groups of four, for eyes: ("SHA256:", "t7Qm", "Zx2B", ...)."""
    prefix, _, rest = text.partition(":")
    return (f"{prefix}:", *(rest[i : i + 4] for i in range(0, len(rest), 4)))


def load_private_key(path: Path, passphrase: Secret | None, host: str) -> PrivateKey:
    """Reads an OpenSSH or PEM private key. Raises KeyFileUnusable, PassphraseNeeded or PassphraseWrong."""
    content = _read(path, host)
    shown = str(path)
    if content.startswith(b"PuTTY-User-Key-File"):
        raise KeyFileUnusable(
            host,
            shown,
            msg("It is a PuTTY key (.ppk)."),
            msg("Open it in PuTTYgen and choose Conversions, Export OpenSSH key."),
        )
    if content.startswith((b"ssh-", b"ecdsa-", b"sk-")):
        raise KeyFileUnusable(
            host, shown, msg("It is the public half of a key."), msg("Choose the file without .pub.")
        )
    return _parse(content, passphrase, host, shown)


def _read(path: Path, host: str) -> bytes:
    try:
        if path.stat().st_size > LARGEST_KEY_FILE:
            raise KeyFileUnusable(
                host, str(path), msg("It is too large for a key."), msg("Choose another file.")
            )
        return path.read_bytes()
    except OSError as error:
        raise KeyFileUnusable(
            host,
            str(path),
            msg("It cannot be read: {error}", error=error.strerror or error),
            msg("Choose another file, or put its rights right."),
        ) from error


def _parse(content: bytes, passphrase: Secret | None, host: str, shown: str) -> PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    password = passphrase.reveal().encode() if passphrase else None
    openssh = b"OPENSSH PRIVATE KEY" in content
    read = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        return _private(read(content, password))
    except TypeError as error:
        if password is None:
            raise PassphraseNeeded(host, shown) from error
        return _parse(content, None, host, shown)  # a passphrase was given for a key that has none
    except (ValueError, UnsupportedAlgorithm) as error:
        if password is None and "assword" in str(error):
            raise PassphraseNeeded(host, shown) from error
        if password is not None and _is_locked(content):
            raise PassphraseWrong(host, shown) from error
        raise KeyFileUnusable(
            host,
            shown,
            msg("It is not a private key that SSH can use."),
            msg("Choose an ed25519, ECDSA or RSA key in OpenSSH or PEM format."),
            detail=str(error),
        ) from error


def _is_locked(content: bytes) -> bool:
    from cryptography.hazmat.primitives import serialization

    openssh = b"OPENSSH PRIVATE KEY" in content
    read = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        read(content, None)
    except TypeError:
        return True
    except ValueError as error:
        return "assword" in str(error)
    return False


def _private(key: object) -> PrivateKey:
    from cryptography.hazmat.primitives import serialization as s

    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.OpenSSH, s.NoEncryption())  # type: ignore[attr-defined]
    public = key.public_key().public_bytes(s.Encoding.OpenSSH, s.PublicFormat.OpenSSH)  # type: ignore[attr-defined]
    return PrivateKey(Secret(pem.decode()), public.decode())


def own_key_path(home: Home) -> Path:
    return home.file("ssh", "goferry_ed25519")


def own_key(home: Home, host: str = "") -> PrivateKey:
    """Goferry's own key, made at the first call: ed25519, readable by this person only, kept under the home."""
    path = own_key_path(home)
    _make_key(path, "goferry")
    return load_private_key(path, None, host)


def own_public_key(home: Home) -> str:
    """The line for a server's authorized_keys; the key is made when there is none yet."""
    return f"{own_key(home).public} goferry"


def deploy_key_path(home: Home, user: str) -> Path:
    """Where the key of a user for deploys lies; give it to `goferry host add --key`, here or on a build machine."""
    return home.file("ssh", f"deploy-{user}_ed25519")


def deploy_public_key(home: Home, user: str) -> str:
    """The line for that user's authorized_keys: a key of its own, which can be taken away without ours."""
    path = deploy_key_path(home, user)
    _make_key(path, f"goferry-{user}")
    return f"{load_private_key(path, None, user).public} goferry-{user}"


_MAKING = threading.Lock()
"""Many servers are set up side by side: the first one makes the key, the others find it."""


def _make_key(path: Path, comment: str) -> None:
    """Once: one that is there stays."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    with _MAKING:
        if path.exists():
            return
        made = _private(Ed25519PrivateKey.generate())
        if os.name != "nt":
            path.parent.chmod(0o700)
        write_atomically(path.with_suffix(".pub"), f"{made.public} {comment}\n")
        write_atomically(path, made.pem.reveal(), private=True)
