"""Why a build did not work. The tree: BuildError <- one class per known failure of Go.

`NoGo` and `WrongGo` are met before a build; the others are recognised from what go said (signatures.py).
"""

from __future__ import annotations

from desktop.base.errors import Fix, GoferryError
from desktop.base.hindrances import hindrance
from desktop.base.words import Words, msg


class BuildError(GoferryError):
    code = "build.failed"


class NoGo(BuildError):
    code = "build.no_go"

    def __init__(self, *, detail: str = "") -> None:
        super().__init__(
            msg("Go was not found on this computer."),
            msg("It is not on PATH and not in the usual places."),
            msg(
                "Install Go from go.dev/dl (in China: golang.google.cn/dl), or choose where it is in Settings."
            ),
            detail=detail,
            fixes=(Fix(msg("Set up Go"), "setup.go"), Fix(msg("Choose Go…"), "settings.go")),
        )


class WrongGo(BuildError):
    code = "build.wrong_go"

    def __init__(self, found: str, wanted: str, *, place: str = "", detail: str = "") -> None:
        super().__init__(
            msg("Go {found} is too old for this project.", found=found or "?"),
            msg("It asks for Go {wanted} or newer.", wanted=wanted),
            msg("Install a newer Go, or choose another one in Settings."),
            detail=detail or place,
            fixes=(Fix(msg("Set up Go"), "setup.go"), Fix(msg("Choose Go…"), "settings.go")),
        )


class BrokenGo(BuildError):
    code = "build.broken_go"

    def __init__(self, place: str, *, detail: str = "") -> None:
        super().__init__(
            msg("The Go program at {place} does not work.", place=place),
            msg("It was started and did not say its version."),
            msg("Install Go again, or choose another one in Settings."),
            detail=detail,
            fixes=(Fix(msg("Set up Go"), "setup.go"), Fix(msg("Choose Go…"), "settings.go")),
        )


class NoGoThere(NoGo):
    """The place that a person chose has no go program."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self.what = msg("There is no Go program at {place}.", place=place)
        self.why = msg("Settings name this place.")
        self.fix = msg("Choose another one in Settings, or leave it empty: then Go is looked for.")


class GoNotFetched(BuildError):
    """Go was to be downloaded, and no source gave the right file."""

    code = "build.go_not_fetched"

    def __init__(self, place: str, *, detail: str) -> None:
        between = hindrance(detail)
        why = msg("There is no package of Go for {place}.", place=place)
        if detail:
            why = msg("No source gave the file whose checksum came with Goferry.")
        super().__init__(
            msg("Go could not be downloaded."),
            between.why if between else why,
            between.fix
            if between
            else msg("Check the network and the proxy and try again, or install Go from go.dev/dl."),
            detail=detail,
        )


class TakenByScanner(BuildError):
    """A virus scanner took what was built, or parts of it: Go programs look alike to some of them."""

    code = "build.scanner"

    def __init__(self, place: Words, *, detail: str = "") -> None:
        super().__init__(
            msg("The program was built, and then it was gone."),
            msg("A virus scanner has taken {place} away or locked it; programs that were just built look suspicious to "
                "some.", place=place),
            msg("Look into the scanner's log (Windows Security, Protection history), allow the program, and except the "
                "project's folder and Go's build cache from the scan."),
            detail=detail,
        )  # fmt: skip


class UnknownTarget(BuildError):
    code = "build.unknown_target"

    def __init__(self, target: str, *, detail: str = "") -> None:
        super().__init__(
            msg("{target} is not a target that Go can build for.", target=target or "''"),
            msg("A target is a system and a processor that Go knows, such as linux/amd64."),
            msg("Choose another target."),
            detail=detail,
        )


class Recognised(BuildError):
    """Made by a signature: one class for all, its code given by the table."""

    def __init__(
        self, code: str, what: Words, why: Words, fix: Words, *, detail: str = "", fixes: tuple[Fix, ...] = ()
    ) -> None:
        super().__init__(what, why, fix, detail=detail, fixes=fixes)
        self.code = code  # type: ignore[misc]  # an instance of this class stands for a row of the table


class BuildFailed(BuildError):
    """Go said no, and what it said is not in the table: shown whole."""

    def __init__(self, target: str, *, detail: str = "") -> None:
        super().__init__(
            msg("{target} could not be built.", target=target),
            msg("Go ended with an error."),
            msg("Read what Go said below."),
            detail=detail,
        )


class DiskRefused(BuildError):
    code = "build.cannot_write"

    def __init__(self, place: str, *, detail: str = "") -> None:
        super().__init__(
            msg("The result cannot be written to {place}.", place=place),
            msg("The system refused it."),
            msg("Free some space, or check who may write there, and build again."),
            detail=detail,
        )


class NotAProgram(BuildError):
    code = "build.not_a_program"

    def __init__(self, place: str, *, detail: str = "") -> None:
        super().__init__(
            msg("{place} is not a program.", place=place),
            msg("It has none of the formats ELF, PE or Mach-O, or it is damaged."),
            msg("Build it again."),
            detail=detail,
        )
