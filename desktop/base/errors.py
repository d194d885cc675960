"""The one base of all failures that a person gets to see: what happened, why, and what to do.

The tree: GoferryError <- one class per known failure, in the `errors` module of its station.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from .words import Message, Words, msg


@dataclass(frozen=True, slots=True)
class Fix:
    """A button beside an error. `action` is a stable name that a page or the command line knows how to do."""

    label: Message
    action: str
    argument: str = ""


class GoferryError(Exception):
    """A failure, explained. `code` is stable ("build.no_go"); `detail` is the tool's own words, unshortened."""

    code: ClassVar[str] = "error"

    def __init__(
        self, what: Words, why: Words = "", fix: Words = "", *, detail: str = "", fixes: tuple[Fix, ...] = ()
    ) -> None:
        super().__init__(what)
        self.what, self.why, self.fix, self.detail, self.fixes = what, why, fix, detail, fixes

    def __str__(self) -> str:
        return " ".join(str(part) for part in (self.what, self.why, self.fix) if str(part))

    def to_json(self) -> dict[str, Any]:
        """The `error` object of the headless contract."""
        words = {"what": str(self.what), "why": str(self.why), "fix": str(self.fix)}
        return {"code": self.code, **words, "detail": self.detail}


class Unexpected(GoferryError):
    """Anything that was not recognised; shown whole, never swallowed."""

    code = "unexpected"

    def __init__(self, error: BaseException, *, detail: str = "") -> None:
        super().__init__(
            msg("This is new to Goferry: {error}", error=f"{type(error).__name__}: {error}"),
            msg("It was not expected here, so there is no explanation for it yet."),
            msg("Copy the details for a bug report, and try again."),
            detail=detail,
        )


def explained(error: BaseException) -> GoferryError:
    """`error` itself when it explains itself, else wrapped whole, with its traceback as the detail."""
    if isinstance(error, GoferryError):
        return error
    import traceback

    return Unexpected(error, detail="".join(traceback.format_exception(error)))
