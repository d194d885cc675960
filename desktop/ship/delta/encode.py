"""Makes a patch, in a process of its own: neither the window nor its memory feels it."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command
from desktop.base.processes import ProgramMissing, run_process

if TYPE_CHECKING:
    from .tools import DeltaTools

NOT_SMALLER = 7
"""The encoder's exit code, as in resources/delta/file.go."""
LONGEST_S = 120.0

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Patch:
    """A patch that lies in a file. Hashes are SHA-256 in hexadecimal; sizes are bytes."""

    path: Path
    size: int
    old: str
    new: str
    new_size: int
    seconds: float
    stretches: int = 0
    """How many patches it is made of, where it is meant to be packed for the way."""


async def encode(
    pool: Pool, tools: DeltaTools, old: Path, new: Path, folder: Path, *, limit: int
) -> Patch | None:
    """The patch from `old` to `new` as a file in `folder`. None when it would not be smaller than `limit` bytes, or
    could not be made: the whole is sent then. On cancel the process ends, and no file stays."""
    return await pool.run(partial(_encode, tools.encoder, old, new, folder, limit))


def _encode(
    encoder: Path, old: Path, new: Path, folder: Path, limit: int, token: CancelToken
) -> Patch | None:
    path = folder / f"{secrets.token_hex(8)}.gd2"
    words = (str(encoder), "encode", str(old), str(new), str(path), str(limit))
    patch: Patch | None = None
    try:
        done = run_process(token, Command(words), timeout=LONGEST_S)
        if done.ok:
            patch = _read(done.text(), path)
        elif done.code != NOT_SMALLER:
            _log.info("no patch: %s", done.said() or done.code)
    except (ProgramMissing, OSError, ValueError) as error:
        _log.info("no patch: %s", error)
    finally:
        if patch is None:
            path.unlink(missing_ok=True)
    return patch


def _read(line: str, path: Path) -> Patch:
    """What the encoder says in one line. Raises ValueError when that is something else."""
    size, new, new_size, old, seconds = line.split()
    patch = Patch(path, int(size), old, new, int(new_size), float(seconds))
    if path.stat().st_size != patch.size:
        raise ValueError(f"the patch has not {size} bytes")
    return patch
