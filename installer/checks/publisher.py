"""A publisher of updates on this computer: a key, signed manifests, and a web server that behaves as it is told."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from installer.freeze.edition import PROJECT

MANIFEST = "update.json"
Tool = Callable[[Sequence[str]], str]
"""Runs installer/updates.py with words; gives back what it says."""


class Publisher:
    """`files` is what the server has; `cut` and `pause` are how it misbehaves."""

    def __init__(self, folder: Path, tool: Tool) -> None:
        self.folder, self._tool = folder, tool
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        """(name, Range header) of each request."""
        self.cut: list[int] = []
        """For each of the next requests of a file: after how many bytes the connection ends."""
        self.pause: int | None = None
        """The next request of a file stands still after so many bytes."""
        self.paused = threading.Event()
        self.ranges = True
        folder.mkdir(parents=True, exist_ok=True)
        self.key, self.public = self.new_key("release.pem")
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.scheme = "http"
        self._over = threading.Event()
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def new_key(self, name: str) -> tuple[Path, str]:
        """A key pair, made by the tool that publishers use."""
        path = self.folder / name
        path.unlink(missing_ok=True)
        return path, self._tool(["key", "--private", str(path)]).strip()

    def offer(self, version: str, file: Path, platform: str, key: Path | None = None) -> None:
        """A file and its signed manifest, in place of what was offered before."""
        output = self.folder / MANIFEST
        words = ["sign", "--key", str(key or self.key), "--version", version, "--output", str(output)]
        words += ["--file", f"{platform}={file}", "--note-en", "Faster.", "--note-zh", "更快。"]
        self._tool(words)
        self.files = {MANIFEST: output.read_bytes(), file.name: file.read_bytes()}

    def change_manifest(self, old: str, new: str) -> None:
        """Exchange a word of what is signed."""
        outer = json.loads(self.files[MANIFEST])
        assert old in outer["payload"]  # noqa: S101  else nothing would be changed
        outer["payload"] = outer["payload"].replace(old, new)
        self.files[MANIFEST] = json.dumps(outer).encode()

    @property
    def address(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}/{MANIFEST}"

    def close(self) -> None:
        self._over.set()
        self.server.shutdown()
        self.server.server_close()

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
            if name != MANIFEST and self.pause is not None:
                body = self._stand_still(request, body, self.pause)
            request.wfile.write(body)
        except OSError:
            pass  # the client had seen enough

    def _stand_still(self, request: BaseHTTPRequestHandler, body: bytes, after: int) -> bytes:
        """Sends so many bytes and nothing more, until the client or the publisher is gone; gives back what is left."""
        self.pause = None
        request.wfile.write(body[:after])
        request.wfile.flush()
        self.paused.set()
        request.connection.settimeout(0.2)
        while not self._over.is_set():
            try:
                if not request.connection.recv(1):
                    break
            except TimeoutError:
                continue
        return b""


def tool() -> Tool:
    """installer/updates.py with a Python that has what it needs: this one, or that of Goferry's environment."""
    python = sys.executable
    if any(importlib.util.find_spec(name) is None for name in ("cryptography", "requests")):
        from installer.environment import Environment, Needs, prepare
        from installer.words import Speaker

        environment = Environment.of(PROJECT)
        if not environment.serves(Needs()):
            prepare(environment, Needs(), Speaker())
        python = str(environment.python)

    def run(words: Sequence[str]) -> str:
        line = [python, str(PROJECT / "installer" / "updates.py"), *words]
        return subprocess.run(line, capture_output=True, encoding="utf-8", check=True, timeout=120).stdout

    return run
