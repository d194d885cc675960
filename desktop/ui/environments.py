"""Environments in words and colours."""

from __future__ import annotations

from desktop.base.words import tr

TONES = {
    **dict.fromkeys(("prod", "production", "live", "生产"), "env.prod"),
    **dict.fromkeys(("staging", "stage", "pre", "预发"), "env.staging"),
}


def environment_tone(name: str) -> str:
    """The colour of its chip."""
    return TONES.get(name.lower(), "env.dev")


def environment_words(name: str) -> str:
    """An environment's name for people."""
    known = {
        "dev": tr("Dev"),
        "development": tr("Dev"),
        "staging": tr("Staging"),
        "stage": tr("Staging"),
        "prod": tr("Production"),
        "production": tr("Production"),
        "local": tr("This computer"),
    }
    return known.get(name.lower(), name)
