"""The figures of a bench of deploys as a picture: a bar for each way, and the limit as a line."""

from __future__ import annotations

from html import escape
from typing import Any

WIDTH, LEFT, BAR, GAP = 760, 190, 22, 10
NAMES = {
    "goferry": "Goferry",
    "gzip": "save | gzip | ssh load",
    "plain": "save | ssh load",
    "registry": "registry, SSH tunnel",
    "docker_host": "DOCKER_HOST=ssh build",
    "rsync": "rsync -z, build there",
}


def svg(found: dict[str, Any]) -> str:
    """Seconds from a saved line to its answer on the server; the darker part is go's own build."""
    rows: list[str] = []
    y = 34
    for name, one in found["inputs"].items():
        ways = {"goferry": {"total": one["goferry"], "after_build": one["after_build"]}, **one["beside"]}
        most = max(way["total"]["median"] for way in ways.values())
        scale = (WIDTH - LEFT - 90) / most
        rows.append(f'<text x="8" y="{y}" class="h">{escape(name)}</text>')
        y += 12
        for way, row in sorted(ways.items(), key=lambda pair: float(pair[1]["total"]["median"])):
            rows.append(_bar(NAMES.get(way, way), row, y, scale, mine=way == "goferry"))
            y += BAR + GAP
        x = LEFT + one["limit_s"] * scale
        height = len(ways) * (BAR + GAP)
        rows.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - height - 4}" y2="{y - 6}" class="l"/>')
        rows.append(f'<text x="{x + 4:.1f}" y="{y + 8}" class="s">limit {one["limit_s"]:.1f} s</text>')
        y += 40
    machine = found["machine"]
    said = (
        f"link {found['link']} (Mbit/s, ms), Docker Engine {found['engine']}, {machine['processors']} processors, "
        f"load {machine['load']:.0f}; medians, whole runs side by side"
    )
    rows.append(f'<text x="8" y="{y}" class="s">{escape(said)}</text>')
    style = (
        "text{font:13px sans-serif;fill:#57606a}.h{font-weight:bold}.s{font-size:11px}"
        ".b{fill:#9aa5b1}.o{fill:#0a7ea4}.g{fill:#6b7682}.l{stroke:#cf222e;stroke-width:2}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 12}" width="{WIDTH}">'
    return f"{head}<style>{style}</style>\n" + "\n".join(rows) + "\n</svg>\n"


def _bar(name: str, row: dict[str, Any], y: int, scale: float, *, mine: bool) -> str:
    total, built = row["total"]["median"], row["total"]["median"] - row["after_build"]["median"]
    middle = y + BAR - 6
    return (
        f'<text x="{LEFT - 8}" y="{middle}" text-anchor="end">{escape(name)}</text>'
        f'<rect x="{LEFT}" y="{y}" width="{total * scale:.1f}" height="{BAR}" class="{"o" if mine else "b"}"/>'
        f'<rect x="{LEFT}" y="{y}" width="{max(built, 0) * scale:.1f}" height="{BAR}" class="g"/>'
        f'<text x="{LEFT + total * scale + 6:.1f}" y="{middle}">{total:.1f} s</text>'
    )
