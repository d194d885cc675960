"""What people read for the usual names of environments."""

from __future__ import annotations

from .words import tr


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
