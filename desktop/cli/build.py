"""`goferry build`: cross-compiles. `goferry deps`: what a project depends on."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_build import Prepared, build_project, prepare
from desktop.base.words import Words, msg, tr
from desktop.build import BuildEvent, BuildOutcome
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
