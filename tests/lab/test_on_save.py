"""Deploy on save to a real server: a file is saved, and the new version answers there without a click."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.app import App
from desktop.app_on_save import Doing, OnSave
from tests.lab.handle import Lab, LabHost
from tests.lab.site import Site, make_site

pytestmark = pytest.mark.timeout(900, func_only=True)
LARGE = 100_000
"""Bytes from which a hash is worth counting."""


@pytest.fixture
def site(lab: Lab, tmp_path: Path, stream9: LabHost) -> Iterator[Site]:
    made = make_site(lab, tmp_path, "onsave", 18_047, stream9)
    yield made
    made.clean()


class Hashed:
    """What was hashed here, by its sum: a large thing twice is time lost."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.sums: Counter[str] = Counter()
        real, real_digest, sums = hashlib.sha256, hashlib.file_digest, self.sums

        class Counted:
            """hashlib's, with a count of its bytes."""

            def __init__(self, data: bytes = b"", **more: Any) -> None:
                self._hash, self._size, self._told = real(data, **more), len(data), False

            def update(self, data: bytes) -> None:
                self._size += len(data)
                self._hash.update(data)

            def hexdigest(self) -> str:
                if self._size >= LARGE and not self._told:
                    self._told = True
                    sums[self._hash.hexdigest()] += 1
                return self._hash.hexdigest()

            def __getattr__(self, name: str) -> Any:
                return getattr(self._hash, name)

        def file_digest(file: Any, name: str) -> Any:
            found = real_digest(file, name)
            if file.tell() >= LARGE:
                sums[found.hexdigest()] += 1
            return found

        patch.setattr(hashlib, "sha256", Counted)
        patch.setattr(hashlib, "file_digest", file_digest)


def test_a_save_is_served_on_the_server_and_a_broken_one_leaves_the_version_before(
    site: Site, stream9: LabHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.write("one")

    def served(version: str) -> None:
        assert site.served(stream9).startswith(version)

    async def work(app: App) -> None:
        one = OnSave(app, site.folder, "staging")
        await one.start()
        try:
            saves(site, "two")
            await ends(one, Doing.SERVES)
            served("two")
            hashed = Hashed(monkeypatch)
            saves(site, "three")
            await ends(one, Doing.SERVES)
            served("three")
            assert set(hashed.sums.values()) == {1}, hashed.sums
            monkeypatch.undo()
            saves(site, '"')
            await ends(one, Doing.FAILED)
            assert "saved.go" in str(one.state.error)
            served("three")
            saves(site, "four")
            await ends(one, Doing.SERVES)
            served("four")
            assert [str(job.state) for job in app.jobs.all] == ["done", "done", "failed", "done"]
        finally:
            await one.stop()

    site.run(work)


def saves(site: Site, version: str) -> None:
    text = f'package main\n\nimport "os"\n\nfunc init() {{ os.Setenv("VERSION", "{version}") }}\n'
    (site.folder / "saved.go").write_text(text, encoding="utf-8")


async def ends(one: OnSave, wanted: Doing) -> None:
    """A run begins and ends so."""
    deadline = time.monotonic() + 240
    while not one.state.doing.busy:
        assert time.monotonic() < deadline, one.state
        await asyncio.sleep(0.005)
    while one.state.doing.busy:
        assert time.monotonic() < deadline, one.state
        await asyncio.sleep(0.02)
    assert one.state.doing is wanted, one.state
