"""A deploy that a person stops between hosts: what is under way ends, nothing further begins until it goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Pause:
    """Of one run. `changed()` is called when it begins to hold, and when it lets go."""

    def __init__(self, changed: Callable[[], object]) -> None:
        self._go, self._changed = asyncio.Event(), changed
        self._go.set()
        self._waiting = 0

    @property
    def asked(self) -> bool:
        return not self._go.is_set()

    @property
    def holds(self) -> bool:
        """Whether a host would begin now, if a person let it."""
        return self.asked and self._waiting > 0

    def toggle(self) -> None:
        """Hold before the next host, or go on."""
        if self.asked:
            self._go.set()
        else:
            self._go.clear()
        self._changed()

    async def passed(self) -> None:
        """Waits while it holds: what each host does before it begins."""
        if not self.asked:
            return
        self._waiting += 1
        self._changed()
        try:
            await self._go.wait()
        finally:
            self._waiting -= 1
            self._changed()
