"""The proxy of this computer: which one Windows is set to, and how that is told to the programs that we start.

Our own requests ask Windows themselves (requests does); go, git and docker know only variables.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
SETTINGS = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings"

Read = Callable[[str], object]
"""A value of Windows' Internet settings by its name; None where there is none."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """What is set. `source` is "variables", "windows" or "" (none); `script` the address of a proxy script (PAC), which
    only browsers carry out."""

    source: str = ""
    http: str = ""
    https: str = ""
    bypass: tuple[str, ...] = ()
    script: str = ""

    def variables(self) -> dict[str, str]:
        """The same for programs that know variables only; empty where variables are set already."""
        if self.source != "windows":
            return {}
        found = {"HTTP_PROXY": self.http, "HTTPS_PROXY": self.https, "NO_PROXY": ",".join(self.bypass)}
        return {name: value for name, value in found.items() if value}


def system_proxy(environment: Mapping[str, str] | None = None, read: Read | None = None) -> Proxy:
    """Variables win over Windows' settings, as in every program that knows both."""
    known = os.environ if environment is None else environment
    variables = {name.upper(): value for name, value in known.items() if value}
    script = str((read or _windows)("AutoConfigURL") or "")
    if any(name in variables for name in VARIABLES):
        every = variables.get("ALL_PROXY", "")
        http, https = variables.get("HTTP_PROXY", every), variables.get("HTTPS_PROXY", every)
        bypass = tuple(filter(None, re.split(r"[,\s]+", variables.get("NO_PROXY", ""))))
        return Proxy("variables", http, https, bypass, script)
    return _of_windows(read or _windows, script)


def _of_windows(read: Read, script: str) -> Proxy:
    server = str(read("ProxyServer") or "").strip()
    if not read("ProxyEnable") or not server:
        return Proxy(script=script)
    http, https = _servers(server)
    if not http and not https:
        return Proxy(script=script)
    bypass = _bypass(str(read("ProxyOverride") or ""))
    return Proxy("windows", http, https, bypass, script)


def _servers(text: str) -> tuple[str, str]:
    """(for http, for https) of "host:port" or "http=host:port;https=host:port;socks=host:port"."""
    if "=" not in text:
        address = _address(text, "http")
        return address, address
    parts = dict(part.strip().partition("=")[::2] for part in text.split(";") if "=" in part)
    found = {key.strip().lower(): _address(value.strip(), "http") for key, value in parts.items() if value}
    socks = f"socks5://{parts['socks'].strip()}" if parts.get("socks") else ""
    return found.get("http", socks), found.get("https", socks)


def _address(text: str, scheme: str) -> str:
    return text if "://" in text else f"{scheme}://{text}"


def _bypass(text: str) -> tuple[str, ...]:
    """Windows' list of exceptions as NO_PROXY says it: "*.corp" is ".corp", "10.*" is "10.0.0.0/8"."""
    found = ["localhost", "127.0.0.1", "::1"]  # Windows never sends those to a proxy
    for part in text.split(";"):
        name = re.sub(r"^\w+://", "", part.strip().lower())
        if name and name != "<local>" and (word := _exception(name)) not in found:
            found.append(word)
    return tuple(found)


def _exception(name: str) -> str:
    numbers = name.rstrip(".*").split(".")
    if name.endswith(".*") and all(number.isdigit() for number in numbers) and len(numbers) < 4:
        with suppress(ValueError):
            whole = ".".join([*numbers, *["0"] * (4 - len(numbers))])
            return str(ipaddress.ip_network(f"{whole}/{8 * len(numbers)}"))
    return name.removeprefix("*")


def _windows(name: str) -> object:
    if sys.platform != "win32":
        return None
    import winreg

    with suppress(OSError), winreg.OpenKey(winreg.HKEY_CURRENT_USER, SETTINGS) as opened:
        return winreg.QueryValueEx(opened, name)[0]
    return None


def without_login(address: str) -> str:
    """A proxy's address to show: a name and a password in it are for nobody's eyes."""
    return re.sub(r"//[^/@]*@", "//", address)
