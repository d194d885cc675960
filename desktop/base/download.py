"""A file from the web, whole and checked: gone on with where it broke off, and put in place at the end only."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .blocking import CancelToken
from .errors import GoferryError
from .hindrances import hindrance
from .paths import replace_file
from .web import web_session
from .words import msg

if TYPE_CHECKING:
    import requests

Progress = Callable[[float], None]
"""Takes how much has come, 0..1; called from a worker thread."""
CHUNK = 1 << 16
_FINAL = (401, 403, 404, 410, 451)
"""Answers that do not change by asking again."""


class NotDownloaded(GoferryError):
    code = "download.failed"

    def __init__(self, address: str, detail: str) -> None:
        between = hindrance(detail)
        super().__init__(
            msg("{address} could not be downloaded.", address=address),
            between.why
            if between
            else msg("The connection broke off, or the server does not give the file."),
            between.fix
            if between
            else msg("Check the network and the proxy, then try again: what has come already is kept."),
            detail=detail,
        )


class Damaged(GoferryError):
    code = "download.damaged"

    def __init__(self, address: str, detail: str) -> None:
        super().__init__(
            msg("{address} is another file than the one that was announced.", address=address),
            msg("Its checksum is wrong: it was damaged or exchanged on the way. It was thrown away."),
            msg("Try again; if it stays so, tell whoever looks after that address."),
            detail=detail,
        )


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to get, and how it is known."""

    url: str
    sha256: str
    size: int


def download(
    token: CancelToken,
    wanted: Wanted,
    path: Path,
    progress: Progress = lambda part: None,
    *,
    waits: tuple[float, ...] = (1.0, 3.0, 8.0),
) -> Path:
    """`path`, which is there only when all of it is right (blocking). Raises NotDownloaded, Damaged, OSError."""
    part = path.with_name(f".{path.name}.{wanted.sha256[:12]}.part")
    said: list[str] = []
    for wait in (*waits, None):
        try:
            _go_on(token, wanted, part, progress)
        except _Broken as error:
            token.check()
            said.append(str(error))
        except OSError as error:  # a full disk: what is half there only keeps it full
            full = shutil.disk_usage(part.parent).free < CHUNK
            part.unlink(missing_ok=True)
            if full:  # not every C library of Windows says so itself
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
            raise
        else:
            return _take(wanted, part, path)
        if wait is not None:
            token.sleep(wait)
    raise NotDownloaded(wanted.url, "\n".join(said))


class _Broken(Exception):
    """The way broke; what has come stays."""


def _go_on(token: CancelToken, wanted: Wanted, part: Path, progress: Progress) -> None:
    import requests

    try:
        got = part.stat().st_size if part.exists() else 0
        if got >= wanted.size:
            if got == wanted.size:
                return
            part.unlink()
            got = 0
        headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={got}-"} if got else {})
        with (
            web_session(token) as session,
            session.get(wanted.url, headers=headers, timeout=(15, 30), stream=True) as reply,
        ):
            goes_on = reply.status_code == 206 and reply.headers.get("Content-Range", "").startswith(
                f"bytes {got}-"
            )
            if reply.status_code == 416 or (reply.status_code == 206 and not goes_on):
                part.unlink(missing_ok=True)
                raise _Broken(f"{reply.status_code}: the server cannot go on at {got}")
            reply.raise_for_status()
            with open(part, "ab" if goes_on else "wb") as file:
                _write(token, reply, file.write, got if goes_on else 0, wanted.size, progress)
                file.flush()
                os.fsync(file.fileno())
    except requests.HTTPError as error:
        token.check()
        if error.response is not None and error.response.status_code in _FINAL:
            raise NotDownloaded(wanted.url, str(error)) from error
        raise _Broken(str(error)) from error
    except (requests.RequestException, ConnectionError, TimeoutError) as error:
        raise _Broken(f"{type(error).__name__}: {error}") from error
    if (now := part.stat().st_size) < wanted.size:
        raise _Broken(f"it ended after {now} of {wanted.size} bytes")


def _write(
    token: CancelToken,
    reply: requests.Response,
    write: Callable[[bytes], object],
    got: int,
    size: int,
    progress: Progress,
) -> None:
    for chunk in reply.iter_content(CHUNK):
        token.check()
        got += len(chunk)
        write(chunk)
        if got > size:
            return  # more than was announced: the checksum will say so
        progress(got / size)


def _take(wanted: Wanted, part: Path, path: Path) -> Path:
    found = sha256_of(part)
    if found != wanted.sha256:
        part.unlink(missing_ok=True)
        raise Damaged(wanted.url, f"SHA-256 {found}, announced {wanted.sha256}")
    replace_file(part, path)
    return path


def sha256_of(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
