"""Lists of servers that are no table: Ansible inventories, and lines as people write them into a chat. Pure."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Row = dict[str, Any]
"""Columns as `imports` knows them; `note` says what was left out."""

MOST = 5000
_RANGE = re.compile(r"\[([0-9]+|[a-z]):([0-9]+|[a-z])\]")
_PASSWORDS = ("ansible_password", "ansible_ssh_pass", "ansible_become_password", "ansible_become_pass")
_PLACE = re.compile(r"[\d.]+(:\d+)?|\[.*\](:\d+)?|.*\..*")
_SECTION = re.compile(r"\s*\[([^\]:]+)(?::(\w+))?\]\s*(?:#.*)?")


def looks_like_inventory(text: str) -> bool:
    """An Ansible inventory in its INI form: sections, or its variables."""
    return bool(re.search(r"(?m)^\s*\[[^\]\n]+\]\s*(#.*)?$|\bansible_[a-z_]+\s*=", text))


def ini_rows(text: str) -> Iterator[tuple[int, Row]]:
    """(line, row) of each host of an Ansible inventory, with the groups it stands in and what their variables say.
    Passwords are never read."""
    found = _Inventory()
    section, part = "", ""
    for number, line in enumerate(text.splitlines(), 1):
        if (header := _SECTION.fullmatch(line)) is not None:
            section, part = header[1].strip(), header[2] or ""
        elif words := _words(line):
            found.take(section, part, words, number)
        if len(found.hosts) > MOST:
            break
    yield from found.rows()


class _Inventory:
    """What the sections of an inventory have told so far."""

    def __init__(self) -> None:
        self.hosts: dict[str, tuple[int, Row]] = {}
        self._groups: dict[str, list[str]] = {}
        self._children: dict[str, list[str]] = {}
        self._variables: dict[str, Row] = {}

    def take(self, section: str, part: str, words: list[str], number: int) -> None:
        if part == "vars":
            self._variables.setdefault(section, {}).update(_pairs(["".join(words)]))
        elif part == "children":
            self._children.setdefault(section, []).append(words[0])
        else:
            for name in expanded(words[0]):
                self.hosts.setdefault(name, (number, {}))[1].update(_pairs(words[1:]))
                if section:
                    self._groups.setdefault(name, []).append(section)

    def rows(self) -> Iterator[tuple[int, Row]]:
        for name, (number, own) in self.hosts.items():
            mine = _with_parents(self._groups.get(name, []), self._children)
            inherited: Row = dict(self._variables.get("all", {}))
            for group in reversed(mine):
                inherited.update(self._variables.get(group, {}))
            yield number, _row(name, {**inherited, **own}, mine)


def is_yaml_inventory(content: object) -> bool:
    """Groups by name, each with hosts, children or vars: not a list of hosts."""
    return (
        isinstance(content, Mapping)
        and bool(content)
        and all(isinstance(value, Mapping) or value in (None, "") for value in content.values())
        and any(
            isinstance(value, Mapping) and ("hosts" in value or "children" in value)
            for value in content.values()
        )
    )


def yaml_rows(content: Mapping[str, Any]) -> Iterator[Row]:
    """Each host of an Ansible inventory in its YAML form, once."""
    hosts: dict[str, Row] = {}
    groups: dict[str, list[str]] = {}

    def walk(name: str, group: object, inherited: Row, above: tuple[str, ...]) -> None:
        if not isinstance(group, Mapping):
            return
        named = above if name in ("all", "ungrouped") else (*above, name)
        values = {**inherited, **_mapping(group.get("vars"))}
        for host, own in _mapping(group.get("hosts")).items():
            for each in expanded(str(host)):
                hosts[each] = {**values, **hosts.get(each, {}), **_mapping(own)}
                groups[each] = list(dict.fromkeys((*groups.get(each, ()), *named)))
        for child, inside in _mapping(group.get("children")).items():
            walk(str(child), inside, values, named)

    for name, group in content.items():
        walk(str(name), group, {}, ())
    for name, values in list(hosts.items())[: MOST + 1]:
        yield _row(name, values, groups[name])


def line_rows(text: str) -> Iterator[tuple[int, Row]]:
    """One server a line: `[user@]address[:port]`, and in any order a name and a fingerprint `SHA256:…`."""
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split("#", 1)[0].replace(",", " ").split()
        if not words or number > MOST:
            continue
        prints = [word for word in words if word.startswith("SHA256:")]
        rest = [word for word in words if word not in prints]
        address = next((word for word in rest if "@" in word), "") or next(
            (word for word in rest if re.fullmatch(r"[\d.]+(:\d+)?|\[.*\](:\d+)?|.*\..*", word)),
            rest[0] if rest else "",
        )
        name = next((word for word in rest if word != address), "")
        row: Row = {"name": name or _name_of(address), "address": address}
        if prints:
            row["fingerprint"] = prints[0]
        yield number, row


def expanded(name: str) -> Iterable[str]:
    """`web[01:03]` as web01, web02, web03."""
    found = _RANGE.search(name)
    if found is None:
        return (name,)
    first, last = found[1], found[2]
    if first.isdigit() and last.isdigit():
        width = len(first) if first.startswith("0") else 0
        middle = [f"{n:0{width}d}" for n in range(int(first), min(int(last), int(first) + MOST) + 1)]
    else:
        middle = [chr(c) for c in range(ord(first[0]), ord(last[0]) + 1)]
    ends = expanded(name[found.end() :])
    return [f"{name[: found.start()]}{word}{end}" for word in middle for end in ends][: MOST + 1]


def _row(name: str, values: Mapping[str, Any], groups: list[str]) -> Row:
    def value(*keys: str) -> str:
        return next((str(values[key]) for key in keys if values.get(key) not in (None, "")), "")

    row: Row = {
        "name": name,
        "address": value("ansible_host", "ansible_ssh_host") or name,
        "port": value("ansible_port", "ansible_ssh_port"),
        "user": value("ansible_user", "ansible_ssh_user"),
        "key": value("ansible_ssh_private_key_file"),
        "groups": groups,
    }
    if any("{{" in str(part) for part in (row["address"], row["user"], row["port"], row["key"])):
        row["templates"] = True
    if any(key in values for key in _PASSWORDS):
        row["password_left_out"] = True
    return row


def _name_of(address: str) -> str:
    bare = address.rpartition("@")[2]
    if bare.startswith("["):
        return bare[1:].partition("]")[0].replace(":", "-")
    return bare.partition(":")[0] if bare.count(":") <= 1 else bare.replace(":", "-")


def _words(line: str) -> list[str]:
    plain = line.strip()
    if not plain or plain[0] in "#;":
        return []
    try:
        return shlex.split(plain, comments=True)
    except ValueError:
        return plain.split()


def _pairs(words: Iterable[str]) -> Row:
    pairs = (word.partition("=") for word in words if "=" in word)
    return {key.strip(): value.strip() for key, _, value in pairs}


def _with_parents(groups: list[str], children: Mapping[str, list[str]]) -> list[str]:
    found = [group for group in dict.fromkeys(groups) if group not in ("all", "ungrouped")]
    for group in found:  # grows while it is walked
        found += [
            parent for parent, inside in children.items() if group in inside and parent not in (*found, "all")
        ]
    return found


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
