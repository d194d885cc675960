"""Secrets that other programs wrote into text do not get out; what is no secret stays readable."""

from __future__ import annotations

import pytest

from desktop.base.anonymous import Anonymous
from desktop.base.masking import LONGEST_LINE, masked, masked_values, secret_values
from desktop.base.secret import DOTS

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\nAAAABG5vbmU=\n-----END OPENSSH PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("DB_PASSWORD=correct horse battery", "battery"),
        ("docker run -e API_TOKEN='a b c' x", "a b c"),
        ('{"password": "hun\\"ter2", "port": 1}', "ter2"),
        ("password: 张三的密码", "张三"),
        ("password: |\n  line one\n  line two\nport: 1", "line two"),
        ("db:\n  api_token: >-\n    line one\n  port: 1", "line one"),
        ("a line\n" * 3000 + "password:\nhunter2", "hunter2"),
        ("https://deploy:p%40ss@git.example.com/x.git", "p%40ss"),
        ("postgres://app:pa/ss@db/orders", "pa/ss"),
        ("root:s3cret@tcp(db:3306)/orders", "s3cret"),
        ("GET https://example.com/x?a=1&access_token=zzz&b=2", "zzz"),
        ("GET https://example.com/x?X-Amz-Signature=abc", "=abc"),
        ("Authorization: Bearer abcdefghijkl", "abcdefghijkl"),
        ("sent header bearer abcdefghijkl", "abcdefghijkl"),
        ("mysql --password hunter2 orders", "hunter2"),
        ("ENCRYPTION_KEY=00112233", "00112233"),
        ("MYSQL_PW=00112233", "00112233"),
        (KEY, "b3BlbnNz"),
        (KEY.replace("\n", "\n12.5 [web-1] "), "AAAABG5v"),
        (KEY.partition("-----END")[0], "AAAABG5v"),
        (f"set-cookie {JWT} ok", "c2lnbmF0dXJl"),
        ("pushed with ghp_0123456789abcdefghijABCDEFGHIJ", "ghp_0123"),
        ("id AKIAIOSFODNN7EXAMPLE here", "AKIAIOSF"),
        ("x" * (LONGEST_LINE - 10) + " ghp_0123456789abcdefghijABCDEFGHIJ", "ghp_0123"),
    ],
)
def test_a_secret_in_a_text_becomes_dots(text: str, secret: str) -> None:
    assert secret in text
    assert secret not in masked(text)


@pytest.mark.parametrize(
    "text",
    [
        "main.go:3:1: syntax error: unexpected token {",
        "goferry host add web --password-stdin --yes",
        "go: downloading github.com/a/b@v1.2.3 from https://goproxy.cn",
        "ssh: connect to deploy@web-1 port 22: refused",
        "keys: 3 confirmed",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert masked(text) == text


def test_a_long_text_loses_its_secrets_and_nothing_else() -> None:
    line = "INFO nothing to see here 127.0.0.1\n"
    text = (line * 700 + "DB_PASSWORD=hunter2\n") * 3
    assert masked(text) == (line * 700 + f"DB_PASSWORD={DOTS}\n") * 3


def test_a_known_value_is_found_wherever_it_stands() -> None:
    text = "echo s3cr&t, then s3cr%26t in an address, then 'xs3cr&tx'"
    assert masked(text, ["s3cr&t"]) == f"echo {DOTS}, then {DOTS} in an address, then 'x{DOTS}x'"


def test_variables_with_telling_names_are_known() -> None:
    environment = {"DB_PASSWORD": "hunter22", "PWD": "/srv/x", "CI_TOKEN": "tok-1234", "PATH": "/usr/bin"}
    assert secret_values(environment) == ["hunter22", "tok-1234"]


def test_a_field_with_a_telling_name_shows_dots_whatever_is_in_it() -> None:
    values = {"token": ["a", "b"], "user": "u", "list": [{"api_key": 5, "url": "https://u:p@h/"}]}
    assert masked_values(values) == {
        "token": DOTS,
        "user": "u",
        "list": [{"api_key": DOTS, "url": f"https://{DOTS}@h/"}],
    }


def test_addresses_and_users_give_way_to_the_names_of_their_servers() -> None:
    names = Anonymous(home="/home/张三")
    names.add_host("web-1", "192.0.2.10", "deploy")
    names.add_host("web-2", "db.example.com", "root")
    said = names.text(
        "deploy@192.0.2.10:22 refused; DB.example.com is up; 192.0.2.100 and 2001:db8::7 are not"
    )
    assert said == "‹user of web-1›@‹web-1›:22 refused; ‹web-2› is up; ‹address 1› and ‹address 2› are not"
    assert names.text("again 192.0.2.100") == "again ‹address 1›"
    assert (
        names.text("/home/张三/app, /home/li/x, C:\\Users\\王五\\x")
        == "~/app, /home/‹user›/x, C:\\Users\\‹user›\\x"
    )


def test_times_versions_and_this_computer_are_no_addresses() -> None:
    text = "2026-11-28 08:00:01,123 go1.27.3 127.0.0.1 ::1 0.0.0.0 a::b::c deploy done"
    assert Anonymous(users={"deploy": "x"}).text(text) == text
