"""Names of projects and paths of modules, checked as Go, Docker, Windows and Linux do at once.

The rules of module paths are those of `go mod init` (golang.org/x/mod/module: CheckImportPath and SplitPathVersion);
a test runs both on the same table.
"""

from __future__ import annotations

import re

from desktop.base.visible import visible
from desktop.base.words import Words, msg

from .errors import BadModulePath, BadName

LONGEST_NAME = 63
"""A label of a host name: the container's name is also its name in Docker's DNS."""
LONGEST_PATH = 200

WINDOWS_NAMES = frozenset(
    ["con", "prn", "aux", "nul", *(f"com{n}" for n in range(1, 10)), *(f"lpt{n}" for n in range(1, 10))]
)
_NAME = re.compile(r"[a-z0-9]+(?:[._-][a-z0-9]+)*")
_GO_FOLDERS = frozenset(["testdata", "vendor", "internal"])

# The first elements of the standard library's packages: a module of that name would hide or be hidden.
STANDARD = frozenset(
    [
        "archive",
        "arena",
        "bufio",
        "builtin",
        "bytes",
        "cmd",
        "cmp",
        "compress",
        "container",
        "context",
        "crypto",
        "database",
        "debug",
        "embed",
        "encoding",
        "errors",
        "expvar",
        "flag",
        "fmt",
        "go",
        "hash",
        "html",
        "image",
        "index",
        "internal",
        "io",
        "iter",
        "log",
        "maps",
        "math",
        "mime",
        "net",
        "os",
        "path",
        "plugin",
        "reflect",
        "regexp",
        "runtime",
        "slices",
        "sort",
        "std",
        "strconv",
        "strings",
        "structs",
        "sync",
        "syscall",
        "testing",
        "text",
        "time",
        "unicode",
        "unique",
        "unsafe",
        "vendor",
        "weak",
    ]
)


def check_name(name: str) -> str:
    """`name` itself. Raises BadName when it cannot name a folder, a program, a container and an image."""
    if (why := name_problem(name)) is not None:
        raise BadName(name, why)
    return name


def name_problem(name: str) -> Words | None:
    """Why `name` cannot name a project, or None."""
    if not name:
        return msg("The name is empty.")
    if len(name) > LONGEST_NAME:
        return msg("It has more than {n} characters.", n=LONGEST_NAME)
    if not _NAME.fullmatch(name):
        return _which_character(name)
    if name.split(".")[0] in WINDOWS_NAMES:
        return msg("Windows keeps this name for a device.")
    if name in _GO_FOLDERS or name.endswith(".go"):
        return msg("Go gives this name a meaning of its own.")
    return None


def _which_character(name: str) -> Words:
    for character in name:
        if not re.fullmatch(r"[a-z0-9._-]", character):
            return msg("The character {character} is not allowed in it.", character=_quoted(character))
    return msg("Hyphens, dots and underscores stand singly, between letters or digits.")


def _quoted(character: str) -> str:
    return f"“{visible(character)}”"


def name_from(text: str) -> str:
    """The nearest name to `text`, such as a folder's: always one that check_name accepts."""
    simple = re.sub(r"[^a-z0-9._-]+", "-", text.lower())
    simple = re.sub(r"[._-]*-[._-]*|[._]{2,}", "-", simple).strip("._-")[:LONGEST_NAME].strip("._-")
    return (
        simple
        if name_problem(simple) is None
        else f"app-{simple}".rstrip("-")[:LONGEST_NAME].replace(".go", "-go")
    )


def check_module_path(path: str) -> str:
    """`path` itself. Raises BadModulePath when `go mod init` would refuse it, or could not build from it."""
    if (why := module_path_problem(path)) is not None:
        raise BadModulePath(path, why)
    return path


def module_path_problem(path: str) -> Words | None:
    """Why Go does not take `path` as the path of a main module, or None."""
    if not path:
        return msg("The module path is empty.")
    if len(path) > LONGEST_PATH:
        return msg("It has more than {n} characters.", n=LONGEST_PATH)
    if path[0] == "-":
        return msg("It starts with a hyphen.")
    if path[0] == "/" or path[-1] == "/" or "//" in path:
        return msg("A slash stands between two elements, never at the start, at the end or twice.")
    for element in path.split("/"):
        if (why := _element_problem(element)) is not None:
            return why
    if path.split("/")[0] in STANDARD:
        return msg("“{name}” belongs to Go's standard library.", name=path.split("/")[0])
    return None if _version_is_fine(path) else _version_problem(path)


def _element_problem(element: str) -> Words | None:
    if element.strip(".") == "":
        return msg("“{element}” is no element of a path.", element=element)
    if element[-1] == ".":
        return msg("“{element}” ends with a dot.", element=visible(element, 40))
    for character in element:
        if not re.fullmatch(r"[A-Za-z0-9._~+-]", character):
            return msg("The character {character} is not allowed in it.", character=_quoted(character))
    short = element.split(".")[0]
    if short.lower() in WINDOWS_NAMES:
        return msg("Windows keeps the name “{name}” for a device.", name=short)
    if re.fullmatch(r".*~[0-9]+", short):
        return msg("“{element}” ends like a short file name of Windows.", element=visible(element, 40))
    return None


def _version_is_fine(path: str) -> bool:
    if path.startswith("gopkg.in/"):
        found = re.fullmatch(r".+\.v(0|[1-9][0-9]*)(-unstable)?", path)
        return found is not None
    found = re.fullmatch(r".*/v([0-9.]+)", path)
    return found is None or re.fullmatch(r"[2-9]|[1-9][0-9]+", found[1]) is not None


def _version_problem(path: str) -> Words:
    if path.startswith("gopkg.in/"):
        return msg("A path under gopkg.in ends with its version, such as “.v1”.")
    return msg(
        "A last element such as “v2” means a major version: it is 2 or more, without zeros or dots before it."
    )
