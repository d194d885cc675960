"""One look at a release's health from here, where nobody beside the engine does it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from desktop.base.blocking import CancelToken, Pool
from desktop.base.channel import Channel
from desktop.base.errors import GoferryError
from desktop.base.words import msg
from desktop.engine import Engine
from desktop.release.health import http_probe, tcp_probe
from desktop.release.model import Release
from desktop.release.place import Probe

from .front import Fronts

LOCAL_ADDRESSES = ("", "0.0.0.0", "::")  # noqa: S104  compared, not bound


@dataclass(frozen=True, slots=True)
class Probing:
    """On one host."""

    channel: Channel
    engine: Engine
    pool: Pool
    fronts: Fronts

    async def probe(self, release: Release) -> Probe:
        if release.health.command:
            return await self._command(release)
        if release.proxied:
            return await self.fronts.probe(release)
        return await self.pool.run(self._port, release)

    def _port(self, token: CancelToken, release: Release) -> Probe:
        address = address_of(release)
        started = time.monotonic()
        try:
            connection: Any = self.channel.dial(address, release.publish)
        except (ConnectionError, TimeoutError) as error:
            return Probe(False, msg("port {port}: {error}", port=release.publish, error=str(error)))
        forget = token.on_cancel(connection.close)
        try:
            if release.health.http:
                return http_probe(connection, release.health.http, release.health.timeout)
            return tcp_probe(connection, release.publish, started)
        finally:
            forget()

    async def _command(self, release: Release) -> Probe:
        started = time.monotonic()
        try:
            done = await self.engine.exec(
                release.container, release.health.command, timeout=release.health.timeout + 5
            )
        except GoferryError as error:
            return Probe(False, error.what)
        said = msg("the command ended with {code}", code=done.code)
        return Probe(done.code == 0, said, (time.monotonic() - started) * 1000)


def address_of(release: Release) -> str:
    """Where its port is asked on its own host."""
    return "127.0.0.1" if release.bind in LOCAL_ADDRESSES else release.bind


def limit_of(release: Release) -> float:
    """Seconds after which the host takes back by itself what nobody has confirmed."""
    return release.health.patience + 30
