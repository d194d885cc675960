"""Builds an image from a Dockerfile by a local engine: BuildKit through buildx where there is one, else the engine's
own builder, with its steps as they go on either way.

The SDK has no BuildKit (libraries.md 2); buildx writes one JSON object a line with --progress=rawjson.
"""

from __future__ import annotations

import io
import json
import re
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command
from desktop.base.processes import find_program, run_process
from desktop.base.words import msg

from .errors import BuildFailed, EngineError, recognise
from .model import BuildStep

if TYPE_CHECKING:
    from .engine import Engine

OnStep = Callable[[BuildStep], None]
LARGEST_CONTEXT = 512 << 20


class ContextTooLarge(EngineError):
    code = "engine.context_too_large"

    def __init__(self, folder: str) -> None:
        super().__init__(
            "local",
            msg("The folder {folder} is too large to be built from.", folder=folder),
            msg("More than {mb} MB would have to be sent to the engine.", mb=LARGEST_CONTEXT >> 20),
            msg("Name what is not needed in a file .dockerignore."),
        )


async def build_image(
    engine: Engine,
    pool: Pool,
    context: Path,
    dockerfile: str,
    ref: str,
    on_step: OnStep,
    platform: str,
    arguments: Mapping[str, str],
    network: str,
) -> None:
    """Raises BuildFailed with the step, and what docker means by its words."""
    place = engine.place
    buildx = await pool.run(_buildx) if place is not None and not place.tls else None
    if buildx is not None and place is not None:
        command = buildx_command(
            buildx, place.address, context, ref, platform, arguments, network, dockerfile
        )
        await pool.run(_with_buildx, command, on_step)
        return
    on_step(BuildStep("builder", "The engine's own builder: no buildx was found", "done"))
    await pool.run(_with_engine, engine, context, dockerfile, ref, on_step, platform, arguments, network)


def _buildx(token: CancelToken) -> str | None:
    """The docker program, when it has buildx with rawjson (0.13 and newer)."""
    docker = find_program("docker")
    if docker is None:
        return None
    done = run_process(token, Command((str(docker), "buildx", "version")), timeout=10)
    found = re.search(r"v?(\d+)\.(\d+)\.\d+", done.text()) if done.ok else None
    return str(docker) if found and (int(found[1]), int(found[2])) >= (0, 13) else None


def buildx_command(
    docker: str,
    address: str,
    context: Path,
    ref: str,
    platform: str,
    arguments: Mapping[str, str],
    network: str,
    dockerfile: str,
) -> Command:
    """The Dockerfile goes in by standard input: no file of the project is touched."""
    words = [docker, "buildx", "build", "--progress=rawjson", "--load", "--tag", ref, "--file", "-"]
    if platform:
        words += ["--platform", platform]
    if network:
        words += ["--network", network]
    for key, value in arguments.items():
        words += ["--build-arg", f"{key}={value}"]
    environment = (("DOCKER_HOST", address), ("DOCKER_CONTEXT", ""))
    return Command((*words, str(context)), environment, dockerfile.encode())


def _with_buildx(token: CancelToken, command: Command, on_step: OnStep) -> None:
    steps = SolveReader(on_step)
    done = run_process(
        token, command, on_line=lambda stream, line: steps.line(line), drop_env=("DOCKER_CONTEXT",)
    )
    if not done.ok:
        said = "\n".join(steps.plain) or done.said()
        raise recognise("local", said) or BuildFailed(
            "local", steps.failed, detail="\n".join((steps.tail(), said))
        )


class SolveReader:
    """Takes BuildKit's status lines and tells steps. `plain` is what was no JSON: buildx' own words."""

    def __init__(self, on_step: OnStep) -> None:
        self._on_step = on_step
        self._steps: dict[str, BuildStep] = {}
        self._lines: list[str] = []
        self.plain: list[str] = []
        self.failed = ""

    def line(self, text: bytes) -> None:
        try:
            found = json.loads(text)
        except ValueError:
            self.plain.append(text.decode("utf-8", errors="backslashreplace"))
            return
        if not isinstance(found, dict):
            return
        for vertex in found.get("vertexes") or ():
            self._vertex(vertex)
        for status in found.get("statuses") or ():
            self._status(status)
        for log in found.get("logs") or ():
            self._log(log)

    def tail(self) -> str:
        return "\n".join(self._lines[-40:])

    def _vertex(self, vertex: Mapping[str, Any]) -> None:
        identity = str(vertex.get("digest", ""))
        state, seconds = "running", None
        if vertex.get("error"):
            state = "failed"
            self.failed = str(vertex.get("name", ""))
            self._lines.append(str(vertex["error"]))
        elif vertex.get("cached"):
            state = "cached"
        elif vertex.get("completed"):
            state = "done"
        elif not vertex.get("started"):
            return
        if vertex.get("started") and vertex.get("completed"):
            seconds = max(0.0, _moment(vertex["completed"]) - _moment(vertex["started"]))
        step = BuildStep(identity, str(vertex.get("name", "")), state, seconds=seconds)
        self._steps[identity] = step
        self._on_step(step)

    def _status(self, status: Mapping[str, Any]) -> None:
        if step := self._steps.get(str(status.get("vertex", ""))):
            current, total = int(status.get("current") or 0), int(status.get("total") or 0)
            self._on_step(replace(step, text=str(status.get("id", "")), current=current, total=total))

    def _log(self, log: Mapping[str, Any]) -> None:
        import base64

        step = self._steps.get(str(log.get("vertex", "")))
        text = base64.b64decode(log.get("data") or "").decode("utf-8", errors="backslashreplace")
        for line in text.splitlines():
            self._lines.append(line)
            if step is not None:
                self._on_step(replace(step, text=line))


def _moment(stamp: str) -> float:
    plain = re.sub(r"(\.\d{6})\d*", r"\1", stamp.replace("Z", "+00:00"))
    return datetime.fromisoformat(plain).timestamp()


# --- the engine's own builder

_STEP = re.compile(r"^Step (\d+)/(\d+) : (.*)")


class LegacyReader:
    """Takes the lines of the engine's own builder: `Step 2/5 : RUN make`, ` ---> Using cache`, ` ---> 1a2b…`."""

    def __init__(self, on_step: OnStep) -> None:
        self._on_step = on_step
        self._step: BuildStep | None = None
        self._lines: list[str] = []

    @property
    def failed(self) -> str:
        return self._step.name if self._step else ""

    def tail(self) -> str:
        return "\n".join(self._lines[-40:])

    def text(self, text: str) -> None:
        for line in text.splitlines():
            if not line.strip():
                continue
            self._lines.append(line)
            if found := _STEP.match(line):
                self.finish("done")
                self._tell(
                    BuildStep(found[1], found[3], "running", current=int(found[1]), total=int(found[2]))
                )
            elif self._step is not None and line == " ---> Using cache":
                self._tell(replace(self._step, state="cached"))
            elif self._step is not None and not line.startswith((" --->", "Removing intermediate container")):
                self._on_step(replace(self._step, text=line))

    def finish(self, state: str) -> None:
        if self._step is not None and self._step.state == "running":
            self._tell(replace(self._step, state=state))

    def _tell(self, step: BuildStep) -> None:
        self._step = step
        self._on_step(step)


def _with_engine(
    token: CancelToken,
    engine: Engine,
    context: Path,
    dockerfile: str,
    ref: str,
    on_step: OnStep,
    platform: str,
    arguments: Mapping[str, str],
    network: str,
) -> None:
    from .client import close_all, one_call, with_errors

    client = one_call(engine.new_client())
    forget = token.on_cancel(partial(close_all, client))
    reader = LegacyReader(on_step)
    try:
        archive = context_archive(token, context, dockerfile)
        answers = with_errors(
            "local", client.build, fileobj=archive, custom_context=True, tag=ref, rm=True, forcerm=True, decode=True,
            buildargs=dict(arguments), platform=platform or None, network_mode=network or None,
            dockerfile=DOCKERFILE,
        )  # fmt: skip
        while (answer := with_errors("local", next, answers, None)) is not None:
            token.check()
            if error := answer.get("error"):
                reader.finish("failed")
                detail = f"{reader.tail()}\n{error}"
                raise recognise("local", error) or BuildFailed("local", reader.failed, detail=detail)
            reader.text(str(answer.get("stream") or ""))
        reader.finish("done")
    finally:
        forget()
        close_all(client)


DOCKERFILE = ".goferry.Dockerfile"


def context_archive(token: CancelToken, context: Path, dockerfile: str) -> io.BytesIO:
    """The folder as the engine's builder wants it, without what .dockerignore names; links stay links."""
    from docker.utils.build import exclude_paths

    ignored = context / ".dockerignore"
    patterns = ignored.read_text(encoding="utf-8").splitlines() if ignored.is_file() else []
    patterns = [line.strip() for line in patterns if line.strip() and not line.startswith("#")]
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in sorted(exclude_paths(str(context), patterns)):
            token.check()
            tar.add(context / name, arcname=name, recursive=False)
            if out.tell() > LARGEST_CONTEXT:
                raise ContextTooLarge(str(context))
        entry = tarfile.TarInfo(DOCKERFILE)
        entry.size = len(dockerfile.encode())
        tar.addfile(entry, io.BytesIO(dockerfile.encode()))
    out.seek(0)
    return out
