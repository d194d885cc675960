"""What the stages of a release do with a server's engine, as command lines that a person can repeat by hand; pure."""

from __future__ import annotations

from desktop.base.commands import Command
from desktop.release import front, scripts
from desktop.release.model import Artifact, Release

Lines = tuple[Command, ...]


def shown(stage: str, release: Release, old: Release | None, artifact: Artifact, tag: str) -> Lines:
    """`tag`: the release's name for its image."""
    words: dict[str, Lines] = {
        "lock": (_line("flock", f"{scripts.folder_of(release.app)}/lock"),),
        "load": (_line("docker", "load"), _line("docker", "tag", artifact.ref, tag)),
        "health": (_health_command(release),),
    }
    if stage == "start":
        return _start(release, old, tag)
    if stage == "switch":
        return _switch(release, old)
    return words.get(stage, ())


def _line(*words: str) -> Command:
    return Command(words)


def _start(release: Release, old: Release | None, tag: str) -> Lines:
    name, door = release.container, front.front_name(release.app)
    create, start = _create(release, tag), _line("docker", "start", name)
    moved = old is None or front.moves(release, old)
    owner = door if old is not None and old.proxied else old.container if old is not None else ""
    stop_owner = (_line("docker", "stop", owner),) if owner else ()
    if not release.proxied:
        return (create, *stop_owner, start)
    if not moved:
        return (create, start)
    return (*_door(release), create, start, *stop_owner, _line("docker", "start", door))


def _create(release: Release, tag: str) -> Command:
    where: tuple[str, ...] = ()
    if release.proxied:
        where = ("--network", front.network_name(release.app), "--network-alias", front.alias(release))
    elif release.publish:
        where = ("-p", f"{release.bind}:{release.publish}:{release.port}")
    # values stay out: a plan may be shown to others
    keys = (*(key for key, _ in release.env), *release.secret_names)
    env = tuple(word for key in keys for word in ("-e", key))
    return _line("docker", "create", "--name", release.container, *where, *env, tag)


def _door(release: Release) -> Lines:
    network, publish = front.network_name(release.app), f"{release.bind}:{release.publish}:{front.PORT}"
    name = front.front_name(release.app)
    return (
        _line("docker", "network", "create", network),
        _line("docker", "create", "--name", name, "--network", network, "-p", publish, front.REPOSITORY),
    )


def _switch(release: Release, old: Release | None) -> Lines:
    door, stays = front.front_name(release.app), ("docker", "update", "--restart")
    found = [_line(*stays, "unless-stopped", release.container)]
    if release.proxied:
        found = [_line("docker", "exec", door, "/front", "route", f"{front.address(release)}=1"), *found]
    if old is not None:
        found.append(_line(*stays, "no", old.container))
    if old is not None and old.proxied and not front.moves(release, old):
        seconds = f"{front.DRAIN:g}"
        found.append(_line("docker", "exec", door, "/front", "drain", front.address(old), seconds))
        found.append(_line("docker", "stop", old.container))
    elif old is not None and old.proxied:
        found.append(_line("docker", "stop", old.container))
    return tuple(found)


def _health_command(release: Release) -> Command:
    health = release.health
    if health.command:
        return _line("docker", "exec", release.container, *health.command)
    if release.proxied and (health.http or health.tcp):
        words = (front.address(release), health.http, f"{health.patience:g}")
        return _line("docker", "exec", front.front_name(release.app), "/front", "await", *words)
    if health.http:
        return _line("curl", "-f", f"http://127.0.0.1:{release.publish}{health.http}")
    return _line("docker", "inspect", "-f", "{{.State.Running}}", release.container)
