"""A publisher of updates on this computer, with small files of this computer's own kind."""

from __future__ import annotations

import contextlib
import io
import ssl
from collections.abc import Sequence
from pathlib import Path

from desktop.app_updates import platforms
from desktop.base.update_policy import Source
from installer.checks import publisher
from installer.checks.publisher import MANIFEST
from installer.updates import main as updates


class Publisher(publisher.Publisher):
    """Signs in this process, which is quicker."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, _tool)

    def publish(self, version: str, content: bytes, *, key: Path | None = None, name: str = "") -> None:
        """A file and its signed manifest."""
        file = self.folder / (name or f"Goferry-{version}-setup.exe")
        file.write_bytes(content)
        self.offer(version, file, platforms()[0], key)

    @property
    def source(self) -> Source:
        return Source(self.address, (self.public,))

    def with_tls(self, certificate: Path) -> None:
        """From now on over TLS; the file holds the certificate and its key."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https"


def _tool(words: Sequence[str]) -> str:
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        assert updates(words) == 0
    return said.getvalue()


__all__ = ["MANIFEST", "Publisher"]
