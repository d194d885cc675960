"""Where a stream broke off, so that going on loses no line and shows none twice."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence

from desktop.base.channel import OutputLine

from .stamps import NANO, split_stamp

_REMEMBERED = 512
"""Lines looked back over after a cut: more than one stamp ever holds."""


class Place:
    """Remembers the last lines of one stream; after a cut it leaves out those that come again."""

    def __init__(self) -> None:
        self._recent: deque[OutputLine] = deque(maxlen=_REMEMBERED)
        self._last: dict[str, int] = {}
        self._at_last: dict[str, Counter[bytes]] = {}
        """Per stream, the lines that bear its newest stamp."""
        self._seen: dict[str, Counter[bytes]] = {}
        """The same, less those that came again since the cut; a stream leaves it when it has caught up."""

    def saw(self, lines: Sequence[OutputLine]) -> None:
        """Call it with all lines that were passed on."""
        self._recent.extend(lines[-_REMEMBERED:])

    def resume(self) -> int | None:
        """The stream was cut: the nanosecond to ask again from, None when nothing had come."""
        for line in self._recent:
            stamp, _ = split_stamp(line.text)
            if stamp is None:
                continue
            if stamp > self._last.get(line.stream, -1):
                self._last[line.stream] = stamp
                self._at_last[line.stream] = Counter()
            if stamp == self._last[line.stream]:
                self._at_last[line.stream][line.text] += 1
        self._recent.clear()
        self._seen = {stream: counted.copy() for stream, counted in self._at_last.items()}
        # docker sends two pipes: one may lag behind the other a little, so the newest stamp alone is not enough
        return max(self._last.values()) - NANO if self._last else None

    @property
    def catching_up(self) -> bool:
        """Whether lines may still come a second time."""
        return bool(self._seen)

    def is_new(self, line: OutputLine) -> bool:
        """Whether `line` was not passed on before the cut."""
        seen = self._seen.get(line.stream)
        if seen is None:
            return True
        stamp, _ = split_stamp(line.text)
        if stamp is None:
            return True
        if stamp > self._last[line.stream]:
            del self._seen[line.stream]
            return True
        if stamp < self._last[line.stream]:
            return False
        if seen[line.text] > 0:
            seen[line.text] -= 1
            return False
        return True
