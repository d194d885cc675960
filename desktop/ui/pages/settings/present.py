"""What Settings offers, and what About says. Pure."""

from __future__ import annotations

from desktop.base.words import tr
from desktop.ui.widgets.says import Text

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
        ("own", lambda: tr("Our company proxy")),
    ]


def proxy_key(value: str) -> str:
    """The choice that a GOPROXY value stands for; "own" for everything else."""
    return _NAMED.get(value, "own")


def proxy_value(key: str, own: str) -> str:
    """The GOPROXY value of a choice; `own` is the company's address."""
    for value, name in _NAMED.items():
        if name == key:
            return value
    return own.strip()


def proxy_problem(address: str) -> str:
    """What is wrong with a company proxy's address, or ""."""
    parts = [part for part in address.replace("|", ",").split(",") if part.strip()]
    if not parts:
        return tr("Type the address of the proxy, such as https://goproxy.example.com")
    for part in parts:
        if part.strip() not in ("direct", "off") and not part.strip().startswith(
            ("https://", "http://", "file://")
        ):
            return tr("{part} is not an address: it begins with https://", part=part.strip())
    return ""


def editor_choices() -> list[tuple[str, Text]]:
    return [
        ("auto", lambda: tr("The one that is found")),
        ("vscode", "VS Code"),
        ("goland", "GoLand"),
        ("system", lambda: tr("The system's choice")),
    ]
