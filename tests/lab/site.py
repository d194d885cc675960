"""A project of its own on lab servers, and the moves that tests of deploys make."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from desktop.app import App
from desktop.app_deploy import Prepared, prepare_deploy, run_prepared
from desktop.base.paths import Home
from desktop.base.plans import StepResult
from desktop.base.secret_store import MemoryStore
from desktop.hosts import Host, Inventory
from desktop.release import RolloutResult
from tests.lab.handle import Lab, LabHost

T = TypeVar("T")
SERVICE = Path(__file__).parent / "service"
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Site:
    """One app with a name and port of its own, so that tests may share servers."""

    lab: Lab
    name: str
    port: int
    folder: Path
    home: Home
    hosts: tuple[LabHost, ...]
    secrets: MemoryStore = field(default_factory=MemoryStore)

    @property
    def names(self) -> list[str]:
        return [host.name for host in self.hosts]

    def write(
        self,
        version: str = "1.0",
        *,
        target: str = "linux/amd64",
        start: str = "120s",
        secrets: str = "",
        check: str = "http: /health",
        mode: str = "direct",
        **env: str,
    ) -> None:
        """goferry.yaml for a version, which is an environment value: the binary stays, and builds are quick."""
        values = json.dumps({"VERSION": version, **env})
        self.folder.joinpath("goferry.yaml").write_text(
            f"""\
name: {self.name}
main: .
port: 8080
build: {{ targets: ["{target}"], version: "{version}" }}
health: {{ {check}, interval: 1s, timeout: 2s, retries: 1, start: {start} }}
environments:
  staging:
    hosts: {json.dumps(self.names)}
    publish: {self.port}
    mode: {mode}
    secrets: [{secrets}]
    env: {values}
""",
            encoding="utf-8",
        )

    def run(self, work: Callable[[App], Awaitable[T]]) -> T:
        """`work` in a Goferry of its own, as each start of the program is one."""

        async def inside() -> T:
            async with App(self.home, secrets=self.secrets) as app:
                return await work(app)

        return asyncio.run(inside())

    def somebody_else(self) -> App:
        """A Goferry on another computer that knows the same servers."""
        home = Home(Path(tempfile.mkdtemp(dir=self.home.root.parent)))
        for host in Inventory(self.home).hosts()[1:]:
            Inventory(home).add(host)
        return App(home, secrets=self.secrets)

    def deploy(
        self,
        version: str,
        *,
        to: Sequence[str] = ("staging",),
        watch: Callable[[str, StepResult], None] = lambda host, result: None,
        **more: Any,
    ) -> RolloutResult:
        self.write(version, **more)

        async def work(app: App) -> RolloutResult:
            prepared: Prepared = await prepare_deploy(app, self.folder, to)
            return await run_prepared(prepared, watch=watch)

        return self.run(work)

    def cli(self, *words: str) -> tuple[int, dict[str, Any]]:
        """A subcommand as a build machine calls it: its exit code and its one JSON object."""
        command = [
            sys.executable,
            "-m",
            "desktop",
            "--home",
            str(self.home.root),
            "--json",
            "--quiet",
            *words,
        ]
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
        )
        assert done.stderr == "", done.stderr
        return done.returncode, json.loads(done.stdout)

    def served(self, host: LabHost) -> str:
        """What the app answers on a host, as seen there; empty when nothing does."""
        script = f"curl -s -m 10 http://127.0.0.1:{self.port}/ || true"
        return self.lab.console(host.name, script).strip()

    def until_served(self, host: LabHost, wanted: str, seconds: float = 240) -> None:
        deadline = time.monotonic() + seconds
        while not (found := self.served(host)).startswith(wanted):
            assert time.monotonic() < deadline, f"{wanted} is not served on {host.name}, but {found!r}"
            time.sleep(0.3)

    def containers(self, host: LabHost) -> list[str]:
        script = f"docker ps -a --filter label=io.goferry.app={self.name} --format '{{{{.Names}}}}'"
        return self.lab.console(host.name, script).split()

    def clean(self) -> None:
        """Takes everything of this app off the hosts, whatever state a test left it in."""
        for host in self.hosts:
            self.lab.console(
                host.name,
                f"docker ps -aq --filter label=io.goferry.app={self.name} | xargs -r docker rm -f >/dev/null;"
                f"docker ps -aq --filter label=io.goferry.front={self.name} | xargs -r docker rm -f >/dev/null;"
                f"docker network rm goferry-{self.name} >/dev/null 2>&1;"
                f"docker images -q --filter reference='*{self.name}*' | xargs -r docker rmi -f >/dev/null 2>&1;"
                f"docker images -q 'goferry/{self.name}' | xargs -r docker rmi -f >/dev/null 2>&1;"
                f"rm -rf /var/lib/goferry/{self.name}",
            )


def make_site(lab: Lab, tmp_path: Path, name: str, port: int, *hosts: LabHost) -> Site:
    """A project folder and a Goferry home that knows `hosts`."""
    folder = tmp_path / "project"
    shutil.copytree(SERVICE, folder)
    home = Home(tmp_path / "goferry")
    inventory = Inventory(home)
    for host in hosts:
        inventory.add(
            Host(
                host.name,
                host.address,
                host.port,
                host.user,
                "key",
                str(host.key_path),
                fingerprints=(host.fingerprint,),
            )
        )
    return Site(lab, name, port, folder, home, hosts)
