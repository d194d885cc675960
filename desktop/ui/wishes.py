"""What one page asks another for, beyond its name; no widgets."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DeployTo:
    """Deploy, at an environment; with `only` the plan for these of its hosts. `anew`: also where it serves already."""

    environment: str
    only: tuple[str, ...] = ()
    anew: bool = False
