"""One Docker Engine: the same requests for this computer and for a server; see DESIGN.md, "One engine client"."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import aclosing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

from desktop.base.blocking import CancelToken, Pool
from desktop.base.channel import Channel, Chunks
from desktop.base.commands import Command
from desktop.base.secret import Secret

from . import parse
from .errors import EngineError, ImageMissing, explained
from .model import (
    BuildStep,
    Container,
    ContainerSpec,
    EngineEvent,
    EngineImage,
    EnginePlace,
    EngineVersion,
    ExecResult,
    LogChunk,
    Stats,
)

if TYPE_CHECKING:
    from .client import Client

T = TypeVar("T")


class Engine:
    """Requests run in `pool`; all raise EngineError and its kin, over SSH also the errors of `hosts`."""

    def __init__(self, target: Channel | EnginePlace, pool: Pool | None = None) -> None:
        self._channel: Channel | None = None if isinstance(target, EnginePlace) else target
        self.place: EnginePlace | None = target if isinstance(target, EnginePlace) else None
        self._pool = pool or Pool("engine", 8)
        self._lock = threading.Lock()
        self._client: Client | None = None
        self._version: EngineVersion | None = None
        self._cpu: dict[str, tuple[int, int]] = {}

    @classmethod
    def over(cls, channel: Channel, pool: Pool | None = None) -> Self:
        """The engine of the machine that `channel` leads to."""
        return cls(channel, pool)

    @property
    def name(self) -> str:
        """The host's name; "local" for this computer."""
        return self._channel.name if self._channel is not None else "local"

    @property
    def local(self) -> bool:
        return self._channel is None

    # --- the engine itself

    async def version(self, *, fresh: bool = False) -> EngineVersion:
        """Asked once; `fresh` asks again."""
        if self._version is None or fresh:
            self._version = await self._call(self._ask_version)
        return self._version

    def _ask_version(self, client: Client) -> EngineVersion:
        return parse.engine_version(client.version(), client.info())

    async def ping(self) -> None:
        """Returns when it answers."""
        await self._call(lambda client: client.ping())

    # --- images

    async def images(self) -> tuple[EngineImage, ...]:
        """All images that have a tag."""
        store = (await self.version()).store

        def ask(client: Client) -> tuple[EngineImage, ...]:
            listed = [found for found in client.images() if found.get("RepoTags")]
            return tuple(parse.engine_image(client.inspect_image(found["Id"]), store) for found in listed)

        return await self._call(ask)

    async def image(self, ref: str) -> EngineImage | None:
        """None when it is not there."""
        store = (await self.version()).store
        try:
            found = await self._call(lambda client: client.inspect_image(ref))
        except ImageMissing:
            return None
        return parse.engine_image(found, store)

    async def load(self, chunks: Chunks) -> tuple[str, ...]:
        """Stores an image archive; gives the references in it. Nothing is stored of a broken one."""
        if self._channel is not None:
            ended = await self._channel.send(Command(("docker", "load")), chunks)
            if not ended.ok:
                raise explained(self.name, ended.said())
            return parse.loaded_refs(ended.text())
        return await self._pool.run(self._load_here, chunks)

    def _load_here(self, token: CancelToken, chunks: Chunks) -> tuple[str, ...]:
        from .client import close_all, one_call, with_errors

        client = one_call(self.new_client())
        forget = token.on_cancel(partial(close_all, client))

        def load() -> str:
            return "".join(self._stream_text(part) for part in client.load_image(_checked(token, chunks)))

        try:
            said = with_errors("local", load)
        finally:
            forget()
            close_all(client)
        token.check()
        return parse.loaded_refs(said)

    def _stream_text(self, part: Mapping[str, Any]) -> str:
        if error := part.get("error"):
            raise explained(self.name, str(error))
        return str(part.get("stream") or "")

    def save(self, ref: str) -> Iterator[bytes]:
        """The archive of an image, as it comes. Blocking: for worker threads."""
        from .client import close_all, one_call, with_errors

        client = one_call(self.new_client())
        try:
            chunks = with_errors(self.name, client.get_image, ref, chunk_size=1 << 20)
            while chunk := with_errors(self.name, next, chunks, None):
                yield chunk
        finally:
            close_all(client)

    async def tag(self, ref: str, new: str) -> None:
        """Raises ImageMissing."""
        repository, tag = split_ref(new)
        await self._call(lambda client: client.tag(ref, repository, tag, force=True))

    async def remove_image(self, ref: str, *, force: bool = False) -> None:
        """Raises ImageMissing, and EngineRefused while a container uses it."""
        await self._call(lambda client: client.remove_image(ref, force=force))

    async def build(
        self,
        context: Path,
        dockerfile: str,
        ref: str,
        on_step: Callable[[BuildStep], None],
        *,
        platform: str = "",
        arguments: Mapping[str, str] | None = None,
        network: str = "",
    ) -> EngineImage:
        """Builds an image from a Dockerfile's text, with BuildKit where the docker program has it. Local engines.
        `network` is that of the RUN steps ("host", "none")."""
        from .building import build_image

        await build_image(
            self, self._pool, context, dockerfile, ref, on_step, platform, arguments or {}, network
        )
        built = await self.image(ref)
        if built is None:
            raise ImageMissing(self.name, ref)
        return built

    # --- containers

    async def containers(
        self, labels: Mapping[str, str] | None = None, *, all: bool = True
    ) -> tuple[Container, ...]:
        """Containers that bear `labels` (an empty value: any), with everything that inspecting tells."""
        wanted = [f"{key}={value}" if value else key for key, value in (labels or {}).items()]

        def ask(client: Client) -> tuple[Container, ...]:
            listed = client.containers(all=all, filters={"label": wanted} if wanted else None)
            return tuple(found for entry in listed if (found := _inspected(client, entry["Id"])) is not None)

        return await self._call(ask)

    async def container(self, id_or_name: str) -> Container | None:
        """None when it is not there."""
        return await self._call(lambda client: _inspected(client, id_or_name))

    async def inspect(self, id_or_name: str) -> dict[str, Any]:
        """The engine's own JSON. Raises ContainerMissing."""
        found: dict[str, Any] = await self._call(lambda client: client.inspect_container(id_or_name))
        return found

    async def create(self, spec: ContainerSpec) -> str:
        """Its id; it does not run yet. Raises NameTaken, ImageMissing."""
        created = await self._call(partial(_create, spec=spec))
        return str(created["Id"])

    async def create_body(self, spec: ContainerSpec) -> dict[str, Any]:
        """What `create` would send to the engine, for somebody who speaks to it there."""
        return await self._call(partial(_create_body, spec=spec))

    async def start(self, id_or_name: str) -> None:
        """Raises PortTaken, WrongCpu, ProgramMissingInImage..."""
        await self._call(lambda client: client.start(id_or_name))

    async def stop(self, id_or_name: str, timeout: int = 10) -> None:
        """Asks it to end, and makes it after `timeout` seconds. Harmless when it does not run."""
        await self._call(lambda client: client.stop(id_or_name, timeout=timeout))

    async def restart(self, id_or_name: str, timeout: int = 10) -> None:
        await self._call(lambda client: client.restart(id_or_name, timeout=timeout))

    async def remove(self, id_or_name: str, *, force: bool = False) -> None:
        """Raises ContainerMissing."""
        await self._call(lambda client: client.remove_container(id_or_name, force=force, v=True))

    async def rename(self, id_or_name: str, name: str) -> None:
        await self._call(lambda client: client.rename(id_or_name, name))

    async def set_restart(self, id_or_name: str, restart: str) -> None:
        """When it is started again by itself: no, always, unless-stopped. Raises ContainerMissing."""
        policy = {"Name": restart, "MaximumRetryCount": 0}
        await self._call(lambda client: client.update_container(id_or_name, restart_policy=policy))

    async def put_archive(self, id_or_name: str, path: str, tar: bytes) -> None:
        """Unpacks a tar into a folder of a container, which need not run."""
        await self._call(lambda client: client.put_archive(id_or_name, path, tar))

    async def exec(self, id_or_name: str, argv: tuple[str, ...], *, timeout: float = 30.0) -> ExecResult:
        """Runs a program inside a running container."""
        if self._channel is not None:
            command = Command(("docker", "exec", id_or_name, *argv))
            ended = await self._channel.run(command, timeout=timeout)
            if ended.code in (1, 126, 127) and "Error response from daemon" in ended.errors():
                raise explained(self.name, ended.errors())
            return ExecResult(ended.code, ended.stdout + ended.stderr)

        def run(client: Client) -> ExecResult:
            made = client.exec_create(id_or_name, list(argv))
            output = client.exec_start(made["Id"])
            return ExecResult(int(client.exec_inspect(made["Id"])["ExitCode"] or 0), output)

        return await self._call(run)

    async def stats(self, id_or_name: str) -> Stats:
        """One sample; the processor's share is since the sample before (the first takes a second)."""
        before = self._cpu.get(id_or_name)
        once = before is not None and _at_least((await self.version()).api, (1, 41))
        found = await self._call(
            lambda client: client.stats(id_or_name, stream=False, one_shot=True if once else None)
        )
        if not found.get("cpu_stats", {}).get("system_cpu_usage"):
            self._cpu.pop(id_or_name, None)  # it does not run
        else:
            self._cpu[id_or_name] = parse.cpu_times(found)
        return parse.stats(found, before)

    # --- networks

    async def ensure_network(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """A network of one's own, in which containers find each other by name. One that is there stays."""
        await self._call(partial(_ensure_network, name=name, labels=dict(labels or {})))

    async def remove_network(self, name: str) -> None:
        """Harmless when it is not there. Raises EngineRefused while a container is in it."""
        await self._call(partial(_remove_network, name=name))

    # --- streams

    async def logs(
        self,
        id_or_name: str,
        *,
        follow: bool = False,
        since: float | None = None,
        tail: int | None = None,
        until: float | None = None,
    ) -> AsyncIterator[LogChunk]:
        """Its lines with their times (`since`, `until`: UTC seconds). Closing the iterator ends it on the far side.
        Ends when the container does; raises ContainerMissing, and Cut when the link does."""
        from . import streams

        wish = streams.LogWish(id_or_name, follow, since, tail, until)
        source = (
            streams.remote_logs(self._channel, wish)
            if self._channel is not None
            else streams.local_logs(self._pool, self._stream_client, wish)
        )
        async with aclosing(source) as chunks:
            async for chunk in chunks:
                yield chunk

    async def events(self, labels: Mapping[str, str] | None = None) -> AsyncIterator[EngineEvent]:
        """What happens to containers from now on, until the iterator is closed."""
        from . import streams

        wanted = tuple(f"{key}={value}" if value else key for key, value in (labels or {}).items())
        source = (
            streams.remote_events(self._channel, wanted)
            if self._channel is not None
            else streams.local_events(self._pool, self._stream_client, wanted)
        )
        async with aclosing(source) as events:
            async for found in events:
                yield found

    # --- the client

    async def _call(self, ask: Callable[[Client], T]) -> T:
        return await self._pool.run(self._in_thread, ask)

    def _in_thread(self, token: CancelToken, ask: Callable[[Client], T]) -> T:
        from .client import with_errors

        token.check()
        client = self._ready_client()
        try:
            return with_errors(self.name, ask, client)
        except EngineError as error:
            if error.code in ("engine.cut", "engine.down", "engine.silent"):
                self._drop_client()
            raise

    def _ready_client(self) -> Client:
        with self._lock:
            if self._client is None:
                self._client = self.new_client()
            return self._client

    def new_client(self) -> Client:
        """A client of its own, for one long call: closing it ends the call. Blocking."""
        from .client import at_place, over_channel

        if self.place is not None:
            return at_place(self.place)
        assert self._channel is not None
        return over_channel(self._channel)

    def _stream_client(self) -> Client:
        from .client import at_place

        assert self.place is not None
        return at_place(self.place, streams=True)

    def _drop_client(self) -> None:
        with self._lock:
            client, self._client, self._version = self._client, None, None
        if client is not None:
            client.close()

    def close(self) -> None:
        self._drop_client()


def split_ref(ref: str) -> tuple[str, str]:
    """repository and tag; a registry's port is not a tag."""
    head, colon, tail = ref.rpartition(":")
    return (head, tail) if colon and "/" not in tail else (ref, "latest")


def _at_least(version: str, least: tuple[int, int]) -> bool:
    return tuple(int(part) for part in version.split(".")[:2]) >= least


def _inspected(client: Client, id_or_name: str) -> Container | None:
    import docker.errors

    try:
        return parse.container(client.inspect_container(id_or_name))
    except docker.errors.NotFound:
        return None


def _create(client: Client, spec: ContainerSpec) -> Any:
    return client.create_container_from_config(_create_body(client, spec), spec.name)


def _ensure_network(client: Client, name: str, labels: dict[str, str]) -> None:
    import docker.errors

    try:
        client.inspect_network(name)
    except docker.errors.NotFound:
        client.create_network(name, driver="bridge", labels=labels, check_duplicate=True)


def _remove_network(client: Client, name: str) -> None:
    import docker.errors

    with suppress(docker.errors.NotFound):
        client.remove_network(name)


def _create_body(client: Client, spec: ContainerSpec) -> dict[str, Any]:
    bindings: dict[str, list[tuple[str, int] | tuple[str]]] = {}
    for port in spec.ports if spec.network != "host" else ():
        place = (port.bind, port.host) if port.host else (port.bind,)
        bindings.setdefault(f"{port.container}/{port.protocol}", []).append(place)
    word, _, count = spec.restart.partition(":")
    restart = {"Name": "" if word == "no" else word, "MaximumRetryCount": int(count or 0)}
    logging = None
    if spec.log_options:
        logging = {"Type": "json-file", "Config": dict(spec.log_options)}
    host_config = client.create_host_config(
        port_bindings=bindings or None,
        restart_policy=restart,
        mem_limit=spec.memory or None,
        network_mode=spec.network or None,
        binds=list(spec.volumes) or None,
        log_config=logging,
    )
    body: dict[str, Any] = client.create_container_config(
        spec.image,
        command=list(spec.command) or None,
        entrypoint=list(spec.entrypoint) if spec.entrypoint is not None else None,
        environment={key: v.reveal() if isinstance(v, Secret) else v for key, v in spec.env.items()},
        labels=dict(spec.labels),
        ports=[(port.container, port.protocol) for port in spec.ports] or None,
        user=spec.user or None,
        host_config=host_config,
        networking_config=_named(client, spec) if spec.aliases else None,
    )
    return body


def _named(client: Client, spec: ContainerSpec) -> Any:
    endpoint = client.create_endpoint_config(aliases=list(spec.aliases))
    return client.create_networking_config({spec.network: endpoint})


def _checked(token: CancelToken, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        token.check()
        yield chunk
