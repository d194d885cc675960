"""What can be wrong with a project, in words. The tree: GoferryError <- ProjectError <- the classes below."""

from __future__ import annotations

from pathlib import Path

from desktop.base.errors import GoferryError
from desktop.base.visible import visible
from desktop.base.words import Words, msg


class ProjectError(GoferryError):
    code = "project"


class BadName(ProjectError):
    """A project's name that cannot be a folder, a container and a part of an image's name at once."""

    code = "project.bad_name"

    def __init__(self, name: str, why: Words) -> None:
        super().__init__(
            msg("{name} cannot be the name of a project.", name=visible(name, 60) or "“”"),
            why,
            msg("Use small letters, digits and single hyphens, such as “orders-api”."),
        )


class BadModulePath(ProjectError):
    code = "project.bad_module_path"

    def __init__(self, path: str, why: Words) -> None:
        super().__init__(
            msg("Go does not accept the module path {path}.", path=visible(path, 80) or "“”"),
            why,
            msg("Use a path such as “git.example.com/shop/orders”."),
        )


class BadAnswer(ProjectError):
    """A value of the wizard, of the command line or of a template that cannot be used."""

    code = "project.bad_answer"

    def __init__(self, what: Words, fix: Words = "") -> None:
        super().__init__(what, "", fix)


class NoFolder(ProjectError):
    code = "project.no_folder"

    def __init__(self, folder: Path) -> None:
        super().__init__(
            msg("There is no folder {folder}.", folder=visible(str(folder))),
            msg("It was moved, renamed or deleted, or its drive is not connected."),
            msg("Choose the folder anew, or take the project off the list."),
        )


class FolderTaken(ProjectError):
    code = "project.folder_taken"

    def __init__(self, folder: Path, clashes: tuple[str, ...]) -> None:
        shown = ", ".join(visible(name, 60) for name in clashes[:5])
        super().__init__(
            msg("The folder {folder} already has files of the same name.", folder=visible(str(folder))),
            msg("Goferry does not overwrite: {names}", names=shown),
            msg("Choose another folder or another name."),
        )


class NotWritten(ProjectError):
    """The disk refused while a project was created; nothing half-made is left."""

    code = "project.not_written"

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(
            msg("The project could not be written to {folder}.", folder=visible(str(folder))),
            msg("The system says: {error}", error=error.strerror or str(error)),
            msg("Choose a folder in which you may write and that has room. Nothing was left behind."),
            detail=str(error),
        )


class NoSuchTemplate(ProjectError):
    code = "project.no_template"

    def __init__(self, wanted: str, known: tuple[str, ...]) -> None:
        super().__init__(
            msg("There is no template {name}.", name=visible(wanted, 40)),
            "",
            msg("Choose one of: {names}", names=", ".join(known)),
        )


class ChangedSince(ProjectError):
    """A file is not what it was when a change to it was shown."""

    code = "project.changed_since"

    def __init__(self, path: Path) -> None:
        super().__init__(
            msg("{file} has changed since you looked.", file=visible(str(path))),
            msg("The change that was shown no longer fits it."),
            msg("Look at the change again."),
        )


class ConfigError(ProjectError):
    """Something in goferry.yaml that cannot be used, and where. Lines and columns count from 1; 0 is the whole file."""

    code = "project.config"

    def __init__(
        self, path: Path | str, line: int, column: int, problem: Words, fix: Words = "", *, detail: str = ""
    ) -> None:
        self.path, self.line, self.column, self.problem = path, line, column, problem
        place = f"{visible(str(path))}:{line}:{column}" if line else visible(str(path))
        super().__init__(
            msg("{place} cannot be used.", place=place),
            msg("What is wrong there: {problem}", problem=problem),
            fix or msg("Correct the file; the commented sample explains every key."),
            detail=detail,
        )
