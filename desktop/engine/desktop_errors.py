"""What goes wrong with an engine that comes as a desktop program.

EngineError <- NoDesktopApp, EngineNotStarted, WindowsContainers
"""

from __future__ import annotations

from desktop.base.words import msg

from .errors import EngineError, place_name, start_offer


class NoDesktopApp(EngineError):
    code = "engine.no_app"

    def __init__(self) -> None:
        super().__init__(
            "local",
            msg("There is nothing on this computer that Goferry could start."),
            msg("Neither Docker Desktop nor Rancher Desktop nor Podman Desktop is installed in its usual place."),
            msg("Docker is optional: builds, images and deploys to servers need none. Install one of them if you want "
                "to try containers here."),
        )  # fmt: skip


class EngineNotStarted(EngineError):
    code = "engine.not_started"

    def __init__(self, app: str, seconds: float, *, detail: str = "") -> None:
        super().__init__(
            "local",
            msg("{app} was started, but its engine does not answer.", app=app),
            msg("{seconds} s have passed since.", seconds=round(seconds)),
            msg(
                "Look at its window: it may ask for consent, for a sign-in or for an update of WSL. Then try again."
            ),
            detail=detail,
            fixes=start_offer(app),
        )


class WindowsContainers(EngineError):
    code = "engine.windows_containers"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("Docker on {place} is switched to Windows containers.", place=place_name(where)),
            msg("Your programs are built for Linux servers, and so are their images."),
            msg(
                "Choose “Switch to Linux containers…” in the menu of Docker's icon beside the clock, then try again."
            ),
            detail=detail,
        )
