"""What can be compared of a release and of its container, as words; pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .consistency import SECRET_VALUE, SECRETS_FACT, VERSION_FACT, FactKey
from .model import Health, Release


def facts_of_release(release: Release, processor: str) -> dict[FactKey, str]:
    """What it was deployed with. A program for another processor has another digest, and that is no difference."""
    facts: dict[FactKey, str] = {
        VERSION_FACT: release.version or release.id,
        ("image", f"digest {processor.rpartition('/')[2]}".strip()): release.image_digest,
        ("container", "health"): health_text(release.health),
    }
    facts |= settings_facts(dict(release.env), release.secret_names)
    if release.secret_mark:
        facts[SECRETS_FACT] = release.secret_mark
    if release.port:
        facts |= network_facts(release.port, release.bind, release.publish, release.mode)
    return facts


def settings_facts(env: Mapping[str, str], secrets: tuple[str, ...]) -> dict[FactKey, str]:
    return {("config", name): value for name, value in env.items()} | {
        ("config", name): SECRET_VALUE for name in secrets
    }


def network_facts(port: int, bind: str, publish: int, mode: str) -> dict[FactKey, str]:
    return {
        ("network", "port"): str(port),
        ("network", "published"): f"{bind}:{publish}",
        ("network", "mode"): mode,
    }


def facts_of_container(found: Mapping[str, Any]) -> dict[FactKey, str]:
    """Out of what the engine says of it."""
    config, host = found.get("Config") or {}, found.get("HostConfig") or {}
    log = host.get("LogConfig") or {}
    options = log.get("Config") or {}
    rotation = " × ".join(filter(None, (options.get("max-size"), options.get("max-file"))))
    cpus = (host.get("NanoCpus") or 0) / 1e9
    if not cpus and (host.get("CpuQuota") or 0) > 0:
        cpus = host["CpuQuota"] / (host.get("CpuPeriod") or 100_000)
    return {
        ("container", "state"): str((found.get("State") or {}).get("Status", "")),
        ("container", "memory"): memory_text(int(host.get("Memory") or 0)),
        ("container", "cpu"): f"{cpus:g}" if cpus else "",
        ("container", "restart"): str((host.get("RestartPolicy") or {}).get("Name") or "no"),
        ("container", "log"): rotation or str(log.get("Type", "")),
        ("container", "user"): str(config.get("User") or "root"),
        ("container", "readonly"): "yes" if host.get("ReadonlyRootfs") else "no",
    }


def memory_text(limit: int) -> str:
    """ "512 MB"; empty for no limit."""
    if not limit:
        return ""
    return f"{limit / (1 << 30):g} GB" if limit % (1 << 30) == 0 else f"{limit / (1 << 20):g} MB"


def health_text(health: Health) -> str:
    """ "/health, 5 s"; empty for none."""
    how = " ".join(health.command) or health.http or ("tcp" if health.tcp else "")
    return f"{how}, {health.interval:g} s" if how else ""
