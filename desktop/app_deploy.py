"""Deploying a project, from its folder to hosts that serve it: what the command line and the window both call."""

from __future__ import annotations

import asyncio
import getpass
import platform
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError
from desktop.base.plans import Recorder
from desktop.base.secret import Secret
from desktop.base.secret_store import secret_key
from desktop.base.together import together
from desktop.base.words import Words, msg
from desktop.build import BuildOutcome, OnEvent
from desktop.release import (
    Artifact,
    Back,
    Change,
    Foresees,
    Health,
    Hold,
    HostResult,
    HostState,
    Place,
    Release,
    Rollout,
    RolloutResult,
    SecretMissing,
    Seen,
    Strategy,
    ToSend,
    Values,
    Watch,
    Wish,
    config_changes,
    new_release,
)

from .app_build import Built, build_project, make_image, prepare
from .app_build import Prepared as Build
from .app_fleet import Gather, check_relay, gather, strategy_of, travel, way_back
from .app_part import others_seen, part_of

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.hosts import Host
    from desktop.project import Config, Environment, HealthOptions, Project

Say = Callable[[Words], None]
AWAITED_EVERY = 2.0
"""Seconds between looks at who is still awaited."""
PRODUCTION = ("prod", "production", "live", "生产")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a command is about: a project's app, one environment and its hosts."""

    project: Project
    config: Config
    environment: Environment
    hosts: tuple[Host, ...]

    @property
    def app(self) -> str:
        return self.config.name

    @property
    def production(self) -> bool:
        return self.environment.name.lower() in PRODUCTION

    @property
    def publish(self) -> int:
        return self.environment.publish or self.config.port


@dataclass(slots=True)
class Prepared:
    """A deploy that can be read and then run: `rollouts` in order, `offline` hosts that did not answer."""

    target: Target
    release: Release
    rollouts: list[Rollout]
    artifacts: Mapping[str, Artifact]
    seen: Mapping[str, Seen]
    offline: Mapping[str, GoferryError] = field(default_factory=dict)
    to_send: Mapping[str, ToSend] = field(default_factory=dict)
    """For the hosts that do not serve it already."""
    later: tuple[str, ...] = ()
    """Secrets without a value, in a plan only: it takes them to be as they were."""
    strategy: Strategy = field(default_factory=Strategy)
    """May be changed until it is run."""
    back: Back | None = None
    """The way back on a host, for a strategy that wants it."""
    relay: str = ""
    """A host that hands on to the others, "web-1" or "web-1:47800". May be changed until it is run."""
    gather: Gather | None = None

    @property
    def changes(self) -> tuple[Change, ...]:
        """Configuration keys that change on the first host."""
        first = next(iter(self.seen.values()), None)
        return config_changes(first.serving if first is not None else None, self.release)

    @property
    def unchanged(self) -> bool:
        return bool(self.rollouts) and not self.offline and all(r.decision.unchanged for r in self.rollouts)


async def find_target(app: App, folder: Path, names: Sequence[str]) -> Target:
    """The project in `folder` and the environment or hosts that `names` mean. Raises UnknownHost, ConfigError.

    Names of hosts that an environment has are meant with its settings.
    """
    from desktop.project import Environment, config_for

    project = await app.project(folder)
    config = project.config or config_for(project)
    # nobody said where: the only environment there is, else this computer
    only = tuple(config.environments) if len(config.environments) == 1 else ("local",)
    wanted = tuple(names) or only
    chosen = [config.environments[name] for name in wanted if name in config.environments]
    if len(chosen) == 1 and len(wanted) == 1:
        hosts = app.inventory.resolve(chosen[0].hosts or (chosen[0].name,))
        return Target(project, config, chosen[0], hosts)
    hosts = app.inventory.resolve(wanted, () if chosen else tuple(config.environments))
    named = {host.name for host in hosts}
    for environment in config.environments.values():
        if named <= set(environment.hosts):
            return Target(project, config, environment, hosts)
    return Target(project, config, Environment(name=wanted[0], hosts=tuple(named)), hosts)


async def environments_of(app: App, folder: Path) -> tuple[str, ...]:
    """The project's environments in their order, and this computer. Raises ConfigError."""
    from desktop.project import config_for

    config = config_for(await app.project(folder))
    return tuple(dict.fromkeys((*config.environments, "local")))


async def place_of(app: App, host: str, app_name: str, *, native: bool = False) -> Place:
    """Where an app lives on a host. This computer: its engine if it has one for Linux, else bare programs."""
    from desktop.release.places.native import NativePlace

    here = NativePlace(app.home, app.pools.files)
    if host != "local":
        return await _engine_place(app, host)
    seen = await here.look(app_name)
    if native or seen.up:
        return here
    with suppress(GoferryError):
        return await _engine_place(app, host)
    return here


async def _engine_place(app: App, host: str) -> Place:
    from desktop.release.places.engine import EnginePlace

    place: Place = EnginePlace(
        await app.channel(host), await app.engine(host), app.pools.engine, app.home, app.quick
    )
    return place


# -------------------------------------------------------------------- deploy


async def prepare_deploy(
    app: App,
    folder: Path,
    names: Sequence[str],
    *,
    say: Say = lambda text: None,
    secrets: Mapping[str, Secret] | None = None,
    note: str = "",
    native: bool = False,
    only: Sequence[str] = (),
    without: Sequence[str] = (),
    anew: bool = False,
    only_plan: bool = False,
    on_build: OnEvent = lambda event: None,
    built: Callable[[Built], object] = lambda built: None,
) -> Prepared:
    """Builds what is needed, looks at every host, and says what would be done. Changes no host.

    `secrets`: values given now, before those of the credential store. `only`: these hosts alone; `without`: not these.
    `anew`: also where it serves already. `only_plan`: it is read and not run, so that secrets need no value.
    `on_build`, `built`: follow the build and get how it ended.
    """
    whole = await find_target(app, folder, names)
    target = part_of(whole, only, without)
    check_relay(app, target.environment.relay)
    output = app.home.folder("builds", target.app)
    build = await prepare(app, target.project, config=target.config, output=output)
    wish = await _wish(app, target, build.version, secrets or {}, note, only_plan=only_plan)
    say(msg("Looking at {hosts}", hosts=", ".join(host.name for host in target.hosts)))
    async with _built_ahead(app, build, on_build) as ahead:
        (places, seen, offline), others = await together(
            look_at(app, target, native=native, say=say),
            others_seen(whole, target if only else whole, partial(_seen_on, app, target, native)),
        )
        for place in places.values():
            if isinstance(place, Foresees):
                place.expect(wish.mode, soon=len(places) == 1 and not only_plan)
        artifacts = await _artifacts(app, target, build, places, seen, say, ahead, on_build, built)
    first = next(iter(artifacts.values()))
    if wish.mode == "proxy" and any(place.kind == "native" for place in places.values()):
        say(
            msg(
                "Mode proxy needs a Docker engine: here {app} is replaced in place, with a gap.",
                app=target.app,
            )
        )
        wish = wish if len(places) > 1 else replace(wish, mode="direct")
    if wish.later:
        served = next((s.serving for s in seen.values() if s.serving is not None), None)
        wish = replace(wish, mark=served.secret_mark if served is not None else "")
    release = new_release(wish, first, (*seen.values(), *others), anew=anew)
    rollouts = [
        Rollout(
            place=place,
            release=replace(
                release,
                image_digest=artifacts[name].digest,
                mode="direct" if place.kind == "native" else release.mode,
            ),
            artifact=artifacts[name],
            values=wish.values(),
            seen=seen[name],
            by=wish.by,
            keep=wish.keep,
            anew=anew,
        )
        for name, place in places.items()
    ]
    to_send = await _to_send(rollouts)
    back, environment = way_back(partial(release_values, app)), target.environment
    return Prepared(
        target, release, rollouts, artifacts, seen, offline, to_send, wish.later,
        strategy_of(environment), back, environment.relay, partial(gather, app),
    )  # fmt: skip


async def _to_send(rollouts: Sequence[Rollout]) -> dict[str, ToSend]:
    wanted = [rollout for rollout in rollouts if not rollout.decision.unchanged]
    found = await together(*(one.place.to_send(one.release, one.artifact) for one in wanted))
    return {one.place.host: answer for one, answer in zip(wanted, found, strict=True)}


async def _seen_on(app: App, target: Target, native: bool, host: str) -> Seen:
    place = await place_of(app, host, target.app, native=native)
    return await place.look(target.app)


async def _name_awaited(awaited: Mapping[str, object], say: Say) -> None:
    """Says from time to time, where it has changed, which hosts have not answered."""
    named = tuple(awaited)
    while True:
        await asyncio.sleep(AWAITED_EVERY)
        if awaited and tuple(awaited) != named:
            named = tuple(awaited)
            say(msg("Looking at {hosts}", hosts=", ".join(named)))


async def look_at(
    app: App, target: Target, *, native: bool = False, say: Say = lambda text: None
) -> tuple[dict[str, Place], dict[str, Seen], dict[str, GoferryError]]:
    """Places and what is on them, all hosts side by side; and who did not answer, with the reason. `say` names those
    still awaited when some keep the others waiting."""
    names = [host.name for host in target.hosts]
    awaited = dict.fromkeys(names)

    async def one(name: str) -> tuple[Place, Seen] | GoferryError:
        try:
            place = await place_of(app, name, target.app, native=native)
            if isinstance(place, Foresees):
                place.warm()
            return place, await place.look(target.app)
        except GoferryError as error:
            return error
        finally:
            awaited.pop(name, None)

    naming = asyncio.create_task(_name_awaited(awaited, say), name="name the awaited")
    try:
        found = dict(zip(names, await together(*(one(name) for name in names)), strict=True))
    finally:
        naming.cancel()
    here = {name: pair for name, pair in found.items() if not isinstance(pair, GoferryError)}
    offline = {name: error for name, error in found.items() if isinstance(error, GoferryError)}
    if not here and offline:
        raise next(iter(offline.values()))
    return {n: pair[0] for n, pair in here.items()}, {n: pair[1] for n, pair in here.items()}, offline


async def run_prepared(
    prepared: Prepared,
    *,
    take_over: bool = False,
    watch: Watch = lambda host, result: None,
    recorder: Callable[[str], Recorder] = lambda host: Recorder(),
    hold: Hold | None = None,
) -> RolloutResult:
    """Does it by its strategy, no further after a failure. With an offline host nothing is begun. `hold` is awaited
    before each host.

    `take_over`: a person has seen who holds a lock, and goes on all the same; what the other does ends."""
    hosts: tuple[HostResult, ...]
    if prepared.offline:
        hosts = tuple(
            HostResult(r.place.host, HostState.UNCHANGED, r.plan().pending()) for r in prepared.rollouts
        ) + tuple(
            HostResult(name, HostState.UNKNOWN, error=error) for name, error in prepared.offline.items()
        )
        return RolloutResult(prepared.release, hosts)
    for rollout in prepared.rollouts:
        rollout.watch, rollout.take_over, rollout.hold = watch, take_over, hold
        rollout.recorder = recorder(rollout.place.host)
    hosts, relay = await travel(
        prepared.rollouts, prepared.strategy, prepared.back, prepared.gather, prepared.relay
    )
    return RolloutResult(prepared.release, hosts, relay)


async def deploy_project(
    app: App, folder: Path, names: Sequence[str], *, say: Say = lambda text: None, native: bool = False
) -> RolloutResult:
    """All of it in one go: for `goferry demo`, and where nobody wants to read the plan."""
    return await run_prepared(await prepare_deploy(app, folder, names, say=say, native=native))


async def remove_app(app: App, folder: Path, names: Sequence[str]) -> tuple[HostResult, ...]:
    """Takes the app off the hosts: what runs, images, history. Nothing there is fine."""
    from .app_releases import overview, remove

    return await remove(app, await overview(app, folder, names))


# -------------------------------------------------------------------- the wish


Ahead = Mapping[tuple[str, ...], asyncio.Task[BuildOutcome]]
"""Builds that go on already, by their targets."""


@asynccontextmanager
async def _built_ahead(app: App, build: Build, on_build: OnEvent) -> AsyncIterator[Ahead]:
    """Where the project builds for one kind of server only, that is done while the servers are looked at."""
    targets = tuple(build.config.build.targets)
    if len(targets) != 1 or not targets[0].startswith("linux/"):
        yield {}
        return
    work = build_project(app, build, targets=targets, on_event=on_build)
    task = asyncio.create_task(work, name="build ahead")
    try:
        yield {targets: task}
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _artifacts(
    app: App,
    target: Target,
    build: Build,
    places: Mapping[str, Place],
    seen: Mapping[str, Seen],
    say: Say,
    ahead: Ahead,
    on_build: OnEvent,
    built: Callable[[Built], object],
) -> dict[str, Artifact]:
    """What each host gets, built once for each kind of host. A host whose processor the project does not build for
    gets the first target's image, which its check refuses with the reason."""
    config = target.config
    wanted = {name: _go_target(config, places[name], seen[name]) for name in places}
    targets = tuple(dict.fromkeys(wanted.values()))
    say(msg("Building {version} for {targets}", version=build.version, targets=", ".join(targets)))
    work = ahead.get(targets) or build_project(app, build, targets=targets, on_event=on_build)
    outcome = await work
    built(Built(build, outcome, {}))
    for failure in outcome.failures.values():
        raise failure
    binaries = {binary.target: binary for binary in outcome.binaries}
    images: dict[str, Artifact] = {}
    answer = {}
    for name, place in places.items():
        binary = binaries[wanted[name]]
        if place.kind == "native":
            answer[name] = Artifact.of_binary(binary, target.project.folder)
            continue
        if isinstance(place, Foresees):
            place.foresee(binary)
        if binary.target not in images:
            say(msg("Making the image"))
            images[binary.target] = Artifact.of_image(await make_image(app, build, binary), binary)
        answer[name] = images[binary.target]
    return answer


def _go_target(config: Config, place: Place, seen: Seen) -> str:
    if place.kind == "native":
        return seen.arch
    fits = [target for target in config.build.targets if target == f"linux/{seen.arch}"]
    linux = [target for target in config.build.targets if target.startswith("linux/")]
    return (fits or linux or [f"linux/{seen.arch}"])[0]


async def _wish(
    app: App, target: Target, version: str, given: Mapping[str, Secret], note: str, *, only_plan: bool
) -> Wish:
    config, environment = target.config, target.environment
    secrets = await known_secrets(app, target.app, environment.name, environment.secrets, given)
    later = tuple(sorted({*environment.secrets} - dict(secrets).keys()))
    if later and not only_plan:
        raise SecretMissing(later, environment.name, target.app)
    return Wish(
        app=config.name,
        version=version,
        port=config.port,
        publish=target.publish,
        bind=environment.bind or "127.0.0.1",
        args=config.args,
        env=tuple(sorted(environment.env.items())),
        secrets=secrets,
        later=later,
        health=health_of(config.health, target.publish),
        memory=environment.memory,
        environment=environment.name,
        by=who(),
        note=note,
        mode=environment.mode,
        keep=app.settings.now.keep_releases,
    )


async def known_secrets(
    app: App, name: str, environment: str, wanted: Sequence[str], given: Mapping[str, Secret]
) -> tuple[tuple[str, Secret], ...]:
    """Values for those names that have one: given ones first, else from the credential store."""
    found = {key: given[key] for key in wanted if key in given}
    for key in wanted:
        if key not in found:
            kept = await app.pools.files.run(_kept, app, secret_key("env", name, environment, key))
            if kept is not None:
                found[key] = kept
    return tuple(sorted(found.items()))


def _kept(token: CancelToken, app: App, key: str) -> Secret | None:
    return app.secrets.get(key)


async def release_values(app: App, release: Release, given: Mapping[str, Secret] | None = None) -> Values:
    """The environment of a release that is started again: its own settings, and secrets as they are kept now. One that
    is kept nowhere is left out: the container of then holds it."""
    secrets = await known_secrets(app, release.app, release.environment, release.secret_names, given or {})
    return (*release.env, *secrets)


def health_of(options: HealthOptions, publish: int) -> Health:
    """The project's health check; none for a program that serves no port and has no command."""
    command = tuple(options.command or ())
    return Health(
        http=(options.http or "") if publish and not command and not options.tcp else "",
        tcp=bool(options.tcp and publish and not command),
        command=command,
        interval=options.interval,
        timeout=options.timeout,
        retries=options.retries,
        start=options.start,
    )


def who() -> str:
    """The person, as colleagues know them: user and computer."""
    with suppress(OSError, KeyError, ImportError):
        return f"{getpass.getuser()}@{platform.node()}"
    return platform.node()
