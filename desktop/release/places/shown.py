"""What the stages of a release do with a server's engine, as command lines that a person can repeat by hand; pure."""

from __future__ import annotations

from desktop.base.commands import Command
from desktop.release import scripts
from desktop.release.model import Artifact, Release


def shown(
    stage: str, release: Release, old: Release | None, artifact: Artifact, tag: str
) -> tuple[Command, ...]:
    """`tag`: the release's name for its image."""
    publish = ("-p", f"{release.bind}:{release.publish}:{release.port}") if release.publish else ()
    # values stay out: a plan may be shown to others
    env = tuple(word for key, _ in release.env for word in ("-e", key))
    secrets = tuple(word for key in release.secret_names for word in ("-e", key))
    name = release.container
    create = ("docker", "create", "--name", name, *publish, *env, *secrets, tag)
    stop_old = (Command(("docker", "stop", old.container)),) if old is not None else ()
    keep_old = (Command(("docker", "update", "--restart", "no", old.container)),) if old is not None else ()
    words: dict[str, tuple[Command, ...]] = {
        "lock": (Command(("flock", f"{scripts.folder_of(release.app)}/lock")),),
        "load": (
            Command(("docker", "load")),
            Command(("docker", "tag", artifact.ref, tag)),
        ),
        "start": (Command(create), *stop_old, Command(("docker", "start", name))),
        "health": (_health_command(release),),
        "switch": (Command(("docker", "update", "--restart", "unless-stopped", name)), *keep_old),
    }
    return words.get(stage, ())


def _health_command(release: Release) -> Command:
    if release.health.command:
        return Command(("docker", "exec", release.container, *release.health.command))
    if release.health.http:
        return Command(("curl", "-f", f"http://127.0.0.1:{release.publish}{release.health.http}"))
    return Command(("docker", "inspect", "-f", "{{.State.Running}}", release.container))
