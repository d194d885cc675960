"""What a person may type as a host, and what is refused at the edge."""

from __future__ import annotations

import pytest

from desktop.hosts import (
    BadHostField,
    check_fingerprint,
    check_group,
    check_name,
    check_port,
    check_user,
    parse_address,
)
from desktop.hosts.model import check_host_address

HOSTILE = (
    "x;id", "`id`", "$(id)", "${X:-$(id)}", "a|id", "a&id", "a>f", "a\nid", "a\r", "a\0b", "'", '"', "\\", "-v",
    "--upload-pack=x", "-oProxyCommand=id", "../x", "/etc/x", "C:\\x", "\\\\host\\s", "", " ", "a b", "\u202eab", "a\u200bb",
    "<b>x", "\x1b]52", "\x9b", "http://169.254.169.254/", "x" * 300,
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("check", [check_name, check_host_address, check_user, check_fingerprint, check_port])
def test_hostile_text_is_refused_in_every_field(check, text: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(BadHostField) as caught:
        check(text)
    assert str(caught.value.why)
    assert str(caught.value.what).isprintable()


@pytest.mark.parametrize(
    ("text", "user", "address", "port"),
    [
        ("deploy@192.0.2.1:2222", "deploy", "192.0.2.1", 2222),
        ("web-1.example.com", "", "web-1.example.com", 22),
        ("root@[2001:db8::1]:2200", "root", "2001:db8::1", 2200),
        ("2001:db8::1", "", "2001:db8::1", 22),
        ("deploy＠192.0.2.1：22", "deploy", "192.0.2.1", 22),
        ("web。example。com", "", "web.example.com", 22),
        ("根据.example.com", "", "xn--vxup0i.example.com", 22),
    ],
)  # fmt: skip
def test_an_address_is_read_as_people_write_it(text: str, user: str, address: str, port: int) -> None:
    found = parse_address(text)
    assert (found.user, found.address, found.port) == (user, address, port)


def test_full_width_characters_are_put_right_with_a_note() -> None:
    assert parse_address("deploy＠192.0.2.1：22").note is not None
    assert parse_address("deploy@192.0.2.1:22").note is None


@pytest.mark.parametrize(
    "text", ["300.1.1.1", "1.2.3", "web:99999", "web:0", "@web", "[::1", "a@b@c", "web:22:22:x"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadHostField):
        parse_address(text)


def test_a_pasted_fingerprint_may_have_spaces_and_no_prefix() -> None:
    bare = "u3KUZdetFgh05vp1OVpWYscx6qxnwJfkduboy5Pirvs"
    assert check_fingerprint(f" SHA256: {bare[:20]} {bare[20:]}= ") == f"SHA256:{bare}"
    assert check_fingerprint(bare) == f"SHA256:{bare}"


def test_groups_may_be_chinese() -> None:
    assert check_group("生产") == "生产"
    with pytest.raises(BadHostField):
        check_group("a;b")


def test_this_computers_name_cannot_be_taken() -> None:
    with pytest.raises(BadHostField):
        check_name("local")
