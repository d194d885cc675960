"""goferry.yaml: text to Config. The commented sample says which keys there are; this says what each may hold."""

from __future__ import annotations

import difflib
import ipaddress
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path, PurePosixPath
from typing import TypeVar

from desktop.base.resources import resources
from desktop.base.visible import visible
from desktop.base.words import Words, msg

from .config import CONFIG_FILE, BuildOptions, Config, Environment, HealthOptions, ImageOptions
from .errors import ConfigError
from .names import name_problem
from .reading import read_bounded
from .yaml_tree import MOST_BYTES, Node, decode, read_tree

T = TypeVar("T")

FREE = (("environments",), ("environments", "*", "env"), ("image", "labels"))
"""Maps whose keys a person chooses."""


def sample_path() -> Path:
    return resources() / "templates" / "goferry.sample.yaml"


def load_config(folder: Path) -> Config | None:
    """The project's configuration; None when there is no file. Raises ConfigError on one that cannot be used."""
    path = folder / CONFIG_FILE
    try:
        data = read_bounded(path, MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(
            path, 0, 0, msg("the system says: {error}", error=error.strerror or str(error))
        ) from error
    return parse_config(decode(data, path), path)


def parse_config(text: str, path: Path | str = CONFIG_FILE) -> Config:
    """Raises ConfigError with line and column when `text` is not a configuration."""
    root = read_tree(text, path)
    if root is None:
        raise ConfigError(path, 0, 0, msg("it is empty; the key “name” is needed."))
    _check_keys(root, _sample(), (), path)
    return _Reader(path).config(root)


@cache
def _sample() -> Node:
    root = read_tree(sample_path().read_text(encoding="utf-8"), sample_path())
    assert root is not None
    return root


def _check_keys(found: Node, sample: Node, where: tuple[str, ...], path: Path | str) -> None:
    """Each key of a map is one of the sample's, unless its keys are a person's to choose."""
    if found.kind != "map" or sample.kind != "map":
        return
    free = where in FREE
    for key, (key_node, value) in found.entries.items():
        if not free and key not in sample.entries:
            raise _unknown_key(key_node, sample, path)
        below = next(iter(sample.entries.values()))[1] if free else sample.entries[key][1]
        _check_keys(value, below, (*where, "*" if free else key), path)


def _unknown_key(node: Node, sample: Node, path: Path | str) -> ConfigError:
    near = difflib.get_close_matches(node.text, list(sample.entries), 1)
    problem: Words = msg("there is no key “{key}”.", key=visible(node.text, 40))
    if near:
        fix = msg("Did you mean “{key}”?", key=near[0])
    else:
        fix = msg("The keys here are: {names}", names=", ".join(sample.entries))
    return ConfigError(path, node.line, node.column, problem, fix)


DURATION = re.compile(
    r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?"
)
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_RELAY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}(?::[1-9][0-9]{0,4})?")
_ENVIRONMENT = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")
_TARGET = re.compile(r"[a-z0-9]{2,16}/[a-z0-9]{2,16}")
_MEMORY = re.compile(r"[1-9][0-9]{0,12}[bkmgBKMG]?")
_IMAGE = re.compile(r"[a-z0-9A-Z][A-Za-z0-9._:/@-]{0,254}")
_TAG = re.compile(r"[A-Za-z0-9_.]{1,64}")
_LABEL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,127}")


class _Reader:
    """Reads typed values out of nodes; the first that does not fit is the error."""

    def __init__(self, path: Path | str) -> None:
        self._path = path

    def config(self, root: Node) -> Config:
        self._want(root, "map")
        if "name" not in root.entries:
            raise self._error(root, msg("the key “name” is missing."))
        port = self.value(root, "port", self.port, 0)
        return Config(
            name=self.value(root, "name", self.name, ""),
            main=self.value(root, "main", self.package, "."),
            port=port,
            args=self.value(root, "args", self.list_of(self.text), ()),
            build=self.value(root, "build", self.build, BuildOptions()),
            image=self.value(root, "image", self.image, ImageOptions()),
            health=self.health(root.entries.get("health", (root, None))[1], port),
            environments=self.value(root, "environments", self.environments, {}),
        )

    def value(self, parent: Node, key: str, read: Callable[[Node], T], default: T) -> T:
        found = parent.entries.get(key)
        return default if found is None or found[1].empty else read(found[1])

    def build(self, node: Node) -> BuildOptions:
        self._want(node, "map")
        base = BuildOptions()
        flags = {
            key: self.value(node, key, self.flag, getattr(base, key))
            for key in ("cgo", "strip", "trimpath", "race", "vet", "test")
        }
        return BuildOptions(
            targets=self.value(node, "targets", self.list_of(self.target, least=1), base.targets),
            version=self.value(node, "version", self.word, base.version),
            tags=self.value(node, "tags", self.list_of(self.matching(_TAG)), base.tags),
            ldflags=self.value(node, "ldflags", self.line_of_text, base.ldflags),
            **flags,
        )

    def image(self, node: Node) -> ImageOptions:
        self._want(node, "map")
        base = ImageOptions()
        return ImageOptions(
            base=self.value(node, "base", self.matching(_IMAGE), base.base),
            files=self.value(node, "files", self.list_of(self.inner_path), base.files),
            user=self.value(node, "user", lambda one: self.number(one, 0, 2**31 - 1), base.user),
            builder=self.value(node, "builder", self.one_of("builtin", "docker"), base.builder),
            labels=self.value(node, "labels", self.map_of(_LABEL, self.text), {}),
            ref=self.value(node, "ref", self.matching(_IMAGE), base.ref),
        )

    def health(self, node: Node | None, port: int) -> HealthOptions:
        base = HealthOptions(http="/health" if port else None)
        if node is None or node.empty or (node.kind == "scalar" and node.text == "none"):
            return base if node is None or node.empty else HealthOptions(http=None)
        self._want(node, "map")
        tcp = self.value(node, "tcp", self.flag, base.tcp)
        no_words: tuple[str, ...] = ()
        command = self.value(node, "command", self.list_of(self.text), no_words)
        default = None if tcp or command else base.http
        return HealthOptions(
            http=self.value(node, "http", self.url_path, default),
            tcp=tcp,
            command=command or None,
            interval=self.value(node, "interval", self.duration, base.interval),
            timeout=self.value(node, "timeout", self.duration, base.timeout),
            retries=self.value(node, "retries", lambda one: self.number(one, 1, 100), base.retries),
            start=self.value(node, "start", self.duration, base.start),
        )

    def environments(self, node: Node) -> dict[str, Environment]:
        self._want(node, "map")
        found = {}
        for name, (key, value) in node.entries.items():
            if not _ENVIRONMENT.fullmatch(name):
                raise self._unfit(key)
            found[name] = self.environment(name, value)
        return found

    def environment(self, name: str, node: Node) -> Environment:
        self._want(node, "map")
        base = Environment(name)
        return Environment(
            name=name,
            hosts=self.value(node, "hosts", self.list_of(self.matching(_HOST)), base.hosts),
            mode=self.value(node, "mode", self.one_of("direct", "proxy"), base.mode),
            publish=self.value(node, "publish", self.port, base.publish),
            bind=self.value(node, "bind", self.address, base.bind),
            env=self.value(node, "env", self.map_of(_KEY, self.text), {}),
            secrets=self.value(node, "secrets", self.list_of(self.matching(_KEY)), base.secrets),
            memory=self.value(node, "memory", self.matching(_MEMORY), base.memory),
            strategy=self.strategy(node, base.strategy),
            batch=self.value(node, "batch", lambda one: self.number(one, 1, 1000), base.batch),
            on_failure=self.value(node, "on_failure", self.one_of("stop", "rollback"), base.on_failure),
            relay=self.value(node, "relay", self.relay, base.relay),
        )

    def strategy(self, node: Node, default: str) -> str:
        """A size of batches alone means batches; beside another strategy it would mean nothing."""
        sized = "batch" in node.entries
        kind = self.value(
            node, "strategy", self.one_of("one", "batches", "all"), "batches" if sized else default
        )
        if sized and kind != "batches":
            raise self._error(node.entries["batch"][0], msg("“batch” belongs to “strategy: batches” only."))
        return kind

    def relay(self, node: Node) -> str:
        text = self.matching(_RELAY)(node)
        if int(text.partition(":")[2] or 1) > 65535:
            raise self._unfit(node)
        return text

    # kinds of values

    def text(self, node: Node) -> str:
        self._want(node, "scalar")
        if any((ord(one) < 32 and one not in "\t\n") or ord(one) == 127 for one in node.text):
            raise self._error(node, msg("control characters are not allowed there."))
        return node.text

    def line_of_text(self, node: Node) -> str:
        if "\n" in self.text(node):
            raise self._error(node, msg("it must be one line."))
        return node.text

    def word(self, node: Node) -> str:
        """A text that may become an argument of a program."""
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]{0,127}", self.text(node)):
            raise self._unfit(node)
        return node.text

    def name(self, node: Node) -> str:
        if (why := name_problem(self.text(node))) is not None:
            raise self._error(
                node, msg("“{text}” cannot be the app's name. {why}", text=visible(node.text, 60), why=why)
            )
        return node.text

    def flag(self, node: Node) -> bool:
        if self.text(node) not in ("true", "false"):
            raise self._error(node, msg("“{text}” is neither true nor false.", text=visible(node.text, 60)))
        return node.text == "true"

    def number(self, node: Node, least: int, most: int) -> int:
        if re.fullmatch(r"0|[1-9][0-9]{0,9}", self.text(node)) and least <= int(node.text) <= most:
            return int(node.text)
        text = visible(node.text, 60)
        problem = msg(
            "“{text}” is no whole number from {least} to {most}.", text=text, least=least, most=most
        )
        raise self._error(node, problem)

    def port(self, node: Node) -> int:
        return self.number(node, 0, 65535)

    def duration(self, node: Node) -> float:
        seconds = seconds_of(self.text(node))
        if seconds is None or not 0.0 < seconds <= 86_400:
            raise self._error(
                node, msg("“{text}” is no time such as 500ms, 5s or 1m30s.", text=visible(node.text, 60))
            )
        return seconds

    def target(self, node: Node) -> str:
        if not _TARGET.fullmatch(self.text(node)):
            problem = msg("“{text}” is no target such as linux/amd64.", text=visible(node.text, 60))
            raise self._error(node, problem)
        return node.text

    def package(self, node: Node) -> str:
        """A package's folder in the project, written as Go wants it: "." or "./cmd/app"."""
        text = self.inner_path(node)
        return "." if text == "." else f"./{PurePosixPath(text)}"

    def inner_path(self, node: Node) -> str:
        text = self.line_of_text(node)
        parts = PurePosixPath(text).parts
        if not text or "\\" in text or ":" in text or text.startswith(("/", "-", "~")) or ".." in parts:
            raise self._error(
                node, msg("“{text}” is no path inside the project, with slashes.", text=visible(text, 60))
            )
        return text

    def url_path(self, node: Node) -> str | None:
        if node.plain and node.text == "none":
            return None
        if not re.fullmatch(r"/[A-Za-z0-9._~!$&'()*+,;=:@%/?-]*", self.text(node)):
            raise self._error(node, msg("“{text}” is no path such as /health.", text=visible(node.text, 60)))
        return node.text

    def address(self, node: Node) -> str:
        try:
            return str(ipaddress.ip_address(self.text(node)))
        except ValueError as error:
            raise self._error(node, msg("“{text}” is no IP address.", text=visible(node.text, 60))) from error

    def matching(self, pattern: re.Pattern[str]) -> Callable[[Node], str]:
        def read(node: Node) -> str:
            if not pattern.fullmatch(self.text(node)):
                raise self._unfit(node)
            return node.text

        return read

    def one_of(self, *choices: str) -> Callable[[Node], str]:
        def read(node: Node) -> str:
            if self.text(node) not in choices:
                problem = msg(
                    "“{text}” is none of: {choices}", text=visible(node.text, 60), choices=", ".join(choices)
                )
                raise self._error(node, problem)
            return node.text

        return read

    def list_of(self, read: Callable[[Node], T], least: int = 0) -> Callable[[Node], tuple[T, ...]]:
        def read_all(node: Node) -> tuple[T, ...]:
            self._want(node, "list")
            if len(node.items) < least:
                raise self._error(node, msg("the list is empty."))
            return tuple(read(item) for item in node.items)

        return read_all

    def map_of(self, keys: re.Pattern[str], read: Callable[[Node], str]) -> Callable[[Node], dict[str, str]]:
        def read_all(node: Node) -> dict[str, str]:
            self._want(node, "map")
            for name, (key, _) in node.entries.items():
                if not keys.fullmatch(name):
                    raise self._unfit(key)
            return {name: read(value) for name, (_, value) in node.entries.items()}

        return read_all

    # errors

    def _want(self, node: Node, kind: str) -> None:
        if node.kind != kind:
            raise self._error(node, _WANTED[kind])

    def _unfit(self, node: Node) -> ConfigError:
        return self._error(node, msg("“{text}” does not fit there.", text=visible(node.text, 60)))

    def _error(self, node: Node, problem: Words) -> ConfigError:
        return ConfigError(self._path, node.line, node.column, problem)


_WANTED = {
    "map": msg("keys with values are expected there."),
    "list": msg("a list is expected there, such as [one, two]."),
    "scalar": msg("a single value is expected there."),
}


def seconds_of(text: str) -> float | None:
    """Seconds of "1m30s", "500ms" or "5" (seconds); None when it is no duration."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text, re.ASCII):
        return float(text)
    found = DURATION.fullmatch(text) if text.isascii() and len(text) < 40 else None
    if found is None or not text:
        return None
    hours, minutes, seconds, thousandths = (float(part or 0) for part in found.groups())
    return hours * 3600 + minutes * 60 + seconds + thousandths / 1000
