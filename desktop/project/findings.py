"""What a person should know about a project: each finding says what, why and what to do, and may offer a change."""

from __future__ import annotations

from pathlib import Path

from desktop.base.errors import Fix
from desktop.base.visible import visible
from desktop.base.words import msg, nmsg

from .config import Config
from .errors import ConfigError
from .go_mod import go_is_older
from .guess import Bind
from .model import Finding, Main, Module, Place
from .scan import Tree


def broken_config(error: ConfigError) -> Finding:
    place = Place(Path(error.path), error.line, error.column)
    fix = Fix(msg("Open the file"), "open", str(place))
    return Finding(error.code, error.what, error.why, error.fix, place, (fix,))


def go_too_old(there: str, wanted: str) -> Finding | None:
    """The Go that is there does not suffice for the project. `there` is such as "1.22.1"."""
    if not go_is_older(there, wanted):
        return None
    return Finding(
        "project.go_too_old",
        msg("The project wants Go {wanted}.", wanted=visible(wanted, 20)),
        msg("Go {there} is installed here.", there=there),
        msg("Install a newer Go, or choose another one in Settings."),
    )


def binds_to_localhost(bind: Bind, folder: str) -> Finding:
    place = Place(bind.path, bind.line, bind.column)
    return Finding(
        "project.localhost",
        msg("{program} listens on this computer only.", program=visible(Path(folder).name, 60)),
        msg("In a container nothing could reach it: the container's network comes from outside."),
        msg("Listen on every address of the container; what is published on the server stays your choice."),
        place,
        (Fix(msg("Show the change…"), "project.listen_everywhere", str(place)),),
    )


def about(
    tree: Tree,
    modules: tuple[Module, ...],
    mains: list[Main],
    cgo: bool,
    scripts: tuple[Path, ...],
    config: Config | None,
) -> list[Finding]:
    findings = []
    if not modules:
        findings.append(_no_module(tree))
    elif not mains:
        findings.append(_no_main())
    if config and config.main != "." and mains and config.main not in {main.package for main in mains}:
        findings.append(_lost_main(config, mains))
    if cgo and not (config and config.build.cgo):
        findings.append(_cgo())
    if scripts:
        findings.append(_crlf(scripts, tree.root))
    if tree.stopped:
        findings.append(_huge(tree))
    if tree.unreadable:
        findings.append(_unreadable(tree))
    return findings


def _no_module(tree: Tree) -> Finding:
    if tree.go:
        why = msg("There are Go files, but Go builds modules.")
    else:
        why = msg("There are no Go files in it either.")
    return Finding(
        "project.no_module",
        msg("The folder has no go.mod."),
        why,
        msg("Choose the folder that has the go.mod, or create one with “go mod init”."),
        fixes=(Fix(msg("Create a go.mod…"), "project.create_module"),),
    )


def _no_main() -> Finding:
    return Finding(
        "project.no_main",
        msg("The project holds no program."),
        msg("There is no “package main” with a func main, so there is nothing to start."),
        msg("Add one, such as cmd/app/main.go."),
    )


def _lost_main(config: Config, mains: list[Main]) -> Finding:
    names = ", ".join(visible(main.package, 60) for main in mains[:6])
    return Finding(
        "project.lost_main",
        msg("{package} is no program of this project.", package=config.main),
        msg("goferry.yaml names it as main. There are: {names}", names=names),
        msg("Correct “main” in goferry.yaml."),
    )


def _cgo() -> Finding:
    return Finding(
        "project.cgo",
        msg("The project uses C code through CGO."),
        msg(
            "Its program needs a C compiler for the target, and the C library of the image that it was built for."
        ),
        msg("Build it in an image with a compiler, or use a package without CGO, then set build.cgo."),
    )


def _crlf(scripts: tuple[Path, ...], root: Path) -> Finding:
    names = ", ".join(visible(path.relative_to(root).as_posix(), 60) for path in scripts[:3])
    n = len(scripts)
    return Finding(
        "project.crlf",
        nmsg("{n} script has Windows line ends.", "{n} scripts have Windows line ends.", n),
        msg("Linux looks for a program with a carriage return in its name: {names}", names=names),
        msg("Save them with LF, and add “*.sh text eol=lf” to .gitattributes."),
        Place(scripts[0]),
        (Fix(msg("Show the change…"), "project.line_ends"),),
    )


def _huge(tree: Tree) -> Finding:
    return Finding(
        "project.huge",
        msg("The folder is too big to be read whole."),
        msg("{n} files and folders were looked at.", n=tree.entries),
        msg("Choose the folder of the module itself."),
    )


def _unreadable(tree: Tree) -> Finding:
    n = len(tree.unreadable)
    return Finding(
        "project.unreadable",
        nmsg("{n} folder could not be read.", "{n} folders could not be read.", n),
        visible(tree.unreadable[0], 120),
        msg("Look at its permissions."),
        Place(Path(tree.unreadable[0])),
    )
