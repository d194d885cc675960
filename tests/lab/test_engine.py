"""The engine of servers through SSH, and of this computer: one suite for both ways."""

from __future__ import annotations

import asyncio
import io
import tarfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from desktop.base.paths import Home
from desktop.base.secret import Secret
from desktop.base.secret_store import MemoryStore
from desktop.engine import ContainerSpec, Engine, EngineError, Port, local_engine
from desktop.hosts import Host, Inventory, Sessions
from tests.lab.handle import Lab, LabHost

IMAGE = "busybox:lab"
LABEL = {"io.goferry.test": "engine"}


@asynccontextmanager
async def engine_of(host: LabHost | None, tmp_path: Path) -> AsyncIterator[Engine]:
    if host is None:
        engine = await local_engine()
        yield engine
        engine.close()
        return
    home = Home(tmp_path / "desk")
    inventory = Inventory(home)
    inventory.add(Host(host.name, host.address, host.port, host.user, "key", str(host.key_path),
                       fingerprints=(host.fingerprint,)))  # fmt: skip
    sessions = Sessions(inventory, MemoryStore(), home, persons_known_hosts=tmp_path / "none")
    engine = Engine.over(sessions.channel(host.name))
    yield engine
    engine.close()
    await sessions.close()


def on(host: LabHost | None, tmp_path: Path, work: Callable[[Engine], Awaitable[None]]) -> None:
    async def all_of_it() -> None:
        async with engine_of(host, tmp_path) as engine:
            for left in await engine.containers(LABEL):
                await engine.remove(left.id, force=True)
            try:
                await work(engine)
            finally:
                for left in await engine.containers(LABEL):
                    await engine.remove(left.id, force=True)

    asyncio.run(all_of_it())


@pytest.fixture(params=["centos7", "stream9", "local"])
def machine(request: pytest.FixtureRequest, lab: Lab) -> LabHost | None:
    if request.param == "local":
        request.getfixturevalue("local_engine")
        lab.load_image("local")
        return None
    host: LabHost = request.getfixturevalue(request.param)
    lab.load_image(host.name)
    return host


def spec(name: str, script: str, **values: object) -> ContainerSpec:
    wanted: dict[str, object] = {"labels": LABEL, "restart": "no", "network": "host", **values}
    return ContainerSpec(f"test-engine-{name}", IMAGE, command=("sh", "-c", script), **wanted)  # type: ignore[arg-type]


def test_a_container_lives_is_seen_and_goes(machine: LabHost | None, tmp_path: Path) -> None:
    async def work(engine: Engine) -> None:
        assert (await engine.version()).api >= "1.39"
        image = await engine.image(IMAGE)
        assert image is not None
        assert image.diff_ids
        assert await engine.image("none:1") is None
        script = 'echo "$GREETING"; echo oops >&2; sleep 60'
        created = await engine.create(spec("life", script, env={"GREETING": Secret("a b\nc")}, memory="32m"))
        await engine.start(created)
        (seen,) = await engine.containers(LABEL)
        assert (seen.id, seen.state, seen.name, seen.image) == (created, "running", "test-engine-life", IMAGE)
        lines = engine.logs(created, follow=True)
        got = [(chunk.stream, chunk.data) for chunk in [await anext(lines) for _ in range(3)]]
        await lines.aclose()  # type: ignore[attr-defined]
        assert sorted(got) == [("err", b"oops"), ("out", b"a b"), ("out", b"c")]
        assert (await engine.exec(created, ("sh", "-c", "exit 4"))).code == 4
        assert (await engine.stats(created)).memory > 0
        await engine.stop(created, timeout=0)
        stopped = await engine.container(created)
        assert stopped is not None
        assert stopped.state == "exited"
        await engine.rename(created, "test-engine-other")
        await engine.remove(created)
        assert await engine.containers(LABEL) == ()

    on(machine, tmp_path, work)


def test_what_goes_wrong_is_recognised(machine: LabHost | None, tmp_path: Path) -> None:
    async def code(work: Awaitable[object]) -> str:
        with pytest.raises(EngineError) as caught:
            await work
        return caught.value.code

    async def work(engine: Engine) -> None:
        await engine.create(spec("twice", "true"))
        assert await code(engine.create(spec("twice", "true"))) == "engine.name_taken"
        assert await code(engine.create(ContainerSpec("test-engine-x", "none:1"))) == "engine.no_image"
        assert await code(engine.start("none")) == "engine.no_container"
        assert await code(engine.remove("none")) == "engine.no_container"
        assert await code(engine.load([b"not a tar"])) == "engine.archive"
        with pytest.raises(EngineError) as caught:
            async for _ in engine.logs("none"):
                pass
        assert caught.value.code == "engine.no_container"
        missing = await engine.create(spec("missing", "", entrypoint=("/none",)))
        assert await code(engine.start(missing)) == "engine.no_program"

    on(machine, tmp_path, work)


def test_an_image_goes_out_and_in_again(machine: LabHost | None, tmp_path: Path) -> None:
    async def work(engine: Engine) -> None:
        loop = asyncio.get_running_loop()
        archive = await loop.run_in_executor(None, lambda: b"".join(engine.save(IMAGE)))
        pieces = [archive[start : start + 65536] for start in range(0, len(archive), 65536)]
        assert await engine.load(pieces) == (IMAGE,)
        await engine.tag(IMAGE, "test-engine:1")
        assert any("test-engine:1" in image.tags for image in await engine.images())
        await engine.remove_image("test-engine:1")

    on(machine, tmp_path, work)


def test_events_and_files_of_a_container(machine: LabHost | None, tmp_path: Path) -> None:
    async def work(engine: Engine) -> None:
        created = await engine.create(spec("files", "cat /tmp/hello"))
        out = io.BytesIO()
        with tarfile.open(fileobj=out, mode="w") as tar:
            entry = tarfile.TarInfo("hello")
            entry.size = 5
            tar.addfile(entry, io.BytesIO(b"hello"))
        await engine.put_archive(created, "/tmp", out.getvalue())
        other = await engine.create(spec("other", "true"))
        events = engine.events(LABEL)
        first = asyncio.ensure_future(anext(events))
        while not first.done():  # the engine tells only what happens after it has been asked
            await engine.start(other)
            await asyncio.wait({first}, timeout=0.1)
        assert first.result().id == other
        await engine.start(created)
        async for event in events:
            if event.id == created:
                break
        await events.aclose()  # type: ignore[attr-defined]
        assert [chunk.data async for chunk in engine.logs(created, follow=True)] == [b"hello"]

    on(machine, tmp_path, work)


def test_a_taken_port_is_named(centos7: LabHost, lab: Lab, tmp_path: Path) -> None:
    lab.load_image(centos7.name)

    async def work(engine: Engine) -> None:
        ports = (Port(80, 18977),)
        first = await engine.create(spec("port-1", "sleep 60", network="", ports=ports))
        await engine.start(first)
        second = await engine.create(spec("port-2", "sleep 60", network="", ports=ports))
        with pytest.raises(EngineError) as caught:
            await engine.start(second)
        assert caught.value.code == "engine.port_taken"
        assert "18977" in str(caught.value.what)

    on(centos7, tmp_path, work)


@pytest.mark.parametrize(("fault", "code"), [("stop-docker", "engine.down"), ("", "engine.none")])
def test_an_engine_that_is_not_there_is_told(
    fault: str, code: str, request: pytest.FixtureRequest, lab: Lab, tmp_path: Path
) -> None:
    host: LabHost = request.getfixturevalue("spare_host" if fault else "bare_host")
    if fault:
        lab.fault(host.name, fault)

    async def work() -> None:
        async with engine_of(host, tmp_path) as engine:
            with pytest.raises(EngineError) as caught:
                await engine.ping()
            assert caught.value.code == code
            if fault:
                lab.heal(host.name)
                await engine.ping()

    asyncio.run(work())


def test_a_user_outside_the_group_is_told(centos7: LabHost, tmp_path: Path) -> None:
    async def work() -> None:
        home = Home(tmp_path / "desk")
        inventory = Inventory(home)
        inventory.add(Host("web", centos7.address, centos7.port, centos7.password_user, "password",
                           fingerprints=(centos7.fingerprint,)))  # fmt: skip
        sessions = Sessions(inventory, MemoryStore(), home, persons_known_hosts=tmp_path / "none")
        sessions.give_password("web", Secret(centos7.password))
        with pytest.raises(EngineError) as caught:
            await Engine.over(sessions.channel("web")).ping()
        assert caught.value.code == "engine.permission"
        await sessions.close()

    asyncio.run(work())
