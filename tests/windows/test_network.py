"""The proxy and the certificates that Windows is set to count for our requests and for what we start."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.base.blocking import CancelToken
from desktop.base.commands import Command
from desktop.base.download import NotDownloaded, Wanted, download
from desktop.base.processes import run_process
from desktop.base.proxies import SETTINGS, system_proxy
from tests.web_between import https_with_its_own_certificate, proxy_that_wants_a_login

if sys.platform != "win32":
    pytest.skip("needs a Windows Python: test_edition.py starts one", allow_module_level=True)

import winreg


@pytest.fixture(autouse=True)
def no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def settings() -> Iterator[dict[str, Any]]:
    """Windows' Internet settings; what a test puts in is taken out again."""
    before: dict[str, Any] = {}
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, SETTINGS, access=winreg.KEY_READ | winreg.KEY_WRITE) as key:

        class Values(dict[str, Any]):
            def __setitem__(self, name: str, value: Any) -> None:
                if name not in before:
                    try:
                        before[name] = winreg.QueryValueEx(key, name)
                    except OSError:
                        before[name] = None
                kind = winreg.REG_DWORD if isinstance(value, int) else winreg.REG_SZ
                winreg.SetValueEx(key, name, 0, kind, value)

        yield Values()
        for name, was in before.items():
            if was is None:
                winreg.DeleteValue(key, name)
            else:
                winreg.SetValueEx(key, name, 0, was[1], was[0])


def refusal(address: str, folder: Path) -> NotDownloaded:
    with pytest.raises(NotDownloaded) as caught:
        download(CancelToken(), Wanted(address, "0" * 64, 1), folder / "file", waits=())
    return caught.value


def test_windows_proxy_is_ours_and_that_of_the_programs_we_start(
    settings: dict[str, Any], tmp_path: Path
) -> None:
    with proxy_that_wants_a_login() as proxy:
        settings["ProxyServer"] = proxy
        settings["ProxyOverride"] = "*.intern.example;<local>"
        settings["ProxyEnable"] = 1
        assert system_proxy().https == f"http://{proxy}"
        assert "(407)" in str(refusal("https://files.example/x", tmp_path).why)
        assert "(407)" not in str(refusal("https://files.intern.example/x", tmp_path).why)
        script = "import os; print(os.environ['HTTPS_PROXY'], os.environ['NO_PROXY'])"
        said = run_process(CancelToken(), Command((sys.executable, "-c", script))).text().split()
        assert said == [f"http://{proxy}", "localhost,127.0.0.1,::1,.intern.example"]
        settings["ProxyEnable"] = 0
        assert system_proxy().source == ""


def test_a_certificate_that_windows_does_not_trust_is_told(tmp_path: Path) -> None:
    """Windows' own judgement, by truststore. That what is in its store is trusted cannot be tried: to put something in
    asks the person, or for an administrator, and Wine's store is that of the system beneath."""
    with https_with_its_own_certificate(tmp_path) as server:
        refused = refusal(f"https://{server}/x", tmp_path)
    assert "does not trust" in str(refused.why), refused.detail
    assert "Trusted Root" in str(refused.fix)
