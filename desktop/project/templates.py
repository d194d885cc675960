"""New projects: a template and answers become files, in memory first. The preview and the creation share `render`."""

from __future__ import annotations

import os
import re
import secrets
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from desktop.base.resources import resources
from desktop.base.visible import visible
from desktop.base.words import Message, msg

from .config import Environment
from .errors import BadAnswer, FolderTaken, NoSuchTemplate, NotWritten
from .folder_template import check_paths
from .go_mod import version_key
from .names import check_module_path, check_name

OLDEST_GO = "1.22"
"""What the templates need: log/slog (1.21) and methods in the patterns of http.ServeMux (1.22)."""


@dataclass(frozen=True, slots=True)
class Option:
    """Something a person may leave out or add; `files` are its files."""

    id: str
    title: Message
    hint: str
    files: tuple[str, ...]
    default: bool = True


@dataclass(frozen=True, slots=True)
class Template:
    """`included` says what always comes with it, `shared` are folders of files that it has in common with others.
    `modules`: it needs modules from the network, so `go mod tidy` must run once before the first build."""

    id: str
    title: Message
    summary: Message
    icon: str
    serves: bool
    options: tuple[Option, ...]
    included: tuple[tuple[Message, str], ...]
    about: str
    modules: bool = False
    shared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """`options` are the ids of the chosen ones; None: the template's defaults."""

    name: str
    module: str = ""
    """Empty: the name."""
    port: int = 8080
    go_version: str = OLDEST_GO
    options: frozenset[str] | None = None
    environments: tuple[Environment, ...] | None = None
    """Where it runs; None: one environment "dev" on this computer."""


_CONTAINER = Option("docker", msg("Dockerfile"), "scratch", ("Dockerfile", ".dockerignore"))
_COMPOSE = Option("compose", msg("compose.yaml"), "docker compose", ("compose.yaml",))
_README = Option("readme", msg("Readme"), "README.md", ("README.md",))
_MAKE = Option("make", msg("Makefile"), "make", ("Makefile",), default=False)
_STOP = (msg("Clean stop"), "SIGTERM")
_LOGS = (msg("Structured logs"), "log/slog")
_SETTINGS = (msg("Config file, then environment"), "configs/")
_TESTS = (msg("Example tests"), "go test")

TEMPLATES: tuple[Template, ...] = (
    Template(
        "http",
        msg("HTTP API"),
        msg("net/http, JSON, health"),
        "code",
        True,
        (_CONTAINER, _COMPOSE, _README, _MAKE),
        ((msg("Health check"), "/health"), _STOP, _LOGS, _SETTINGS, _TESTS),
        "An HTTP API on Go's standard library.",
        shared=("service", "api"),
    ),
    Template(
        "gin",
        msg("HTTP API with gin"),
        msg("gin and viper, JSON, health"),
        "network",
        True,
        (_CONTAINER, _COMPOSE, _README, _MAKE),
        ((msg("Health check"), "/health"), _STOP, _LOGS, _SETTINGS, _TESTS),
        "An HTTP API on gin, with settings read by viper.",
        modules=True,
        shared=("service", "api"),
    ),
    Template(
        "worker",
        msg("Background worker"),
        msg("queue loop, health"),
        "refresh",
        True,
        (_CONTAINER, _COMPOSE, _README, _MAKE),
        ((msg("Health check"), "/health"), _STOP, _LOGS, _SETTINGS, _TESTS),
        "A worker that takes jobs from a queue, one after the other.",
        shared=("service",),
    ),
    Template(
        "cli",
        msg("Command-line tool"),
        msg("flags, subcommands"),
        "terminal",
        False,
        (_CONTAINER, _README, _MAKE),
        ((msg("Subcommands with flags"), "flag"), (msg("Version command"), "-X"), _TESTS),
        "A command-line tool.",
    ),
)


def template(template_id: str) -> Template:
    """Raises NoSuchTemplate."""
    for one in TEMPLATES:
        if one.id == template_id:
            return one
    raise NoSuchTemplate(template_id, tuple(one.id for one in TEMPLATES))


def chosen_options(one: Template, answers: Answers) -> frozenset[str]:
    """The ids that hold. Raises BadAnswer on one that the template does not have."""
    known = {option.id for option in one.options}
    if answers.options is None:
        return frozenset(option.id for option in one.options if option.default)
    if unknown := answers.options - known:
        raise BadAnswer(msg("The template has no option {name}.", name=visible(min(unknown), 40)))
    return answers.options


def check_answers(one: Template, answers: Answers) -> None:
    """Raises BadName, BadModulePath or BadAnswer, the first that does not hold."""
    check_name(answers.name)
    check_module_path(answers.module or answers.name)
    if one.serves and not 0 < answers.port < 65536:
        raise BadAnswer(msg("{port} is no port.", port=answers.port), msg("Choose a number from 1 to 65535."))
    if not re.fullmatch(r"1\.[0-9]{1,3}(?:\.[0-9]{1,3})?", answers.go_version, re.ASCII):
        raise BadAnswer(msg("{version} is no version of Go.", version=visible(answers.go_version, 20)))
    if version_key(answers.go_version) < version_key(OLDEST_GO):
        raise BadAnswer(
            msg("Go {version} is too old for the templates.", version=answers.go_version),
            msg("They need Go {version}.", version=OLDEST_GO),
        )
    chosen_options(one, answers)
    for each in answers.environments or ():
        if not all(re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", word) for word in (each.name, *each.hosts)):
            raise BadAnswer(msg("{name} is no name of an environment or host.", name=visible(each.name, 40)))


def render(template_id: str, answers: Answers) -> dict[str, bytes]:
    """The files of a new project: path with slashes to content. Quick: the preview calls it at each keystroke."""
    one = template(template_id)
    check_answers(one, answers)
    chosen = chosen_options(one, answers)
    left_out = {file for option in one.options if option.id not in chosen for file in option.files}
    offered = {file for option in one.options for file in option.files}
    values = _values(one, answers)
    files = {}
    for path, text in _sources(one).items():
        optional = path in _OPTIONAL and path not in offered
        if path not in left_out and not optional:
            files[path] = _filled(text, values).encode()
    return dict(sorted(files.items()))


_OPTIONAL = frozenset(["Dockerfile", ".dockerignore", "compose.yaml", "README.md", "Makefile"])


def _values(one: Template, answers: Answers) -> dict[str, str]:
    configured = any(path.startswith("configs/") for path in _sources(one))
    copies = "COPY configs/ /app/configs/\n" if configured else ""
    return {
        "name": answers.name,
        "module": answers.module or answers.name,
        "port": str(answers.port),
        "go_version": answers.go_version,
        "about": one.about,
        "environments": _environments(one, answers),
        "docker_files": copies,
        "docker_expose": f"EXPOSE {answers.port}\n" if one.serves else "",
    }


def _environments(one: Template, answers: Answers) -> str:
    """The environments as lines of goferry.yaml."""
    wanted = answers.environments
    if wanted is None:
        wanted = (Environment("dev", ("local",), env={"LOG_LEVEL": "debug"} if one.serves else {}),)
    lines = []
    for each in wanted:
        parts = [f"hosts: [{', '.join(each.hosts)}]"]
        parts += [f"mode: {each.mode}"] if each.mode != "direct" else []
        parts += [f"publish: {each.publish or answers.port}"] if one.serves else []
        parts += (
            ["env: { " + ", ".join(f"{key}: {value}" for key, value in each.env.items()) + " }"]
            if each.env
            else []
        )
        lines.append(f"  {each.name}: {{ {', '.join(parts)} }}\n")
    return "environments:\n" + "".join(lines) if lines else ""


_PLACEHOLDER = re.compile(r"\{\{([a-z_]+)\}\}")


def _filled(text: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda found: values[found[1]], text)


def _sources(one: Template) -> dict[str, str]:
    """Path to text with places to fill; what a template has itself stands before what it shares."""
    return {path: text for folder in ("common", *one.shared, one.id) for path, text in _texts(folder)}


@cache
def _texts(folder: str) -> tuple[tuple[str, str], ...]:
    """The template's files; "dot.gitignore" is ".gitignore", which would act on our own repository."""
    root = resources() / "templates" / folder
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return tuple((_target(path.relative_to(root)), path.read_text(encoding="utf-8")) for path in files)


def _target(path: Path) -> str:
    name = "." + path.name.removeprefix("dot.") if path.name.startswith("dot.") else path.name
    return path.with_name(name).as_posix()


def clashes(files: dict[str, bytes], folder: Path) -> tuple[str, ...]:
    """Paths that a creation in `folder` would overwrite."""
    if not folder.exists() and not folder.is_symlink():
        return ()
    if not folder.is_dir():
        return (folder.name,)
    return tuple(path for path in files if os.path.lexists(folder / path) or _blocked(folder, path))


def _blocked(folder: Path, path: str) -> bool:
    """A file, or a link that leads elsewhere, stands where a folder is needed."""
    parts = path.split("/")[:-1]
    above = [os.path.join(folder, *parts[:depth]) for depth in range(1, len(parts) + 1)]
    return any(os.path.islink(one) or (os.path.exists(one) and not os.path.isdir(one)) for one in above)


def create_project(template_id: str, answers: Answers, folder: Path) -> tuple[Path, ...]:
    """Writes the project into `folder` (blocking) and gives the files' paths. Files are written beside it first and
    moved at the end: after a failure nothing half-made is left. Raises FolderTaken, NotWritten, and as render does."""
    return write_project(render(template_id, answers), folder)


def write_project(files: dict[str, bytes], folder: Path) -> tuple[Path, ...]:
    """The same for files that are rendered already."""
    if "\0" in str(folder):
        raise BadAnswer(msg("{folder} is no path of a folder.", folder=visible(str(folder), 80)))
    check_paths(files)
    folder = Path(os.path.abspath(folder))
    if taken := clashes(files, folder):
        raise FolderTaken(folder, taken)
    part = folder.with_name(f".{folder.name[:100]}.{secrets.token_hex(4)}.part")
    made: list[Path] = []
    try:
        made = _missing(folder.parent)
        folder.parent.mkdir(parents=True, exist_ok=True)
        for path, content in files.items():
            target = part / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        _move(part, folder, files)
    except OSError as error:
        shutil.rmtree(part, ignore_errors=True)
        _remove_empty(made)
        raise NotWritten(folder, error) from error
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        _remove_empty(made)
        raise
    return tuple(folder / path for path in files)


def _missing(folder: Path) -> list[Path]:
    """The folders that must be made for `folder`, deepest first."""
    return [one for one in (folder, *folder.parents) if not one.exists()]


def _remove_empty(folders: list[Path]) -> None:
    for one in folders:
        try:
            one.rmdir()
        except OSError:
            return


def _move(part: Path, folder: Path, files: dict[str, bytes]) -> None:
    """One rename where the folder is new or empty; else file by file, taken back when one fails."""
    if folder.is_dir() and any(folder.iterdir()):
        _move_into(part, folder, files)
        return
    if folder.is_dir():
        folder.rmdir()
    part.rename(folder)


def _move_into(part: Path, folder: Path, files: dict[str, bytes]) -> None:
    moved: list[Path] = []
    folders: list[Path] = []
    try:
        for path in files:
            target = folder / path
            folders = _missing(target.parent) + folders
            target.parent.mkdir(parents=True, exist_ok=True)
            if os.path.lexists(target):
                raise FolderTaken(folder, (path,))
            (part / path).rename(target)
            moved.append(target)
    except BaseException:
        for target in moved:
            target.unlink(missing_ok=True)
        _remove_empty(folders)
        raise
    shutil.rmtree(part, ignore_errors=True)


def add_module(folder: Path, path: str, go_version: str = OLDEST_GO) -> Path:
    """Gives a bare folder a go.mod (blocking); no other file is touched. Raises BadModulePath, and FolderTaken when
    there is one already."""
    check_module_path(path)
    return write_project({"go.mod": f"module {path}\n\ngo {go_version}\n".encode()}, folder)[0]


def remove_project(files: dict[str, bytes], folder: Path, *, whole: bool) -> None:
    """Takes back what write_project wrote (blocking): the whole folder when it was new, else those files that are
    still as they were written, and folders that are empty then. What is not there is passed over."""
    if whole:
        shutil.rmtree(folder, ignore_errors=True)
        return
    for path, content in files.items():
        target = folder / path
        try:
            if target.read_bytes() == content:
                target.unlink()
        except OSError:
            continue
        _remove_empty([above for above in target.parents if above != folder and folder in above.parents])
