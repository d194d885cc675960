"""What takes Go some seconds is done after a build, not when the first change is deployed."""

from __future__ import annotations

from contextlib import suppress

import pytest

from desktop.base.errors import GoferryError
from desktop.base.jobs import Job
from desktop.ui.start import get_ahead
from tests.ui.conftest import Shell


def test_after_a_build_that_went_well_the_encoder_is_got_ready(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    monkeypatch.setattr(shell.app.quick.programs, "get_ready", lambda: asked.append("encoder"))
    get_ahead(shell.app)

    async def well(job: Job[None]) -> None:
        assert asked == []

    async def badly(job: Job[None]) -> None:
        raise GoferryError("It does not compile.", "A name is missing.", "Write it.")

    async def story() -> None:
        for kind, work in (("build", badly), ("host.check", well), ("build", well)):
            with suppress(GoferryError):
                await shell.app.jobs.start(kind, kind, work).wait()

    shell.aio(story())
    assert asked == ["encoder"]
