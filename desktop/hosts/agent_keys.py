"""The keys that the agents of this computer hold, and the one of them that is offered to a server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import paramiko
import paramiko.agent

from desktop.base.words import msg

from .agents import Agent, agents
from .errors import AgentUnusable
from .model import Host


class _KeyAgent(paramiko.agent.AgentSSH):
    """One agent, by a connection of ours."""

    def __init__(self, connection: Any) -> None:
        super().__init__()
        try:
            self._connect(connection)  # type: ignore[attr-defined]  # not in the stubs
        except BaseException:
            connection.close()
            raise

    def close(self) -> None:
        self._close()  # type: ignore[attr-defined]


def _pageant_window() -> Any:
    import importlib

    win_pageant: Any = importlib.import_module("paramiko.win_pageant")
    return win_pageant.PageantConnection() if win_pageant.can_talk_to_agent() else None


@contextmanager
def agent_key(host: Host, wanted: str, limit: float = 3.0) -> Iterator[paramiko.PKey]:
    """The one key of the agents: the wanted fingerprint, or the only one there. They have 3 s to answer, side by side:
    one that hangs keeps nobody from a key that another one holds."""
    asked = [_Asked(agent) for agent in agents(_pageant_window)]
    deadline = time.monotonic() + limit
    for each in asked:
        each.wait(deadline)
    try:
        yield _the_one(host, asked, wanted)
    finally:
        for each in asked:
            each.close()


class _Asked:
    """An agent that is asked for its keys, in a thread of its own."""

    def __init__(self, agent: Agent) -> None:
        self.name, self.failure = agent.name, ""
        self.keys: tuple[paramiko.AgentKey, ...] = ()
        self._agent: _KeyAgent | None = None
        self._place, self._given_up = agent, False
        self._thread = threading.Thread(target=self._ask, name="ssh-agent", daemon=True)
        self._thread.start()

    def _ask(self) -> None:
        try:
            self._agent = _KeyAgent(self._place.open())
            self.keys = tuple(self._agent.get_keys())
        except Exception as error:  # noqa: BLE001  an agent's pipe fails in any way it likes
            self.failure = str(error) or type(error).__name__
        if self._given_up:
            self.close()

    def wait(self, deadline: float) -> None:
        self._thread.join(max(0.0, deadline - time.monotonic()))
        if self._thread.is_alive():
            self._given_up, self.failure = True, "no answer"

    def close(self) -> None:
        if self._agent is not None:
            self._agent.close()


def _the_one(host: Host, asked: list[_Asked], wanted: str) -> paramiko.PKey:
    found = {key.fingerprint: key for each in reversed(asked) for key in each.keys}
    fitting = [key for name, key in found.items() if not wanted or name == wanted]
    if len(fitting) == 1:
        return fitting[0]
    told = [f"{each.name}: {each.failure}" for each in asked if each.failure]
    told += [f"{key.fingerprint} {key.comment} ({each.name})" for each in asked for key in each.keys]
    if found and wanted:
        why = msg("It does not hold the key {fingerprint}.", fingerprint=wanted)
    elif found:
        why = msg("It holds {n} keys, and none was chosen.", n=len(found))
    elif any(each.failure for each in asked):
        why = msg("It does not answer.")
    else:
        why = msg("No agent runs, or it holds no key.")
    raise AgentUnusable(host.name, why, detail="\n".join(told))
