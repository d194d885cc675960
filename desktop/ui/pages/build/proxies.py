"""The choice of a GOPROXY: each is measured while the sheet is open. Build offers it, and set-up does."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from desktop.build import measure_proxies, proxy_presets

from .dependencies import ProxySheet

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.ui.pages.base import Frame


def choose_proxy(app: App, frame: Frame, keep: Callable[[str], object] | None = None) -> None:
    """Ask, and keep what was chosen; `keep(value)` does it where it is given."""
    now = app.settings.now.goproxy
    presets = proxy_presets(now if now.startswith("http") and not _is_known(now) else "")
    sheet = ProxySheet(presets, now)

    async def measure() -> None:
        sheet.show_answers(await measure_proxies(app.pools.net, presets))

    task: Any = frame.spawn(measure(), sheet)

    def ended(value: Any) -> None:
        task.cancel()
        if isinstance(value, str):
            keep(value) if keep is not None else app.settings.change(goproxy=value)

    frame.open_sheet(sheet, ended)


def _is_known(value: str) -> bool:
    return any(preset.value == value for preset in proxy_presets())
