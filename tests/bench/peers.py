"""How a one-line change gets to a server without Goferry: the usual ways, each as a careful person would have it.

All of them have the binary built already, a base of nothing (`scratch`), a kept SSH connection and the same link.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bench.rig import PORT, Rig
from tests.lab.handle import Lab

NAME = "bench-peer"
DOCKERFILE = 'FROM scratch\nCOPY app /app\nENTRYPOINT ["/app"]\n'
RUN = f"docker rm -f {NAME} >/dev/null 2>&1; docker run -d --name {NAME} -p 127.0.0.1:{PORT}:8080 IMAGE >/dev/null"
TUNNEL = 15000


@dataclass(frozen=True, slots=True)
class Context:
    """A folder with the binary as `app` and a Dockerfile; `image` is the name to give."""

    folder: Path
    image: str

    @classmethod
    def of(cls, folder: Path, binary: Path, version: str) -> Context:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(binary, folder / "app")
        (folder / "app").chmod(0o755)
        (folder / "Dockerfile").write_text(DOCKERFILE, encoding="utf-8")
        return cls(folder, f"{NAME}:{version}")


Way = Callable[[Context], None]


class Peers:
    """The ways, by their names. `ways()` leaves out those that this computer lacks a program for."""

    def __init__(self, lab: Lab, rig: Rig, folder: Path) -> None:
        self._lab, self._rig, self._folder = lab, rig, folder
        self._ssh = rig.ssh(folder / "control")
        self._tunnel: subprocess.Popen[bytes] | None = None
        self.left_out: dict[str, str] = {}

    def ways(self) -> dict[str, Way]:
        ways: dict[str, Way] = {"plain": self.plain, "gzip": self.gzip, "docker_host": self.docker_host}
        if shutil.which("rsync"):
            ways["rsync"] = self.rsync
        else:
            self.left_out["rsync"] = "this computer has no rsync"
        ways["registry"] = self.registry
        self._remote("true")
        return ways

    def _remote(self, script: str, **more: object) -> None:
        subprocess.run([*self._ssh, script], check=True, **more)  # type: ignore[call-overload]

    def _start(self, image: str) -> None:
        self._remote(RUN.replace("IMAGE", image))

    def _built_here(self, context: Context) -> None:
        words = ["docker", "build", "-q", "-t", context.image, str(context.folder)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = {**os.environ, "DOCKER_BUILDKIT": "0"}
        subprocess.run(words, check=True, env=environment, **quiet)  # type: ignore[call-overload]

    def _piped(self, context: Context, packer: str) -> None:
        self._built_here(context)
        save = f"docker save {context.image}{packer}"
        with subprocess.Popen(["sh", "-c", save], stdout=subprocess.PIPE) as saving:
            self._remote("docker load >/dev/null", stdin=saving.stdout)
        self._start(context.image)

    def plain(self, context: Context) -> None:
        self._piped(context, "")

    def gzip(self, context: Context) -> None:
        self._piped(context, " | gzip -1")

    def docker_host(self, context: Context) -> None:
        """`docker build` straight against the server's engine, through SSH."""
        environment = {
            **os.environ,
            "DOCKER_HOST": f"ssh://{self._rig.host.user}@bench",
            "DOCKER_BUILDKIT": "0",
        }
        environment["PATH"] = f"{self._wrapped()}:{environment['PATH']}"
        words = ["docker", "build", "-q", "-t", context.image, str(context.folder)]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run(words, check=True, env=environment, **quiet)  # type: ignore[call-overload]
        self._start(context.image)

    def _wrapped(self) -> Path:
        """A folder with an `ssh` that takes our kept connection, whatever options docker gives it."""
        folder = self._folder / "bin"
        folder.mkdir(exist_ok=True)
        options = dict(word.split("=", 1) for word in self._ssh if "=" in word)
        options.update(HostName=self._rig.host.address, IdentityFile=str(self._rig.host.key_path))
        lines = "".join(f"  {key} {value}\n" for key, value in options.items())
        (folder / "config").write_text(f"Host bench\n{lines}", encoding="utf-8")
        program = shutil.which("ssh")
        script = f'#!/bin/sh\nexec {program} -q -F {folder / "config"} "$@"\n'
        (folder / "ssh").write_text(script, encoding="utf-8")
        (folder / "ssh").chmod(0o755)
        return folder

    def rsync(self, context: Context) -> None:
        """`-I`: a file of the same length is no old one because the last was written in the same second."""
        words = ["rsync", "-I", "-z", "--inplace", "-e", " ".join(self._ssh[:-1])]
        words += [str(context.folder / "app"), str(context.folder / "Dockerfile"), f"{self._ssh[-1]}:{NAME}/"]
        self._remote(f"mkdir -p {NAME}")
        subprocess.run(words, check=True)
        self._remote(f"DOCKER_BUILDKIT=0 docker build -q -t {context.image} {NAME} >/dev/null 2>&1")
        self._start(context.image)

    def registry(self, context: Context) -> None:
        """A registry beside the developer, reached by the server through a tunnel."""
        if self._tunnel is None:
            self._open_tunnel()
        here, there = f"{self._registry}/{context.image}", f"127.0.0.1:{TUNNEL}/{context.image}"
        self._built_here(context)
        quiet = {"check": True, "stdout": subprocess.DEVNULL}
        subprocess.run(["docker", "tag", context.image, here], **quiet)  # type: ignore[call-overload]
        subprocess.run(["docker", "push", "-q", here], **quiet)  # type: ignore[call-overload]
        self._remote(f"docker pull -q {there} >/dev/null")
        self._start(there)

    def _open_tunnel(self) -> None:
        registry = self._lab.registry()
        self._registry = registry.local
        words = [*self._ssh[:-1], "-N", "-R", f"127.0.0.1:{TUNNEL}:{registry.local}", self._ssh[-1]]
        self._tunnel = subprocess.Popen(words)
        login, password = (
            ["docker", "login", "-u", registry.user, "--password-stdin"],
            registry.password.encode(),
        )
        quiet = {"input": password, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        subprocess.run([*login, registry.local], check=True, **quiet)  # type: ignore[call-overload]
        ask = f"{' '.join(login)} 127.0.0.1:{TUNNEL} < secret"
        self._remote(f"umask 077; cat > secret; until {ask}; do sleep 0.2; done; rm secret", **quiet)

    def close(self) -> None:
        self._rig.console(f"docker rm -f {NAME} >/dev/null 2>&1 || true")
        if self._tunnel is not None:
            self._tunnel.terminate()
            self._tunnel.wait()
        subprocess.run([*self._ssh[:-1], "-O", "exit", self._ssh[-1]], check=False, stderr=subprocess.DEVNULL)
        self._rig.console(f"docker images -q '{NAME}' | xargs -r docker rmi -f >/dev/null 2>&1 || true")
        script = f"docker images -q --filter reference='*/{NAME}' --filter reference={NAME} | xargs -r docker rmi -f"
        subprocess.run(
            ["sh", "-c", script], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
