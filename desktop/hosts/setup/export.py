"""A plan as one POSIX sh file that does the same: idempotent and readable; pure."""

from __future__ import annotations

import shlex

from desktop.base.words import Words

from .decide import NOW
from .model import Piece, Script
from .scripts import PRELUDE

_HEAD = """\
#!/bin/sh
# Written by Goferry: sets up Docker on {host}. Run it as root; what is done already is skipped.
# shellcheck disable=SC2016,SC2317,SC2329
"""
_RUN = """\
run() {
  STEP=$1
  if (check_"$STEP"); then echo "held     $STEP"; return 0; fi
  echo "applying $STEP"
  if (apply_"$STEP") && (check_"$STEP"); then echo "applied  $STEP"; return 0; fi
  echo "failed   $STEP" >&2
  exit 1
}
"""
_READY = """\
[ "$(id -u)" = 0 ] || { echo "Run this as root." >&2; exit 1; }
mkdir -p /run/goferry-setup && chmod 700 /run/goferry-setup
"""


def export_script(host: str, pieces: tuple[Piece, ...]) -> str:
    """Text of the file, "\\n" as its line ends. The trial runs as root there: a new connection is not to be had."""
    name = "".join(c for c in host if c.isprintable())
    parts = [_HEAD.format(host=name), PRELUDE, _RUN]
    parts.append(_READY)
    for piece in pieces:
        parts.append(f"\n# {_comment(piece.title)}\n# {_comment(piece.why)}\n")
        for upload in piece.uploads:
            parts.append(
                f"# Before: {_comment(upload.source.name)} as {upload.target}, SHA-256 {upload.sha256}\n"
            )
        parts.append(_function(f"check_{piece.id}", (piece.check,)))
        parts.append(_function(f"apply_{piece.id}", piece.apply))
    parts += ["\n", *(f"run {piece.id}\n" for piece in pieces)]
    return "".join(parts)


def _function(name: str, scripts: tuple[Script, ...]) -> str:
    body = []
    for script in scripts:
        words = " ".join('"$(date +%s)"' if word == NOW else shlex.quote(word) for word in script.arguments)
        body.append(f"set -- {words}\n{script.text}\n" if words else f"{script.text}\n")
    return f"{name}() {{\n{''.join(body)}}}\n"


def _comment(text: Words) -> str:
    return " ".join(str(text).split())
