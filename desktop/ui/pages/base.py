"""What every page is, and what the frame around it offers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from PySide6.QtCore import Signal, SignalInstance
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.ui.theme import theme
from desktop.ui.widgets.says import Text
from desktop.ui.widgets.sheets import Sheet

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.release import Release
    from desktop.ui.widgets.toasts import Toast


@dataclass(frozen=True, slots=True)
class PageAction:
    """Something that a page can do, for the command palette. `keys` is shown beside it."""

    key: str
    text: str
    run: Callable[[], object]
    keys: str = ""


class Frame(Protocol):
    """The window, as pages see it."""

    environments: dict[Path, str]
    """The environment that was last looked at, by project: Deploy and Live show the same one."""
    serving: dict[tuple[Path, str], Release]
    """What was last seen to serve, by project and environment."""
    project_changed: SignalInstance
    narrow_changed: SignalInstance

    @property
    def current_project(self) -> Path | None: ...

    @property
    def is_narrow(self) -> bool:
        """Whether a right column has to be a drawer now."""
        ...

    def set_current_project(self, folder: Path | None) -> None: ...

    def open_sheet(self, sheet: Sheet, ended: Callable[[Any], None] | None = None) -> Sheet:
        """Show a sheet; `ended` gets its result, None when it was cancelled."""
        ...

    def toast(
        self,
        kind: str,
        title: Text,
        text: Text = "",
        actions: Sequence[tuple[Text, Callable[[], None]]] = (),
    ) -> Toast | None:
        """Show a note; emit its `closed` to take it back."""
        ...

    def navigate(self, key: str, arg: object = None) -> None:
        """Show a page; `arg` is what its `shown` gets."""
        ...

    def has_page(self, key: str) -> bool: ...

    def error(self, error: BaseException) -> None:
        """Show what went wrong, why and what to do, in the bar over the page."""
        ...

    def open_activity(self, job: object = None) -> None: ...

    def show_output(self, job: object) -> None:
        """Open a job's output."""
        ...

    def set_status(self, key: str, state: str, text: Text, tip: Text = "") -> None:
        """A state at the right of the status bar (go, engine, hosts, streams); an empty text takes it away."""
        ...

    def set_badge(self, key: str, count: int, tone: str = "warn") -> None:
        """A number beside a page in the navigation."""
        ...

    def leave_for(self, program: Path | None) -> None:
        """End the window as a person would, then start a program: the new version of this one."""
        ...

    def spawn(self, work: Coroutine[Any, Any, Any], owner: QWidget | None = None) -> object:
        """Run a coroutine that is no job; ends with its owner, errors go to the bar."""
        ...


class Page(QWidget):
    """One page. Made when it is first shown, then kept; off screen it rests.

    Build into `root`: a PageHeader, then a body with side margins of 24. Work is started as jobs:
    `self.app.jobs.start(kind, msg("…"), work, page=self.key)`.
    """

    key: ClassVar[str] = ""
    navigate = Signal(str, object)
    """Wish to go to a page; the same as `frame.navigate`."""
    toast = Signal(str, object, object)
    """Wish for a toast: kind, title, text."""

    def __init__(self, app: App, frame: Frame) -> None:
        super().__init__()
        self.app, self.frame = app, frame
        self.setObjectName(f"page.{self.key}")
        self.root = QVBoxLayout(self)
        self.root.setContentsMargins(0, 0, 0, 0)
        self.root.setSpacing(0)
        theme().dress(self, when_shown=True)

    def showEvent(self, event: QShowEvent) -> None:
        theme().roots.catch_up(self)
        super().showEvent(event)

    def title(self) -> str:
        """The page's name now, for the window's title and the palette."""
        return self.key

    def shown(self, context: object) -> None:
        """The page comes into view, with what `navigate` was given."""

    def hidden(self) -> None:
        """The page goes out of view: stop timers; streams go on into their buffers."""

    def retranslate(self) -> None:
        """Put into words again what `say` does not: models, delegates, painted text."""

    def refresh(self) -> None:
        """Check or read again (F5)."""

    def primary(self) -> None:
        """The page's main action (Ctrl+Enter)."""

    def toggle_right(self) -> None:
        """Show or hide the right column (F4)."""

    def next_problem(self, step: int) -> None:
        """Go to the next (1) or previous (-1) problem (F8)."""

    def offers(self) -> list[PageAction]:
        """What the command palette offers while this page is in view."""
        return []

    def help_text(self) -> str:
        """What this page does, for F1."""
        return ""

    def panes(self) -> list[QWidget]:
        """Where F6 jumps, in order."""
        return []

    def spawn(self, work: Coroutine[Any, Any, Any]) -> object:
        """Run a coroutine that is no job; it ends when the page does."""
        return self.frame.spawn(work, self)
