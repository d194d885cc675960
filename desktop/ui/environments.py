"""Environments in words and colours."""

from __future__ import annotations

from desktop.base.environments import environment_words

TONES = {
    **dict.fromkeys(("prod", "production", "live", "生产"), "env.prod"),
    **dict.fromkeys(("staging", "stage", "pre", "预发"), "env.staging"),
}


def environment_tone(name: str) -> str:
    """The colour of its chip."""
    return TONES.get(name.lower(), "env.dev")


__all__ = ["TONES", "environment_tone", "environment_words"]
