"""The network is cut at every stage of a deploy: something whole serves all the time, and the next deploy ends right."""

from __future__ import annotations

import asyncio
import json
import traceback
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from desktop.app import App
from desktop.app_deploy import prepare_deploy, run_prepared
from desktop.app_releases import prepare_rollback
from desktop.hosts import Inventory
from desktop.release import GoesAhead, HostResult, HostState, Place
from desktop.release.places.engine import EnginePlace
from tests.lab.handle import Lab, LabHost
from tests.lab.site import Site, make_site
from tests.lab.wire import Wire

pytestmark = pytest.mark.timeout(900, func_only=True)


@dataclass(frozen=True, slots=True)
class Cut:
    """A deploy of 2.0 is cut off: where, and what serves then."""

    stage: str
    """The call of a place that the cut comes right before. `look` is the first one under the lock; `ship` is cut in the
    midst, be it sent ahead of the lock or not, `load` when all is sent; of `confirmed` only the answer is lost."""
    serves: str = "1.0"
    new_binary: bool = False
    rollback: bool = False
    keep: int = 5


@dataclass(frozen=True, slots=True)
class Lane:
    """Cuts of one app, one after the other, each met by a deploy that had to get past the one before."""

    cuts: tuple[Cut, ...]
    kept: tuple[str, ...]
    """Versions that are there after all, and after a deploy of 3.0 that nobody cuts."""
    before: tuple[str, ...] = ("1.0",)
    plain: bool = False
    """Without a porter, as on a server that has no Python."""


LANES = {
    "early": Lane(
        (
            Cut("look"),
            Cut("check"),
            Cut("ship", new_binary=True),
            Cut("start_ahead", new_binary=True),
            Cut("load", new_binary=True),
            Cut("create"),
        ),
        kept=("1.0", "3.0"),
    ),
    "swap": Lane(
        (Cut("swap"), Cut("health"), Cut("confirm"), Cut("confirmed", serves="2.0")),
        kept=("1.0", "2.0", "3.0"),
    ),
    "plain": Lane(
        (Cut("load", new_binary=True), Cut("swap"), Cut("health"), Cut("confirmed", serves="2.0")),
        kept=("1.0", "2.0", "3.0"),
        plain=True,
    ),
    "late": Lane(
        (Cut("retire", serves="2.0", keep=1), Cut("record", rollback=True)),
        kept=("0.9", "1.0", "2.0", "3.0"),
        before=("0.9", "1.0"),
    ),
}


class CutPlace:
    """A place on a server whose network is cut right before one of its calls."""

    def __init__(self, place: Place, stage: str, wire: Wire) -> None:
        self._place, self._stage, self._wire = place, stage, wire
        self._to_cut = stage == "ship"

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._place, name)
        stage = "health" if name in ("watch", "probe") else name
        if stage != self._stage or self._wire.is_cut:
            return real

        def call(*words: Any, **named: Any) -> Any:
            self._wire.cut()
            return real(*words, **named)

        return call

    async def confirm(self, *words: Any) -> None:
        if self._stage == "confirm":
            self._wire.cut()
        await self._place.confirm(*words)
        if self._stage == "confirmed":
            self._wire.cut()
            await self._place.look("")

    def ship_ahead(self, *words: Any) -> None:
        assert isinstance(self._place, GoesAhead)
        self._cut_in_the_midst()
        self._place.ship_ahead(*words)

    def _cut_in_the_midst(self) -> None:
        if self._to_cut:
            self._to_cut = False
            self._wire.cut_after(20_000)

    @asynccontextmanager
    async def ship(self, *words: Any) -> AsyncIterator[Any]:
        self._cut_in_the_midst()
        async with self._place.ship(*words) as shipment:
            yield Cargo(shipment, self._wire, self._stage == "load")


@dataclass(frozen=True, slots=True)
class Cargo:
    """A shipment whose network may be cut when all is sent."""

    real: Any
    wire: Wire
    cut: bool

    async def sent(self) -> Any:
        return await self.real.sent()

    async def loaded(self) -> Any:
        if self.cut:
            self.wire.cut()
        return await self.real.loaded()


@dataclass(frozen=True, slots=True)
class Story:
    """One lane's app on the server, behind a wire of its own."""

    lane: Lane
    site: Site
    host: LabHost
    wire: Wire

    async def tell(self) -> None:
        async with self.wire:
            Inventory(self.site.home).change(self.host.name, address="127.0.0.1", port=self.wire.port)
            for version in self.lane.before:
                assert (await self.deploy(version)).error is None
            for cut in self.lane.cuts:
                await self.cut_off(cut)
            assert (await self.deploy("3.0")).state is HostState.DONE
            assert self.site.served(self.host) == "3.0 0"
            self.nothing_is_left_half_done()

    async def deploy(self, version: str, cut: Cut | None = None) -> HostResult:
        self.site.write(version)
        async with App(self.site.home, secrets=self.site.secrets) as app:
            prepare = prepare_rollback if cut is not None and cut.rollback else prepare_deploy
            prepared = await prepare(app, self.site.folder, ["staging"])
            [rollout] = prepared.rollouts
            if self.lane.plain:
                link, engine = await app.channel(self.host.name), await app.engine(self.host.name)
                rollout.place = EnginePlace(link, engine, app.pools.engine, app.home)
            if cut is not None:
                rollout.place, rollout.keep = CutPlace(rollout.place, cut.stage, self.wire), cut.keep
            return (await run_prepared(prepared)).hosts[0]

    async def cut_off(self, cut: Cut) -> None:
        if cut.new_binary:
            text = f"package main\n\nfunc init() {{ println(`{cut.stage}`) }}\n"
            self.site.folder.joinpath("other.go").write_text(text, encoding="utf-8")
        result = await self.deploy("2.0", cut)
        assert self.wire.is_cut, f"nothing was cut at {cut.stage}"
        assert result.error is not None
        assert result.error.code.partition(".")[0] in ("host", "engine"), (cut, result.error)
        assert result.state in (HostState.UNKNOWN, HostState.FAILED), (cut, result.state)
        self.wire.mend()
        self.site.until_served(self.host, cut.serves)

    def nothing_is_left_half_done(self) -> None:
        assert len(self.site.containers(self.host)) == len(self.lane.kept)
        folder = f"/var/lib/goferry/{self.site.name}"
        left = self.console(f"find {folder} -type f -printf '%f\n'").split()
        assert not [name for name in left if name.endswith((".new", ".part")) or name.startswith("beat.")]
        lines = self.console(f"for f in {folder}/releases/*; do cat $f; echo; done").splitlines()
        records = [json.loads(line) for line in lines]
        good = [record["version"] for record in records if record["outcome"] == "good"]
        assert good == list(self.lane.kept)

    def console(self, script: str) -> str:
        return self.site.lab.console(self.host.name, script)


def told(story: Story) -> str:
    """How a story ended, where it did not end well."""
    try:
        asyncio.run(story.tell())
    except Exception:  # noqa: BLE001  every lane is told, not only the first that fails
        return f"{story.site.name}: {traceback.format_exc(limit=-2)}"
    return ""


def test_a_cut_at_any_stage_leaves_something_whole_serving(
    lab: Lab, centos7: LabHost, tmp_path: Path
) -> None:
    stories = [
        Story(
            lane,
            make_site(lab, tmp_path / name, f"cut-{name}", 18601 + number, centos7),
            centos7,
            Wire(centos7.address, centos7.port),
        )
        for number, (name, lane) in enumerate(LANES.items())
    ]
    try:
        with ThreadPoolExecutor(len(stories)) as threads:
            bad = [text for text in threads.map(told, stories) if text]
    finally:
        for story in stories:
            story.site.clean()
    assert not bad, "\n".join(bad)
