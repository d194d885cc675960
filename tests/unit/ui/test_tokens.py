"""Nobody lowers a colour by accident: every text on every surface, every graphic on every ground, in both themes."""

from __future__ import annotations

from itertools import product

import pytest

from desktop.ui.theme import tokens

THEMES = ("light", "dark")
STATES = ("ok", "warn", "fail", "info", "off")
ENVIRONMENTS = ("env.dev", "env.staging", "env.prod")


def luminance(color: str) -> float:
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def grounds(theme: str) -> list[str]:
    names = [name for name in tokens()["color"][theme] if name.startswith(("bg.", "nav."))]
    return [name for name in names if name != "bg.scrim"]


def too_weak(theme: str, pairs: list[tuple[str, str]], least: float) -> list[str]:
    colors = tokens()["color"][theme]
    return [
        f"{a} on {b}: {ratio(colors[a], colors[b]):.2f}"
        for a, b in pairs
        if ratio(colors[a], colors[b]) < least
    ]


def text_pairs(theme: str) -> list[tuple[str, str]]:
    plain = ["text.primary", "text.secondary", "text.tertiary", "text.link", "accent.text"]
    pairs = list(product(plain, grounds(theme)))
    cards = ["bg.layer", "bg.card", "bg.subtle", "bg.hover", "bg.selected", "bg.overlay"]
    pairs += [(f"{state}.text", ground) for state in STATES for ground in (*cards, f"{state}.bg")]
    pairs += [(f"{name}.text", f"{name}.bg") for name in ENVIRONMENTS]
    pairs += [("text.onFill", f"{name}.fill") for name in (*STATES, *ENVIRONMENTS)]
    pairs += [("text.onAccent", f"accent.{name}") for name in ("default", "hover", "pressed")]
    code = [name for name in tokens()["color"][theme] if name.startswith(("svc.", "code."))]
    code += [f"log.{level}" for level in ("trace", "debug", "info", "warn", "error")]
    pairs += list(product(code, ["bg.code", "log.warnRow", "log.errorRow", "bg.selected"]))
    return pairs


def graphic_pairs(theme: str) -> list[tuple[str, str]]:
    shown = [f"{state}.fill" for state in STATES] + ["accent.default", "stroke.strong", "stroke.focus"]
    shown += ["chart.1", "chart.2", "chart.3"]
    return list(
        product(shown, ["bg.base", "bg.layer", "bg.card", "bg.subtle", "bg.hover", "bg.selected", "bg.code"])
    )


@pytest.mark.parametrize("theme", THEMES)
def test_every_text_can_be_read_on_every_surface_where_it_may_stand(theme: str) -> None:
    assert too_weak(theme, text_pairs(theme), 4.5) == []


@pytest.mark.parametrize("theme", THEMES)
def test_every_meaningful_graphic_stands_out(theme: str) -> None:
    assert too_weak(theme, graphic_pairs(theme), 3.0) == []


def test_both_themes_know_the_same_roles() -> None:
    assert set(tokens()["color"]["light"]) == set(tokens()["color"]["dark"])


def test_no_text_is_smaller_than_12_px() -> None:
    assert min(kind["px"] for kind in tokens()["type"].values()) >= 12
