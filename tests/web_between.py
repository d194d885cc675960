"""What stands between a computer and the web, for real on loopback: a proxy that wants a login, HTTPS that nobody trusts."""

from __future__ import annotations

import datetime
import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


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
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Corp Inspection CA")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = folder / "corp.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    server = _Quiet(("127.0.0.1", 0), _Wants)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    with _served(server) as address:
        yield address.replace("127.0.0.1", "localhost")
