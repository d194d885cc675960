"""High contrast: the system's colours hold, and what we paint ourselves uses them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtGui import QColor, QImage, QPalette

from desktop.ui.theme import theme
from tests.ui.conftest import Shell

BLACK, WHITE, HIGHLIGHT = QColor("#000000"), QColor("#ffffff"), QColor("#1aebff")


def night() -> QPalette:
    """A contrast theme of Windows: white on black."""
    made = QPalette(BLACK, BLACK)
    roles = QPalette.ColorRole
    for role in (roles.WindowText, roles.Text, roles.ButtonText, roles.PlaceholderText):
        made.setColor(role, WHITE)
    made.setColor(roles.Base, BLACK)
    made.setColor(roles.Highlight, HIGHLIGHT)
    made.setColor(roles.HighlightedText, BLACK)
    made.setColor(roles.Link, QColor("#ffff00"))
    return made


@pytest.fixture
def contrast(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    for place in ("theme", "widgets.paint"):
        monkeypatch.setattr(f"desktop.ui.{place}.high_contrast", lambda: True)
    monkeypatch.setattr("desktop.ui.theme.QPalette", night)
    theme().apply("light")
    yield shell
    monkeypatch.undo()
    theme().apply("light")


def shares(picture: QImage) -> tuple[float, float]:
    """(dark, bright) parts of a picture."""
    small = picture.scaled(300, 200)
    lights = [small.pixelColor(x, y).lightness() for x in range(0, 300, 2) for y in range(0, 200, 2)]
    return sum(one < 90 for one in lights) / len(lights), sum(one > 160 for one in lights) / len(lights)


@pytest.mark.parametrize("page", ["settings", "projects", "build"])
def test_a_page_is_black_with_bright_text_when_the_system_wants_it(contrast: Shell, page: str) -> None:
    contrast.window.navigate(page)
    picture = contrast.window.grab().toImage()
    dark, bright = shares(picture)
    assert dark > 0.8, f"{page}: a ground of ours was left"
    assert bright > 0.002, f"{page}: nothing can be read"


def test_what_is_painted_takes_the_system_s_colours(contrast: Shell) -> None:
    assert theme().color("text.primary") == WHITE
    assert theme().color("bg.base") == BLACK
    assert theme().color("accent.default") == HIGHLIGHT
    assert theme().color("fail.text") == WHITE, "a state is told by its shape and its word"
