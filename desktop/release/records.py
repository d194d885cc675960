"""Releases as JSON: the record file on a host and the label on a container. Never a secret's value."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from .model import Health, Outcome, Release

SCHEMA = 1


def to_record(release: Release) -> str:
    """One line of JSON, stable for the same release."""
    values = asdict(release)
    values["env"] = dict(release.env)
    values["health"]["command"] = list(release.health.command)
    return json.dumps({"schema": SCHEMA, **values}, ensure_ascii=False, sort_keys=True)


def from_record(text: str | bytes) -> Release | None:
    """The release of a record; None when it is damaged or not one, for a broken file must not hide the others."""
    try:
        values: dict[str, Any] = json.loads(text)
        health = values.get("health") or {}
        return Release(
            id=str(values["id"]),
            sequence=int(values["sequence"]),
            app=str(values["app"]),
            image_ref=str(values["image_ref"]),
            image_digest=str(values["image_digest"]),
            version=str(values.get("version", "")),
            port=int(values["port"]),
            publish=int(values["publish"]),
            bind=str(values.get("bind", "")),
            args=tuple(map(str, values.get("args", ()))),
            env=tuple(sorted((str(k), str(v)) for k, v in values.get("env", {}).items())),
            secret_names=tuple(map(str, values.get("secret_names", ()))),
            secret_mark=str(values.get("secret_mark", "")),
            health=_health(health),
            memory=str(values.get("memory", "")),
            environment=str(values.get("environment", "")),
            by=str(values.get("by", "")),
            at=float(values.get("at", 0.0)),
            note=str(values.get("note", "")),
            mode=str(values.get("mode", "direct")),
            outcome=Outcome(values.get("outcome", "good")),
            why=str(values.get("why", "")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _health(values: dict[str, Any]) -> Health:
    plain = Health()
    return Health(
        http=str(values.get("http") or ""),
        tcp=bool(values.get("tcp", False)),
        command=tuple(map(str, values.get("command", ()))),
        interval=float(values.get("interval", plain.interval)),
        timeout=float(values.get("timeout", plain.timeout)),
        retries=int(values.get("retries", plain.retries)),
        start=float(values.get("start", plain.start)),
    )
