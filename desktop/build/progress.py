"""How far a compile is: packages named by `go build -v`, of all packages of the program."""

from __future__ import annotations

import re

PACKAGE = re.compile(r"^[A-Za-z0-9_][\w./~+@-]*$")


class PackageCount:
    """`total` comes later, when the build turns out to be slow; until then there is no fraction."""

    def __init__(self) -> None:
        self.done = 0
        self.total = 0

    def heard(self, line: str) -> bool:
        """True when `line` is the name of a package that is compiled now."""
        if not PACKAGE.match(line):
            return False
        self.done += 1
        return True

    @property
    def fraction(self) -> float | None:
        return min(0.99, self.done / self.total) if self.total else None
