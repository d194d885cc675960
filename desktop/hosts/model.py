"""What a server is to Goferry: frozen values, and the checks that a name, address or user passes at the edge."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from desktop.base.words import Message, msg

from .errors import BadHostField

AUTHS = ("key", "agent", "password", "own")
"""How to sign in: a key file, the key agent, a password each time, or Goferry's own key."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}\Z", re.ASCII)
_USER = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}\$?\Z", re.ASCII)
_LABEL = re.compile(r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)\Z", re.ASCII)
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}\Z", re.ASCII)
_WIDE = str.maketrans("：。．，＠／－＿" + "０１２３４５６７８９", ":..,@/-_" + "0123456789")


@dataclass(frozen=True, slots=True)
class Host:
    """One machine in the inventory. `key` is a key file (auth "key"), or a fingerprint or .pub file that picks one
    key of the agent (auth "agent"). `via` names the host to jump through."""

    name: str
    address: str
    port: int = 22
    user: str = "root"
    auth: str = "own"
    key: str = ""
    via: str = ""
    groups: tuple[str, ...] = ()
    fingerprints: tuple[str, ...] = ()
    note: str = ""

    @property
    def local(self) -> bool:
        return self.name == LOCAL_NAME

    @property
    def shown_address(self) -> str:
        """user@address:port, with brackets around an IPv6 address."""
        if self.local:
            return str(msg("This computer"))
        address = f"[{self.address}]" if ":" in self.address else self.address
        return f"{self.user}@{address}:{self.port}"


LOCAL_NAME = "local"
LOCAL = Host(LOCAL_NAME, "", 0, "", auth="", note="This computer")


@dataclass(frozen=True, slots=True)
class HostKey:
    """The public key a server showed. `blob` is base64 as in a known-hosts file; `art` is the random-art picture."""

    type: str
    blob: str
    fingerprint: str
    bits: int
    art: str

    @property
    def kind(self) -> str:
        """ "ED25519", "RSA" or "ECDSA", as ssh-keygen writes it."""
        return key_kind(self.type)


@dataclass(frozen=True, slots=True)
class HostState:
    """How the connection to a host stands: "idle", "connecting", "connected" or "failed"."""

    word: str
    sessions: int = 0
    latency_ms: float | None = None
    since: float = 0.0
    error: str = ""
    """The `code` of the failure."""


@dataclass(frozen=True, slots=True)
class Address:
    """What a person typed: [user@]address[:port]. `note` says what was put right on the way in."""

    user: str
    address: str
    port: int
    note: Message | None = None


def key_kind(key_type: str) -> str:
    if "ed25519" in key_type:
        return "ED25519"
    return "ECDSA" if "ecdsa" in key_type else "RSA" if "rsa" in key_type else key_type.upper()


def parse_address(text: str, *, default_user: str = "") -> Address:
    """`deploy@192.0.2.1:2222`, `web-1`, `root@[2001:db8::1]:22`. Raises BadHostField with the reason."""
    plain = text.strip().translate(_WIDE)
    note = msg("Full-width characters were changed to plain ones.") if plain != text.strip() else None
    user, at, rest = plain.rpartition("@")
    address, port = _split_port(rest, text)
    if at and not user:
        raise BadHostField("user", "", msg("The part before @ is empty."))
    return Address(check_user(user) if user else default_user, check_host_address(address), port, note)


def _split_port(rest: str, text: str) -> tuple[str, int]:
    if rest.startswith("["):
        address, bracket, tail = rest[1:].partition("]")
        if not bracket or (tail and not tail.startswith(":")):
            raise BadHostField("address", text, msg("The brackets around an IPv6 address do not match."))
        return address, check_port(tail[1:]) if tail else 22
    if rest.count(":") == 1:
        address, _, port = rest.partition(":")
        return address, check_port(port)
    return rest, 22


def check_name(text: str) -> str:
    """A name for the inventory: letters, digits, dot, dash, underscore. Raises BadHostField."""
    if not _NAME.match(text):
        raise BadHostField(
            "name",
            text,
            msg("Use 1 to 63 letters, digits, dots, dashes or underscores; begin with a letter or digit."),
        )
    if text == LOCAL_NAME:
        raise BadHostField("name", text, msg("This name is kept for this computer."))
    return text


def check_group(text: str) -> str:
    """The name of a group or environment; letters of any language are welcome. Raises BadHostField."""
    if (
        not text
        or len(text) > 40
        or not all(c.isalnum() or c in "-_. " for c in text)
        or text.startswith(("-", " "))
    ):
        raise BadHostField("group", text, msg("Use up to 40 letters, digits, dots, dashes or underscores."))
    return text


def check_user(text: str) -> str:
    if not _USER.match(text):
        raise BadHostField(
            "user", text, msg("A user name has letters, digits, dots, dashes and underscores.")
        )
    return text


def check_port(text: str | int) -> int:
    plain = str(text)
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 5 and 1 <= int(plain) <= 65535):
        raise BadHostField("port", plain, msg("A port is a number from 1 to 65535."))
    return int(plain)


def check_host_address(text: str) -> str:
    """A host name or an IP address. Raises BadHostField for anything ssh could take for an option or a command."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        pass
    bare = text.removesuffix(".")
    try:
        # the codec would drop a zero-width character without a word
        ascii_name = (
            bare if bare.isascii() else bare.encode("idna").decode("ascii") if bare.isprintable() else ""
        )
    except UnicodeError:
        ascii_name = ""
    labels = ascii_name.split(".")
    numbers_only = all(label.isdigit() for label in labels)
    if len(ascii_name) > 253 or numbers_only or not all(_LABEL.match(label) for label in labels):
        raise BadHostField("address", text, msg("It is neither a host name nor an IP address."))
    return ascii_name


def check_fingerprint(text: str) -> str:
    """`SHA256:…` as ssh-keygen prints it; spaces, a missing prefix and the `=` padding are put right."""
    plain = "".join(text.split()).rstrip("=")
    if not plain.startswith("SHA256:") and len(plain) == 43:
        plain = "SHA256:" + plain
    if not _FINGERPRINT.match(plain):
        raise BadHostField(
            "fingerprint",
            text,
            msg("A fingerprint is SHA256: and 43 characters, as ssh-keygen -lf prints it."),
        )
    return plain
