"""The image's config and manifest, as the JSON that engines read."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from desktop.base.words import Message
from desktop.project import Config, HealthOptions

from .layers import APP
from .model import CONFIG_TYPE, MANIFEST_TYPE, ImageWish, Layer
from .store import canonical_json

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
LABEL = "io.goferry."


def image_config(wish: ImageWish, layers: tuple[Layer, ...]) -> bytes:
    """The config blob: how a container of the image runs, and the layers it has."""
    base = _base(wish)
    own = base.get("config") or {}
    created = datetime.fromtimestamp(wish.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    binary, config = wish.binary, wish.config
    system, _, arch = binary.target.partition("/")
    settings = {
        "Env": list(own.get("Env") or [PATH]),
        "Entrypoint": [f"/{APP}/{binary.name}"],
        "WorkingDir": f"/{APP}",
        "User": f"{config.image.user}:{config.image.user}",
        "Labels": {**(own.get("Labels") or {}), **labels(wish)},
        "StopSignal": "SIGTERM",
    }
    if config.args:
        settings["Cmd"] = list(config.args)
    if config.port:
        settings["ExposedPorts"] = {f"{config.port}/tcp": {}}
    if health := docker_health(config.health):
        settings["Healthcheck"] = health
    history = [*(base.get("history") or []), *_history(wish, layers, created)]
    return canonical_json(
        {
            "created": created,
            "architecture": arch,
            "os": system,
            **({"variant": "v8"} if arch == "arm64" else {}),
            "config": settings,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": history,
        }
    )


def _base(wish: ImageWish) -> dict[str, Any]:
    found = json.loads(wish.base.config)
    return found if isinstance(found, dict) else {}


def _history(wish: ImageWish, layers: tuple[Layer, ...], created: str) -> list[dict[str, Any]]:
    own = layers[len(wish.base.layers) :]
    # in English always: the language of the window must not change the digest
    told = [layer.what.words("en") if isinstance(layer.what, Message) else layer.what for layer in own]
    return [{"created": created, "created_by": f"goferry {what}", "comment": "goferry"} for what in told]


def labels(wish: ImageWish) -> dict[str, str]:
    """Who made it and from what; a person's own labels come last and win."""
    version, name = wish.binary.version, wish.config.name
    found = {"org.opencontainers.image.title": name, f"{LABEL}app": name}
    if version:
        found["org.opencontainers.image.version"] = version
        found[f"{LABEL}version"] = version
    if wish.revision:
        found["org.opencontainers.image.revision"] = wish.revision
    if wish.base.digest:
        found["org.opencontainers.image.base.name"] = wish.base.ref
        found["org.opencontainers.image.base.digest"] = wish.base.digest
    return {**found, **{str(key): str(value) for key, value in wish.config.image.labels.items()}}


def docker_health(health: HealthOptions) -> dict[str, Any] | None:
    """Docker's own check, for a health command only: HTTP and TCP are asked from outside, since an empty image has
    no program that could ask."""
    if not health.command:
        return None
    return {
        "Test": ["CMD", *health.command],
        "Interval": int(health.interval * 1e9),
        "Timeout": int(health.timeout * 1e9),
        "StartPeriod": int(health.start * 1e9),
        "Retries": health.retries,
    }


def image_manifest(config: tuple[str, int], layers: tuple[Layer, ...]) -> bytes:
    digest, size = config
    return canonical_json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {"mediaType": CONFIG_TYPE, "digest": digest, "size": size},
            "layers": [
                {"mediaType": layer.media_type, "digest": layer.digest, "size": layer.size}
                for layer in layers
            ],
        }
    )


def repository_for(config: Config) -> str:
    """The image's repository: the configured one, else the project's name."""
    return config.image.ref or config.name
