"""The proxy of this computer, as Windows' settings and variables say it, and what stands in the way."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.base.blocking import CancelToken
from desktop.base.commands import Command
from desktop.base.download import NotDownloaded, Wanted, download
from desktop.base.hindrances import hindrance
from desktop.base.processes import run_process
from desktop.base.proxies import Proxy, system_proxy
from tests.web_between import https_with_its_own_certificate, proxy_that_wants_a_login


def windows(**values: object) -> Callable[[str], object]:
    return values.get


@pytest.mark.parametrize(
    ("server", "http", "https"),
    [
        ("proxy.corp:3128", "http://proxy.corp:3128", "http://proxy.corp:3128"),
        ("http://proxy.corp:3128", "http://proxy.corp:3128", "http://proxy.corp:3128"),
        ("http=a:1;https=b:2;ftp=c:3", "http://a:1", "http://b:2"),
        ("http=a:1", "http://a:1", ""),
        ("socks=s:1080", "socks5://s:1080", "socks5://s:1080"),
    ],
)
def test_windows_settings_are_read_in_each_of_their_forms(server: str, http: str, https: str) -> None:
    found = system_proxy({}, windows(ProxyEnable=1, ProxyServer=server))
    assert (found.source, found.http, found.https) == ("windows", http, https)


def test_exceptions_are_told_as_go_and_git_understand_them() -> None:
    override = "*.corp.example;10.*;192.168.*;https://git.intern;172.16.5.7;<local>"
    found = system_proxy({}, windows(ProxyEnable=1, ProxyServer="p:1", ProxyOverride=override))
    assert found.variables() == {
        "HTTP_PROXY": "http://p:1",
        "HTTPS_PROXY": "http://p:1",
        "NO_PROXY": "localhost,127.0.0.1,::1,.corp.example,10.0.0.0/8,192.168.0.0/16,git.intern,172.16.5.7",
    }


@pytest.mark.parametrize("values", [{}, {"ProxyEnable": 0, "ProxyServer": "p:1"}, {"ProxyEnable": 1}])
def test_without_a_proxy_nothing_is_told(values: dict[str, object]) -> None:
    assert system_proxy({}, windows(**values)) == Proxy()


def test_variables_win_and_are_left_as_they_are() -> None:
    env = {"https_proxy": "http://v:8", "no_proxy": "a, b"}
    found = system_proxy(env, windows(ProxyEnable=1, ProxyServer="p:1", AutoConfigURL="http://pac"))
    assert found == Proxy("variables", "", "http://v:8", ("a", "b"), "http://pac")
    assert found.variables() == {}


def test_programs_that_we_start_know_the_proxy_of_windows(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    values = {"ProxyEnable": 1, "ProxyServer": "p:1"}
    monkeypatch.setattr("desktop.base.proxies._windows", values.get)
    script = "import os; print(os.environ['HTTPS_PROXY'])"
    assert run_process(CancelToken(), Command((sys.executable, "-c", script))).text().strip() == "http://p:1"


SAID = {
    "proxy_login": (
        "ProxyError: HTTPSConnectionPool(host='x', port=443): Max retries exceeded (Caused by ProxyError('Unable to "
        "connect to proxy', OSError('Tunnel connection failed: 407 Proxy Authentication Required')))"
    ),
    "distrusted": (
        "SSLError: HTTPSConnectionPool(host='x', port=443): Max retries exceeded (Caused by SSLError("
        "SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed "
        "certificate in certificate chain (_ssl.c:1006)')))"
    ),
    "proxy_gone": "proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused",
}


@pytest.mark.parametrize("code", SAID)
def test_what_stands_in_the_way_is_told_with_what_to_do(code: str) -> None:
    found = hindrance(SAID[code])
    assert found is not None
    assert found.code == code
    error = NotDownloaded("https://x/y", SAID[code])
    assert (error.why, error.fix) == (found.why, found.fix)


def test_a_proxy_script_is_named_as_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    said = "ConnectionError: HTTPSConnectionPool(host='x', port=443): [Errno 11001] getaddrinfo failed"
    assert hindrance(said) is None
    monkeypatch.setattr("desktop.base.proxies._windows", {"AutoConfigURL": "http://wpad/wpad.dat"}.get)
    found = hindrance(said)
    assert found is not None
    assert found.code == "proxy_script"
    assert "http://wpad/wpad.dat" in str(found.why)
    assert hindrance("404 Client Error: Not Found") is None


def refusal(address: str, folder: Path) -> NotDownloaded:
    with pytest.raises(NotDownloaded) as caught:
        download(CancelToken(), Wanted(address, "0" * 64, 1), folder / "file", waits=())
    return caught.value


def test_our_own_requests_tell_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with proxy_that_wants_a_login() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://{proxy}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert "407" in str(refusal("https://files.example/x", tmp_path).why)
    monkeypatch.setenv("NO_PROXY", "localhost")
    with https_with_its_own_certificate(tmp_path) as server:
        assert "does not trust" in str(refusal(f"https://{server}/x", tmp_path).why)
