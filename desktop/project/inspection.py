"""A folder becomes a Project: everything is read, nothing is run, and no file can make it fail or take for ever."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from pathlib import Path

from .config import BuildOptions, Config, HealthOptions, ImageOptions
from .errors import ConfigError, NoFolder
from .findings import about, binds_to_localhost, broken_config
from .go_mod import GoMod, read_go_mod
from .guess import Guess, guess, port_in_dockerfile, port_in_settings
from .model import Finding, Main, Module, Place, Project
from .names import name_from
from .parse import load_config
from .reading import read_bounded, read_text
from .scan import Tree, scan
from .sources import Packages, module_of

MOST_MAINS_READ = 30
"""Programs whose source is read for port and health; the others are listed without."""
SECONDS = 15.0

CGO_MODULES = ("github.com/mattn/go-sqlite3", "github.com/confluentinc/confluent-kafka-go", "gopkg.in/goracle.v2",
               "github.com/godror/godror", "github.com/gen2brain/malgo")  # fmt: skip
"""Modules that do nothing, or do not build, without CGO."""


def inspect_folder(folder: Path, *, seconds: float = SECONDS) -> Project:
    """What lies in `folder` (blocking; about `seconds` at most). Raises NoFolder when it is not there."""
    if not os.path.isdir(folder):
        raise NoFolder(folder)
    folder = Path(os.path.abspath(folder))
    deadline = time.monotonic() + seconds
    tree = scan(folder, seconds=seconds / 2)
    go_mods, workspace = _modules(tree)
    modules = tuple(module for module, _ in go_mods)
    packages = Packages(tree, modules, deadline)
    findings: list[Finding] = []
    config = _config(folder, findings)
    mains, cgo = _mains(tree, packages, findings)
    cgo = cgo or any(path.startswith(CGO_MODULES) for _, mod in go_mods for path, _ in mod.requires)
    scripts = tuple(Path(path) for path in tree.scripts[:500] if _has_crlf(path))
    findings += about(tree, modules, mains, cgo, scripts, config)
    return Project(
        folder=folder,
        name=config.name if config else _name(folder, modules),
        modules=modules,
        mains=_in_order(mains, config),
        workspace=workspace,
        vendored=tree.vendored,
        dockerfile=_nearest(tree.dockerfiles, tree.root),
        compose=_nearest(tree.composes, tree.root),
        uses_cgo=cgo,
        crlf_scripts=scripts,
        warnings=tuple(findings),
        config=config,
    )


def config_for(project: Project) -> Config:
    """The project's goferry.yaml, else what suits what was found. Raises ConfigError on a file that cannot be used:
    nothing is deployed with values that a person did not mean."""
    config = project.config or load_config(project.folder)
    if config is not None:
        if config.main != "." or not project.mains or any(main.package == "." for main in project.mains):
            return config
        return replace(config, main=project.mains[0].package)
    main = project.main
    port = (main.port or 0) if main else 0
    return Config(
        name=project.name,
        main=main.package if main else ".",
        port=port,
        build=BuildOptions(cgo=project.uses_cgo),
        image=ImageOptions(),
        health=_health(main, port),
    )


def _health(main: Main | None, port: int) -> HealthOptions:
    if main is not None and main.health and port:
        return HealthOptions(http=main.health)
    return HealthOptions(http=None, tcp=bool(port))


def locate_main(folder: Path, main: str) -> tuple[Path, str]:
    """(folder to run Go in, package relative to it) for a configured main such as "./svc/cmd/app": Go wants to stand in
    the module that the package belongs to, unless a go.work joins the modules."""
    package = Path(os.path.normpath(folder / main))
    if package.is_relative_to(folder) and (
        (folder / "go.work").is_file()
        or ((folder / "go.mod").is_file() and not _module_between(folder, package))
    ):
        return folder, _dotted(package, folder)
    for above in (package, *package.parents):
        if (above / "go.mod").is_file():
            return above, _dotted(package, above)
        if above == folder:
            break
    return folder, _dotted(package, folder)


def _module_between(folder: Path, package: Path) -> bool:
    steps = [package, *package.parents]
    return any((step / "go.mod").is_file() for step in steps[: steps.index(folder)] if folder in steps)


def _dotted(path: Path, folder: Path) -> str:
    if not path.is_relative_to(folder):  # on another drive, for example: Go takes it as it is
        return path.as_posix()
    relative = path.relative_to(folder).as_posix()
    return "." if relative == "." else f"./{relative}"


def _modules(tree: Tree) -> tuple[list[tuple[Module, GoMod]], bool]:
    found = []
    for path in sorted(tree.go_mods, key=lambda one: (one.count(os.sep), one))[:500]:
        mod = read_go_mod(read_text(path, 1 << 20))
        found.append((Module(mod.path, Path(path).parent, mod.go_version, mod.toolchain), mod))
    return found, os.path.isfile(tree.root / "go.work")


def _config(folder: Path, findings: list[Finding]) -> Config | None:
    try:
        return load_config(folder)
    except ConfigError as error:
        findings.append(broken_config(error))
        return None


def _mains(tree: Tree, packages: Packages, findings: list[Finding]) -> tuple[list[Main], bool]:
    mains, cgo = [], False
    folders = packages.main_folders()
    settings = _settings_port(tree)
    for number, folder in enumerate(_likely_first(folders, tree)):
        program = packages.program(folder) if number < MOST_MAINS_READ else None
        found = guess(program.sources, packages.deadline) if program else Guess()
        cgo = cgo or bool(program and program.cgo)
        if found.bind is not None:
            findings.append(binds_to_localhost(found.bind, folder))
        mains.append(
            _main(tree, packages, folder, found, settings if len(folders) == 1 or number == 0 else None)
        )
    return mains, cgo


def _main(tree: Tree, packages: Packages, folder: str, found: Guess, settings: int | None) -> Main:
    path = Path(folder)
    module = module_of(path, packages.modules)
    serves = found.port is not None or found.health is not None
    bind = found.bind
    port = found.port or (settings if serves or (settings and _listens(packages, folder)) else None)
    return Main(
        package=_dotted(path, tree.root),
        module=module.path if module else "",
        name=_name_of_main(path, module, tree.root),
        port=port,
        health=found.health if port else None,
        localhost=Place(bind.path, bind.line, bind.column) if bind else None,
    )


def _listens(packages: Packages, folder: str) -> bool:
    """Whether the program imports what servers are made of: then a port in its settings is its own."""
    servers = ("net/http", "github.com/gin-gonic/gin", "github.com/labstack/echo", "github.com/gofiber/fiber",
               "google.golang.org/grpc", "github.com/valyala/fasthttp", "github.com/go-chi/chi")  # fmt: skip
    return any(
        f'"{server}' in source.text for source in packages.program(folder).sources for server in servers
    )


def _settings_port(tree: Tree) -> int | None:
    """The port that a Dockerfile exposes, or that a settings file near the root names."""
    if (dockerfile := _nearest(tree.dockerfiles, tree.root)) and (
        port := port_in_dockerfile(read_text(dockerfile, 65536))
    ):
        return port
    near = [path for path in tree.settings if path.count(os.sep) - str(tree.root).count(os.sep) <= 2]
    for path in near[:60]:
        if os.path.basename(path) != "goferry.yaml" and (port := port_in_settings(read_text(path, 65536))):
            return port
    return None


_TOOLS = re.compile(
    r"(?i)examples?|tools?|hack|scripts?|tests?|e2e|gen|build|bench(marks?)?|docs|contrib|demos?|samples|internal|ci"
)
"""Folders whose programs help to make the project and are not what it is for."""


def _likely_first(folders: list[str], tree: Tree) -> list[str]:
    """Programs in the order in which they are likely meant: cmd/<name of the project>, the root, cmd/…, tools last."""
    project = tree.root.name.lower()

    def key(folder: str) -> tuple[bool, bool, bool, int, str]:
        parts = Path(folder).relative_to(tree.root).parts
        tool = any(_TOOLS.fullmatch(part) for part in parts)
        named = bool(parts) and parts[-1].lower() in (project, "server", "app", "api")
        return tool, not (named or not parts), "cmd" not in parts and bool(parts), len(parts), folder

    return sorted(folders, key=key)


def _in_order(mains: list[Main], config: Config | None) -> tuple[Main, ...]:
    """The configured program first."""
    return tuple(sorted(mains, key=lambda one: config is None or one.package != config.main))


def _name_of_main(folder: Path, module: Module | None, root: Path) -> str:
    """What Go would call the program: its folder, or at a module's root the last element of the module's path."""
    if module is not None and module.folder == folder and module.path:
        parts = [part for part in module.path.split("/") if not (part[:1] == "v" and part[1:].isdigit())]
        return parts[-1] if parts else root.name
    return folder.name


def _name(folder: Path, modules: tuple[Module, ...]) -> str:
    own = [module.path.rsplit("/", 1)[-1] for module in modules if module.folder == folder and module.path]
    return name_from(folder.name or (own or ["app"])[0])


_ASIDE = re.compile(r"(?i)tests?|e2e|testdata|examples?|samples?|demos?|contrib|hack|docs?")
"""Folders whose Dockerfile is for something else than the program."""


def _nearest(paths: list[str], root: Path) -> Path | None:
    own = [path for path in paths if not any(map(_ASIDE.fullmatch, Path(path).relative_to(root).parts[:-1]))]
    best = min(own, key=lambda one: (one.count(os.sep), one), default=None)
    return Path(best) if best else None


def _has_crlf(path: str) -> bool:
    try:
        return b"\r\n" in read_bounded(path, 65536)
    except OSError:
        return False
