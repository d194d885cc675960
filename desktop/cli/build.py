"""`goferry build`: cross-compiles. `goferry deps`: what a project depends on."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_build import Prepared, build_project, prepare
from desktop.base.words import Words, msg, tr
from desktop.build import (
    BuildEvent,
    BuildOutcome,
    Dependencies,
    cache_size,
    clean_cache,
    measure_proxies,
    module_place,
    proxy_presets,
)
from desktop.project import Config, Project, config_for

from .answer import DONE, FAILED, Answer, Output

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.build import Binary


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("build", help=tr("cross-compile a project"))
    add_build_options(parser)
    parser.add_argument(
        "--output", metavar="DIR", type=Path, help=tr("folder of the results (default: DIR/dist)")
    )
    parser.set_defaults(run=run_build)
    deps = commands.add_parser("deps", help=tr("what a project depends on"))
    deps.add_argument(
        "folder", nargs="?", default=".", metavar="DIR", type=Path, help=tr("the project's folder")
    )
    deps.add_argument("--tidy", action="store_true", help=tr("run go mod tidy first"))
    deps.add_argument("--graph", action="store_true", help=tr("who requires whom"))
    deps.add_argument("--cache", action="store_true", help=tr("how much Go's caches hold"))
    deps.add_argument("--clean-cache", action="store_true", help=tr("empty Go's build cache"))
    deps.add_argument("--proxies", action="store_true", help=tr("measure which GOPROXY answers fastest"))
    deps.set_defaults(run=run_deps)


def add_build_options(parser: Any) -> None:
    """What `build` and `image` have in common; each stands over goferry.yaml."""
    parser.add_argument(
        "folder", nargs="?", default=".", metavar="DIR", type=Path, help=tr("the project's folder")
    )
    parser.add_argument("--main", metavar="PACKAGE", default="", help=tr("the program, such as ./cmd/app"))
    parser.add_argument(
        "--target", metavar="OS/ARCH", action="append", default=[], help=tr("target, may be repeated")
    )
    parser.add_argument(
        "--stamp", metavar="VERSION", default="", help=tr("version instead of the one from git")
    )
    parser.add_argument("--tags", metavar="TAGS", default=None, help=tr("build tags, with commas"))
    parser.add_argument("--ldflags", metavar="FLAGS", default=None, help=tr("more flags for the linker"))
    for name, text in (
        ("cgo", tr("compile C code too")),
        ("strip", tr("leave symbols out")),
        ("trimpath", tr("leave local paths out")),
        ("vet", tr("check with go vet first")),
        ("test", tr("run the tests first")),
        ("race", tr("use the race detector in tests")),
    ):
        parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=None, help=text)


async def prepared_from(app: App, args: argparse.Namespace, output: Path | None = None) -> Prepared:
    """The project of the command line, with its options put over the configuration."""
    project = await app.project(args.folder.absolute())
    config = configured(project, args)
    return await prepare(app, project, config=config, version=args.stamp, output=output)


def configured(project: Project, args: argparse.Namespace) -> Config:
    config = config_for(project)
    options = config.build
    for name in ("cgo", "strip", "trimpath", "vet", "test", "race", "ldflags"):
        if (value := getattr(args, name)) is not None:
            options = replace(options, **{name: value})
    if args.tags is not None:
        options = replace(options, tags=tuple(tag.strip() for tag in args.tags.split(",") if tag.strip()))
    if args.target:
        options = replace(options, targets=tuple(args.target))
    return replace(config, build=options, main=args.main or config.main)


async def run_build(app: App, args: argparse.Namespace, out: Output) -> Answer:
    prepared = await prepared_from(app, args, args.output.absolute() if args.output else None)
    outcome = await build_project(app, prepared, on_event=told(out))
    return build_answer(outcome)


async def run_deps(app: App, args: argparse.Namespace, out: Output) -> Answer:
    project = await app.project(args.folder.absolute())
    toolchain, pool = await app.toolchain(), app.pools.build
    folder, _ = module_place(project.folder, config_for(project).main)
    dependencies = Dependencies(pool, toolchain, folder, app.settings.now.goproxy)
    values: dict[str, Any] = {}
    lines: list[Words] = []
    if args.tidy:
        out.progress(await dependencies.tidy())
    if args.clean_cache:
        await clean_cache(pool, toolchain)
    modules = await dependencies.list_modules()
    values["modules"] = [
        {
            "path": m.path,
            "version": m.version,
            "direct": m.direct,
            "main": m.main,
            "replaced_by": m.replaced_by,
        }
        for m in modules
    ]
    lines += [msg("{path} {version}", path=m.path, version=m.version or "-") for m in modules if not m.main]
    if args.graph:
        graph = await dependencies.module_graph()
        values["graph"] = {"nodes": list(graph.nodes), "edges": [list(edge) for edge in graph.edges]}
        lines += [msg("{start} -> {end}", start=start, end=end) for start, end in graph.edges]
    if args.cache or args.clean_cache:
        size = await cache_size(pool, toolchain)
        values["cache"] = {"build": size.build, "modules": size.modules}
        lines.append(
            msg(
                "build cache {build} bytes, module cache {modules} bytes",
                build=size.build,
                modules=size.modules,
            )
        )
    if args.proxies:
        values["proxies"], told_lines = await _proxies(app)
        lines += told_lines
    return Answer(values, tuple(lines))


async def _proxies(app: App) -> tuple[list[dict[str, Any]], list[Words]]:
    answers = await measure_proxies(app.pools.net, proxy_presets(app.settings.now.goproxy))
    values = [
        {"id": a.preset.id, "goproxy": a.preset.value, "seconds": a.seconds, "problem": str(a.problem)}
        for a in answers
    ]
    lines: list[Words] = [
        msg("{name}: {seconds} s", name=a.preset.name, seconds=f"{a.seconds:.2f}")
        if a.seconds is not None
        else msg("{name}: no answer ({problem})", name=a.preset.name, problem=a.problem)
        for a in answers
    ]
    return values, lines


def told(out: Output) -> Any:
    """Prints a build's events as progress."""

    def on_event(event: BuildEvent) -> None:
        if event.kind == "start" and event.command is not None:
            out.progress(f"{event.target}  {event.command.shown()}")
        elif event.kind in ("line", "end") and str(event.text):
            out.progress(f"{event.target}  {event.text}")

    return on_event


def build_answer(outcome: BuildOutcome) -> Answer:
    """The contract's `binaries`; with failures, the first one explained beside them."""
    values = {
        "binaries": [binary_json(binary) for binary in outcome.binaries],
        "failures": {target: error.to_json() for target, error in outcome.failures.items()},
        "problems": [
            {
                "file": p.file,
                "line": p.line,
                "column": p.column,
                "text": p.text,
                "target": p.target,
                "stage": p.stage,
            }
            for p in outcome.problems
        ],
    }
    lines: list[Words] = [
        msg(
            "{target}  {path}  {size} bytes  sha256 {sha256}",
            target=b.target,
            path=b.path,
            size=b.size,
            sha256=b.sha256,
        )
        for b in outcome.binaries
    ]
    failed = next(iter(outcome.failures.values()), None)
    return Answer(values, tuple(lines), DONE if failed is None else FAILED, failed)


def binary_json(binary: Binary) -> dict[str, Any]:
    return {
        "target": binary.target,
        "path": str(binary.path),
        "size": binary.size,
        "sha256": binary.sha256,
        "static": binary.static,
        "libraries": list(binary.libraries),
        "arch": binary.arch,
        "seconds": round(binary.seconds, 3),
        "version": binary.version,
    }
