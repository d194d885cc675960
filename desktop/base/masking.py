"""Takes secrets out of text that other programs wrote, before a person hands it on.

Goferry's own secrets are of the type Secret and never get into text. This is the second net, for what a compiler, a
server or a person put into a log: when in doubt it takes too much.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from .secret import DOTS

SHORTEST = 4
"""Characters of a value that is looked for as it stands; shorter ones would be found in half of all words."""
LONGEST_LINE = 4000
"""Characters of a line that are kept: nobody reads more, and patterns take long over them."""

PIECE = 8 << 10
"""Characters that a pattern gets at once."""

_WORD = (
    r"(?:pass(?:word|wd|phrase|code)|pwd|secret|token|credential|api[_-]?key|access[_-]?key|private[_-]?key"
    r"|signing[_-]?key|encryption[_-]?key|auth(?:orization)?|cookie|session[_-]?id|signature)"
)
_SECRET_NAME = re.compile(rf"(?i){_WORD}|(?-i:(?:^|_)(?:KEY|PASS|PAT|DSN|PW)(?:_|$))|(?:^|[_-])(?:key|pass)$")
_NO_SECRETS = ("PWD", "OLDPWD", "SSH_AUTH_SOCK", "XAUTHORITY")
"""Variables whose names mislead: they hold paths."""
_QUOTED = r""""(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'"""

# a private key, with whatever a log puts before each line; one without an end takes the rest along
_KEY_BLOCK = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [^\n]*?-----|\Z)", re.S
)
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    # a text of several lines in YAML
    (
        re.compile(
            rf"(?im)^([ \t]*)([\w.-]{{0,40}}{_WORD}[\w.-]{{0,40}}[ \t]*:[ \t]*)[|>][+-]?[ \t]*\n(?:\1[ \t]+[^\n]*\n?)+"
        ),
        rf"\1\2{DOTS}\n",
    ),
    # https://user:password@host, and a data source of Go's MySQL driver
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s/?#\"'<>]+@"), rf"\1{DOTS}@"),
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,20}://)[^\s@\"'<>/]*:[^\s@\"'<>]+@"), rf"\1{DOTS}@"),
    (re.compile(r"[^\s:/\"'=]{1,64}:\S{1,300}?@(?=(?:tcp|unix)\()"), f"{DOTS}@"),
    (
        re.compile(rf"(?i)([?&][^=&\s]{{0,40}}(?:{_WORD}|sig|key|code)[^=&\s]{{0,40}}=)[^&\s\"'<>]+"),
        rf"\1{DOTS}",
    ),
    # tokens that are known by their look
    (
        re.compile(
            r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{15,}|xox[abeprs]-[\w-]{10,}|npm_\w{30,}"
            r"|dckr_pat_[\w-]{15,}|sk-[\w-]{20,}|AKIA[0-9A-Z]{16}|ASIA[0-9A-Z]{16}|LTAI\w{12,}|AKID\w{20,}"
            r"|AIza[\w-]{30,}|AGE-SECRET-KEY-1\w+|eyJ[\w-]{8,}\.[\w-]+(?:\.[\w-]*)?)"
        ),
        DOTS,
    ),
    (re.compile(r"(?i)\b(bearer|basic|digest)\s+(?!auth)[A-Za-z0-9._~+/=-]{8,}"), rf"\1 {DOTS}"),
    # --password x, -e DB_PASSWORD=x, "token": "x", DB_PASSWORD=x: to the end of the line where no quote ends it
    (re.compile(rf"(?i)(--?[\w-]{{0,40}}{_WORD}(?!-stdin)[\w-]*\s+)(?![-\s•])({_QUOTED}|\S+)"), rf"\1{DOTS}"),
    (
        re.compile(
            rf"(?i)([\w.-]{{0,40}}{_WORD}[\w.-]{{0,40}}[\"']?\s*(?:=>|:=|=|:)\s*)(?![\s•])({_QUOTED}|[^\n]+)"
        ),
        rf"\1{DOTS}",
    ),
    (
        re.compile(
            rf"(\b(?:[A-Z0-9]{{1,30}}_){{0,6}}(?:KEY|PASS|PAT|DSN|PW)(?:_[A-Z0-9]+)*[\"']?\s*[=:]\s*)(?![\s•])({_QUOTED}|[^\n]+)"
        ),
        rf"\1{DOTS}",
    ),
)


def is_secret_name(name: str) -> bool:
    """Whether a variable or a field of this name is likely to hold a secret."""
    return bool(_SECRET_NAME.search(name))


def secret_values(environment: Mapping[str, str]) -> list[str]:
    """The values of those variables of an environment that are likely to be secrets."""
    return [
        value
        for name, value in environment.items()
        if is_secret_name(name) and name.upper() not in _NO_SECRETS and len(value) > len("false")
    ]


def masked(text: str, known: Iterable[str] = ()) -> str:
    """`text` with dots in the place of secrets: those in `known` wherever they stand, and whatever looks like one."""
    plain = {value for value in known if len(value) >= SHORTEST}
    for value in sorted(plain | {quote(value, safe="") for value in plain}, key=len, reverse=True):
        text = text.replace(value, DOTS)
    text = "\n".join(map(_shortened, text.split("\n")))
    return "".join(map(_without_secrets, _pieces(_KEY_BLOCK.sub(DOTS, text))))


def _without_secrets(text: str) -> str:
    for pattern, dots in _RULES:
        text = pattern.sub(dots, text)
    return text


def _pieces(text: str) -> Iterator[str]:
    """Parts of a long text, none of which ends where a secret may follow on the next line. A pattern holds up all other
    threads as long as it runs, the window's too: so it gets a little at a time."""
    piece: list[str] = []
    size = 0
    for line in text.splitlines(keepends=True):
        waits = bool(piece) and piece[-1].rstrip().endswith((":", "=", ">", "|"))
        if size > 4 * PIECE or (size > PIECE and not waits and not line.startswith((" ", "\t"))):
            yield "".join(piece)
            piece, size = [], 0
        piece.append(line)
        size += len(line)
    yield "".join(piece)


def _shortened(line: str) -> str:
    """A long line ends at a space, lest half a token is left that no pattern knows."""
    if len(line) <= LONGEST_LINE:
        return line
    return line[:LONGEST_LINE].rpartition(" ")[0] + " …"


def masked_values(values: Any, known: Iterable[str] = ()) -> Any:
    """The same for what JSON or YAML will hold; a field with a telling name shows dots whatever is in it."""
    kept = tuple(known)
    if isinstance(values, Mapping):
        return {
            key: DOTS if value and is_secret_name(str(key)) and not isinstance(value, bool)
            else masked_values(value, kept)
            for key, value in values.items()
        }  # fmt: skip
    if isinstance(values, (list, tuple)):
        return [masked_values(value, kept) for value in values]
    return masked(values, kept) if isinstance(values, str) else values
