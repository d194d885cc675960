"""HTTP out of Goferry: one way to make a session, so that proxies and company certificates count everywhere."""

from __future__ import annotations

import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from desktop import __version__

from .blocking import CancelToken

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


def _trust() -> ssl.SSLContext:
    import truststore

    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
