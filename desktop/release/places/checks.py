"""What would make a release fail, looked for before anything is sent: a port that somebody has, a disk without room."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop.base.blocking import Pool
from desktop.base.channel import Channel
from desktop.base.commands import sh
from desktop.base.errors import GoferryError
from desktop.base.words import msg
from desktop.engine import DiskFull, Engine, recognise
from desktop.release import scripts
from desktop.release.errors import NotStarted, PortBusy
from desktop.release.model import Release
from desktop.release.ports import is_free, owner

from .sight import Sight
from .spec import owners

if TYPE_CHECKING:
    from desktop.image import Image

ROOM = 64 << 20
"""Bytes that shall stay free on a server's disk beside the image."""


@dataclass(frozen=True, slots=True)
class Checks:
    """On one host. `sight`: what a look has just told."""

    channel: Channel
    engine: Engine
    pool: Pool
    sight: Sight | None

    async def port(self, release: Release) -> None:
        """Raises PortBusy."""
        if not release.publish:
            return
        if self.channel.local:
            await self._port_here(release)
            return
        host = self.channel.name
        if self.sight is not None:
            name, app = self.sight.busy.get(release.publish, ("", ""))
            if name and app != release.app:
                raise PortBusy(host, release.publish, name)
            if name or release.publish not in self.sight.listens:
                return
        done = await self.channel.run(sh(scripts.PORT_OWNER, str(release.publish)), timeout=60)
        container_name, listener = scripts.parse_port(done.text())
        if container_name:
            found = await self.engine.container(container_name)
            if found is not None and release.app in owners(found):
                return
            raise PortBusy(host, release.publish, container_name)
        if listener:
            raise PortBusy(host, release.publish, "" if listener == "?" else listener)

    async def _port_here(self, release: Release) -> None:
        host = self.channel.name
        for container in await self.engine.containers(all=False):
            if any(port.host == release.publish for port in container.ports):
                if release.app in owners(container):
                    return
                raise PortBusy(host, release.publish, container.name)
        if not await self.pool.run(lambda token: is_free(release.bind, release.publish)):
            raise PortBusy(host, release.publish, await self.pool.run(owner, release.publish))

    async def room(self, image: Image | None) -> None:
        """Raises DiskFull."""
        if image is None or self.channel.local:
            return
        version = await self.engine.version()
        with suppress(ValueError):
            if self.sight is not None:
                free = self.sight.free
            else:
                command = sh(scripts.FREE, version.root_dir or "/var/lib/docker")
                free = int((await self.channel.run(command, timeout=60)).text().strip()) * 1024
            # the archive is unpacked beside itself
            if free < 2 * image.size + ROOM:
                raise DiskFull(self.channel.name, detail=f"{free // 1_000_000} MB free in {version.root_dir}")


async def start_failure(channel: Channel, release: Release, said: str) -> GoferryError:
    """Why the engine has not started it."""
    known = recognise(channel.name, said)
    if known is not None and known.code == "engine.port_taken":
        done = await channel.run(sh(scripts.PORT_OWNER, str(release.publish)), timeout=60)
        whose = " ".join(scripts.parse_port(done.text())).strip()
        return PortBusy(channel.name, release.publish, whose, detail=said)
    why = msg("The engine refused to start it.")
    return known or NotStarted(release.title, channel.name, why, detail=said)
