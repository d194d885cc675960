"""Text that says which server and not where: addresses and users give way to the names that they have in Goferry."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

_IPV4 = re.compile(r"(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?![\w.]*\d)")
_IPV6 = re.compile(r"(?<![\w:.])(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4}(?![\w:])")
_HOME = re.compile(r"(?i)((?:/home|/Users|[a-z]:[\\/]+Users)[\\/]+)([^\\/\s\"':;,]+)")
_COMMON_USERS = ("root", "git", "nobody", "admin")
"""They name a role, not a person."""


@dataclass(slots=True)
class Anonymous:
    """Replaces in one text after another, always by the same names. Without anything in it, it changes nothing."""

    known: dict[str, str] = field(default_factory=dict)
    """An address or a computer's name → what stands in its place."""
    users: dict[str, str] = field(default_factory=dict)
    home: str = ""
    off: bool = False
    _numbers: dict[str, int] = field(default_factory=dict)

    def add_host(self, name: str, address: str, user: str) -> None:
        """A server of the inventory: its address becomes `‹name›`, its user `‹user of name›`."""
        if address:
            self.known.setdefault(address, f"‹{name}›")
        if user and user not in _COMMON_USERS:
            self.users.setdefault(user, f"‹user of {name}›")

    def text(self, text: str) -> str:
        if self.off:
            return text
        text = self._own_places(text)
        for address, name in sorted(self.known.items(), key=lambda pair: -len(pair[0])):
            if address.lower() in text.lower():
                text = _replaced(rf"(?i)(?<![\w.-]){re.escape(address)}(?![\w-]|\.\w)", name, text)
        for user, name in self.users.items():
            text = _replaced(rf"(?<![\w.-]){re.escape(user)}(?=@)", name, text)
        text = _IPV4.sub(self._address, text)
        return _IPV6.sub(self._address, text)

    def user(self, user: str) -> str:
        """A user's name where it stands alone."""
        return user if self.off else self.users.get(user, user)

    def _own_places(self, text: str) -> str:
        for home in _spellings(self.home):
            text = re.sub(re.escape(home) + r"(?![\w.-])", "~", text, flags=re.IGNORECASE)
        return _HOME.sub(r"\1‹user›", text)

    def _address(self, found: re.Match[str]) -> str:
        try:
            address = ipaddress.ip_address(found[0])
        except ValueError:
            return found[0]
        if address.is_loopback or address.is_unspecified:
            return found[0]
        return f"‹address {self._numbers.setdefault(str(address), len(self._numbers) + 1)}›"


def _replaced(pattern: str, name: str, text: str) -> str:
    return re.sub(pattern, name.replace("\\", "\\\\"), text)


def _spellings(home: str) -> Iterable[str]:
    """A folder as it stands in text, in JSON, and with slashes."""
    if len(home) < 4:
        return ()
    plain = home.rstrip("\\/")
    return dict.fromkeys((plain.replace("\\", "\\\\"), plain, plain.replace(os.sep, "/")))
