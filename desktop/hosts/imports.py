"""Hosts from what people have already: an SSH config, a CSV or a YAML list. Reading adds nothing: a person ticks."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from desktop.base.words import Words, msg

from . import lists
from .errors import BadHostField, ImportUnreadable
from .inventory import checked
from .model import Host, check_name, parse_address

LARGEST = 1 << 20
_HOST_LINE = re.compile(r"(?mi)^\s*(host|match)\s+\S")
MOST_ROWS = 5000


@dataclass(frozen=True, slots=True)
class Candidate:
    """One row of an import. `host` is None for what cannot be one; `problem` says why, `note` what to know."""

    where: str
    name: str
    host: Host | None
    problem: Words = ""
    note: Words = ""


def read_import(path: Path, *, default_user: str = "root") -> tuple[Candidate, ...]:
    """The hosts in a file; its name and looks tell the kind. Blocking. Raises ImportUnreadable."""
    text = _text(path)
    ending = path.suffix.lower()
    if ending in (".yaml", ".yml"):
        return from_yaml(text, str(path), default_user)
    if ending == ".csv":
        return from_csv(text, str(path), default_user)
    if ending != "" and "," in text.partition("\n")[0] and not _HOST_LINE.search(text):
        return from_csv(text, str(path), default_user)
    if path.name.lower() == "config":
        return from_ssh_config(text, default_user)
    return read_pasted(text, default_user=default_user, path=str(path))


def read_pasted(text: str, *, default_user: str = "root", path: str = "") -> tuple[Candidate, ...]:
    """The hosts in a text that somebody pasted: an SSH config, a table with a header, YAML, an Ansible inventory, or a
    server a line. Raises ImportUnreadable."""
    if len(text) > LARGEST:
        raise ImportUnreadable(path, msg("It is larger than 1 MB."))
    first = next(
        (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), ""
    )
    columns = {word.strip().lower() for word in re.split("[,;\t]", first)}
    if _HOST_LINE.search(text):
        return from_ssh_config(text, default_user)
    if {"name", "address"} <= columns:
        return from_csv(text[text.index(first) :], path, default_user)
    if first.startswith(("---", "- ", "hosts:", "all:")) or re.fullmatch(r"[\w-]+:\s*", first):
        return from_yaml(text, path, default_user)
    inventory = lists.looks_like_inventory(text)
    rows = lists.ini_rows(text) if inventory else lists.line_rows(text)
    return _noted(((msg("line {n}", n=number), row) for number, row in rows), path, default_user)


def _noted(
    rows: Iterable[tuple[Words, Mapping[str, Any]]], path: str, default_user: str
) -> tuple[Candidate, ...]:
    found = []
    for where, row in rows:
        one = _candidate({key: value for key, value in row.items() if key != "note"}, where, default_user)
        if row.get("templates"):
            one = replace(one, host=None, problem=msg("It holds {{ }}, which only Ansible can fill in."))
        elif row.get("password_left_out") and one.host is not None:
            one = replace(one, note=msg("Its password is not read: give it when it is asked for."))
        found.append(one)
        if len(found) > MOST_ROWS:
            raise ImportUnreadable(path, msg("It has more than {n} rows.", n=MOST_ROWS))
    return tuple(found)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise ImportUnreadable(str(path), msg("It is larger than 1 MB."))
        data = path.read_bytes()
    except OSError as error:
        raise ImportUnreadable(str(path), str(error.strerror or error), detail=str(error)) from error
    for encoding in ("utf-8-sig", "gb18030"):  # Excel in China saves the latter
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise ImportUnreadable(str(path), msg("It is not text."))


# --- SSH config


def from_ssh_config(text: str, default_user: str = "root") -> tuple[Candidate, ...]:
    """Each name of a Host line without wildcards, with what wildcard blocks add to it, as ssh would take it."""
    blocks = _blocks(text)
    names = [(name, line) for patterns, _, line in blocks for name in patterns if not set(name) & set("*?!")]
    known = {name for name, _ in names}
    return tuple(
        _ssh_candidate(name, line, blocks, known, default_user) for name, line in dict(names).items()
    )


_Block = tuple[tuple[str, ...], dict[str, str], int]


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = [(("*",), {}, 0)]
    for number, line in enumerate(text.splitlines(), 1):
        key, values = _ssh_words(line)
        if key == "host":
            blocks.append((tuple(values), {}, number))
        elif key == "match":
            blocks.append(((), {}, number))  # depends on the moment: left out
        elif key and values:
            blocks[-1][1].setdefault(key, " ".join(values))
    return blocks


def _ssh_words(line: str) -> tuple[str, list[str]]:
    import shlex

    plain = line.strip()
    if not plain or plain.startswith("#"):
        return "", []
    try:
        words = shlex.split(plain.replace("=", " ", 1) if "=" in plain.split(" ")[0] else plain, posix=True)
    except ValueError:
        words = plain.split()
    words = [word for word in words if word != "="]
    return (words[0].lower(), words[1:]) if words else ("", [])


def _ssh_candidate(
    name: str, line: int, blocks: list[_Block], known: set[str], default_user: str
) -> Candidate:
    from fnmatch import fnmatchcase

    values: dict[str, str] = {}
    for patterns, settings, _ in blocks:
        excluded = any(p.startswith("!") and fnmatchcase(name, p[1:]) for p in patterns)
        if not excluded and any(fnmatchcase(name, p) for p in patterns):
            for key, value in settings.items():
                values.setdefault(key, value)
    key = values.get("identityfile", "")
    via, note = _jump(values.get("proxyjump", ""), known)
    row = {
        "name": name, "address": values.get("hostname", name).replace("%h", name),
        "port": values.get("port", "22"), "user": values.get("user", default_user),
        "key": key, "auth": "key" if key else "agent", "via": via,
    }  # fmt: skip
    if "proxycommand" in values and values["proxycommand"].lower() != "none":
        note = msg("Its ProxyCommand is left out: choose a jump host instead.")
    return replace(_candidate(row, msg("line {n}", n=line), default_user), note=note)


def _jump(value: str, known: set[str]) -> tuple[str, Words]:
    if not value or value.lower() == "none":
        return "", ""
    last = value.split(",")[-1].strip()
    if last in known:
        more = msg("Only the last of its jump hosts is taken over.") if "," in value else ""
        return last, more
    return "", msg("Its jump host {name} is not in this file: add it first.", name=last)


# --- tables


def from_csv(text: str, path: str, default_user: str = "root") -> tuple[Candidate, ...]:
    """Columns by their names: name, address, port, user, groups, key, via, fingerprint, note."""
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = {(name or "").strip().lower() for name in rows.fieldnames or ()}
    if not {"name", "address"} <= columns:
        raise ImportUnreadable(path, msg("Its first line does not name the columns name and address."))
    found = []
    try:
        for row in rows:
            values = {
                (key or "").strip().lower(): (v or "").strip() for key, v in row.items() if isinstance(v, str)
            }
            found.append(_candidate(values, msg("line {n}", n=rows.line_num), default_user))
            if len(found) > MOST_ROWS:
                raise ImportUnreadable(path, msg("It has more than {n} rows.", n=MOST_ROWS))
    except csv.Error as error:
        raise ImportUnreadable(path, msg("A row cannot be read."), detail=str(error)) from error
    return tuple(found)


def from_yaml(text: str, path: str, default_user: str = "root") -> tuple[Candidate, ...]:
    """A list of hosts, or a map with `hosts`. Aliases are refused: a few bytes of them fill any memory."""
    content = _yaml(text, path)
    if lists.is_yaml_inventory(content):
        rows_of = enumerate(lists.yaml_rows(content), 1)
        return _noted(((msg("entry {n}", n=n), row) for n, row in rows_of), path, default_user)
    rows = content.get("hosts") if isinstance(content, Mapping) else content
    if not isinstance(rows, list):
        raise ImportUnreadable(path, msg("It holds no list of hosts."))
    if len(rows) > MOST_ROWS:
        raise ImportUnreadable(path, msg("It has more than {n} rows.", n=MOST_ROWS))
    return tuple(
        _candidate(row if isinstance(row, Mapping) else {}, msg("entry {n}", n=number), default_user)
        for number, row in enumerate(rows, 1)
    )


def _yaml(text: str, path: str) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError
    from ruamel.yaml.events import AliasEvent

    # "base" keeps every scalar a string: 22:22 is no number and no is no truth value
    reader = YAML(typ="base", pure=True)
    try:
        depth = 0
        for event in reader.parse(io.StringIO(text)):
            if isinstance(event, AliasEvent):
                raise ImportUnreadable(path, msg("Aliases are not allowed in it."))
            depth += type(event).__name__ in ("MappingStartEvent", "SequenceStartEvent")
            depth -= type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent")
            if depth > 8:
                raise ImportUnreadable(path, msg("It is nested too deeply."))
        return YAML(typ="base", pure=True).load(io.StringIO(text))
    except (YAMLError, RecursionError, ValueError) as error:
        raise ImportUnreadable(path, msg("It is not valid YAML."), detail=str(error)[:2000]) from error


def _candidate(row: Mapping[str, Any], where: Words, default_user: str) -> Candidate:
    name = str(row.get("name") or "").strip()
    try:
        address = parse_address(str(row.get("address") or ""), default_user=default_user)
        key = str(row.get("key") or "")
        host = Host(
            name=check_name(name),
            address=address.address,
            port=int(row["port"]) if str(row.get("port") or "").isdigit() else address.port,
            user=str(row.get("user") or address.user),
            auth=str(row.get("auth") or ("key" if key else "own")),
            key=key,
            via=str(row.get("via") or ""),
            groups=tuple(_list(row.get("groups") or row.get("group") or row.get("environment"))),
            fingerprints=tuple(_list(row.get("fingerprints") or row.get("fingerprint"))),
            note=str(row.get("note") or ""),
        )
        return Candidate(str(where), name, checked(host), note=address.note or "")
    except BadHostField as error:
        return Candidate(str(where), name, None, msg("{what} {why}", what=error.what, why=error.why))


def _list(value: object) -> Iterable[str]:
    if isinstance(value, list | tuple):
        return [str(item).strip() for item in value if str(item).strip()]
    text = str(value or "")
    return [part.strip() for part in text.replace("|", ";").replace(",", ";").split(";") if part.strip()]
