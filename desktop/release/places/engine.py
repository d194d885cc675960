"""Releases as containers of a Docker Engine: on a server through SSH, or on this computer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from desktop.base.blocking import Pool
from desktop.base.channel import Channel
from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.paths import Home
from desktop.base.plans import Recorder
from desktop.base.processes import Completed
from desktop.base.together import together
from desktop.base.words import msg
from desktop.engine import ContainerMissing, Engine, EngineVersion, ImageMissing
from desktop.release import scripts, turn_scripts
from desktop.release.decide import lacking
from desktop.release.errors import NotStarted, SecretMissing, WrongCpu
from desktop.release.front import Turn
from desktop.release.model import Artifact, Instance, Release, Seen, ToSend
from desktop.release.place import HealthLook, Probe, Shipment, Values
from desktop.ship import (
    Convoy,
    Delivery,
    Here,
    NoPorter,
    Patch,
    Quick,
    Swift,
    is_there,
    parcel_for,
    same_image,
)

from .ahead import FrontAhead
from .beside import Beside, Names
from .checks import Checks, start_failure
from .early import AWAITS_LOCK, Early, at_hand, is_first, is_small, known_in, meant, strays
from .front import Fronts, tell
from .ledger import Ledger, ServerLedger
from .probing import Probing, address_of, limit_of
from .shipment import EngineShipment, told_to
from .shown import shown
from .sight import Sight
from .spec import LABEL, container_spec, instance_of
from .state_folder import folder_wish, make_folder
from .trial import TrialLedger
from .turning import Turning

if TYPE_CHECKING:
    from desktop.build import Binary
    from desktop.image import Image


class EnginePlace:
    """One host's engine. `home` is where this computer's history is; a server's is on the server."""

    kind = "engine"

    def __init__(
        self, channel: Channel, engine: Engine, pool: Pool, home: Home, quick: Quick | None = None
    ) -> None:
        self.host, self._quick = channel.name, quick
        self._beside = Beside(channel, quick) if quick is not None and not channel.local else None
        self._sight: Sight | None = None
        """What the last look saw."""
        self._seen: Seen | None = None
        """What it told of releases; under the lock, while that is held."""
        self._foreseen: asyncio.Task[Patch | None] | None = None
        self._early = Early(self._beside)
        self._ahead: FrontAhead | None = None
        self._unmade: Callable[[], Awaitable[None]] | None = None
        """Makes the container that a porter was told to make, where none does."""
        self._convoy: Convoy | None = None
        self._channel, self._engine, self._pool = channel, engine, pool
        self._ledger: Ledger
        if channel.local:
            self._ledger = TrialLedger(home.root / "engine", pool, channel.name, engine)
        else:
            self._ledger = ServerLedger(channel, partial(make_folder, engine))
        fronts = Fronts(channel, engine, pool, home, quick.front if quick is not None else None)
        self._turning = Turning(channel, engine, fronts, self._beside)
        self._probing = Probing(channel, engine, pool, fronts)

    # ---------------------------------------------------------------- looking

    async def look(self, app: str) -> Seen:
        version = await self._engine.version()
        self._sight = sight = await self._looked(app, version)
        if sight is not None and isinstance(self._ledger, ServerLedger):
            state, found = self._ledger.seen(app, sight.state), sight.containers
        else:
            containers = self._engine.containers({f"{LABEL}app": app})
            state, found = await together(self._ledger.look(app), containers)
        instances = tuple(instance_of(container, self.host) for container in found)
        arch = state.arch or scripts.GO_ARCH.get(version.arch, version.arch)
        self._seen = Seen(
            self.host, app, state.records, instances, state.current, state.now, arch, state.holder
        )
        return self._seen

    async def _looked(self, app: str, version: EngineVersion) -> Sight | None:
        if self._beside is None:
            return None
        try:
            return await self._beside.look(app, version.store, version.root_dir, self._sight)
        except NoPorter:
            return None

    async def instance(self, release: Release) -> Instance | None:
        found = await self._engine.container(release.container)
        return instance_of(found, self.host) if found is not None else None

    async def tail(self, release: Release, lines: int = 40) -> str:
        kept: list[str] = []
        with suppress(GoferryError):
            async for chunk in self._engine.logs(release.container, tail=lines):
                kept.append(chunk.data.decode("utf-8", errors="backslashreplace").rstrip("\r\n"))
        return "\n".join(kept[-lines:])

    @asynccontextmanager
    async def hold(self, app: str, by: str, what: str) -> AsyncIterator[None]:
        self._seen = None
        async with AsyncExitStack() as stack:
            try:
                if self._beside is not None and isinstance(self._ledger, ServerLedger):
                    wish = None if self._ledger.is_ready(app) else await folder_wish(self._engine, app)
                    with suppress(NoPorter):
                        root, images = (await self._engine.version()).root_dir, self._early.sent is None
                        held = self._beside.hold(self._ledger, app, by, what, root, wish, images)
                        await stack.enter_async_context(held)
                if self._beside is None or self._beside.held is None:
                    await self._early.given_up()
                    await stack.enter_async_context(self._ledger.hold(app, by, what))
            except BaseException:
                await self._early.given_up()
                raise
            stack.push_async_callback(self._unwanted)
            yield

    async def _unwanted(self) -> None:
        """Under the lock what was sent ahead may have come to the engine; nobody wants it now."""
        ref = await self._early.given_up()
        before, self._ahead = self._ahead, None
        if before is not None and (front := await before.loaded()):
            await self._drop_image(front)
        if ref and self._seen is not None and ref.rpartition(":")[2] not in known_in(self._seen):
            await self._drop_image(ref)  # else somebody has released the very same in the meantime
        await self._turning.leave_nobody(self._seen, self._sight)

    async def take_over(self, app: str) -> None:
        await self._ledger.take_over(app)

    # ---------------------------------------------------------------- before anything changes

    async def check(self, release: Release, artifact: Artifact, seen: Seen) -> None:
        if artifact.image is not None and artifact.image.platform != f"linux/{seen.arch}":
            raise WrongCpu(self.host, artifact.image.platform, f"linux/{seen.arch}")
        if not release.proxied:
            await self._turning.leave_nobody(seen, self._sight)  # it has the port
        sight = self._sight if self._sight is not None and self._sight.just_now else None
        checks = Checks(self._channel, self._engine, self._pool, sight)
        await together(checks.port(release), checks.room(artifact.image))

    # ---------------------------------------------------------------- a release's way

    def _tag(self, release: Release) -> str:
        """Each release has a name of its own for its image, so that a later build of the same version keeps it."""
        return f"goferry/{release.app}:{release.id}"

    async def has(self, release: Release, artifact: Artifact) -> bool:
        image = artifact.image
        if self._sight is not None and self._sight.just_now:
            if image is not None:
                return self._has_seen(image)
            if any(self._tag(release) in found.tags for found in self._sight.images):
                return True
        if image is not None:
            return await is_there(image, self._engine) is not None
        return await self._engine.image(self._tag(release)) is not None

    def _has_seen(self, image: Image) -> bool:
        seen = self._sight.images if self._sight is not None else ()
        return any(image.ref in found.tags and same_image(image, found) for found in seen)

    def warm(self) -> None:
        if self._beside is not None:
            self._beside.warm(1)

    def expect(self, mode: str, *, soon: bool = False) -> None:
        if self._quick is None:
            return
        if mode == "proxy" and (self._sight is None or self._sight.front is None):
            if soon and self._sight is not None:
                self._ahead = FrontAhead(self._channel, self._quick, self._turning.fronts)
                self._ahead.begin(self._sight)
            else:
                self._quick.meanwhile(self._turning.fronts.foresee())
        if self._sight is not None and self._beside is not None:
            self._beside.warm()

    def join(self, convoy: Convoy | None) -> None:
        self._convoy = convoy
        if self._quick is not None:
            shared = partial(self._quick.shared, convoy=convoy) if convoy is not None else None
            self._turning.fronts.shared = shared

    def foresee(self, binary: Binary) -> None:
        if self._quick is not None and self._sight is not None and self._sight.fresh:
            ahead = self._ahead.begun if self._ahead is not None else None
            work = self._quick.foreseen(self._sight.kept, binary, ahead)
            self._foreseen = self._quick.meanwhile(work)

    async def to_send(self, release: Release, artifact: Artifact) -> ToSend:
        image = artifact.image
        if image is None:
            return ToSend()
        count = len(image.layers)
        if self._sight is not None and self._sight.fresh:
            if self._has_seen(image):
                return ToSend(0, count, count)
            patch = await self._foreseen if self._foreseen is not None and self._sight.kept else None
            if patch is not None and patch.old in self._sight.kept:
                return ToSend(patch.size, count - 1, count, changes_only=True)
            images = self._sight.images
        elif await is_there(image, self._engine) is not None:
            return ToSend(0, count, count)
        else:
            images = await self._engine.images()
        parcel = parcel_for(image, images, (await self._engine.version()).store)
        return ToSend(parcel.size, len(parcel.without), count)

    @asynccontextmanager
    async def ship(self, release: Release, artifact: Artifact, recorder: Recorder) -> AsyncIterator[Shipment]:
        if artifact.image is None:
            raise ImageMissing(self.host, self._tag(release))
        seen = self._sight if self._sight is not None and self._sight.just_now else None
        before, self._ahead = self._ahead, None
        ahead = await before.ready() if before is not None and release.proxied else None
        stack = AsyncExitStack()
        if ahead is not None and ahead.image is not None and self._quick is not None:
            tell(ahead.image, recorder)
            await stack.enter_async_context(self._turning.made_early(release, ahead, self._quick))
        swift = self._swift(release, artifact, seen, recorder)
        swift = replace(swift, ahead=ahead) if swift is not None else None
        delivery = self._early.taken_over() or self._delivery(release, artifact.image, recorder)
        self._early.carried = delivery
        try:
            async with stack, delivery:
                yield EngineShipment(delivery, swift)
        finally:
            self._early.carried = None

    def _delivery(self, release: Release, image: Image, recorder: Recorder) -> Delivery:
        """Under the release's own name: the usual one may be another image's until this one has come to stay."""
        named = replace(image, ref=self._tag(release))
        return Delivery(named, self._engine, self._channel, told_to(recorder))

    def _swift(
        self, release: Release, artifact: Artifact, seen: Sight | None, recorder: Recorder
    ) -> Swift | None:
        if self._quick is None:
            return None
        here = Here(seen.kept, seen.images) if seen is not None else None
        app, folder = release.app, scripts.folder_of(release.app)
        return self._quick.swift(app, folder, artifact.binary, here, self._convoy, recorder.text)

    def ship_ahead(self, release: Release, artifact: Artifact, recorder: Recorder) -> None:
        seen, ref, image = self._sight, self._tag(release), artifact.image
        swift = self._swift(release, artifact, seen, recorder)
        if swift is None or self._beside is None or image is None or seen is None or not seen.fresh:
            return
        first = is_first(self._seen, seen, self._convoy) and not self._has_seen(image)
        if swift.by_helper or not (first or is_small(self._foreseen, artifact, ref, seen, self._convoy)):
            return
        self._ahead = front = self._ahead if first and release.proxied else None  # none else is waited for
        swift = replace(swift, under=self._beside.under(release.app, AWAITS_LOCK))
        self._early.send(self._delivery(release, image, recorder), swift, front)

    async def start_ahead(
        self, release: Release, old: Release | None, artifact: Artifact, values: Values, recorder: Recorder
    ) -> bool:
        beside, image, carrier = self._beside, artifact.image, self._early.carrier
        seen = self._sight if self._sight is not None and self._sight.just_now else None
        if beside is None or beside.held is None or carrier is None or image is None or seen is None:
            return False
        there = at_hand(release, old, seen.front) or await self._turning.is_made_first(release, old)
        if lacking(release, dict(values)) or not there:
            return False
        await self._turning.get_ready(release, seen, recorder)
        turn = await self._turning.turn(release, old, comes=False)
        await self._prepare(release, artifact, values)
        is_it = meant(image, self._tag(release), (await self._engine.version()).store)
        beside.begin(carrier, is_it, release, old, limit_of(release), address_of(release), turn)
        return True

    async def called_off(self) -> bool:
        return await self._early.called_off()

    async def create(self, release: Release, artifact: Artifact, values: Values, recorder: Recorder) -> None:
        if self._beside is not None and await self._beside.has_begun(release, self._early.carrier):
            return
        if release.proxied:
            sight = self._sight
            if sight is not None and not (sight.just_now or (sight.fresh and sight.front is None)):
                sight = None
            await self._turning.get_ready(release, sight, recorder)
        if missing := lacking(release, dict(values)):
            if await self._engine.container(release.container) is None:
                raise SecretMissing(missing, release.environment, release.app)
            return
        if self._beside is not None and self._beside.held is not None:
            await self._prepare(release, artifact, values)  # made in the round trip in which it is started
            return
        await self._create(release, artifact, values)

    async def _prepare(self, release: Release, artifact: Artifact, values: Values) -> None:
        assert self._beside is not None
        body = await self._engine.create_body(container_spec(release, self._tag(release), values))
        self._beside.prepare(release, self._names(release, artifact), body)
        self._unmade = partial(self._create, release, artifact, values)

    def _names(self, release: Release, artifact: Artifact) -> Names:
        return Names.of(self._tag(release), artifact.ref, artifact.image, self._early.carried is not None)

    async def _create(self, release: Release, artifact: Artifact, values: Values) -> None:
        self._unmade = None
        names = self._names(release, artifact)
        for source, repository, tag in filter(None, (names.before, names.after)):
            await self._engine.tag(source, f"{repository}:{tag}")
        found = await self._engine.container(release.container)
        if found is not None and not found.running and not release.secret_names:
            return
        if found is not None:
            await self._engine.remove(release.container, force=True)  # its secrets may have changed
        await self._engine.create(container_spec(release, self._tag(release), values))

    async def swap(self, release: Release, old: Release | None, recorder: Recorder) -> None:
        turn = await self._turning.turn(release, old)
        if self._channel.local:
            await self._swap_here(release, old, turn)
            return
        limit = limit_of(release)
        if self._beside is not None:
            with suppress(NoPorter):
                started, answer = await self._beside.swap(release, old, limit, address_of(release), turn)
                if started:
                    return
                raise await start_failure(self._channel, release, answer)
        turn = await self._turning.made(release, old, recorder) if turn is not None else None
        if self._unmade is not None:
            await self._unmade()
        command = scripts.swap(release.app, release, old, limit)
        if turn is not None:
            command = turn_scripts.swap(release, old, turn, limit)
        done = await self._run(command, recorder, timeout=120)
        if not done.ok:
            raise await start_failure(self._channel, release, done.text())

    async def _swap_here(self, release: Release, old: Release | None, turn: Turn | None) -> None:
        assert isinstance(self._ledger, TrialLedger)  # as made above for this computer
        if turn is not None:
            await self._turning.swap_here(self._ledger, release, old, turn)
            return
        await self._ledger.begin(release, old)
        if old is not None:
            with suppress(ContainerMissing):
                await self._engine.stop(old.container)
        await self._engine.start(release.container)

    async def watch(self, release: Release, seconds: float, good: int) -> HealthLook | None:
        if self._beside is None or release.health.command:
            return None
        try:
            seen = await self._beside.watch(release, address_of(release), seconds, good)
        except NoPorter:
            return None
        instance = instance_of(seen.container, self.host) if seen.container is not None else None
        return HealthLook(seen.probes, instance, seen.passed)

    async def probe(self, release: Release) -> Probe:
        return await self._probing.probe(release)

    async def confirm(self, release: Release, old: Release | None, recorder: Recorder) -> None:
        self._turning.came = True
        if self._beside is not None:
            with suppress(NoPorter):
                self._kept(release, *(await self._beside.confirm(release)))
                return
        await self._turning.route_by_hand(release)
        await self._ledger.record(release)
        if isinstance(self._ledger, TrialLedger):
            await self._ledger.set_current(release)
            await self._turning.keep_here(release, old)
            await self._ledger.end(release.app)
            return
        done = await self._run(scripts.keep(release), recorder)
        self._kept(release, done.ok, done.said())

    def _kept(self, release: Release, kept: bool, said: str) -> None:
        self._turning.came = kept
        if not kept:
            why = msg("The server took it back before it was confirmed.")
            raise NotStarted(release.id, self.host, why, detail=said)

    async def settle(self, release: Release, recorder: Recorder) -> None:
        await self._turning.settle(release, recorder)
        for ref in strays(self._sight, self._seen, release):
            await self._drop_image(ref)

    async def restore(self, release: Release, old: Release | None, recorder: Recorder) -> None:
        await self.called_off()
        if isinstance(self._ledger, TrialLedger):
            await self._ledger.give_up(release, old)
        else:
            done = await self._run(scripts.back(release, old), recorder, timeout=90)
            if not done.ok:
                raise NotStarted(
                    old.title if old is not None else release.title,
                    self.host,
                    msg("The engine refused to start it."),
                    detail=done.said(),
                )
        await self._turning.taken_back(release, old)
        with suppress(ContainerMissing):
            await self._engine.remove(release.container, force=True)

    async def record(self, release: Release) -> None:
        await self._ledger.record(release)

    async def retire(
        self, releases: tuple[Release, ...], kept: tuple[Release, ...], recorder: Recorder
    ) -> None:
        for release in releases:
            with suppress(ContainerMissing):
                await self._engine.remove(release.container, force=True)
            await self._drop_image(self._tag(release))
            if not any(other.image_ref == release.image_ref for other in kept):
                await self._drop_image(release.image_ref)

    async def _drop_image(self, ref: str) -> None:
        with suppress(GoferryError):  # another app's container may use it: then it stays
            await self._engine.remove_image(ref)

    async def sweep(self, instances: tuple[Instance, ...], recorder: Recorder) -> None:
        for instance in instances:
            with suppress(ContainerMissing):
                await self._engine.remove(instance.container, force=True)
            await self._drop_image(f"goferry/{instance.app}:{instance.release}")

    # ---------------------------------------------------------------- by hand

    async def stop(self, release: Release) -> None:
        await self._engine.stop(release.container)
        if release.proxied:
            await self._turning.stop(release)

    async def start(self, release: Release, values: Values) -> None:
        if await self._engine.container(release.container) is None:
            if missing := lacking(release, dict(values)):
                raise SecretMissing(missing, release.environment, release.app)
            await self._engine.create(container_spec(release, self._tag(release), values))
        if release.proxied:
            await self._turning.start(release)
        await self._engine.start(release.container)
        await self._engine.set_restart(release.container, "unless-stopped")

    async def restart(self, release: Release, values: Values) -> None:
        await self._engine.restart(release.container)

    async def forget(self, app: str, releases: tuple[Release, ...]) -> None:
        for container in await self._engine.containers({f"{LABEL}app": app}):
            with suppress(ContainerMissing):
                await self._engine.remove(container.id, force=True)
            await self._drop_image(f"goferry/{app}:{container.labels.get(f'{LABEL}release', '')}")
        for release in releases:
            await self._drop_image(self._tag(release))
            await self._drop_image(release.image_ref)
        await self._turning.fronts.remove(app)
        await self._ledger.forget(app)

    async def clear(self, app: str) -> None:
        await self._ledger.clear(app)

    def commands(
        self, stage: str, release: Release, old: Release | None, artifact: Artifact
    ) -> tuple[Command, ...]:
        return shown(stage, release, old, artifact, self._tag(release))

    async def _run(self, command: Command, recorder: Recorder, timeout: float = 60) -> Completed:
        done = await self._channel.run(command, timeout=timeout)
        if not done.ok:
            recorder.text(done.said())
        return done
