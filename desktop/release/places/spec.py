"""A release as a container, and a container as what it is of a release; pure."""

from __future__ import annotations

from desktop.engine import Container, ContainerSpec, Port
from desktop.release.front import alias, network_name
from desktop.release.model import Instance, Release
from desktop.release.place import Values
from desktop.release.records import to_record

LABEL = "io.goferry."


def container_spec(release: Release, image: str, values: Values) -> ContainerSpec:
    """The container of a release. It is not started again by itself before its health is proven."""
    labels = {
        f"{LABEL}app": release.app,
        f"{LABEL}release": release.id,
        f"{LABEL}version": release.version,
        f"{LABEL}environment": release.environment,
        f"{LABEL}port": str(release.port),
        f"{LABEL}publish": str(release.publish),
        f"{LABEL}record": to_record(release),
    }
    if release.proxied:
        labels[f"{LABEL}door"] = f"{release.bind}:{release.publish}"
    published = release.publish and release.port and not release.proxied
    return ContainerSpec(
        release.container,
        image,
        env=dict(values),
        labels=labels,
        ports=(Port(release.port, release.publish, release.bind),) if published else (),
        restart="no",
        memory=release.memory,
        network=network_name(release.app) if release.proxied else "",
        aliases=(alias(release),) if release.proxied else (),
        log_options={"max-size": "10m", "max-file": "5"},
    )


def owners(container: Container) -> tuple[str, ...]:
    """The apps whose release or front it is."""
    return tuple(app for key in (f"{LABEL}app", f"{LABEL}front") if (app := container.labels.get(key)))


def instance_of(container: Container, host: str) -> Instance:
    labels = container.labels
    return Instance(
        host,
        labels.get(f"{LABEL}app", ""),
        labels.get(f"{LABEL}release", ""),
        container.state,
        container.health,
        (labels[f"{LABEL}door"],)
        if f"{LABEL}door" in labels
        else tuple(f"{port.bind}:{port.host}" for port in container.ports),
        labels.get(f"{LABEL}version", ""),
        container.restarts,
        container.exit_code,
        container.started,
        container.name,
    )
