"""Who a server must prove to be."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from desktop.hosts import Host, HostKey
from desktop.hosts import known_hosts as kh
from desktop.hosts.known_hosts import Verdict


def key(text: str, kind: str = "ssh-ed25519") -> HostKey:
    blob = base64.b64encode(text.encode()).decode()
    return HostKey(kind, blob, kh.fingerprint(blob), 256, "")


OLD, NEW, RSA = key("old key"), key("new key"), key("rsa key", "ssh-rsa")
HOST = Host("web-1", "192.0.2.1")


def line(names: str, shown: HostKey, marker: str = "") -> str:
    return f"{marker}{names} {shown.type} {shown.blob} a comment"


@pytest.mark.parametrize(
    ("own", "persons", "host", "shown", "verdict"),
    [
        ("", "", HOST, NEW, Verdict.UNKNOWN),
        (line("web-1", OLD), "", HOST, OLD, Verdict.KNOWN),
        (line("web-1", OLD), "", HOST, NEW, Verdict.CHANGED),
        (line("web-1", RSA), "", HOST, NEW, Verdict.OTHER_TYPE),
        (line("web-2", OLD), "", HOST, OLD, Verdict.UNKNOWN),
        ("", line("192.0.2.1", OLD), HOST, OLD, Verdict.KNOWN),
        ("", line("192.0.2.1", OLD), HOST, NEW, Verdict.CHANGED),
        ("", line("192.0.2.*,!192.0.2.1", OLD), HOST, OLD, Verdict.UNKNOWN),
        ("", line("192.0.2.*", OLD), HOST, OLD, Verdict.KNOWN),
        ("", line("[192.0.2.1]:2222", OLD), Host("w", "192.0.2.1", 2222), OLD, Verdict.KNOWN),
        ("", line("192.0.2.1", OLD), Host("w", "192.0.2.1", 2222), OLD, Verdict.UNKNOWN),
        # behind a jump host a private address means another server than on the person's own network
        ("", line("192.0.2.1", OLD), Host("w", "192.0.2.1", via="jump"), OLD, Verdict.UNKNOWN),
        # what was confirmed in Goferry counts, whatever stands in the person's own file
        (line("web-1", NEW), line("192.0.2.1", OLD), HOST, NEW, Verdict.KNOWN),
        (line("web-1", OLD), line("*", OLD, "@revoked "), HOST, OLD, Verdict.REVOKED),
        ("", "# a comment\n\nnonsense\n" + line("192.0.2.1", OLD), HOST, OLD, Verdict.KNOWN),
    ],
)  # fmt: skip
def test_a_key_is_judged(own: str, persons: str, host: Host, shown: HostKey, verdict: Verdict) -> None:
    assert kh.judge(host, shown, kh.parse(own), kh.parse(persons)).verdict is verdict


def test_a_fingerprint_in_the_inventory_is_enough() -> None:
    host = Host("web-1", "192.0.2.1", fingerprints=(OLD.fingerprint,))
    assert kh.judge(host, OLD, (), ()).verdict is Verdict.KNOWN
    found = kh.judge(host, NEW, (), ())
    assert found.verdict is Verdict.CHANGED
    assert found.known == (OLD.fingerprint,)


def test_hashed_names_are_read() -> None:
    salt = b"0123456789abcdef0123"
    digest = hmac.new(salt, b"192.0.2.1", hashlib.sha1).digest()
    name = f"|1|{base64.b64encode(salt).decode()}|{base64.b64encode(digest).decode()}"
    assert kh.judge(HOST, OLD, (), kh.parse(line(name, OLD))).verdict is Verdict.KNOWN


def test_the_known_type_is_asked_for_first() -> None:
    assert kh.key_types(HOST, kh.parse(line("web-1", RSA)), ()) == ("ssh-rsa",)


def test_a_new_key_replaces_the_old_line_and_leaves_the_others() -> None:
    text = line("web-1", OLD) + "\n" + line("web-2", OLD) + "\n"
    changed = kh.with_key(text, "web-1", NEW)
    assert kh.parse(changed) == (
        kh.Entry(("web-2",), OLD.type, OLD.blob),
        kh.Entry(("web-1",), NEW.type, NEW.blob),
    )
    assert kh.parse(kh.without_name(changed, "web-1")) == (kh.Entry(("web-2",), OLD.type, OLD.blob),)
