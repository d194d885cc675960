"""How a release spreads over several hosts; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from desktop.base.words import Words, msg, nmsg

T = TypeVar("T")
KINDS = ("one", "batches", "all")
ON_FAILURE = ("stop", "rollback")


@dataclass(frozen=True, slots=True)
class Strategy:
    """`kind`: "one" host after the other, "batches" of `batch` hosts, or "all" at once. After a failure the others of
    the batch end, and no further host begins. `undo`: hosts that have the new version by then go back as well."""

    kind: str = "one"
    batch: int = 2
    undo: bool = False

    @property
    def at_once(self) -> int:
        """Hosts at a time; 0: all of them."""
        return {"one": 1, "all": 0}.get(self.kind, max(1, self.batch))

    def batches(self, hosts: Sequence[T]) -> Iterator[Sequence[T]]:
        """The hosts in the groups that go together, in order."""
        size = self.at_once or max(1, len(hosts))
        for start in range(0, len(hosts), size):
            yield hosts[start : start + size]

    def words(self, hosts: int) -> Words:
        """What it means for so many hosts."""
        if hosts <= 1 or self.at_once == 1:
            return nmsg("{n} host", "1 host at a time, {n} in all", hosts)
        if not self.at_once or self.at_once >= hosts:
            return msg("all {n} hosts at once", n=hosts)
        return msg("{batch} hosts at a time, {n} in all", batch=self.at_once, n=hosts)

    def on_failure(self) -> Words:
        if self.undo:
            return msg("A host that fails stops the rest, and the ones before it go back.")
        return msg("A host that fails stops the rest.")

    def to_json(self) -> dict[str, object]:
        return {
            "strategy": self.kind,
            "at_once": self.at_once,
            "on_failure": ON_FAILURE[self.undo],
        }


ONE_BY_ONE = Strategy()
