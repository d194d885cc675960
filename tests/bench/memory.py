"""How much memory a process has, by the kernel's own count."""

from __future__ import annotations

from pathlib import Path

_PARTS = {"Rss": "rss_mb", "Pss": "pss_mb", "Private_Clean": "private_mb", "Private_Dirty": "private_mb"}


def memory(pid: int | str = "self") -> dict[str, int]:
    """Megabytes: `rss_mb` with all that others share, `pss_mb` with its part of that, `private_mb` without. Empty where
    there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    except OSError:
        return {}
    kilobytes: dict[str, int] = {}
    for line in lines:
        name, _, rest = line.partition(":")
        if name in _PARTS:
            kilobytes[_PARTS[name]] = kilobytes.get(_PARTS[name], 0) + int(rest.split()[0])
    return {name: round(value / 1024) for name, value in kilobytes.items()}
