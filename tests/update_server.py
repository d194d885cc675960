"""A publisher of updates on this computer: a key, signed manifests, and a web server that behaves as it is told."""

from __future__ import annotations

import contextlib
import io
import json
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from desktop.app_updates import platforms
from desktop.base.update_policy import Source
from installer.updates import main as updates

MANIFEST = "update.json"


class Publisher:
    """`files` is what the server has; `cut` lets so many answers for the next requests end early."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        """(name, Range header) of each request."""
        self.cut: list[int] = []
        """For each of the next requests of a file: after how many bytes the connection ends."""
        self.ranges = True
        folder.mkdir(parents=True, exist_ok=True)
        self.key, self.public = self.new_key("release.pem")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.scheme = "http"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def new_key(self, name: str) -> tuple[Path, str]:
        """A key pair, made by the tool that publishers use."""
        path, said = self.folder / name, io.StringIO()
        with contextlib.redirect_stdout(said):
            assert updates(["key", "--private", str(path)]) == 0
        return path, said.getvalue().strip()

    def publish(self, version: str, content: bytes, *, key: Path | None = None, name: str = "") -> None:
        """A file and its signed manifest."""
        file = self.folder / (name or f"Goferry-{version}-setup.exe")
        file.write_bytes(content)
        output = self.folder / MANIFEST
        words = ["sign", "--key", str(key or self.key), "--version", version, "--output", str(output)]
        words += ["--file", f"{platforms()[0]}={file}", "--note-en", "Faster.", "--note-zh", "更快。"]
        with contextlib.redirect_stdout(io.StringIO()):
            assert updates(words) == 0
        self.files = {MANIFEST: output.read_bytes(), file.name: content}

    def change_manifest(self, old: str, new: str) -> None:
        """Exchange a word of what is signed."""
        outer = json.loads(self.files[MANIFEST])
        assert old in outer["payload"]
        outer["payload"] = outer["payload"].replace(old, new)
        self.files[MANIFEST] = json.dumps(outer).encode()

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self._server.server_port}/{MANIFEST}"

    @property
    def source(self) -> Source:
        return Source(self.address, (self.public,))

    def with_tls(self, certificate: Path) -> None:
        """From now on over TLS; the file holds the certificate and its key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.scheme = "https"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        publisher = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.answer(self)

            def log_message(self, *_: Any) -> None:
                """Nothing on standard error."""

        return Handler

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        name, asked = request.path.strip("/"), request.headers.get("Range", "")
        self.asked.append((name, asked))
        content = self.files.get(name)
        if content is None:
            request.send_error(404)
            return
        found = re.fullmatch(r"bytes=(\d+)-", asked) if self.ranges else None
        start = int(found[1]) if found else 0
        request.send_response(206 if found else 200)
        if found:
            request.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
        body = content[start:]
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        if name != MANIFEST and self.cut:
            body = body[: self.cut.pop(0)]
            request.close_connection = True
        try:
            request.wfile.write(body)
        except OSError:
            pass  # the client had seen enough
