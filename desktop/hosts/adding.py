"""Adding a host: its key is confirmed, then the sign-in is tried, and only then it stands in the inventory."""

from __future__ import annotations

from dataclasses import replace

from desktop.base.secret import Secret

from .identity_errors import KeyMismatch, KeyUnknown
from .inventory import checked
from .model import Host, HostKey
from .sessions import Sessions

KINDS = ("ED25519", "ECDSA", "RSA")


async def confirmed_key(sessions: Sessions, host: Host, fingerprint: str = "") -> HostKey:
    """The server's key when it is `fingerprint`, whichever of its keys that is, or when the person's known-hosts file
    has it. Raises KeyMismatch or KeyUnknown; nothing of the person's has been sent then."""
    shown = await sessions.learn_key(host.address, host.port, host.via, name=host.name)
    if not fingerprint:
        if sessions.knows(host, shown):
            return shown
        raise KeyUnknown(host.name, shown.kind, shown.fingerprint)
    if shown.fingerprint == fingerprint:
        return shown
    for kind in KINDS:
        other = None if kind == shown.kind else await _other_key(sessions, host, kind)
        if other is not None and other.fingerprint == fingerprint:
            return other
    raise KeyMismatch(host.name, (fingerprint,), shown.fingerprint, shown.kind)


async def _other_key(sessions: Sessions, host: Host, kind: str) -> HostKey | None:
    """The server's key of another type; None when it has none."""
    from .errors import HostError

    try:
        return await sessions.learn_key(host.address, host.port, host.via, kind=kind, name=host.name)
    except HostError:
        return None


async def add_host(sessions: Sessions, host: Host, key: HostKey, *, password: Secret | None = None) -> Host:
    """Signs in (with `password` once, to place Goferry's own key), and adds the host with its confirmed key. Nothing
    is added when the sign-in fails."""
    wanted = checked(replace(host, fingerprints=(key.fingerprint,)))
    if password is not None:
        wanted = await sessions.install_key(wanted, key, password)
    else:
        await sessions.try_sign_in(wanted, key)
    sessions.inventory.add(wanted)
    sessions.trust(wanted.name, key)
    return wanted
