"""All connections: one per host, shared by everybody, made when first needed; and who each server must prove to be."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.blocking import CancelToken, Pool
from desktop.base.channel import Channel
from desktop.base.commands import sh
from desktop.base.errors import GoferryError
from desktop.base.paths import Home, write_atomically
from desktop.base.secret import Secret
from desktop.base.secret_store import SecretStore, secret_key

from . import keys, known_hosts
from .errors import CommandFailed, PasswordNeeded
from .identity_errors import KeyChanged, KeyRevoked, KeyTypeChanged, KeyUnknown, KnownHostsUnreadable
from .inventory import Inventory
from .known_hosts import Verdict
from .local import LocalChannel
from .model import Host, HostKey, HostState, key_kind
from .remote import SshChannel

if TYPE_CHECKING:
    from .session import Credential, Link

_log = logging.getLogger(__name__)

THREADS = 12
"""For one host: eight sessions, and what waits for one."""

_INSTALL = """\
set -e
umask 077
d=$HOME/.ssh
[ -d "$d" ] || echo made-folder
mkdir -p "$d"
chmod 700 "$d"
f=$d/authorized_keys
[ ! -L "$f" ] || f=$(readlink -f -- "$f")
[ -f "$f" ] || echo made-file
[ ! -f "$f" ] || ! grep -qF -- "$1" "$f" || { chmod 600 "$f"; exit 0; }
t=$f.goferry.$$
trap 'rm -f -- "$t"' EXIT
[ ! -f "$f" ] || cat -- "$f" > "$t"
[ ! -s "$t" ] || [ -z "$(tail -c 1 -- "$t")" ] || echo >> "$t"
printf '%s goferry\\n' "$1" >> "$t"
chmod 600 "$t"
mv -f -- "$t" "$f"
trap - EXIT
echo added
! command -v restorecon >/dev/null 2>&1 || restorecon -R -- "$d" 2>/dev/null || :
"""

_TAKE_OUT = """\
set -e
umask 077
d=$HOME/.ssh
f=$d/authorized_keys
[ ! -L "$f" ] || f=$(readlink -f -- "$f")
t=$f.goferry.$$
trap 'rm -f -- "$t"' EXIT
grep -vxF -- "$1 goferry" "$f" > "$t" || [ $? -eq 1 ]
chmod 600 "$t"
mv -f -- "$t" "$f"
trap - EXIT
case $2 in *made-file*) [ -s "$f" ] || rm -f -- "$f" ;; esac
case $2 in *made-folder*) rmdir -- "$d" 2>/dev/null || : ;; esac
! command -v restorecon >/dev/null 2>&1 || [ ! -d "$d" ] || restorecon -R -- "$d" 2>/dev/null || :
"""
"""Undoes what _INSTALL said that it did."""


@dataclass
class _Place:
    """What there is for one host: its values when the link was made, the link, its threads."""

    host: Host
    link: Link
    pool: Pool
    channel: SshChannel


class Sessions:
    """Channels to hosts by name. Cheap to make; nothing connects before the first command."""

    def __init__(
        self,
        inventory: Inventory,
        secrets: SecretStore,
        home: Home,
        *,
        persons_known_hosts: Path | None = None,
    ) -> None:
        self.inventory = inventory
        self._secrets, self._home = secrets, home
        self._own_file = home.own("known_hosts")
        self._persons_file = persons_known_hosts or Path.home() / ".ssh" / "known_hosts"
        self._places: dict[str, _Place] = {}
        self._passwords: dict[str, Secret] = {}
        self._refused: set[str] = set()
        self._lock = threading.RLock()
        self._pool = Pool("ssh", 8)
        self._local = LocalChannel(Pool("local", 8))

    # --- channels

    def channel(self, name: str) -> Channel:
        """The way to a host. Raises UnknownHost; connecting happens, and fails, at the first command."""
        host = self.inventory.get(name)
        return self._local if host.local else self._place(host).channel

    def state(self, name: str) -> HostState:
        """How the connection stands now; asks nobody."""
        with self._lock:
            place = self._places.get(name)
        if place is None:
            return HostState("idle")
        link = place.link
        if link.active:
            return HostState("connected", link.open_sessions, link.latency_ms, link.connected_at)
        if link.connecting:
            return HostState("connecting")
        return HostState("failed", error=link.failure.code) if link.failure else HostState("idle")

    def drop(self, name: str) -> None:
        """Ends the connection to a host; the next command connects anew (after a change of group, key or address)."""
        with self._lock:
            place = self._places.pop(name, None)
            self._refused.discard(name)
        if place is not None:
            place.link.close()
            place.pool.close()

    async def reach(self, name: str, pool: Pool, within: float) -> None:
        """Connects now, by a thread of `pool`; the server must begin to greet `within` seconds. Raises what
        connecting raises."""
        link = self._place(self.inventory.get(name)).link
        link.within = within
        try:
            await pool.run(link.ready)
        finally:
            link.within = None

    def _own_known_hosts(self) -> Path:
        self._own_file.parent.mkdir(parents=True, exist_ok=True)
        return self._own_file

    def check_now(self, limit: float = 4.0) -> None:
        """Asks all connections whether they live; those that do not say so within `limit` seconds end, and are made
        anew when they are needed next."""
        for place in tuple(self._places.values()):
            place.link.check_now(limit)

    async def close(self) -> None:
        for name in tuple(self._places):
            self.drop(name)
        self._pool.close()
        self._local._pool.close()

    def _place(self, host: Host) -> _Place:
        with self._lock:
            place = self._places.get(host.name)
            if place is not None and place.host != host:
                self.drop(host.name)
                place = None
            if place is None:
                place = self._places[host.name] = self._new_place(host)
            return place

    def _new_place(self, host: Host) -> _Place:
        link = self._link(host, partial(self._judge_and_keep, host), partial(self._credential, host))
        link.on_signed_in = lambda: self._refused.discard(host.name)
        pool = Pool(f"ssh-{host.name}", THREADS)
        return _Place(host, link, pool, SshChannel(link, pool))

    def _link(
        self, host: Host, judge: Callable[[HostKey], None], credential: Callable[[], Credential]
    ) -> Link:
        from .session import Link

        return Link(
            host, judge, credential, wanted_types=partial(self._types, host), dial=self._dialler(host)
        )

    def _dialler(self, host: Host) -> Callable[[str, int], Any] | None:
        """Through the jump host's own shared connection, if there is one."""
        if not host.via:
            return None
        self.inventory.chain(host)  # refuses circles before anything is dialled
        via = self.inventory.get(host.via)
        return lambda address, port: self._jump(via, host, address, port)

    def _jump(self, via: Host, host: Host, address: str, port: int) -> Any:
        from .reach import unreachable

        try:
            return self._place(via).link.dial(CancelToken(), address, port)
        except OSError as error:
            raise unreachable(host, error) from error

    # --- who a server must prove to be

    async def learn_key(
        self, address: str, port: int = 22, via: str = "", *, kind: str = "", name: str = ""
    ) -> HostKey:
        """The key a server shows, before anything of the person's is sent to it. `kind` ("RSA") asks for one type."""
        from .session import only_type, show_key

        host = Host(name or address, address, port, via=via)
        wanted = only_type(kind) if kind else ()
        return await self._pool.run(lambda token: show_key(host, token, self._dialler(host), wanted))

    def trust(self, name: str, key: HostKey) -> None:
        """A person has confirmed `key` for this host: from now on it must show this one."""
        with self._lock:
            self._keep_key(name, key)
            if any(host.name == name for host in self.inventory.hosts()):
                self.inventory.change(name, fingerprints=(key.fingerprint,))
            self.drop(name)

    def _keep_key(self, name: str, key: HostKey) -> None:
        with self._lock:
            text = known_hosts.with_key(self._read_own(name), name, key)
            write_atomically(self._own_known_hosts(), text)

    def rename(self, name: str, new: str) -> Host:
        """Gives a host another name; its key and what jumps through it follow."""
        with self._lock:
            kept = next((e for e in known_hosts.parse(self._read_own(name)) if e.names(name)), None)
            host = self.inventory.change(name, name=new)
            if kept is not None:
                text = known_hosts.without_name(self._read_own(name), name)
                write_atomically(self._own_known_hosts(), f"{text}{new} {kept.type} {kept.blob}\n")
            self.drop(name)
        return host

    def forget(self, name: str) -> None:
        """Everything kept locally about a host that was removed: its key and its password."""
        with self._lock:
            if self._own_file.exists():
                write_atomically(self._own_file, known_hosts.without_name(self._read_own(name), name))
            self._passwords.pop(name, None)
            self.drop(name)
        self._secrets.forget(secret_key("host", name, "password"))

    def knows(self, host: Host, shown: HostKey) -> bool:
        """Whether `shown` is known for a host already, for example in the person's own known-hosts file. Raises
        KeyChanged, KeyRevoked... when another one is."""
        try:
            self._judge(host, shown)
        except KeyUnknown:
            return False
        return True

    def known_fingerprints(self, name: str) -> tuple[str, ...]:
        """The fingerprints under which a host is known to Goferry."""
        host = self.inventory.get(name)
        entries = known_hosts.parse(self._read_own(name))
        mine = (known_hosts.fingerprint(entry.blob) for entry in entries if entry.names(name))
        return tuple(dict.fromkeys((*host.fingerprints, *mine)))

    def _judge(self, host: Host, shown: HostKey) -> None:
        """Raises the refusal that fits, each without a way to go on (facts-centos.md 7)."""
        own, persons = self._entries(host.name)
        found = known_hosts.judge(host, shown, own, persons)
        if found.verdict is Verdict.REVOKED:
            raise KeyRevoked(host.name, shown.fingerprint)
        if found.verdict is Verdict.UNKNOWN:
            raise KeyUnknown(host.name, shown.kind, shown.fingerprint)
        if found.verdict is Verdict.OTHER_TYPE:
            raise KeyTypeChanged(host.name, found.known, shown.fingerprint, shown.kind, key_kind(found.kind))
        if found.verdict is Verdict.CHANGED:
            raise KeyChanged(host.name, found.known, shown.fingerprint, shown.kind)

    def _judge_and_keep(self, host: Host, shown: HostKey) -> None:
        """For hosts of the inventory: a key known by its fingerprint, or by the person's own ssh, is kept whole, so
        that ssh in a terminal knows it under the same name."""
        self._judge(host, shown)
        own, _ = self._entries(host.name)
        if not any(entry.names(host.name) for entry in own):
            self._keep_key(host.name, shown)

    def _types(self, host: Host) -> tuple[str, ...]:
        return known_hosts.key_types(host, *self._entries(host.name))

    def _entries(self, name: str) -> tuple[tuple[known_hosts.Entry, ...], tuple[known_hosts.Entry, ...]]:
        return known_hosts.parse(self._read_own(name)), known_hosts.parse(_read(self._persons_file, name))

    def _read_own(self, name: str) -> str:
        return _read(self._own_file, name)

    # --- signing in

    def give_password(self, name: str, password: Secret) -> None:
        """A password for this run of the program, never written anywhere."""
        with self._lock:
            self._passwords[name] = password
            self._refused.discard(name)

    def give_passphrase(self, key_path: str, passphrase: Secret) -> None:
        """The passphrase of a key file, for this run of the program."""
        with self._lock:
            self._passwords[f"key:{key_path}"] = passphrase

    def _credential(self, host: Host) -> Credential:
        from .session import Credential

        if host.auth == "agent":
            return Credential(agent=True, agent_key=_agent_choice(host))
        if host.auth == "key":
            path = Path(host.key).expanduser()
            given = self._passwords.get(f"key:{host.key}") or self._secrets.get(secret_key("key", str(path)))
            return Credential(key=keys.load_private_key(path, given, host.name))
        if host.auth == "own":
            return Credential(key=keys.own_key(self._home, host.name))
        if host.name in self._refused:
            # servers ban for repeated wrong passwords: the same one is not sent twice
            raise PasswordNeeded(host.name, host.user)
        password = self._passwords.get(host.name) or self._secrets.get(
            secret_key("host", host.name, "password")
        )
        if password is None:
            raise PasswordNeeded(host.name, host.user)
        # one try for one password: the link takes it back once it has signed in
        self._refused.add(host.name)
        return Credential(password=password)

    async def try_sign_in(self, host: Host, key: HostKey, *, password: Secret | None = None) -> None:
        """Signs in with the host's own way (or `password`) to a server that shows `key`, then hangs up; the inventory
        is not asked and not changed. Raises what connecting raises."""
        link = self._trial(host, key, password)
        try:
            await self._pool.run(link.ready)
        finally:
            link.close()

    async def install_key(self, host: Host, key: HostKey, password: Secret) -> Host:
        """With the password, once: puts Goferry's own key into the account, proves that it works, and forgets the
        password; a key that does not work is taken out again. Gives the host with auth "own". `host` need not be in
        the inventory yet."""
        own = await self._pool.run(lambda token: keys.own_key(self._home, host.name))
        link = self._trial(host, key, password)
        pool = Pool("ssh-install", 2)
        channel = SshChannel(link, pool)
        signed = replace(host, auth="own", key="")
        try:
            ended = await channel.run(sh(_INSTALL, own.public), timeout=60.0)
            if not ended.ok:
                raise CommandFailed(host.name, "install the key", ended.code, ended.said())
            try:
                await self.try_sign_in(signed, key)
            except BaseException:
                # a key that opens nothing is not left behind; the failure to tell is the first one
                if "added" in ended.text():
                    with suppress(GoferryError):
                        await channel.run(sh(_TAKE_OUT, own.public, ended.text()), timeout=60.0)
                raise
        finally:
            link.close()
            pool.close()
        return signed

    def _trial(self, host: Host, key: HostKey, password: Secret | None) -> Link:
        from .session import Credential

        def judge(shown: HostKey) -> None:
            if shown.fingerprint != key.fingerprint:
                raise KeyChanged(host.name, (key.fingerprint,), shown.fingerprint, shown.kind)

        def credential() -> Credential:
            return Credential(password=password) if password is not None else self._credential(host)

        link = self._link(host, judge, credential)
        link.wanted_types = lambda: (key.type,)
        return link


def _agent_choice(host: Host) -> str:
    """The wanted key's fingerprint: given as such, or read from a .pub file."""
    if not host.key or host.key.startswith("SHA256:"):
        return host.key
    words = Path(host.key).expanduser().read_text(encoding="utf-8").split()
    return known_hosts.fingerprint(words[1]) if len(words) > 1 else host.key


def _read(path: Path, name: str) -> str:
    """A known-hosts file's text, empty where there is none. Raises KnownHostsUnreadable: no key is checked against
    a file that cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape")
    except FileNotFoundError:
        return ""
    except OSError as error:
        raise KnownHostsUnreadable(name, str(path), detail=str(error)) from error
