"""What the hosts of all environments run, side by side; for the window and for `goferry consistency`. No Qt."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.app_choices import Value, edited, text_as_it_is
from desktop.app_deploy import Target, health_of, place_of, who
from desktop.app_seats import bytes_of
from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError
from desktop.base.paths import write_atomically
from desktop.base.together import together
from desktop.project import TEAM_FILE, Change, Environment, Mark, config_for, load_marks, marked
from desktop.release import (
    SECRETS_FACT,
    FactKey,
    FactRow,
    HostReading,
    compare_hosts,
    facts_of_container,
    facts_of_release,
    health_text,
    key_text,
    memory_text,
    network_facts,
    settings_facts,
)

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.project import Config, Project

OnRead = Callable[[int, int], object]
"""How many hosts of how many have answered."""


@dataclass(frozen=True, slots=True)
class Consistency:
    """All environments side by side, as they were `at` that moment."""

    app: str
    environments: tuple[str, ...]
    readings: tuple[HostReading, ...]
    rows: tuple[FactRow, ...]
    at: float

    @property
    def deployed(self) -> bool:
        return any(reading.release for reading in self.readings)

    def hosts(self, environment: str) -> tuple[HostReading, ...]:
        return tuple(reading for reading in self.readings if reading.environment == environment)


async def read_consistency(app: App, folder: Path, on_read: OnRead = lambda read, of: None) -> Consistency:
    """Reads them all now, side by side; changes nothing. Raises ConfigError; a host that cannot be read is in it."""
    project = await app.project(folder)
    config = project.config or config_for(project)
    marks = await app.pools.files.run(lambda token: load_marks(folder))
    wanted = [
        (environment, host)
        for environment in config.environments.values()
        for host in environment.hosts or (environment.name,)
    ]
    done: list[str] = []

    async def one(environment: Environment, host: str) -> HostReading:
        try:
            return await _read(app, _target(app, project, config, environment, host), host)
        except GoferryError as error:
            return HostReading(environment.name, host, problem=error)
        finally:
            done.append(host)
            on_read(len(done), len(wanted))

    on_read(0, len(wanted))
    readings = await together(*(one(*pair) for pair in wanted))
    today = time.strftime("%Y-%m-%d")
    declared = {name: said_by(config, found) for name, found in config.environments.items()}
    rows = compare_hosts(
        tuple(config.environments), readings, declared, [mark for mark in marks if mark.holds(today)]
    )
    return Consistency(config.name, tuple(config.environments), tuple(readings), rows, time.time())


def _target(app: App, project: Project, config: Config, environment: Environment, host: str) -> Target:
    """Raises UnknownHost."""
    return Target(project, config, environment, app.inventory.resolve((host,)))


async def _read(app: App, target: Target, host: str) -> HostReading:
    place = await place_of(app, host, target.app)
    seen = await place.look(target.app)
    release, name = seen.serving, target.environment.name
    if release is None or release.environment not in ("", name):
        return HostReading(name, host)
    facts = facts_of_release(release, seen.arch)
    if place.kind == "engine":
        engine = await app.engine(host)
        instance = seen.instance(release.id)
        if instance is not None:
            facts |= facts_of_container(await engine.inspect(instance.container))
        version = await engine.version()
        facts |= {
            ("server", "engine"): version.server,
            ("server", "kernel"): version.kernel,
            ("server", "processor"): version.arch,
        }
    return HostReading(name, host, facts, release.id, release.by, release.at)


def said_by(config: Config, environment: Environment) -> Mapping[FactKey, str]:
    """What goferry.yaml says of an environment: what a deploy now would bring there."""
    publish = environment.publish or config.port
    said = settings_facts(environment.env, environment.secrets)
    said |= {
        ("container", "memory"): memory_text(bytes_of(environment.memory)),
        ("container", "health"): health_text(health_of(config.health, publish)),
    }
    if config.port:
        bind = environment.bind or "127.0.0.1"
        said |= network_facts(config.port, bind, publish, environment.mode if publish else "direct")
    return said


async def mark_as_meant(app: App, folder: Path, key: FactKey, why: str, until: str = "") -> None:
    """Into the team's file in the project; without a `why` the mark goes. Raises ConfigError, OSError."""
    mark = Mark(key_text(key), why, who() if why else "", until)

    def write(token: CancelToken) -> None:
        file = folder / TEAM_FILE
        start, text = text_as_it_is(file) if file.is_file() else ("", "")
        write_atomically(file, start + marked(text, mark))

    await app.pools.files.run(write)


# ------------------------------------------------------------------------------------------------- one value everywhere


Keys = dict[str | tuple[str, ...], Value]


def can_be_everywhere(key: FactKey) -> bool:
    """Whether goferry.yaml has a value of it for each environment."""
    return key in _WRITTEN or (key[0] == "config" and key != SECRETS_FACT)


async def everywhere(app: App, folder: Path, key: FactKey, value: str) -> Change | None:
    """The change to goferry.yaml that gives all environments this value of a key; None where it says so already.
    Raises ConfigError, OSError. Nothing is written."""
    project = await app.project(folder)
    config = project.config or config_for(project)
    wanted = {
        path: written
        for environment in config.environments.values()
        for path, written in _written(config, environment, key, value).items()
    }

    def change(token: CancelToken) -> Change | None:
        return edited(folder, wanted)

    return await app.pools.files.run(change) if wanted else None


def _written(config: Config, environment: Environment, key: FactKey, value: str) -> Keys:
    """What has to be set in one environment; nothing where it has the value already."""
    if key[0] == "config":
        there = environment.env.get(key[1])
        return {} if there == value else {("environments", environment.name, "env", key[1]): value}
    made = _WRITTEN[key](config, environment, value)
    return {("environments", environment.name, name): text for name, text in made.items()}


def _memory(config: Config, environment: Environment, value: str) -> dict[str, Value]:
    if memory_text(bytes_of(environment.memory)) == value:
        return {}
    number, _, unit = value.partition(" ")
    if not number:
        return {"memory": None}
    if number.isdigit():
        return {"memory": f"{number}{unit[:1].lower()}"}
    return {"memory": str(int(float(number) * (1 << (30 if unit == "GB" else 20))))}


def _mode(config: Config, environment: Environment, value: str) -> dict[str, Value]:
    return {} if environment.mode == value else {"mode": value}


def _published(config: Config, environment: Environment, value: str) -> dict[str, Value]:
    bind, _, port = value.rpartition(":")
    there = {"bind": environment.bind or "127.0.0.1", "publish": environment.publish or config.port}
    wanted: dict[str, Value] = {"bind": bind, "publish": int(port)}
    return {name: one for name, one in wanted.items() if there[name] != one}


_WRITTEN: dict[FactKey, Callable[[Config, Environment, str], dict[str, Value]]] = {
    ("container", "memory"): _memory,
    ("network", "mode"): _mode,
    ("network", "published"): _published,
}
