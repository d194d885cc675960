"""The whole way by clicking, in the real window: from nothing to a healthy app, its logs, a new version, and back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_releases import overview, remove
from desktop.ui.pages.deploy.page import DeployPage
from desktop.ui.pages.live.page import LivePage
from tests.ports import free_port
from tests.ui.conftest import Shell
from tests.ui.hand import Hand, answer, builds, deploys, makes_a_project, sees_it_live
from tests.ui.shots import take

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def hand(shell: Shell, tmp_path: Path) -> Iterator[Hand]:
    # without an engine the app runs as a program on this computer, on any machine that runs this test
    shell.app.settings.change(engine=f"unix://{tmp_path}/no-engine.sock")
    yield Hand(shell)

    async def clean(app: App) -> None:
        folder = shell.window.current_project
        if folder is not None and (folder / "goferry.yaml").is_file():
            await remove(app, await overview(app, folder, ["dev"]))

    shell.aio.loop.run_until_complete(clean(shell.app))


@pytest.mark.may_stall(200)  # five pictures are taken on the running loop, with a Go compiler beside it
def test_the_whole_way_by_clicking(hand: Hand, tmp_path: Path) -> None:
    port = free_port()

    async def way() -> None:
        folder = await makes_a_project(hand, tmp_path, port)
        await builds(hand)
        take(hand.window, "way-1-built")
        first = await deploys(hand)
        take(hand.window, "way-2-deployed")
        assert "ok" in (await answer(port, "/health")).lower()
        await sees_it_live(hand, first)
        take(hand.window, "way-3-live")

        page: DeployPage = await hand.goes_to("deploy")
        text = (folder / "goferry.yaml").read_text(encoding="utf-8")
        (folder / "goferry.yaml").write_text(
            text.replace("LOG_LEVEL: debug", "LOG_LEVEL: warn"), encoding="utf-8", newline="\n"
        )
        second = await deploys(hand)
        assert second != first
        await hand.sees(lambda: page.found is not None and len(page.found.history()) == 2, "both releases")
        take(hand.window, "way-4-second")

        await hand.click("deploy.rollback")
        await hand.click("deploy.rollback_sheet.primary")
        await hand.waits_for_job("rollback")

        def serving() -> str:
            seen = page.found.seen["local"] if page.found is not None else None
            return seen.serving.image_digest if seen is not None and seen.serving is not None else ""

        await hand.sees(serving, "what serves")
        assert "ok" in (await answer(port, "/health")).lower()
        take(hand.window, "way-5-back")
        live: LivePage = await hand.goes_to("live")
        await hand.sees(lambda: live.parts.summary.text().startswith("1 of"), "healthy again")

    hand.shell.aio(way(), 550)
