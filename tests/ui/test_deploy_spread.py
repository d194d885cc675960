"""What is chosen for a fleet, kept in the project's own file."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.app import App
from desktop.base.paths import Home
from desktop.project import load_config
from desktop.release import Strategy
from desktop.ui.pages.deploy.deeds import Deeds
from desktop.ui.pages.deploy.spread import Spread
from tests.ui.conftest import Aio

BLOCK = """\
name: orders
# where it runs
environments:
  prod:
    hosts: [web-1, web-2] # both
    batch: 3 # for now
"""
FLOW = "name: orders\nenvironments:\n  prod: { hosts: [web-1, web-2], publish: 80 }\n"


@pytest.mark.parametrize("text", [BLOCK, FLOW])
def test_a_strategy_is_written_and_taken_out_again_and_comments_stay(
    aio: Aio, tmp_path: Path, text: str
) -> None:
    file = tmp_path / "goferry.yaml"
    file.write_text(text, encoding="utf-8")

    async def keep(spread: Spread) -> None:
        async with App(Home(tmp_path / "home")) as app:
            await Deeds(app).keep_spread(tmp_path, "prod", spread.values())
            await Deeds(app).keep_spread(tmp_path, "nowhere", spread.values())

    aio(keep(Spread(Strategy("all", 3, undo=True), "web-1:47800")))
    config = load_config(tmp_path)
    assert config is not None
    kept = config.environments["prod"]
    assert (kept.strategy, kept.on_failure, kept.relay) == ("all", "rollback", "web-1:47800")
    assert list(config.environments) == ["prod"]

    aio(keep(Spread(Strategy())))
    config = load_config(tmp_path)
    assert config is not None
    kept = config.environments["prod"]
    assert (kept.strategy, kept.batch, kept.on_failure, kept.relay) == ("one", 2, "stop", "")
    left = file.read_text(encoding="utf-8")
    assert "strategy" not in left
    assert ("# where it runs" in left) == ("# where it runs" in text)
