"""The one base of all failures that a person gets to see: what happened, why, and what to do.

The tree: GoferryError <- one class per known failure, in the `errors` module of its station.
"""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import Any, ClassVar

from .words import Message, Words, msg


@dataclass(frozen=True, slots=True)
class Fix:
    """A button beside an error. `action` is a stable name that a page or the command line knows how to do."""

    label: Message
    action: str
    argument: str = ""


START_ENGINE = "engine.start"
"""The fix that starts what brings this computer its Docker Engine; every page knows how."""


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


class FileRefused(GoferryError):
    """The system does not let a file be written or read, for want of room or of rights."""

    code = "file.refused"

    def __init__(self, error: OSError, *, full: bool, detail: str = "") -> None:
        place = str(error.filename) if error.filename else ""
        super().__init__(
            msg("The disk is full.") if full else msg("The system does not allow what was wanted of a file."),
            msg("The system says: {reason}", reason=f"{error.strerror} {place}".strip()),
            msg("Free some space, and try again.")
            if full
            else msg("Check who may write there, or choose another place, and try again."),
            detail=detail,
        )


_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_FORBIDDEN = (errno.EACCES, errno.EPERM, errno.EROFS)


def explained(error: BaseException) -> GoferryError:
    """`error` itself when it explains itself, else wrapped whole, with its traceback as the detail."""
    if isinstance(error, GoferryError):
        return error
    import traceback

    detail = "".join(traceback.format_exception(error))
    if isinstance(error, OSError) and error.errno in (*_FULL, *_FORBIDDEN):
        return FileRefused(error, full=error.errno in _FULL, detail=detail)
    return Unexpected(error, detail=detail)
