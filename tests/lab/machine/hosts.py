"""The hosts that are up: their facts, and what can be asked of them from outside and at their console."""

from __future__ import annotations

import json
import socket
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.lab.machine.commands import LabError, attempt, run, succeeds, wait_until
from tests.lab.machine.names import HOSTS, KEYS, PREFIX

KEY = KEYS / "id_ed25519"
_ANEW = """\
systemctl stop {stopped}
for _ in $(seq 10); do
    systemctl reset-failed {stopped}
    systemctl start {started} && exit
    sleep 1
done
exit 1
"""
_LOOK_AROUND = """\
systemctl --no-pager --full status sshd docker
journalctl --no-pager -n 60
ss -ltnp
ps -eo pid,ppid,stat,lstart,args
"""


@dataclass(frozen=True, slots=True)
class Host:
    """One server of the lab."""

    name: str
    os: str
    docker: bool
    address: str
    """Its own address, port 22. Network faults show here only, not at the published port."""

    port: int
    """Where its port 22 is published on 127.0.0.1."""

    disk_gb: int
    lang: str
    open_passwords: bool
    """Whether root and deploy may log in by password, too."""

    passwords: dict[str, str]

    @property
    def container(self) -> str:
        return PREFIX + self.name

    @property
    def folder(self) -> Path:
        return HOSTS / self.name

    @property
    def known_hosts(self) -> Path:
        """Its host keys, read at the console as an administrator would, for both of its addresses."""
        return self.folder / "known_hosts"

    def save(self) -> None:
        (self.folder / "facts.json").write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    def console(self, script: str) -> str:
        """Run a shell script as root without SSH; returns what it printed. LabError when it fails."""
        return run("docker", "exec", "-i", self.container, "sh", stdin=script)

    def told(self, script: str) -> str:
        """The same; a failure also says what the host's services and their log say, as it is gone afterwards."""
        try:
            return self.console(script)
        except LabError as error:
            said = attempt("docker", "exec", "-i", self.container, "sh", stdin=_LOOK_AROUND)
            raise LabError(f"{error}\n{said}") from error

    def restart_sshd(self) -> None:
        self.told(_ANEW.format(stopped="sshd", started="sshd"))

    def restart_engine(self) -> None:
        self.told(_ANEW.format(stopped="docker.socket docker", started="docker"))

    def inspect(self, form: str) -> str:
        return attempt("docker", "inspect", "-f", form, self.container)

    @property
    def state(self) -> str:
        return self.inspect("{{.State.Status}}") or "missing"

    @property
    def pid(self) -> str:
        """Its first process, as this computer numbers it; LabError when it is not running."""
        pid = self.inspect("{{.State.Pid}}")
        if pid in {"", "0"}:
            raise LabError(f"{self.name} is not running")
        return pid

    def in_its_network(self, *words: str | Path) -> str:
        """Run a program of this computer in the host's network namespace."""
        return run("nsenter", "-t", self.pid, "-n", *words)

    @property
    def cable(self) -> str:
        """The name of this computer's end of the host's network cable."""
        link = self.in_its_network("ip", "-o", "link", "show", "eth0")
        index = link.split("@if")[1].split(":")[0]
        for line in run("ip", "-o", "link").splitlines():
            number, name = line.split(":")[:2]
            if number == index:
                return name.split("@")[0].strip()
        raise LabError(f"{self.name} has no network cable")

    def greets(self) -> bool:
        """Whether its SSH server greets."""
        try:
            with socket.create_connection((self.address, 22), 1) as connection:
                connection.settimeout(2)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False

    def wait_ready(self, seconds: float = 240) -> None:
        """Return when its SSH server greets and lets everybody in, and its host keys are known here."""
        failure = f"{self.name}: sshd does not answer; see `docker logs {self.container}`"
        wait_until(self.greets, seconds, failure)
        failure = f"{self.name}: its boot does not end; see `docker logs {self.container}`"
        wait_until(self._lets_in, seconds, failure)
        public = self.console("cat /etc/ssh/ssh_host_*_key.pub").splitlines()
        keys = [" ".join(line.split()[:2]) for line in public]
        text = "".join(f"[127.0.0.1]:{self.port},{self.address} {key}\n" for key in keys)
        self.known_hosts.write_text(text, encoding="utf-8")

    def _lets_in(self) -> bool:
        """While a server boots, its sshd greets and turns away all but root ("System is booting up", pam_nologin)."""
        return succeeds("docker", "exec", self.container, "test", "!", "-e", "/run/nologin")

    def fingerprints(self) -> dict[str, str]:
        """`{"ED25519": "SHA256:…"}` of all its host keys."""
        lines = (line.split() for line in attempt("ssh-keygen", "-lf", self.known_hosts).splitlines())
        return {words[-1].strip("()"): words[1] for words in lines}

    def ssh_command(self, user: str, *words: str) -> list[str]:
        options = (
            "IdentitiesOnly=yes",
            f"UserKnownHostsFile={self.known_hosts}",
            "StrictHostKeyChecking=yes",
        )
        flags = [flag for option in (*options, "ConnectTimeout=10") for flag in ("-o", option)]
        return ["ssh", "-q", "-i", str(KEY), "-p", str(self.port), *flags, f"{user}@127.0.0.1", *words]

    def faults(self) -> list[str]:
        """The names of what is broken on it now."""
        record = self.folder / "faults"
        return record.read_text(encoding="utf-8").split() if record.exists() else []

    def mark_fault(self, name: str, *, broken: bool) -> None:
        now = [other for other in self.faults() if other != name] + ([name] if broken else [])
        (self.folder / "faults").write_text(" ".join(now), encoding="utf-8")

    def facts(self) -> dict[str, Any]:
        """What a person or a program needs to use the host; the lab's JSON."""
        return {
            **asdict(self),
            "state": self.state,
            "user": "deploy",
            "sudo_password": self.passwords["deploy"],
            "key": str(KEY),
            "other_keys": {"rsa": str(KEYS / "id_rsa"), "locked": str(KEYS / "id_locked")},
            "known_hosts": str(self.known_hosts),
            "fingerprints": self.fingerprints(),
            "container": self.container,
            "faults": self.faults(),
        }


def every_host() -> list[Host]:
    """All hosts that are up, in the order of their names."""
    files = HOSTS.glob("*/facts.json")
    hosts = [Host(**json.loads(file.read_text(encoding="utf-8"))) for file in files]
    return sorted(hosts, key=lambda host: int(host.name[1:]))


def host(name: str) -> Host:
    """The host of that name; LabError when none is up."""
    hosts = {other.name: other for other in every_host()}
    if name not in hosts:
        raise LabError(f"no host {name!r}; up now: {', '.join(hosts) or 'none'}")
    return hosts[name]
