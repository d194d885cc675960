"""What a program most likely serves, from its source: port, health path, and a bind to this computer only.

Every clue is a string or number in a place that says what it is for, with a weight; the heaviest wins. Only tokens
count, never comments. A guess is a proposal: goferry.yaml has the last word.
"""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from .go_tokens import Lines, Token, tokens

ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:]*\]|[A-Za-z0-9.-]*):(?P<port>[0-9]{1,5}|%[dsv])", re.ASCII)
URL = re.compile(
    r"(?:https?|tcp)://(?P<host>\[[0-9a-fA-F:]*\]|[A-Za-z0-9.-]*):(?P<port>[0-9]{1,5})/?", re.ASCII
)
LOCAL = ("localhost", "127.0.0.1", "[::1]", "::1")
_LISTENS = frozenset(
    [
        "ListenAndServe",
        "ListenAndServeTLS",
        "Listen",
        "ListenTLS",
        "Run",
        "RunTLS",
        "Start",
        "StartTLS",
        "ListenPacket",
    ]
)
_ROUTES = frozenset(
    [
        "Handle",
        "HandleFunc",
        "Get",
        "GET",
        "Head",
        "HEAD",
        "Any",
        "Path",
        "Use",
        "Route",
        "Mount",
        "Method",
        "Add",
        "HandlerFunc",
        "HandleMethod",
        "Match",
    ]
)
_PORT_WORD = re.compile(
    r"(?i)(?:^|[^a-z])(?:https?_?)?(?:port|addr|address|listen|bind)(?:$|[^a-z])|(?:[a-z]|^)(?:Port|Addr)$"
)
_OTHER_WORD = re.compile(
    r"(?i)redis|mysql|postgres|(?:^|_|\.)pg|(?:^|_|\.)db|database|mongo|kafka|smtp|mail|amqp|rabbit|etcd|consul|nats|"
    r"debug|pprof|metric|prometheus|admin|grpc_?gateway|upstream|remote|proxy|target|client|ldap|dns|ftp|ssh|memcache"
)
_LISTEN_WORD = re.compile(r"(?i)listen")
_ELSEWHERE_WORD = re.compile(r"(?i)peer|advertise|remote|upstream|metric|debug|pprof|admin")
_GENERATED = re.compile(r"^// Code generated .* DO NOT EDIT\.\r?$", re.MULTILINE)
_WELL_KNOWN = (80, 443)
_BIND_WORD = re.compile(r"(?i)bind|listen|^(?:http_?)?(?:host|addr|address)$")
_OPENS = frozenset(
    ["ListenAndServe", "ListenAndServeTLS", "Listen", "ListenPacket", "ListenTLS", "Serve", "ServeTLS"]
)
_FRAMEWORKS = (
    "github.com/gin-gonic/gin",
    "github.com/labstack/echo",
    "github.com/gofiber/fiber",
    "github.com/beego/",
)
_WRAPPERS = ("Sprintf", "Sprint", "JoinHostPort", "Itoa", "FormatInt", "string")
_CALLS_OUT = ("Dial", "New", "Connect", "Get", "Post")
_HEALTH = (
    "/healthz",
    "/health",
    "/livez",
    "/health/live",
    "/-/healthy",
    "/ping",
    "/readyz",
    "/ready",
    "/health/ready",
)
_HEALTH_ENDING = re.compile(
    r"(?:/[A-Za-z0-9._-]+)*/(?:healthz?|livez|readyz|ping|healthcheck|health-check)/?"
)


@dataclass(frozen=True, slots=True)
class Source:
    """A Go file of the program; `depth` is how many imports lie between it and the main package."""

    path: Path
    text: str
    depth: int = 0

    @property
    def distance(self) -> int:
        """What its clues lose of their weight."""
        return 5 * min(self.depth, 6)


@dataclass(frozen=True, slots=True)
class Bind:
    """A literal that binds to this computer only: offsets of the literal in the file, quotes included."""

    path: Path
    start: int
    end: int
    line: int
    column: int
    instead: str
    """The value that listens on every address."""


@dataclass(slots=True)
class Guess:
    port: int | None = None
    health: str | None = None
    bind: Bind | None = None
    listens: bool = False
    """Something in the program opens a port."""
    _port_weight: int = 0
    _health_weight: int = 0
    _bind_weight: int = 0
    _bind_port: int = 0

    def offer_port(self, port: int, weight: int) -> None:
        if 0 < port < 65536 and weight > self._port_weight:
            self.port, self._port_weight = port, weight

    def offer_bind(self, bind: Bind, port: int, weight: int) -> None:
        """`port` is 0 where the literal is a host alone."""
        if weight > self._bind_weight:
            self.bind, self._bind_port, self._bind_weight = bind, port, weight

    def settle(self) -> None:
        """Drops what turned out to be no port of this program."""
        if not self.listens:  # a port that is dialled, or a number in a tool's flags
            self.port, self.bind = None, None
        elif self.port and self._bind_port not in (0, self.port):  # such as pprof beside what is served
            self.bind = None

    def offer_health(self, path: str, weight: int) -> None:
        if weight > self._health_weight:
            self.health, self._health_weight = path, weight


def guess(sources: Iterable[Source], until: float = math.inf) -> Guess:
    """What the program of these files serves. Files near the main package count more. Files that are not
    reached before `until` (monotonic seconds) are left out."""
    found = Guess()
    for source in sources:
        if time.monotonic() > until:
            break
        _Reader(source, found).read()
    found.settle()
    return found


class _Reader:
    """Walks over the tokens of one file with the calls and literals that are open."""

    def __init__(self, source: Source, found: Guess) -> None:
        self._source, self._found = source, found
        self._tokens: Sequence[Token] = ()
        self._lines: Lines | None = None
        self._open: list[tuple[str, int, str]] = []
        """Open brackets: the name before each ("ListenAndServe", "Server"), the token after it, and which bracket."""

    def read(self) -> None:
        if _GENERATED.search(self._source.text, 0, 4096):  # numbers of a protocol, not of a person
            return
        self._tokens = tuple(tokens(self._source.text))
        for index, token in enumerate(self._tokens):
            if token.kind == "operator" and token.text in "({[":
                self._open.append((self._name_before(index), index + 1, token.text))
            elif token.kind == "operator" and token.text in ")}]":
                if self._open:
                    self._open.pop()
            elif token.kind == "string":
                self._string(index, token)
            elif token.kind == "number":
                self._number(index, token)
            elif token.text in _OPENS and self._called(index):
                self._found.listens = True

    def _called(self, index: int) -> bool:
        """`x.Listen(`, not a function of that name that is defined here."""
        around = self._tokens[max(index - 1, 0) : index + 2]
        return len(around) == 3 and around[0].text == "." and around[2].text == "("

    def _name_before(self, index: int) -> str:
        before = self._tokens[index - 1] if index else None
        return before.text if before is not None and before.kind == "name" else ""

    # strings

    def _string(self, index: int, token: Token) -> None:
        if len(token.text) > 200:
            return
        self._health_of(token.text)
        if token.text.startswith(_FRAMEWORKS):
            self._found.listens = True
        meant = self._weight(index)
        address = ADDRESS.fullmatch(token.text)
        if address is not None:
            self._address(token, address["host"], address["port"], meant)
        elif meant and re.fullmatch(r"[0-9]{2,5}", token.text, re.ASCII):
            self._offer(int(token.text), min(meant, 75))
        elif token.text in LOCAL and self._binds_host(index):
            self._bind(token, "", 0, 76)
        elif (url := URL.fullmatch(token.text)) and self._listens_at(index):
            self._offer(int(url["port"]), 85)
            if url["host"] in LOCAL:
                instead = token.text.replace(url["host"], "0.0.0.0", 1)  # noqa: S104  shown, not bound
                self._bind(token, instead, int(url["port"]), 85)
        elif "default" in token.text.lower():
            self._tag(index, token.text)

    def _address(self, token: Token, host: str, port: str, meant: int) -> None:
        local = host in LOCAL
        weight = meant - local if meant else 30 * (host in ("", "0.0.0.0"))  # noqa: S104  read, not bound
        if weight and port.isdigit():
            self._offer(int(port), weight)
        if meant >= 60 and local:
            self._bind(token, ":" + port, int(port) if port.isdigit() else 0, weight)

    def _offer(self, port: int, weight: int) -> None:
        """Low numbers are ports of systems, or no ports at all, unless they stand in the call that listens."""
        if port >= 1024 or port in _WELL_KNOWN or weight >= 90:
            self._found.offer_port(port, weight - self._source.distance)

    def _tag(self, index: int, text: str) -> None:
        """A struct tag such as `env:"PORT" envDefault:"8080"` after a field named Port."""
        found = re.search(r'(?i)default[=:]"?:?([0-9]{2,5})\b', text)
        named = " ".join(token.text for token in self._tokens[max(index - 2, 0) : index]) + " " + text
        if found and re.search(r"(?i)port|addr", named) and not _OTHER_WORD.search(named):
            self._offer(int(found[1]), 60)

    def _health_of(self, text: str) -> None:
        method, _, path = text.rpartition(" ")
        if method not in ("", "GET", "HEAD") or len(path) > 60:
            return
        if path not in _HEALTH and not _HEALTH_ENDING.fullmatch(path):
            return
        rank = len(_HEALTH) - _HEALTH.index(path) if path in _HEALTH else 0
        routed = bool(self._open) and self._open[-1][0] in _ROUTES
        self._found.offer_health(path, 20 * routed + rank + 1)

    # numbers

    def _number(self, index: int, token: Token) -> None:
        if re.fullmatch(r"[0-9]{2,5}", token.text) and (weight := self._weight(index)):
            self._offer(int(token.text), min(weight, 75))

    # what a literal is for

    def _weight(self, index: int) -> int:
        """How surely the literal at `index` says where the program listens; 0 for not at all."""
        around = [one for one in self._open if one[0] not in _WRAPPERS]
        call, first, bracket = around[-1] if around else ("", 0, "")
        before = self._tokens[first:index]
        named = self._assigned_name(index)
        if self._other(call, named, before):
            return 0
        if call in _LISTENS:
            self._found.listens = True
            return 100
        if named == "Addr":
            return 95 if "server" in self._composite(index).lower() else 0
        if named:
            return 80 if _PORT_WORD.search(named) else 0
        words = [one.text for one in before if one.kind == "string"]
        if call and bracket == "(" and words and any(_PORT_WORD.search(word) for word in words[-2:]):
            return 78
        return 0

    def _other(self, call: str, named: str, before: Sequence[Token]) -> bool:
        """The literal speaks of another service: a database, metrics, something that is called."""
        calls_out = call.startswith(_CALLS_OUT) and not call.startswith(("NewServer", "Getenv", "GetEnv"))
        if calls_out and not any(_PORT_WORD.search(one.text) for one in before if one.kind == "string"):
            return True
        around = [named, *(one.text for one in before[-4:] if one.kind == "string")]
        return any(_OTHER_WORD.search(word) for word in around if word)

    def _assigned_name(self, index: int) -> str:
        """The name in `name = LITERAL`, `name := …`, `Name: …`, `const name string = …`, also through a call."""
        tokens_before = self._tokens[max(index - 4, 0) : index]
        for offset in range(len(tokens_before) - 1, 0, -1):
            token = tokens_before[offset]
            if token.text in ("=", ":=", ":"):
                name = tokens_before[offset - 1]
                if name.text == "string" and offset >= 2:
                    name = tokens_before[offset - 2]
                return name.text if name.kind in ("name", "string") else ""
            if token.text not in ("(", ".", "fmt", "Sprintf") and token.kind != "operator":
                return ""
            if token.text in (",", ";", "{", "}", ")"):
                return ""
        return ""

    def _composite(self, index: int) -> str:
        """The type of the literal `T{…}` around `index`, or the variable in `variable.Addr = …`."""
        before = self._tokens[max(index - 4, 0) : index]
        if len(before) >= 3 and before[-1].text == "=" and before[-3].text == ".":
            owner = before[-4].text if len(before) == 4 else ""
            return "server" if re.fullmatch(r"(?i)s|srv|server|httpd?|.*(?:srv|server)", owner) else owner
        for name, _, _ in reversed(self._open):
            if name and name not in ("Sprintf", "JoinHostPort"):
                return name
        return ""

    def _listens_at(self, index: int) -> bool:
        """The URL at `index` is named as one that is listened at."""
        call, first, bracket = self._open[-1] if self._open else ("", 0, "")
        flag = (
            [one.text for one in self._tokens[first:index] if one.kind == "string"] if bracket == "(" else []
        )
        words = [word for word in (self._assigned_name(index), *(flag[-1:] if call else ())) if word]
        return any(_LISTEN_WORD.search(word) and not _ELSEWHERE_WORD.search(word) for word in words)

    def _binds_host(self, index: int) -> bool:
        call, first, bracket = self._open[-1] if self._open else ("", 0, "")
        before = self._tokens[first:index]
        if call == "JoinHostPort" and not before:
            return not self._inside("Dial")
        named = self._assigned_name(index)
        words = [named, *(one.text for one in before if one.kind == "string")]
        if any(_OTHER_WORD.search(word) for word in words if word):
            return False
        if named:
            return re.search(r"(?i)bind|listen", named) is not None
        return bracket == "(" and bool(before) and any(_BIND_WORD.search(word) for word in words if word)

    def _inside(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name, _, _ in self._open)

    def _bind(self, token: Token, instead: str, port: int, weight: int) -> None:
        if self._lines is None:
            self._lines = Lines(self._source.text)
        line, column = self._lines.place(token.start)
        bind = Bind(self._source.path, token.start, token.end, line, column, instead)
        self._found.offer_bind(bind, port, weight - self._source.distance)


_PORT_LINE = re.compile(
    r"""^[ \t]*["']?(?:[A-Za-z_.]*_)?(?:http_?|server_?|app_?|listen_?)?(?:port|addr|address|listen)"""
    r"""["']?[ \t]*[:=][ \t]*["']?(?:[A-Za-z0-9.\[\]-]*:)?([0-9]{2,5})["']?[ \t\r]*,?(?:[ \t]*\#.*)?$""",
    re.IGNORECASE | re.MULTILINE,
)
_EXPOSE = re.compile(r"^[ \t]*EXPOSE[ \t]+([0-9]{1,5})(?:/tcp)?[ \t\r]*$", re.IGNORECASE | re.MULTILINE)


def port_in_settings(text: str) -> int | None:
    """The first port that a settings file (YAML, JSON, TOML, .env) names as its own."""
    text = text[:65536]
    for found in _PORT_LINE.finditer(text):
        around = [found[0].strip().lstrip("\"'"), _section_of(text, found)]
        if not any(_OTHER_WORD.search(one) for one in around) and 0 < int(found[1]) < 65536:
            return int(found[1])
    return None


def _section_of(text: str, found: re.Match[str]) -> str:
    """The nearest line above that is indented less, such as "database:", or in TOML the table's name."""
    indent = len(found[0]) - len(found[0].lstrip())
    for line in reversed(text[: found.start()].splitlines()[-200:]):
        opens = line.rstrip().endswith((":", "{")) and len(line) - len(line.lstrip()) < indent
        if opens or line.startswith("["):
            return line.strip().strip("\"'[{")
    return ""


def port_in_dockerfile(text: str) -> int | None:
    """The port of the only EXPOSE there is."""
    ports = {int(port) for port in _EXPOSE.findall(text[:65536]) if 0 < int(port) < 65536}
    return ports.pop() if len(ports) == 1 else None
