"""What Settings offers, and what About says. Pure."""

from __future__ import annotations

from desktop.base.words import tr
from desktop.ui.widgets.says import Text, words

OFFICIAL = "https://proxy.golang.org,direct"
CHINA = "https://goproxy.cn,direct"
_NAMED = {"": "go", OFFICIAL: "official", CHINA: "china", "direct": "direct", "off": "off"}


def proxy_choices() -> list[tuple[str, Text]]:
    """Where Go modules come from: (key, text)."""
    return [
        ("go", lambda: tr("As Go is set up")),
        ("official", lambda: tr("Official proxy")),
        ("china", lambda: tr("Mirror in mainland China")),
        ("direct", lambda: tr("Straight from Git")),
        ("off", lambda: tr("No network")),
    ]


def proxy_key(value: str) -> str:
    """The choice that a GOPROXY value stands for; "own" for everything else."""
    return _NAMED.get(value, "own")


def proxy_words(value: str) -> str:
    """A GOPROXY value for people: the choice that it stands for, else its address."""
    key = proxy_key(value)
    return value if key == "own" else words(dict(proxy_choices())[key])


def editor_choices() -> list[tuple[str, Text]]:
    return [
        ("auto", lambda: tr("The one that is found")),
        ("vscode", "VS Code"),
        ("goland", "GoLand"),
        ("system", lambda: tr("The system's choice")),
    ]
