"""The person's own list of hosts: one YAML file under the home folder, read again when another Goferry changed it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from desktop.base.paths import Home, write_atomically
from desktop.base.words import msg

from .errors import BadHostField, HostExists, HostIsJump, InventoryDamaged, JumpLoop, UnknownHost
from .model import (
    AUTHS,
    LOCAL,
    LOCAL_NAME,
    Host,
    check_fingerprint,
    check_group,
    check_host_address,
    check_name,
    check_port,
    check_user,
)

LARGEST = 4 << 20


class Inventory:
    """Hosts by name. *This computer* ("local") is always there and never in the file."""

    def __init__(self, home: Home) -> None:
        self.file = home.own("hosts.yaml")
        self._lock = threading.RLock()
        self._stamp: tuple[int, int] | None = None
        self._hosts: dict[str, Host] = {}

    def hosts(self) -> tuple[Host, ...]:
        """This computer first, then the file's hosts in its order. Raises InventoryDamaged."""
        return (LOCAL, *self._read().values())

    def get(self, name: str) -> Host:
        """Raises UnknownHost."""
        if name == LOCAL_NAME:
            return LOCAL
        known = self._read()
        if name not in known:
            raise UnknownHost(name, (LOCAL_NAME, *known))
        return known[name]

    def groups(self) -> tuple[str, ...]:
        """Every group or environment that some host is in, in the order of their first appearance."""
        return tuple(dict.fromkeys(group for host in self._read().values() for group in host.groups))

    def resolve(self, names: Iterable[str], others: Iterable[str] = ()) -> tuple[Host, ...]:
        """Hosts for names of hosts, groups or environments, each once. A host wins over a group of its name. `others`:
        what else could have been named, for the error to list. Raises UnknownHost."""
        found: dict[str, Host] = {}
        known = {LOCAL_NAME: LOCAL, **self._read()}
        for name in names:
            members = [known[name]] if name in known else [h for h in known.values() if name in h.groups]
            if not members:
                raise UnknownHost(name, tuple(dict.fromkeys((*others, *known, *self.groups()))))
            found.update((host.name, host) for host in members)
        return tuple(found.values())

    def add(self, host: Host) -> Host:
        """Raises HostExists, BadHostField, JumpLoop."""
        self.add_all((host,))
        return host

    def add_all(self, hosts: Iterable[Host]) -> None:
        """All of them, or none. Raises as `add` does."""
        with self._lock:
            known, new = dict(self._read()), []
            for host in hosts:
                if host.name in known:
                    raise HostExists(host.name)
                known[host.name] = checked(host)
                new.append(host.name)
            for name in new:
                self._check_jumps(known, name)
            self._write(known)

    def change(self, name: str, /, **values: Any) -> Host:
        """Sets fields of a host; `name=` renames it, and who jumps through it follows."""
        with self._lock:
            known = dict(self._read())
            if name not in known:
                raise UnknownHost(name, tuple(known))
            wanted = checked(replace(known[name], **values))
            if wanted.name != name and wanted.name in known:
                raise HostExists(wanted.name)
            renamed = {
                host.name: replace(host, via=wanted.name) if host.via == name else host
                for host in (wanted if host.name == name else host for host in known.values())
            }
            self._check_jumps(renamed, wanted.name)
            self._write(renamed)
        return wanted

    def remove(self, name: str) -> Host:
        """Raises UnknownHost, and HostIsJump while another host jumps through it."""
        with self._lock:
            known = dict(self._read())
            if name not in known:
                raise UnknownHost(name, tuple(known))
            through = [host.name for host in known.values() if host.via == name]
            if through:
                raise HostIsJump(name, tuple(through))
            host = known.pop(name)
            self._write(known)
        return host

    def chain(self, host: Host) -> tuple[Host, ...]:
        """The jump hosts before `host`, first one first. Raises JumpLoop, UnknownHost."""
        hops: list[Host] = []
        names = [host.name]
        while host.via:
            names.append(host.via)
            if host.via in names[:-1]:
                raise JumpLoop(names[0], tuple(names))
            host = self.get(host.via)
            hops.insert(0, host)
        return tuple(hops)

    def _check_jumps(self, known: Mapping[str, Host], name: str) -> None:
        names, host = [name], known[name]
        while host.via:
            if host.via not in known:
                raise UnknownHost(host.via, tuple(known))
            names.append(host.via)
            if host.via in names[:-1]:
                raise JumpLoop(name, tuple(names))
            host = known[host.via]

    def _read(self) -> dict[str, Host]:
        with self._lock:
            try:
                found = self.file.stat()
            except FileNotFoundError:
                self._stamp, self._hosts = None, {}
                return self._hosts
            stamp = (found.st_mtime_ns, found.st_size)
            if stamp != self._stamp:
                self._hosts = self._parse(found.st_size)
                self._stamp = stamp
            return self._hosts

    def _parse(self, size: int) -> dict[str, Host]:
        import yaml

        try:
            if size > LARGEST:
                raise ValueError(f"{size} bytes are too many")
            text = self.file.read_text(encoding="utf-8")
            content = yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)) or {}  # noqa: S506  safe, in C
            return {host.name: host for host in map(_host, content.get("hosts") or ())}
        except (
            OSError,
            UnicodeDecodeError,
            yaml.YAMLError,
            ValueError,
            TypeError,
            AttributeError,
            KeyError,
        ) as error:
            raise InventoryDamaged(str(self.file), str(error)) from error
        except BadHostField as error:
            raise InventoryDamaged(str(self.file), str(error)) from error

    def _write(self, known: Mapping[str, Host]) -> None:
        import yaml

        content = {"schema": 1, "hosts": [_values(host) for host in known.values()]}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
        write_atomically(self.file, yaml.dump(content, Dumper=dumper, allow_unicode=True, sort_keys=False))
        self._stamp = None


def checked(host: Host) -> Host:
    """`host` with each field put right. Raises BadHostField with the reason."""
    if host.auth not in AUTHS:
        raise BadHostField("auth", host.auth, msg("Known are: {names}.", names=", ".join(AUTHS)))
    if host.key.startswith("-") or not host.key.isprintable():
        raise BadHostField(
            "key", host.key, msg("A path begins neither with a dash nor holds control characters.")
        )
    return replace(
        host,
        name=check_name(host.name),
        address=check_host_address(host.address),
        port=check_port(host.port),
        user=check_user(host.user),
        groups=tuple(dict.fromkeys(check_group(group) for group in host.groups)),
        fingerprints=tuple(dict.fromkeys(check_fingerprint(text) for text in host.fingerprints)),
        note="".join(c for c in host.note if c.isprintable())[:500],
    )


def _host(values: Mapping[str, Any]) -> Host:
    known = {field.name for field in dataclasses.fields(Host)}
    taken: dict[str, Any] = {
        key: tuple(v) if isinstance(v, list) else v for key, v in values.items() if key in known
    }
    for key in known - {"port", "groups", "fingerprints"}:
        if key in taken:
            taken[key] = str(taken[key])
    return checked(Host(**taken))


def _values(host: Host) -> dict[str, Any]:
    """What differs from the defaults, so that the file stays short."""
    values: dict[str, Any] = {}
    for field in dataclasses.fields(Host):
        value = getattr(host, field.name)
        if field.name in ("name", "address", "user", "auth") or value != field.default:
            values[field.name] = list(value) if isinstance(value, tuple) else value
    return values
