"""`goferry new` and `goferry inspect`: a project made, and what is in a folder."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_project import create
from desktop.base.errors import GoferryError
from desktop.base.words import Message, Words, msg, nmsg, tr
from desktop.project import (
    OLDEST_GO,
    TEMPLATES,
    Answers,
    Finding,
    Project,
    check_name,
    config_for,
    go_too_old,
    template,
    visible,
)

from .answer import Answer, Output

if TYPE_CHECKING:
    from desktop.app import App


def add_commands(commands: Any) -> None:
    new = commands.add_parser("new", help=tr("make a new project from a template"))
    new.add_argument("name", metavar="NAME")
    new.add_argument("--template", default="http", metavar="T", help=", ".join(one.id for one in TEMPLATES))
    new.add_argument("--module", default="", metavar="M", help=tr("the module path; else the name"))
    new.add_argument(
        "--dir", default="", metavar="D", help=tr("the project's folder; else NAME in the current one")
    )
    new.add_argument("--port", type=int, default=8080, metavar="N")
    new.add_argument("--go", default="", metavar="VERSION", help=tr("the oldest Go that builds it"))
    new.add_argument(
        "--with", action="append", default=[], metavar="OPTION", dest="added", help=_all_options()
    )
    new.add_argument("--without", action="append", default=[], metavar="OPTION", dest="left_out")
    new.add_argument(
        "--no-tidy", action="store_true", help=tr("do not fetch the modules that the template needs")
    )
    new.add_argument("--git", action="store_true", help=tr("make a Git repository with a first commit"))
    new.set_defaults(run=run_new)
    inspect = commands.add_parser("inspect", help=tr("tell what is in a folder; runs nothing of it"))
    inspect.add_argument("dir", nargs="?", default=".", metavar="DIR")
    inspect.set_defaults(run=run_inspect)


def _all_options() -> str:
    return ", ".join(sorted({option.id for one in TEMPLATES for option in one.options}))


def _folder(text: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(text)))


async def run_new(app: App, args: argparse.Namespace, out: Output) -> Answer:
    one = template(args.template)
    check_name(args.name)
    options = {option.id for option in one.options if option.default}
    chosen = frozenset((options | set(args.added)) - set(args.left_out))
    answers = Answers(args.name, args.module, args.port, args.go or OLDEST_GO, chosen)
    folder = _folder(args.dir or args.name)
    made = await create(
        app,
        one.id,
        answers,
        folder,
        modules=not args.no_tidy,
        git=args.git,
        tell=lambda text: out.progress(text),
    )
    n, shown = len(made.files), visible(str(folder))
    lines: list[Words] = [nmsg("Made {n} file in {folder}.", "Made {n} files in {folder}.", n, folder=shown)]
    for problem in made.problems:
        lines.append(msg("Still to do: {error}", error=str(problem)))
    lines.append(msg("Next: goferry build {folder}", folder=shown))
    names = sorted(path.relative_to(folder).as_posix() for path in made.files)
    return Answer({"path": str(folder), "files": names}, tuple(lines))


async def run_inspect(app: App, args: argparse.Namespace, out: Output) -> Answer:
    project = await app.project(_folder(args.dir))
    warnings = [*project.warnings, *await _go_warning(app, project)]
    values = {**inspected(project), "warnings": [_finding(one, project) for one in warnings]}
    return Answer(values, tuple(_told(project, warnings)))


async def _go_warning(app: App, project: Project) -> list[Finding]:
    try:
        there = (await app.toolchain()).version
    except GoferryError:
        return []  # `doctor` and `build` say what is missing; the folder is not to blame
    found = go_too_old(there.removeprefix("go"), project.go_version)
    return [found] if found else []


def inspected(project: Project) -> dict[str, Any]:
    """The keys of the contract, without the warnings. Paths are relative to the folder, with slashes."""
    return {
        "path": str(project.folder),
        "name": project.name,
        "modules": [
            {
                "path": module.path,
                "folder": _relative(module.folder, project),
                "go_version": module.go_version,
                "toolchain": module.toolchain,
            }
            for module in project.modules
        ],
        "mains": [
            {
                "package": main.package,
                "module": main.module,
                "name": main.name,
                "port": main.port,
                "health": main.health,
                "localhost": _place(main.localhost.path, main.localhost.line, project)
                if main.localhost
                else None,
            }
            for main in project.mains
        ],
        "port": _port(project),
        "health": project.main.health if project.main else None,
        "go_version": project.go_version,
        "dockerfile": _relative(project.dockerfile, project) if project.dockerfile else None,
        "compose": _relative(project.compose, project) if project.compose else None,
        "workspace": project.workspace,
        "vendored": project.vendored,
        "cgo": project.uses_cgo,
        "crlf_scripts": [_relative(path, project) for path in project.crlf_scripts],
        "config": project.config is not None,
    }


def _port(project: Project) -> int | None:
    if project.config is not None:
        return project.config.port or None
    return project.main.port if project.main else None


def _relative(path: Path, project: Project) -> str:
    shown = path.relative_to(project.folder).as_posix() if path.is_relative_to(project.folder) else str(path)
    return visible(shown)


def _place(path: Path, line: int, project: Project) -> str:
    return f"{_relative(path, project)}:{line}" if line else _relative(path, project)


def _finding(found: Finding, project: Project) -> dict[str, Any]:
    place = found.place
    return {
        "code": found.code,
        "what": str(found.what),
        "why": str(found.why),
        "fix": str(found.fix),
        "file": _relative(place.path, project) if place else None,
        "line": place.line if place and place.line else None,
    }


def _told(project: Project, warnings: list[Finding]) -> list[Words]:
    lines: list[Words] = [msg("{name} in {folder}", name=project.name, folder=visible(str(project.folder)))]
    for module in project.modules:
        go = module.go_version or "?"
        lines.append(msg("  module {path}, Go {version}", path=visible(module.path), version=visible(go, 20)))
    for main in project.mains:
        lines.append(_told_main(main.package, main.port, main.health))
    try:
        config = config_for(project)
        lines.append(
            msg("  builds {main} for {targets}", main=config.main, targets=", ".join(config.build.targets))
        )
    except GoferryError:
        pass  # it is among the warnings
    for found in warnings:
        lines.append(msg("! {what} {why} {fix}", what=found.what, why=found.why, fix=found.fix))
    return lines


def _told_main(package: str, port: int | None, health: str | None) -> Message:
    shown = visible(package)
    if port is None:
        return msg("  program {package}", package=shown)
    if health is None:
        return msg("  program {package}, port {port}", package=shown, port=port)
    return msg("  program {package}, port {port}, health {health}", package=shown, port=port, health=health)
