"""Dependencies: what a module needs, tidying, the graph, the caches, and which proxy answers fastest."""

from __future__ import annotations

import asyncio
import json
import os
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command
from desktop.base.processes import Completed, run_process
from desktop.base.resources import resources
from desktop.base.words import Words, msg

from .commands import DROPPED, go_environment
from .errors import BuildError, BuildFailed
from .model import Toolchain
from .signatures import explain

PROBE = "github.com/gin-gonic/gin/@latest"
"""What is asked of a proxy: small, and every proxy has it."""
PATIENCE = 5.0
"""Seconds that a proxy has to answer."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A module in the build list. `direct`: go.mod names it without `// indirect`."""

    path: str
    version: str
    direct: bool
    main: bool = False
    replaced_by: str = ""
    go_version: str = ""
    folder: str = ""


@dataclass(frozen=True, slots=True)
class ModuleGraph:
    """Who requires whom. Nodes are `path@version`, the main module without a version; edges are (from, to)."""

    nodes: tuple[str, ...]
    edges: tuple[tuple[str, str], ...]
    depths: dict[str, int]
    """Steps from the main module: the column of a node in a picture."""


@dataclass(frozen=True, slots=True)
class CacheSize:
    """Bytes of Go's build cache and of its module cache."""

    build: int
    modules: int
    build_folder: str = ""
    modules_folder: str = ""


@dataclass(frozen=True, slots=True)
class ProxyPreset:
    """A choice of GOPROXY. `value` is what GOPROXY becomes."""

    id: str
    name: str
    value: str
    checked: str = ""
    """When the project last saw it answer."""


@dataclass(frozen=True, slots=True)
class ProxyAnswer:
    """How a proxy answered: seconds, or why not."""

    preset: ProxyPreset
    seconds: float | None
    problem: Words = ""
    detail: str = ""


class Dependencies:
    """The dependencies of one module folder. All calls are bounded and can be cancelled."""

    def __init__(self, pool: Pool, toolchain: Toolchain, folder: Path, goproxy: str = "") -> None:
        self.pool, self.toolchain, self.folder, self.goproxy = pool, toolchain, folder, goproxy

    def command(self, *words: str) -> Command:
        return Command((str(self.toolchain.path), *words), go_environment(self.goproxy), cwd=self.folder)

    async def _go(self, *words: str) -> Completed:
        done = await self.pool.run(partial(run_process, timeout=300, drop_env=DROPPED), self.command(*words))
        if not done.ok:
            raise explain(done.said()) or BuildFailed("go " + " ".join(words), detail=done.said())
        return done

    async def list_modules(self) -> tuple[Dependency, ...]:
        """The build list, direct ones first. From vendor/modules.txt where there is one. Raises BuildError."""
        if (self.folder / "vendor" / "modules.txt").is_file():
            text = (self.folder / "vendor" / "modules.txt").read_text(encoding="utf-8", errors="replace")
            return parse_vendored(text)
        return parse_modules((await self._go("list", "-m", "-json", "all")).text())

    async def tidy(self) -> str:
        """`go mod tidy`: what go said. go.mod and go.sum are put back as they were when it fails or is cancelled."""
        files = [self.folder / "go.mod", self.folder / "go.sum"]
        before = {file: file.read_bytes() if file.is_file() else None for file in files}
        try:
            return (await self._go("mod", "tidy", "-v")).errors()
        except BaseException:
            _put_back(before)
            raise

    async def module_graph(self) -> ModuleGraph:
        """`go mod graph` as nodes and edges. Raises BuildError."""
        return parse_graph((await self._go("mod", "graph")).text())


def parse_modules(text: str) -> tuple[Dependency, ...]:
    """`go list -m -json all`: one JSON object after the other."""
    decoder, found, place = json.JSONDecoder(), list[Dependency](), 0
    while place < len(text):
        if text[place].isspace():
            place += 1
            continue
        row, place = decoder.raw_decode(text, place)
        replace = row.get("Replace") or {}
        other = " ".join(filter(None, (replace.get("Path"), replace.get("Version"))))
        found.append(
            Dependency(
                row["Path"],
                row.get("Version", ""),
                not row.get("Indirect", False),
                bool(row.get("Main")),
                other,
                row.get("GoVersion", ""),
                row.get("Dir", ""),
            )
        )
    return tuple(sorted(found, key=lambda one: (not one.main, not one.direct, one.path)))


def parse_vendored(text: str) -> tuple[Dependency, ...]:
    """vendor/modules.txt: `# path version [=> other]`, and `## explicit` for direct ones."""
    found: list[Dependency] = []
    for line in text.splitlines():
        words = line.split()
        if line.startswith("# ") and len(words) >= 3:
            _, _, other = line.partition("=> ")
            found.append(Dependency(words[1], words[2] if words[2] != "=>" else "", False, replaced_by=other))
        elif line.startswith("## explicit") and found:
            last = found[-1]
            found[-1] = Dependency(last.path, last.version, True, replaced_by=last.replaced_by)
    return tuple(sorted(found, key=lambda one: (not one.direct, one.path)))


def parse_graph(text: str) -> ModuleGraph:
    """`go mod graph`: two words a line. Go's own toolchain pseudo-modules are left out."""
    nodes: dict[str, None] = {}
    edges = []
    for line in text.splitlines():
        words = [word for word in line.split() if not word.startswith(("go@", "toolchain@"))]
        if len(line.split()) != 2:
            continue
        nodes.update(dict.fromkeys(words))
        if len(words) == 2:
            edges.append((words[0], words[1]))
    return ModuleGraph(tuple(nodes), tuple(edges), _depths(nodes, edges))


def _depths(nodes: Iterable[str], edges: list[tuple[str, str]]) -> dict[str, int]:
    after: dict[str, list[str]] = {}
    for start, end in edges:
        after.setdefault(start, []).append(end)
    first = next(iter(nodes), None)
    depths = {first: 0} if first is not None else {}
    waiting = deque(depths)
    while waiting:
        start = waiting.popleft()
        for end in after.get(start, ()):
            if end not in depths:
                depths[end] = depths[start] + 1
                waiting.append(end)
    return depths


def _put_back(before: dict[Path, bytes | None]) -> None:
    for file, content in before.items():
        if content is None:
            file.unlink(missing_ok=True)
        elif not file.is_file() or file.read_bytes() != content:
            file.write_bytes(content)


async def cache_size(pool: Pool, toolchain: Toolchain) -> CacheSize:
    """How much the caches hold; counted file by file, which takes seconds on a large one."""
    build = await pool.run(_folder_size, toolchain.cache)
    modules = await pool.run(_folder_size, toolchain.modules)
    return CacheSize(build, modules, str(toolchain.cache or ""), str(toolchain.modules or ""))


def _folder_size(token: CancelToken, folder: Path | None) -> int:
    total, waiting = 0, [folder] if folder is not None else []
    while waiting:
        token.check()
        try:
            with os.scandir(waiting.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except OSError:
            continue
    return total


async def clean_cache(pool: Pool, toolchain: Toolchain, *, modules: bool = False) -> None:
    """Empties the build cache, and the module cache if wished. Raises BuildError when go cannot."""
    words = ("clean", "-cache", "-testcache", *(("-modcache",) if modules else ()))
    command = Command((str(toolchain.path), *words), go_environment(), cwd=toolchain.goroot)
    done = await pool.run(partial(run_process, timeout=600, drop_env=DROPPED), command)
    if not done.ok:
        raise explain(done.said()) or BuildFailed("go " + " ".join(words), detail=done.said())


def proxy_presets(company: str = "") -> tuple[ProxyPreset, ...]:
    """The known proxies, from resources/mirrors/goproxy.yaml; `company` is an address of the person's own."""
    import yaml

    text = (resources() / "mirrors" / "goproxy.yaml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text)
    known = [
        ProxyPreset(row["id"], row["name"], row["value"], str(row.get("checked", "")))
        for row in rows["proxies"]
    ]
    if company:
        known.insert(-2, ProxyPreset("company", urlsplit(company).hostname or company, company))
    return tuple(known)


async def measure_proxies(pool: Pool, presets: Iterable[ProxyPreset]) -> tuple[ProxyAnswer, ...]:
    """Asks each proxy for one small thing, side by side, and gives the fastest first; what is no proxy is not asked."""
    asked = [pool.run(_ask, preset) for preset in presets if preset.value not in ("off", "direct")]
    answers = await asyncio.gather(*asked)
    return tuple(sorted(answers, key=lambda answer: (answer.seconds is None, answer.seconds or 0.0)))


def _ask(token: CancelToken, preset: ProxyPreset) -> ProxyAnswer:
    from desktop.base.web import time_of

    address = next(
        (part for part in preset.value.replace("|", ",").split(",") if part.startswith("http")), ""
    )
    if not address:
        return ProxyAnswer(preset, None, msg("has no address"))
    # a company's proxy may not have the module asked for: 404 and 410 are answers too
    timed = time_of(token, f"{address.rstrip('/')}/{PROBE}", PATIENCE, other_codes=(404, 410))
    return ProxyAnswer(preset, timed.seconds, timed.problem, timed.detail)


__all__ = [
    "BuildError",
    "CacheSize",
    "Dependencies",
    "Dependency",
    "ModuleGraph",
    "ProxyAnswer",
    "ProxyPreset",
    "cache_size",
    "clean_cache",
    "measure_proxies",
    "parse_graph",
    "parse_modules",
    "parse_vendored",
    "proxy_presets",
]
