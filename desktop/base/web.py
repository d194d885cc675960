"""HTTP out of Goferry: one way to make a session, so that proxies and company certificates count everywhere."""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktop import __version__

from .blocking import CancelToken
from .words import Words, msg

if TYPE_CHECKING:
    import requests


@contextmanager
def web_session(token: CancelToken) -> Iterator[requests.Session]:
    """A session of requests that is closed at the end, and by a cancel. It trusts what the system trusts, which on
    Windows is where a company's own certificate authorities are."""
    import requests
    from requests.adapters import HTTPAdapter

    class SystemTrust(HTTPAdapter):
        def init_poolmanager(self, *args: Any, **settings: Any) -> Any:
            return super().init_poolmanager(*args, ssl_context=_trust(), **settings)

        def proxy_manager_for(self, *args: Any, **settings: Any) -> Any:
            return super().proxy_manager_for(*args, ssl_context=_trust(), **settings)

        def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
            super().cert_verify(conn, url, verify, cert)  # type: ignore[no-untyped-call]
            if verify is True and sys.platform == "win32":
                conn.ca_certs = None  # requests' own list would be trusted beside Windows'

    session = requests.Session()
    session.mount("https://", SystemTrust())
    session.headers["User-Agent"] = f"goferry/{__version__}"
    forget = token.on_cancel(session.close)
    try:
        yield session
    finally:
        forget()
        session.close()


@dataclass(frozen=True, slots=True)
class Timed:
    """How an address answered: seconds, or why not."""

    seconds: float | None
    problem: Words = ""
    detail: str = ""


def time_of(token: CancelToken, address: str, patience: float, *, other_codes: tuple[int, ...] = ()) -> Timed:
    """Asks an address once and reads nothing of what it sends. Blocking. `other_codes` count as an answer too."""
    import requests

    started = time.monotonic()
    try:
        with web_session(token) as session:
            reply = session.get(address, timeout=patience, stream=True)
            reply.close()
    except requests.Timeout as error:
        return Timed(None, msg("did not answer in {seconds} s", seconds=f"{patience:.0f}"), str(error))
    except requests.RequestException as error:
        return Timed(None, msg("cannot be reached"), str(error))
    if reply.status_code < 300 or reply.status_code in other_codes:
        return Timed(time.monotonic() - started)
    return Timed(None, msg("answered with HTTP {code}", code=reply.status_code))


def _trust() -> ssl.SSLContext:
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
