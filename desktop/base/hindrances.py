"""What stands between this computer and the web, recognised from what requests or go say about it."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass

from .proxies import system_proxy, without_login
from .words import Words, msg


@dataclass(frozen=True, slots=True)
class Hindrance:
    """The second and the third sentence of an error."""

    code: str
    why: Words
    fix: Words


def _login() -> Hindrance:
    return Hindrance(
        "proxy_login",
        msg("The proxy on the way asks for a name and a password (407)."),
        msg("Set the variable HTTPS_PROXY=http://NAME:PASSWORD@HOST:PORT, or have the address excepted; then start "
            "Goferry anew."),
    )  # fmt: skip


def _distrusted() -> Hindrance:
    windows = sys.platform == "win32"
    return Hindrance(
        "distrusted",
        msg("Something on the way shows a certificate that this computer does not trust: most often a company's proxy "
            "that looks into HTTPS."),
        msg("Have your company's certificate authority put into Windows' “Trusted Root Certification Authorities”, "
            "then try again.")
        if windows
        else msg("Have your company's certificate authority put into this system's certificates, then try again."),
    )  # fmt: skip


def _no_proxy() -> Hindrance:
    proxy = system_proxy()
    address = without_login(proxy.https or proxy.http) or "–"
    return Hindrance(
        "proxy_gone",
        msg("The proxy {address} does not let us through.", address=address),
        msg("Check it in Windows' settings (Network, Proxy) and in the variables HTTPS_PROXY and NO_PROXY.")
        if sys.platform == "win32"
        else msg("Check the variables HTTPS_PROXY and NO_PROXY."),
    )


def _script(address: str) -> Hindrance:
    return Hindrance(
        "proxy_script",
        msg(
            "Windows is set to a proxy script ({address}), which Goferry and Go cannot carry out.",
            address=address,
        ),
        msg(
            "Ask which proxy it names, set the variable HTTPS_PROXY=http://HOST:PORT, then start Goferry anew."
        ),
    )


_SIGNS = (
    (r"\b407\b|Proxy Authentication Required", _login),
    (
        r"CERTIFICATE_VERIFY_FAILED|x509: |certificate verify failed|self[- ]signed certificate|"
        r"unable to get local issuer|not trusted by the trust provider|SSLCertVerificationError",
        _distrusted,
    ),
    (r"ProxyError|Cannot connect to proxy|proxyconnect tcp|Unable to connect to proxy|SOCKS", _no_proxy),
)


def hindrance(said: str) -> Hindrance | None:
    """Why it did not come through, where it is something that stands between; None for all else."""
    for pattern, make in _SIGNS:
        if re.search(pattern, said):
            return make()
    proxy = system_proxy()
    if proxy.script and not proxy.source and re.search(_NO_WAY, said):
        return _script(proxy.script)
    return None


_NO_WAY = (
    r"timed out|Timeout|i/o timeout|refused|no such host|getaddrinfo|Name or service|unreachable|reset|"
    r"ConnectionError|NewConnectionError|connectex"
)
