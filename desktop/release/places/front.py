"""The fronts of one engine's apps (mode proxy): made, spoken to and removed."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from desktop.base.blocking import CancelToken, Pool
from desktop.base.channel import Channel
from desktop.base.commands import sh
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.plans import Recorder
from desktop.base.words import tr
from desktop.engine import (
    Container,
    ContainerMissing,
    ContainerSpec,
    Engine,
    EngineImage,
    Port,
    explained,
)
from desktop.release import front, scripts, turn_scripts
from desktop.release.errors import NoFront, StateUnwritable
from desktop.release.model import Release
from desktop.release.place import Probe
from desktop.ship import is_there, same_image, ship

if TYPE_CHECKING:
    from desktop.image import Image
    from desktop.ship import Helper, Swift

Program = Callable[[str], Awaitable["Helper | None"]]
"""The front's program for an architecture."""


class Fronts:
    """`home` has the store of images; the front's is made from `program`, once."""

    repository = front.REPOSITORY

    def __init__(
        self, channel: Channel, engine: Engine, pool: Pool, home: Home, program: Program | None
    ) -> None:
        self._channel, self._engine, self._pool, self._home = channel, engine, pool, home
        self._program = program
        self._host = channel.name
        self.sent: Image | None = None
        """Its image, where it came with a release."""
        self.shared: Callable[[Image], Swift] | None = None
        """How an image is sent that other hosts of the same run want too."""

    async def found(self, app: str) -> Container | None:
        return await self._engine.container(front.front_name(app))

    # ---------------------------------------------------------------- there and gone

    async def ready(self, release: Release, recorder: Recorder) -> tuple[Container | None, bool]:
        """A front that fits the release, perhaps still to be started; and whether one with another port runs, which
        has made room for its name."""
        there = await self.reclaimed(release.app)
        spare = False
        if there is not None and front.fits(there, release):
            return there, False
        if there is not None and there.running:
            await self._engine.rename(there.id, front.spare_name(release.app))
            spare = True
        elif there is not None:
            await self._engine.remove(there.id, force=True)
        await self._make(release, recorder)
        return await self.found(release.app), spare

    async def reclaimed(self, app: str) -> Container | None:
        """The app's front. One that made room for another, which nobody has confirmed, gets its name back."""
        there = await self.found(app)
        spare = await self._engine.container(front.spare_name(app))
        if spare is None:
            return there
        if there is not None:
            await self._engine.remove(there.id, force=True)
        await self._engine.rename(spare.id, front.front_name(app))
        return await self.found(app)

    async def _make(self, release: Release, recorder: Recorder) -> None:
        image = await self.image(recorder)
        app, network = release.app, front.network_name(release.app)
        await self._engine.ensure_network(network, {front.LABEL: app})
        user, volumes = await self._state(app)
        await self._engine.create(_spec(release, image, user, volumes))

    async def wish(self, release: Release, image: Image) -> dict[str, Any]:
        """What a porter needs to make a release's front, where none is yet and its image is there."""
        network = {"Name": front.network_name(release.app), "Driver": "bridge", "CheckDuplicate": True}
        folder = scripts.folder_of(release.app)
        spec = _spec(release, image, await self._root(), (f"{folder}/front:/state:z",))
        return {
            "name": front.front_name(release.app),
            "spare": front.spare_name(release.app),
            "network": {**network, "Labels": {front.LABEL: release.app}},
            "folder": folder,
            "body": await self._engine.create_body(spec),
        }

    async def _root(self) -> str:
        """An engine without root has its user for root inside."""
        return "0:0" if (await self._engine.version()).rootless else ""

    async def _state(self, app: str) -> tuple[str, tuple[str, ...]]:
        """Who the front is, and its folder: on a server one of the app's, so that its socket can be opened there."""
        if self._channel.local:
            return "", ()
        folder = scripts.folder_of(app)
        done = await self._channel.run(sh(turn_scripts.FRONT_FOLDER, folder), timeout=30)
        if not done.ok:
            raise StateUnwritable(self._host, f"{folder}/front", detail=done.said())
        return await self._root() or done.text().strip(), (f"{folder}/front:/state:z",)

    async def program(self) -> Helper | None:
        """For this host's processor; None where there is none."""
        return await self._program(await self._arch()) if self._program is not None else None

    async def foresee(self) -> tuple[Image, Helper] | None:
        """Makes the front's program and image while something else is waited for; no server is changed. None where
        there can be none, which `image` explains."""
        arch, program = await self._arch(), await self.program()
        if program is None:
            return None
        return await self._pool.run(partial(_made, program=program, arch=arch, home=self._home)), program

    async def _arch(self) -> str:
        version = await self._engine.version()
        return scripts.GO_ARCH.get(version.arch, version.arch)

    async def image(self, recorder: Recorder, seen: tuple[EngineImage, ...] = ()) -> Image:
        """Its image, which the server has then. `seen`: images that it has."""
        made = await self.foresee()
        if made is None:
            raise NoFront(self._host, await self._arch())
        image = made[0]
        if self.sent == image or any(image.ref in one.tags and same_image(image, one) for one in seen):
            return image
        if await is_there(image, self._engine) is None:
            tell(image, recorder)
            await ship(image, self._engine, self._channel, swift=self.shared(image) if self.shared else None)
        return image

    async def remove(self, app: str) -> None:
        """The front, its network, and its image where no other app uses it. After the releases."""
        for name in (front.front_name(app), front.spare_name(app)):
            there = await self._engine.container(name)
            if there is not None:
                with suppress(ContainerMissing):
                    await self._engine.remove(there.id, force=True)
                with suppress(GoferryError):
                    await self._engine.remove_image(there.image)
        with suppress(GoferryError):
            await self._engine.remove_network(front.network_name(app))

    async def take_back(self, app: str, image: Image) -> None:
        """What was made for a release that did not come."""
        with suppress(GoferryError):
            await self.remove(app)
            await self._engine.remove_image(image.ref)

    # ---------------------------------------------------------------- speaking to it

    async def route(self, app: str, targets: front.Targets) -> None:
        """Returns when all new requests go there."""
        await self._ask(app, "route", *(f"{address}={weight}" for address, weight in targets))

    async def probe(self, release: Release) -> Probe:
        """The health of a release, as a request would reach it."""
        from .beside import probed

        path = release.health.http
        words = (front.address(release), path and f"/{path.lstrip('/')}", f"{release.health.timeout:g}")
        try:
            told = await self._ask(release.app, "probe", *words)
        except GoferryError as error:
            return Probe(False, error.what)
        return probed(told, release.port)

    async def busy(self, app: str, address: str, seconds: float) -> int:
        """How many requests a release has still to answer, after waiting for none."""
        return int((await self._ask(app, "drain", address, f"{seconds:g}"))["busy"])

    async def _ask(self, app: str, *words: str) -> Any:
        done = await self._engine.exec(front.front_name(app), ("/front", *words), timeout=20)
        said = done.output.decode("utf-8", "replace")
        if done.code:
            raise explained(self._host, said)
        try:
            return json.loads(said)
        except ValueError as error:
            raise explained(self._host, said) from error


def tell(image: Image, recorder: Recorder) -> None:
    """That it is sent, for whoever reads what happens."""
    size = f"{image.size / 1e6:.1f}"
    recorder.text(tr("Sending what stands in front, once: {size} MB, packed to less", size=size))


def _spec(release: Release, image: Image, user: str, volumes: tuple[str, ...]) -> ContainerSpec:
    return ContainerSpec(
        front.front_name(release.app),
        image.ref,
        env={"FRONT_TRUST": "1"} if release.bind in front.LOOPBACK else {},
        labels={front.LABEL: release.app, f"{front.LABEL}.protocol": front.PROTOCOL},
        ports=(Port(front.PORT, release.publish, release.bind),),
        # until the first release behind it is confirmed, a reboot brings back what was before
        restart="no",
        network=front.network_name(release.app),
        user=user,
        volumes=volumes,
        log_options={"max-size": "10m", "max-file": "5"},
    )


def _made(token: CancelToken, program: Helper, arch: str, home: Home) -> Image:
    from desktop.image import Alone, program_image

    wish = Alone(
        front.REPOSITORY,
        "front",
        program.path,
        f"linux/{arch}",
        ("serve",),
        folders=("state",),
        port=front.PORT,
    )
    return program_image(wish, home.folder("images"))
