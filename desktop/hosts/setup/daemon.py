"""Docker's daemon.json: what a person has in it stays, ours is added; pure."""

from __future__ import annotations

import json
from typing import Any

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


def wanted(wish: Wish) -> dict[str, Any]:
    """The settings that a wish asks for."""
    settings: dict[str, Any] = {}
    if wish.log_rotation:
        settings |= {"log-driver": "json-file", "log-opts": {"max-size": "10m", "max-file": "3"}}
    if wish.live_restore:
        settings["live-restore"] = True
    if wish.loopback:
        settings["ip"] = "127.0.0.1"
    if wish.data_root:
        settings["data-root"] = wish.data_root
    return settings


def merged(text: str, wish: Wish, host: str = "") -> str:
    """The file's new text; the same text where it says all already. What a person chose wins over our defaults, except
    a data root that they asked for just now. Raises DaemonFileBroken."""
    try:
        now = json.loads(text) if text.strip() else {}
    except json.JSONDecodeError as error:
        raise DaemonFileBroken(host, error, text) from error
    if not isinstance(now, dict):
        raise DaemonFileBroken(host, json.JSONDecodeError("not an object", text, 0), text)
    result = dict(now)
    for key, value in wanted(wish).items():
        if key == "log-opts" and result.get("log-driver") != "json-file":
            continue
        if key not in result or key == "data-root":
            result[key] = value
    return text if result == now else json.dumps(result, indent=2, ensure_ascii=False) + "\n"
