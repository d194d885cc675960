"""Known-hosts files as OpenSSH writes them, read and judged without paramiko: hashed names, patterns, revoked marks.

Goferry's own file names each host by its name in the inventory (as HostKeyAlias does), because behind different jump
hosts the same private address means different servers.
"""

from __future__ import annotations

import base64
import binascii
import fnmatch
import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from .model import Host, HostKey


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: `marker` is "", "revoked" or "cert-authority"."""

    patterns: tuple[str, ...]
    type: str
    blob: str
    marker: str = ""

    def names(self, name: str) -> bool:
        """Whether this line is about `name` (`host`, or `[host]:port` for a port other than 22)."""
        if any(p.startswith("!") and _matches(p[1:], name) for p in self.patterns):
            return False
        return any(_matches(p, name) for p in self.patterns if not p.startswith("!"))


class Verdict(StrEnum):
    KNOWN = "known"
    UNKNOWN = "unknown"
    CHANGED = "changed"
    OTHER_TYPE = "other type"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Judgement:
    verdict: Verdict
    known: tuple[str, ...] = ()
    """Fingerprints that were expected."""
    kind: str = ""
    """The key type that was expected, for OTHER_TYPE."""


@lru_cache(maxsize=8)
def parse(text: str) -> tuple[Entry, ...]:
    """Every line that makes sense; comments and what cannot be read are left out, as ssh does."""
    return tuple(entry for line in text.splitlines() if (entry := _entry(line)) is not None)


def _entry(line: str) -> Entry | None:
    words = line.split()
    if not words or words[0].startswith("#"):
        return None
    marker = words.pop(0)[1:] if words[0].startswith("@") else ""
    if len(words) < 3:
        return None
    try:
        base64.b64decode(words[2], validate=True)
    except (binascii.Error, ValueError):
        return None
    return Entry(tuple(words[0].split(",")), words[1], words[2], marker)


def _matches(pattern: str, name: str) -> bool:
    if pattern.startswith("|1|"):
        return _hashed_matches(pattern, name)
    if "*" not in pattern and "?" not in pattern:
        return name.lower() == pattern.lower()
    # a bracket is part of `[host]:port` here, never a character class
    return fnmatch.fnmatchcase(name.lower(), pattern.lower().replace("[", "[[]"))


def _hashed_matches(pattern: str, name: str) -> bool:
    try:
        _, _, salt, digest = pattern.split("|")
        wanted = hmac.new(base64.b64decode(salt), name.encode(), hashlib.sha1).digest()
        return hmac.compare_digest(wanted, base64.b64decode(digest))
    except (ValueError, binascii.Error):
        return False


def address_name(address: str, port: int) -> str:
    """How a known-hosts file names an address."""
    return address if port == 22 else f"[{address}]:{port}"


def fingerprint(blob: str) -> str:
    """SHA256:… of a base64 public key."""
    digest = hashlib.sha256(base64.b64decode(blob)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def key_types(host: Host, own: Iterable[Entry], persons: Iterable[Entry]) -> tuple[str, ...]:
    """The key types under which a host is known: the server is asked for those first, as ssh does."""
    entries = _about(host, own, persons)
    return tuple(dict.fromkeys(entry.type for entry in entries if not entry.marker))


def judge(host: Host, shown: HostKey, own: tuple[Entry, ...], persons: tuple[Entry, ...]) -> Judgement:
    """Whether `shown` is the key that is known for `host`.

    First revoked marks in any file, then Goferry's own file and the inventory's fingerprints, then the person's own
    ~/.ssh/known_hosts: that one counts only while nobody has confirmed a key for this host in Goferry.
    """
    if any(e.marker == "revoked" and e.blob == shown.blob for e in (*own, *persons)):
        return Judgement(Verdict.REVOKED)
    mine = [e for e in own if not e.marker and e.names(host.name)]
    if mine or host.fingerprints:
        known = tuple(dict.fromkeys((*host.fingerprints, *(fingerprint(e.blob) for e in mine))))
        return _compare(shown, known, mine)
    theirs = [] if host.via else [e for e in persons if not e.marker and _about_address(e, host)]
    if theirs:
        return _compare(shown, tuple(fingerprint(e.blob) for e in theirs), theirs)
    return Judgement(Verdict.UNKNOWN)


def _compare(shown: HostKey, known: tuple[str, ...], entries: list[Entry]) -> Judgement:
    if shown.fingerprint in known:
        return Judgement(Verdict.KNOWN, known)
    if entries and all(entry.type != shown.type for entry in entries):
        return Judgement(Verdict.OTHER_TYPE, known, entries[0].type)
    return Judgement(Verdict.CHANGED, known)


def _about(host: Host, own: Iterable[Entry], persons: Iterable[Entry]) -> list[Entry]:
    mine = [entry for entry in own if entry.names(host.name)]
    return mine or ([] if host.via else [entry for entry in persons if _about_address(entry, host)])


def _about_address(entry: Entry, host: Host) -> bool:
    return entry.names(address_name(host.address, host.port))


def with_key(text: str, name: str, key: HostKey) -> str:
    """The own file's text with `key` as the only one of `name`."""
    return without_name(text, name) + f"{name} {key.type} {key.blob}\n"


def without_name(text: str, name: str) -> str:
    kept = [line for line in text.splitlines() if line.strip() and line.split()[0] != name]
    return "".join(line + "\n" for line in kept)
