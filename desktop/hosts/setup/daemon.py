"""Docker's daemon.json: what a person has in it stays, ours is added; pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from desktop.base.errors import GoferryError
from desktop.base.words import msg

from .model import Wish

PATH = "/etc/docker/daemon.json"


class DaemonFileBroken(GoferryError):
    code = "setup.daemon_json"

    def __init__(self, host: str, error: json.JSONDecodeError, text: str) -> None:
        lines = text.splitlines() or [""]
        super().__init__(
            msg("{path} on {host} is not valid JSON.", path=PATH, host=host),
            msg("Line {line}: {text}", line=error.lineno, text=lines[min(error.lineno, len(lines)) - 1].strip()[:200]),
            msg("Correct that line on the server; Goferry does not overwrite what it cannot read."),
            detail=str(error),
        )  # fmt: skip


SETTINGS = ("logs", "live", "loopback", "data")
"""Steps that change the file, in their order; each may be left out, or taken back alone."""


def wanted(step: str, wish: Wish) -> dict[str, Any]:
    """The settings that a step is for; empty where the wish does not have it."""
    if step == "logs" and wish.log_rotation:
        return {"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}
    if step == "live" and wish.live_restore:
        return {"live-restore": True}
    if step == "loopback" and wish.loopback:
        return {"ip": "127.0.0.1"}
    if step == "data" and wish.data_root:
        return {"data-root": wish.data_root}
    return {}


def merged(text: str, wish: Wish, host: str = "", steps: Sequence[str] = SETTINGS) -> str:
    """The file's new text; the same text where it says all already. What a person chose wins over our defaults, except
    a data root that they asked for just now. Raises DaemonFileBroken."""
    result = dict(now := _parsed(text, host))
    for step in steps:
        result |= _added(result, step, wish)
    return text if result == now else json.dumps(result, indent=2, ensure_ascii=False) + "\n"


def reachable(text: str, wish: Wish, steps: Sequence[str], host: str = "") -> tuple[str, ...]:
    """Every text that any of these steps can have made of the file: each of them may have been left out."""
    texts = [text]
    for step in steps:
        texts += [merged(one, wish, host, (step,)) for one in texts]
    return tuple(dict.fromkeys(texts))


def notes(text: str, step: str, wish: Wish, host: str = "") -> str:
    """For the journal: what the step adds, and what was there before; a line each, values percent-quoted JSON."""
    now = _parsed(text, host)
    added = _added(now, step, wish)
    lines = [f"key {name} {_packed(value)}" for name, value in added.items()]
    lines += [f"was {name} {_packed(now[name])}" for name in added if name in now]
    return "\n".join(lines)


def _packed(value: Any) -> str:
    return quote(json.dumps(value), safe="/")


def _added(now: Mapping[str, Any], step: str, wish: Wish) -> dict[str, Any]:
    added: dict[str, Any] = {}
    for key, value in wanted(step, wish).items():
        if key == "log-opts" and now.get("log-driver", "json-file") != "json-file":
            continue
        if key not in now or (key == "data-root" and now[key] != value):
            added[key] = value
    return added


def _parsed(text: str, host: str) -> dict[str, Any]:
    try:
        now = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        raise DaemonFileBroken(host, error, text) from error
    if not isinstance(now, dict):
        raise DaemonFileBroken(host, json.JSONDecodeError("not an object", text, 0), text)
    return now
