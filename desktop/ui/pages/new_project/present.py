"""What the New-project page knows and says. Pure; only `look_at_place` looks at the disk, in a worker."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from desktop.base.words import Words, msg, ntr, tr
from desktop.project import (
    CONFIG_FILE,
    OLDEST_GO,
    TEMPLATES,
    Answers,
    Environment,
    FolderTemplate,
    ProjectError,
    Template,
    clashes,
    fill,
    module_path_problem,
    name_problem,
    render,
    template,
    version_key,
    visible,
)
from desktop.ui.environments import environment_words

ENVIRONMENTS = ("dev", "staging", "prod")
MOST_FACTS, MOST_STEPS = 8, 4
"""Rows that a review may have."""


@dataclass(frozen=True, slots=True)
class Where:
    """Where one environment runs; not `on`: it is left out."""

    on: bool = False
    host: str = "local"
    publish: int = 0
    mode: str = "direct"


@dataclass(frozen=True, slots=True)
class Draft:
    """Everything that was answered so far. `module` and `folder` follow the name until they are typed."""

    template: str = "http"
    name: str = "hello-service"
    module: str = ""
    folder: str = ""
    parent: Path = Path()
    port: str = "8080"
    go_version: str = OLDEST_GO
    options: frozenset[str] = frozenset()
    git: bool = True
    environments: Mapping[str, Where] = field(default_factory=dict)
    source: FolderTemplate | None = None
    """A folder of one's own in place of a template; `values` fill its own placeholders."""
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def one(self) -> Template:
        return _OWN if self.source is not None else template(self.template)

    @property
    def shown_module(self) -> str:
        return self.module or self.name

    @property
    def path(self) -> Path:
        return Path(self.folder).expanduser() if self.folder else self.parent / (self.name or "project")

    def answers(self) -> Answers:
        one = self.one
        offered = {option.id for option in one.options}
        port = int(self.port) if one.serves else 8080
        options = self.options & offered
        return Answers(self.name, self.shown_module, port, self.go_version, options, environments_of(self))


_OWN = Template(
    "folder",
    msg("From a folder"),
    msg("with your own placeholders"),
    "folder",
    True,
    (),
    (),
    "",
    modules=False,
)


def first_draft(parent: Path, go_version: str) -> Draft:
    options = frozenset(option.id for one in TEMPLATES for option in one.options if option.default)
    return Draft(parent=parent, go_version=go_version, options=options, environments={"dev": Where(on=True)})


def problems(draft: Draft) -> dict[str, str]:
    """Field to sentence, for what cannot be used."""
    name = name_problem(draft.name)
    full = draft.path.is_absolute() and draft.folder.isprintable()
    found = {
        "name": name,
        "module": module_path_problem(draft.shown_module) if draft.module or not name else None,
        "port": _port_problem(draft.port) if draft.one.serves else None,
        "folder": tr("Choose a full path.") if draft.folder and not full else None,
    }
    return {key: str(why) for key, why in found.items() if why is not None}


def _port_problem(text: str) -> str | None:
    if text.isascii() and text.isdigit() and len(text) < 6 and 0 < int(text) < 65536:
        return None
    return tr("A port is a number from 1 to 65535.")


@dataclass(frozen=True, slots=True)
class Preview:
    """The files that would be written; none, and why, while an answer cannot be used."""

    files: Mapping[str, bytes] = field(default_factory=dict)
    problem: str = ""

    @property
    def summary(self) -> str:
        size = sum(len(content) for content in self.files.values())
        n = len(self.files)
        return ntr("{n} file, {size} KB", "{n} files, {size} KB", n, size=f"{size / 1024:.0f}") if n else ""


def preview(draft: Draft) -> Preview:
    """Takes a few milliseconds: it is called at each rest of typing."""
    found = problems(draft)
    if found:
        return Preview(problem=next(iter(found.values())))
    try:
        files = _filled(draft, draft.source) if draft.source else render(draft.template, draft.answers())
    except ProjectError as error:
        return Preview(problem=str(error))
    return Preview(files)


def environments_of(draft: Draft) -> tuple[Environment, ...] | None:
    """The environments that were chosen; None when they are as the template has them."""
    if dict(draft.environments) == {"dev": Where(on=True)}:
        return None
    chosen = [(name, draft.environments.get(name, Where())) for name in ENVIRONMENTS]
    return tuple(
        Environment(name, (where.host,), where.mode, where.publish or 0) for name, where in chosen if where.on
    )


def _filled(draft: Draft, source: FolderTemplate) -> dict[str, bytes]:
    own = {
        "name": draft.name,
        "module": draft.shown_module,
        "port": draft.port,
        "go_version": draft.go_version,
    }
    return fill(source, {**draft.values, **own})


@dataclass(frozen=True, slots=True)
class PlaceLook:
    """What a folder that would be written to is like. `state`: ok, warn or fail."""

    path: Path
    state: str = "ok"
    words: Words = ""


def look_at_place(path: Path, files: Sequence[str]) -> PlaceLook:
    """Looks at the disk (blocking)."""
    if "\0" in str(path):
        return PlaceLook(path, "fail", msg("There is no such place."))
    try:
        taken = clashes(dict.fromkeys(files, b""), path)
        if taken and not path.is_dir():
            return PlaceLook(path, "fail", msg("A file of this name is in the way."))
        if taken:
            names = ", ".join(visible(name, 40) for name in taken[:3])
            return PlaceLook(path, "fail", msg("Files of the same name are there: {names}", names=names))
        above = next(one for one in (path, *path.parents) if one.exists())
        if not above.is_dir() or not os.access(above, os.W_OK):
            return PlaceLook(
                path, "fail", msg("Nothing may be written in {folder}.", folder=visible(str(above), 60))
            )
        if path.is_dir() and (there := sorted(one.name for one in path.iterdir())):
            names = ", ".join(visible(name, 30) for name in there[:3])
            return PlaceLook(path, "warn", msg("Not empty. These stay: {names}", names=names))
        free = shutil.disk_usage(above).free
    except (OSError, StopIteration, ValueError):
        return PlaceLook(path, "fail", msg("There is no such place."))
    return PlaceLook(path, "ok", msg("Free to use, {size} GB left", size=f"{free / (1 << 30):.0f}"))


def go_versions(there: str) -> list[str]:
    """The minor versions that can be asked for: from the templates' oldest to the one that is there, newest first."""
    newest = version_key(there or OLDEST_GO)
    oldest = version_key(OLDEST_GO)
    if newest[:2] <= oldest[:2]:
        return [OLDEST_GO]
    return [f"{newest[0]}.{minor}" for minor in range(newest[1], oldest[1] - 1, -1)]


def with_template(draft: Draft, chosen: str) -> Draft:
    """Another template; what was typed stays."""
    return replace(draft, template=chosen, source=None)


def tabs(files: Mapping[str, bytes]) -> list[str]:
    """The files that are shown as tabs."""
    wanted = ("cmd/app/main.go", "main.go", "go.mod", "configs/config.yaml", CONFIG_FILE)
    return [path for path in wanted if path in files][:3]


@dataclass(frozen=True, slots=True)
class Leaf:
    """An entry of the preview's tree: a folder when it has `below`."""

    name: str
    path: str
    below: tuple[Leaf, ...] = ()

    @property
    def is_folder(self) -> bool:
        return bool(self.below)


def tree(name: str, files: Mapping[str, bytes]) -> Leaf:
    """The files as a tree: folders first, then by name."""

    def level(prefix: str, paths: list[str]) -> tuple[Leaf, ...]:
        folders: dict[str, list[str]] = {}
        plain = []
        for path in paths:
            head, _, rest = path[len(prefix) :].partition("/")
            if rest:
                folders.setdefault(head, []).append(path)
            else:
                plain.append(Leaf(head, path))
        inner = [
            Leaf(key, prefix + key, level(f"{prefix}{key}/", below)) for key, below in sorted(folders.items())
        ]
        return (*inner, *sorted(plain, key=lambda leaf: leaf.name.lower()))

    return Leaf(name, "", level("", list(files)))


def review(draft: Draft, one: Template, files: int) -> list[tuple[str, str]]:
    """The answers as a list of facts."""
    places = [
        f"{environment_words(name)}: {tr('This computer') if where.host == 'local' else where.host}"
        for name, where in draft.environments.items()
        if where.on
    ]
    facts = [
        (tr("Template"), str(one.title)),
        (tr("Name"), draft.name),
        (tr("Module path"), draft.shown_module),
        (tr("Folder"), visible(str(draft.path))),
        (tr("Go version"), draft.go_version),
    ]
    if one.serves:
        facts.append((tr("Port"), draft.port))
    facts.append((tr("Where it runs"), ", ".join(places) or tr("nowhere yet")))
    facts.append((tr("Files"), str(files)))
    return facts


def steps(draft: Draft, one: Template) -> list[str]:
    """What creating it does, in order."""
    found = [tr("Write the files to a temporary folder, then move them")]
    if one.modules:
        found.append(tr("Fetch the modules with “go mod tidy”"))
    if draft.git:
        found.append(tr("Make a Git repository with a first commit"))
    return [*found, tr("Open Build")]
