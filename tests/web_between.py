"""What stands between a computer and the web, for real on loopback: a proxy that wants a login, HTTPS that nobody trusts."""

from __future__ import annotations

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.own_certificate import self_signed


class _Wants(http.server.BaseHTTPRequestHandler):
    """Answers all, CONNECT included, with 407."""

    def do_GET(self) -> None:
        self.send_response(407)
        self.send_header("Proxy-Authenticate", "Negotiate")
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_CONNECT = do_GET  # noqa: N815  http.server looks for this name

    def log_message(self, format: str, *words: object) -> None:
        return None


@contextmanager
def _served(server: http.server.ThreadingHTTPServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


@contextmanager
def proxy_that_wants_a_login() -> Iterator[str]:
    """Its address, host:port."""
    with _served(http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Wants)) as address:
        yield address


class _Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        return None  # the client hangs up on the certificate: that is the point


@contextmanager
def https_with_its_own_certificate(folder: Path) -> Iterator[str]:
    """host:port of a server whose certificate comes from no authority, as that of a proxy that looks into HTTPS."""
    pem = folder / "corp.pem"
    pem.write_bytes(self_signed("Corp Inspection CA"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = _Quiet(("127.0.0.1", 0), _Wants)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with _served(server) as address:
        yield address.replace("127.0.0.1", "localhost")
