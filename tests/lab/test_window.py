"""The whole way by clicking, to a real server: host added, deployed to, seen healthy with its log, rolled back."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.ui.pages.deploy.page import DeployPage
from desktop.ui.pages.hosts.page import HostsPage
from desktop.ui.pages.live.page import LivePage
from tests.lab.handle import Lab, LabHost
from tests.ports import free_port
from tests.ui.conftest import (  # noqa: F401  fixtures
    Shell,
    aio,
    everything_loaded,
    nothing_left_behind,
    plain_look,
    shell,
)
from tests.ui.hand import NAME, Hand, adds_a_host, builds, deploys, makes_a_project, sees_it_live
from tests.ui.shots import take

PORT = 18_973


@pytest.mark.timeout(900, func_only=True)
@pytest.mark.may_stall(400)  # compilers, servers and engines share the processors with the window here
def test_the_whole_way_to_a_server_by_clicking(
    lab: Lab,
    stream9: LabHost,
    shell: Shell,  # noqa: F811
    tmp_path: Path,
) -> None:
    hand = Hand(shell)
    way = Way(hand, lab, stream9, tmp_path)
    try:
        shell.aio(way.walk(), timeout=840)
    finally:
        lab.console(
            stream9.name,
            f"docker ps -aq --filter label=io.goferry.app={NAME} | xargs -r docker rm -f >/dev/null;"
            f"docker images -q '*{NAME}*' | xargs -r docker rmi -f >/dev/null 2>&1; rm -rf /var/lib/goferry/{NAME}",
        )


class Way:
    """Its parts, in order."""

    def __init__(self, hand: Hand, lab: Lab, host: LabHost, folder: Path) -> None:
        self.hand, self.lab, self.host, self.parent = hand, lab, host, folder

    async def walk(self) -> None:
        await adds_a_host(self.hand, "web-1", self.host.target, self.host.fingerprint, self.host.key_path)
        take(self.hand.window, "server-1-host")
        config = await makes_a_project(self.hand, self.parent, free_port()) / "goferry.yaml"
        text = config.read_text(encoding="utf-8").rstrip() + "\n"
        self.write(config, text, "debug")
        await builds(self.hand)
        first = await deploys(self.hand, "staging")
        take(self.hand.window, "server-2-deployed")
        assert "ok" in self.served()
        await self.looks(first)
        self.write(config, text, "warn")
        assert await deploys(self.hand, "staging") != first
        await self.finds_both_on_the_host()
        await self.goes_back()

    async def finds_both_on_the_host(self) -> None:
        """Images with what uses them, and the releases as the server remembers them."""
        page: HostsPage = await self.hand.goes_to("hosts")
        page.tree.choose("web-1")
        await self.hand.click("hosts.tabs.images")
        used = f"used by {NAME}-"
        await self.hand.sees(
            lambda: any(used in row.second for row in page.details.images.rows.rows), "its image and its user"
        )
        await self.hand.click("hosts.tabs.history")
        await self.hand.sees(
            lambda: sum(NAME in row.title for row in page.details.history.rows.rows) == 2, "both releases"
        )

    def write(self, config: Path, text: str, level: str) -> None:
        staging = f"  staging: {{ hosts: [web-1], publish: {PORT}, env: {{ LOG_LEVEL: {level} }} }}\n"
        config.write_text(text + staging, encoding="utf-8", newline="\n")

    def served(self) -> str:
        return self.lab.console(
            self.host.name, f"curl -s -m 3 http://127.0.0.1:{PORT}/health || true"
        ).lower()

    async def looks(self, release: str) -> None:
        page: LivePage = await sees_it_live(self.hand, release, "staging")
        live = page.live
        assert live is not None
        await self.hand.sees(lambda: any(usage.samples for usage in live.watcher.usage.values()), "its use")
        page.render_now()
        take(self.hand.window, "server-3-live")

    async def goes_back(self) -> None:
        page: DeployPage = await self.hand.goes_to("deploy")
        await self.hand.sees(
            lambda: page.found is not None and len(page.found.history()) == 2, "both releases"
        )
        await self.hand.click("deploy.rollback")
        await self.hand.click("deploy.rollback_sheet.primary")
        await self.hand.waits_for_job("rollback")
        assert "ok" in self.served()
        take(self.hand.window, "server-4-back")
        self.hand.window.set_current_project(None)
        await self.hand.sees(lambda: not self.hand.window.tasks._running, "nobody looks any more")
