"""The command lines of a build, as values."""

from __future__ import annotations

import re
from pathlib import Path

from desktop.base.commands import Command
from desktop.project import BuildOptions, locate_main

from .model import BuildWish, Target, Toolchain

DROPPED = (
    "GOFLAGS", "GOROOT", "GOWORK", "GO111MODULE", "GOTOOLCHAIN", "GOEXPERIMENT", "GOOS", "GOARCH", "GOAMD64",
    "GOARM", "GOARM64", "GO386", "CGO_ENABLED", "GOBIN",
)  # fmt: skip
"""Settings of the surrounding shell that would change what is built."""


def go_environment(goproxy: str = "", cache: Path | None = None) -> tuple[tuple[str, str], ...]:
    """What every go command gets. Go takes an empty GOFLAGS for an unset one and would read `go env -w` instead;
    a blank one holds no flag and stands."""
    settings = [
        ("GOFLAGS", " "),
        ("GOTOOLCHAIN", "local"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GCM_INTERACTIVE", "never"),
    ]
    if goproxy:
        settings.append(("GOPROXY", goproxy))
    if cache is not None:
        settings.append(("GOCACHE", str(cache)))
    return tuple(settings)


def module_place(folder: Path, main: str) -> tuple[Path, str]:
    """(folder to run go in, package as go wants it) for a folder, a .go file or an import path."""
    if main.endswith(".go"):
        place, package = locate_main(folder, (folder / main).parent.as_posix())
        return place, f"{package.rstrip('/')}/{Path(main).name}"
    if not main.startswith(".") and not (folder / main).exists():
        return folder, main
    return locate_main(folder, main)


def compile_command(toolchain: Toolchain, wish: BuildWish, target: Target, output: Path) -> Command:
    """`go build` for one target."""
    folder, package = module_place(wish.folder, wish.main)
    options = wish.options
    words = [str(toolchain.path), "build", "-v", "-buildvcs=false"]
    if options.trimpath:
        words.append("-trimpath")
    if options.tags:
        words.append("-tags=" + ",".join(options.tags))
    if flags := linker_flags(options, wish.version):
        words.append(f"-ldflags={flags}")
    words += ["-o", str(output), package]
    env = (("CGO_ENABLED", "1" if options.cgo else "0"), ("GOOS", target.os), ("GOARCH", target.arch))
    return Command(tuple(words), (*go_environment(wish.goproxy, wish.cache), *env), cwd=folder)


def linker_flags(options: BuildOptions, version: str) -> str:
    """`-s -w -X main.version=1.9.0`. A program without that variable is built all the same."""
    flags = ["-s -w"] if options.strip else []
    version = re.sub(
        r"['\"\\\x00-\x1f]", "-", version
    )  # a git tag may hold a quote, which would end the word
    if version:
        flags.append(f"-X main.version={version}" if " " not in version else f"-X 'main.version={version}'")
    if options.ldflags.strip():
        flags.append(options.ldflags.strip())
    return " ".join(flags)


def vet_command(toolchain: Toolchain, wish: BuildWish, target: Target) -> Command:
    """`go vet` of the code as `target` gets it: on Windows, files for Linux alone would be errors or left out."""
    folder, _ = module_place(wish.folder, wish.main)
    words = [str(toolchain.path), "vet", *_tags(wish), "./..."]
    env = (_cgo(wish), ("GOOS", target.os), ("GOARCH", target.arch))
    return Command(tuple(words), (*go_environment(wish.goproxy, wish.cache), *env), cwd=folder)


def test_command(toolchain: Toolchain, wish: BuildWish) -> Command:
    """`go test -json`, with the race detector if wished (which needs CGO and a C compiler)."""
    folder, _ = module_place(wish.folder, wish.main)
    race = wish.options.race
    words = [str(toolchain.path), "test", "-json", *(["-race"] if race else []), *_tags(wish), "./..."]
    cgo = ("CGO_ENABLED", "1") if race else _cgo(wish)
    return Command(tuple(words), (*go_environment(wish.goproxy, wish.cache), cgo), cwd=folder)


test_command.__test__ = False  # type: ignore[attr-defined]  # pytest would take it for a test by its name


def packages_command(toolchain: Toolchain, wish: BuildWish, target: Target) -> Command:
    """All packages of the program, for "171 of 268"."""
    folder, package = module_place(wish.folder, wish.main)
    env = (("CGO_ENABLED", "1" if wish.options.cgo else "0"), ("GOOS", target.os), ("GOARCH", target.arch))
    words = (str(toolchain.path), "list", "-deps", *_tags(wish), package)
    return Command(words, (*go_environment(wish.goproxy, wish.cache), *env), cwd=folder)


def _tags(wish: BuildWish) -> list[str]:
    return ["-tags=" + ",".join(wish.options.tags)] if wish.options.tags else []


def _cgo(wish: BuildWish) -> tuple[str, str]:
    return ("CGO_ENABLED", "1" if wish.options.cgo else "0")
