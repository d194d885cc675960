"""The facts last seen of each host, so that a list shows something at once, with its age."""

from __future__ import annotations

import dataclasses
import datetime
import json
import logging
from collections.abc import Mapping
from typing import Any

from desktop.base.paths import Home, write_atomically

from .facts import EngineFacts, Facts
from .systems import System

_log = logging.getLogger(__name__)


class FactsCache:
    """One small JSON file under the home folder; what cannot be read counts as never seen."""

    def __init__(self, home: Home) -> None:
        self._file = home.root / "cache" / "facts.json"
        self._known: dict[str, Facts] | None = None

    def get(self, name: str) -> Facts | None:
        return self._read().get(name)

    def put(self, name: str, facts: Facts) -> None:
        self.put_all({name: facts})

    def put_all(self, facts: Mapping[str, Facts]) -> None:
        """Those of many hosts with one write."""
        if facts:
            self._read().update(facts)
            self._write()

    def forget(self, name: str) -> None:
        if self._read().pop(name, None) is not None:
            self._write()

    def _read(self) -> dict[str, Facts]:
        if self._known is None:
            try:
                content = json.loads(self._file.read_text(encoding="utf-8"))
                self._known = {str(name): _facts(values) for name, values in content.items()}
            except FileNotFoundError:
                self._known = {}
            except (OSError, ValueError, TypeError, KeyError, AttributeError):
                _log.info("the cache of facts could not be read and begins anew")
                self._known = {}
        return self._known

    def _write(self) -> None:
        content = {name: dataclasses.asdict(facts) for name, facts in self._read().items()}
        self._file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(self._file, json.dumps(content, default=str, ensure_ascii=False))


def _facts(values: dict[str, Any]) -> Facts:
    system, engine = dict(values.pop("system")), values.pop("engine")
    if system.get("ended"):
        system["ended"] = datetime.date.fromisoformat(system["ended"])
    if engine is not None:
        engine["names"] = tuple(engine["names"])
    values["tools"] = tuple(values["tools"])
    return Facts(system=System(**system), engine=EngineFacts(**engine) if engine else None, **values)
