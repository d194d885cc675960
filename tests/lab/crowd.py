"""A crowd of hosts for tests and measurements: two hundred names, and one uplink for all."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from desktop.app import App
from desktop.base.paths import Home
from desktop.base.secret_store import MemoryStore
from desktop.hosts import Checked, Host, Inventory, check_hosts
from desktop.hosts.reach import tcp
from tests.lab.handle import Lab, LabHost

KINDS = ("up", "off", "silent", "unknown")
EACH = 50
PIECE = 16 << 10


class Uplink:
    """Counts what this computer sends to its servers, keys and all, and lets no more through than `rate` bytes a
    second, whoever sends. Put `tcp` in the place of the one that connections are made by."""

    def __init__(self, rate: float | None = None) -> None:
        self.rate, self.sent = rate, 0
        self._turn = threading.Lock()
        self._free_at = 0.0

    def tcp(self, *words: Any) -> socket.socket:
        plain = tcp(*words)
        sock = _Metered(plain.family, plain.type, fileno=plain.detach())
        sock.uplink = self
        return sock

    def take(self, size: int) -> None:
        """Returns when so many bytes may go."""
        with self._turn:
            self.sent += size
            now = time.monotonic()
            self._free_at = max(self._free_at, now) + (size / self.rate if self.rate else 0.0)
            wait = self._free_at - now
        if wait > 0.001:
            time.sleep(wait)


class _Metered(socket.socket):
    uplink: Uplink

    def send(self, data: Any, flags: int = 0) -> int:
        count = super().send(memoryview(data)[:PIECE], flags)
        self.uplink.take(count)
        return count


@contextmanager
def crowd(lab: Lab, server: LabHost, home: Home) -> Iterator[None]:
    """Two hundred hosts in an inventory: fifty answer (one server under fifty names), fifty refuse, fifty are silent in
    one way or another, fifty names are unknown."""
    lab.console(
        server.name,
        "/usr/sbin/sshd -p 2222 -o MaxStartups=500 -o PidFile=none\n"
        "iptables -I INPUT -p tcp --dport 2223 -j DROP",
    )
    with socket.create_server(("127.0.0.1", 0), backlog=128) as mute:  # takes connections and says nothing
        silent = ((server.address, 2223), ("127.0.0.1", mute.getsockname()[1]))
        hosts = []
        for number in range(EACH):
            places = {
                "up": (server.address, 2222),
                "off": ("127.0.0.1", 1),
                "silent": silent[number % 2],
                "unknown": (f"nobody-{number}.invalid", 22),
            }
            for kind, (address, port) in places.items():
                key, prints = str(server.key_path), (server.fingerprint,)
                name = f"{kind}-{number}"
                hosts.append(Host(name, address, port, server.user, "key", key, fingerprints=prints))
        Inventory(home).add_all(hosts)
        yield


def ask_all(home: Home) -> tuple[float, list[tuple[float, Checked]]]:
    """How long it takes to ask everybody, and when each answer came."""
    came: list[tuple[float, Checked]] = []

    async def ask() -> float:
        async with App(home, secrets=MemoryStore()) as app:
            hosts = [host for host in app.inventory.hosts() if not host.local]
            started = time.monotonic()
            await check_hosts(app.sessions, hosts, lambda one: came.append((time.monotonic() - started, one)))
            return time.monotonic() - started

    return asyncio.run(ask()), came
