"""Who decides whether Goferry looks for newer versions of itself: the administrator, the environment, the person."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass

from .resources import resources
from .update_manifest import address_problem
from .words import Words, msg

VARIABLE = "GOFERRY_UPDATES"
"""off, on, or an address to ask instead of the one that came along."""
REGISTRY_KEY = r"Software\Policies\Goferry"
REGISTRY_VALUE = "Updates"
"""The same three, set by an administrator under HKEY_LOCAL_MACHINE; stands over everything else."""
_OFF = ("off", "0", "no", "never", "false")
_ON = ("on", "1", "yes", "daily", "true", "")


@dataclass(frozen=True, slots=True)
class Source:
    """Where updates come from and whose signature counts; both came along with this edition."""

    address: str = ""
    keys: tuple[str, ...] = ()

    @classmethod
    def own(cls) -> Source:
        values = json.loads((resources() / "update" / "source.json").read_text(encoding="utf-8"))
        return cls(str(values["address"]), tuple(values["keys"]))


@dataclass(frozen=True, slots=True)
class UpdatePolicy:
    """`allowed`: a person may look now. `daily`: it is done by itself, at most once a day."""

    allowed: bool
    daily: bool
    address: str
    why: Words = ""
    """Why it is not allowed."""


def decide(source: Source, setting: str, environment: str | None, administrator: str | None) -> UpdatePolicy:
    """What holds, from the edition, the settings, GOFERRY_UPDATES and the registry."""
    address = source.address
    for word, by in ((environment, VARIABLE), (administrator, f"HKLM\\{REGISTRY_KEY}\\{REGISTRY_VALUE}")):
        wish = (word or "").strip()
        if wish.lower() in _OFF:
            return UpdatePolicy(False, False, "", msg("Turned off by {policy}.", policy=by))
        if wish.lower() not in _ON:
            if address_problem(wish):
                return UpdatePolicy(
                    False, False, "", msg("{policy} is no address that begins with https://.", policy=by)
                )
            address = wish
    if not address:
        return UpdatePolicy(False, False, "", msg("This edition names no address to ask."))
    if not source.keys:
        return UpdatePolicy(False, False, address, msg("This edition has no key to check an update with."))
    return UpdatePolicy(True, setting == "daily", address)


def policy_now(source: Source, setting: str) -> UpdatePolicy:
    """`decide` for this computer."""
    return decide(source, setting, os.environ.get(VARIABLE), _administrator())


def _administrator() -> str | None:
    if sys.platform != "win32":
        return None
    import winreg

    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, REGISTRY_KEY) as opened:
            return str(winreg.QueryValueEx(opened, REGISTRY_VALUE)[0])
    except OSError:
        return None
