"""What a deploy is measured on: a server of the lab behind a shaped link, its own byte counters, and somebody at the
server's own door who asks for /health all the time."""

from __future__ import annotations

import http.client
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.lab.handle import Lab, LabHost
from tests.lab.machine import hosts, shaping

PORT = 18080
AGAIN = "sysctl -qw net.ipv4.neigh.docker0.retrans_time_ms=MS"
"""Who asks at a published port before the container behind it has its network is answered up to a second later: the
server looks for the container by ARP, hears nothing, and looks again only then. Somebody asks all the time here, so
that this would be measured with every way that stops one container and starts the next, and with the limit. On the rig
the server looks again after 20 ms instead: the others gain by it, for Goferry's mode proxy asks a container by its name
when it has its network. (An idle container on the network would not help: the kernel then still believes in the old
container's address, and it is TCP that waits for a second.)"""
EVERY_S = 0.01
APPEARS_WITHIN_S = 180.0


@dataclass(frozen=True, slots=True)
class Link:
    """A profile: bits a second and round trip; empty: as the machine is."""

    name: str
    rate: str = ""
    delay: str = ""

    @property
    def bits(self) -> float:
        return float(self.rate.removesuffix("mbit")) * 1e6 if self.rate else 0.0


LINKS = {
    "20/30": Link("20/30", "20mbit", "30ms"),
    "100/10": Link("100/10", "100mbit", "10ms"),
    "unshaped": Link("unshaped"),
}


@dataclass
class Door:
    """Who stands there asks /health all the time, inside the server's own network as its users' proxy would: which
    version answered when, and how often nobody did."""

    seen: dict[str, float] = field(default_factory=dict)
    failed: int = 0

    def wait(self, version: str) -> float:
        """When the version answered first. AssertionError when it does not come."""
        deadline = time.monotonic() + APPEARS_WITHIN_S
        while version not in self.seen:
            if time.monotonic() > deadline:
                raise AssertionError(f"{version} does not answer, but {list(self.seen)[-1:]}")
            time.sleep(0.002)
        return self.seen[version]


def ask() -> str:
    with suppress(OSError, http.client.HTTPException):
        connection = http.client.HTTPConnection("127.0.0.1", PORT, timeout=1)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().read().decode().strip()
        finally:
            connection.close()
    return ""


class Rig:
    """One server, its link and a way to it."""

    def __init__(self, lab: Lab, host: LabHost, link: Link) -> None:
        self.lab, self.host, self.link = lab, host, link
        self._machine = hosts.host(host.name)
        lab.net(host.name, rate=link.rate, delay=link.delay)
        self.console(AGAIN.replace("MS", "20"))

    @contextmanager
    def door(self) -> Iterator[Door]:
        """Its requests go past the shaped link: they come from the server's own side of it."""
        read, write = os.pipe()
        words = ("nsenter", "-t", self._machine.pid, "-n", sys.executable, "-c", WATCHER)
        door = Door()
        with subprocess.Popen(
            words, stdout=subprocess.PIPE, stdin=read, text=True, encoding="utf-8"
        ) as watcher:
            os.close(read)
            assert watcher.stdout is not None
            lines = watcher.stdout

            def heard() -> None:
                for line in lines:
                    at, failed, version = line.rstrip("\n").split(" ", 2)
                    door.failed = int(failed)
                    if version:
                        door.seen.setdefault(version, float(at))

            thread = threading.Thread(target=heard, daemon=True)
            thread.start()
            try:
                yield door
            finally:
                os.close(write)
                watcher.wait(10)
                thread.join(10)

    def sent(self) -> int:
        """Bytes that have gone to the server so far, by the cable's own counter."""
        counter = Path(f"/sys/class/net/{self._machine.cable}/statistics/tx_bytes")
        return int(counter.read_text(encoding="ascii"))

    def console(self, script: str) -> str:
        return self.lab.console(self.host.name, script)

    def ssh(self, control: Path) -> list[str]:
        """OpenSSH on a connection that is kept, as a careful person has it."""
        options = {
            "ControlMaster": "auto",
            "ControlPath": str(control),
            "ControlPersist": "300",
            "UserKnownHostsFile": str(self.host.known_hosts),
            "IdentitiesOnly": "yes",
        }
        flags = [flag for key, value in options.items() for flag in ("-o", f"{key}={value}")]
        return ["ssh", "-q", "-i", str(self.host.key_path), *flags, f"{self.host.user}@{self.host.address}"]

    def container_s(self, image: str, runs: int = 5) -> float:
        """From `create` to the first good answer, by the engine's own API next to it, while somebody asks all the time
        as at the door. The server forgets the address of the container before: where it still believes in it, the
        first who asks waits for TCP a whole second, which is no physics either."""
        script = CONTAINER.replace("IMAGE", image).replace("RUNS", str(runs))
        return float(self.console(f"python3 - <<'END'\n{script}\nEND"))

    def round_trip_s(self, tries: int = 20) -> float:
        """As it is now, by connections that are opened: a busy machine's shaped link is slower than its name says."""
        found = []
        for _ in range(tries):
            started = time.monotonic()
            with socket.create_connection((self.host.address, self.host.port), 5):
                found.append(time.monotonic() - started)
        return statistics.median(found)

    def close(self) -> None:
        self.console(AGAIN.replace("MS", "1000"))
        shaping.stop(self._machine)
        self.lab.net(self.host.name)


WATCHER = "from tests.bench.rig import stand_at_the_door; stand_at_the_door()"
CONTAINER = """
import http.client, json, socket, statistics, subprocess, threading, time
class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("/var/run/docker.sock")
def ask(method, path, body=None):
    engine = Engine("docker")
    engine.request(method, path, json.dumps(body) if body else None, {"Content-Type": "application/json"})
    answer = engine.getresponse()
    return answer.read()
found = []
for turn in range(RUNS):
    name = "bench-limit-%d" % turn
    ask("DELETE", "/containers/%s?force=1" % name)
    subprocess.call(["ip", "neigh", "flush", "dev", "docker0"])
    started = time.time()
    ports = {"8080/tcp": [{"HostIp": "127.0.0.1", "HostPort": "18099"}]}
    body = {"Image": "IMAGE", "ExposedPorts": {"8080/tcp": {}}, "HostConfig": {"PortBindings": ports}}
    ask("POST", "/containers/create?name=" + name, body)
    starting = threading.Thread(target=ask, args=("POST", "/containers/%s/start" % name))
    starting.start()
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", 18099, timeout=1)
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                break
        except (OSError, http.client.HTTPException):
            time.sleep(0.01)
    found.append(time.time() - started)
    starting.join()
    ask("DELETE", "/containers/%s?force=1" % name)
print(statistics.median(found))
"""


def stand_at_the_door() -> None:
    """One line for each new answer and each failure: when (the clock of all processes here), failures, version."""
    failed, last = 0, ""
    ended = threading.Event()

    def until_closed() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=until_closed, daemon=True).start()
    while not ended.wait(EVERY_S):
        answer = ask()
        if not answer and last:
            failed += 1
        if answer != last or not answer:
            sys.stdout.write(f"{time.monotonic()} {failed} {answer}\n")
            sys.stdout.flush()
        last = answer or last
