"""Refusals of a server's identity: nothing is sent to one that is not known to be the one that was meant."""

from __future__ import annotations

from desktop.base.errors import Fix
from desktop.base.words import msg

from .errors import HostError


class KeyUnknown(HostError):
    code = "host.key_unknown"

    def __init__(self, host: str, key_kind: str, fingerprint: str) -> None:
        super().__init__(
            host,
            msg("Goferry has not met {host} before, so nothing was sent to it.", host=host),
            msg("It shows the {kind} key {fingerprint}.", kind=key_kind, fingerprint=fingerprint),
            msg(
                "Compare it on the server's console: ssh-keygen -lf /etc/ssh/ssh_host_{lower}_key.pub. When it is "
                "the same, add the host with --fingerprint {fingerprint}",
                lower=key_kind.lower(),
                fingerprint=fingerprint,
            ),
            fixes=(Fix(msg("Compare the fingerprint…"), "host.confirm_key", host),),
        )
        self.fingerprint = fingerprint


class KeyChanged(HostError):
    code = "host.key_changed"

    def __init__(self, host: str, old: tuple[str, ...], new: str, key_kind: str) -> None:
        super().__init__(
            host,
            msg("{host} shows a different key. Everything to it has stopped.", host=host),
            msg(
                "Known is {old}; it now shows the {kind} key {new}. The server was set up anew, or somebody stands "
                "in between.",
                old=", ".join(old) or "–",
                kind=key_kind,
                new=new,
            ),
            msg("Ask the server's owner. Only when the new key is right, trust it on the Hosts page."),
            fixes=(Fix(msg("Show both keys"), "host.show_keys", host),),
        )
        self.old, self.new = old, new


class KeyTypeChanged(KeyChanged):
    """The server has none of the known key, but one of another type."""

    code = "host.key_type_changed"

    def __init__(self, host: str, old: tuple[str, ...], new: str, key_kind: str, old_kind: str) -> None:
        super().__init__(host, old, new, key_kind)
        self.what = msg(
            "{host} no longer shows its {old} key. Everything to it has stopped.", host=host, old=old_kind
        )


class KeyMismatch(KeyChanged):
    """A person gave the fingerprint to expect, and the server shows none like it."""

    code = "host.key_mismatch"

    def __init__(self, host: str, old: tuple[str, ...], new: str, key_kind: str) -> None:
        super().__init__(host, old, new, key_kind)
        self.what = msg("{host} does not show the key that you expect, so nothing was sent to it.", host=host)
        self.why = msg(
            "Expected is {old}; it shows the {kind} key {new}. The fingerprint is another server's, or somebody "
            "stands in between.", old=", ".join(old), kind=key_kind, new=new,
        )  # fmt: skip
        self.fix = msg(
            "Read the fingerprint again on the server's console, and compare it character by character."
        )


class KeyRevoked(HostError):
    code = "host.key_revoked"

    def __init__(self, host: str, fingerprint: str) -> None:
        super().__init__(
            host,
            msg("{host} shows a key that is marked as revoked.", host=host),
            msg(
                "{fingerprint} stands as @revoked in a known-hosts file: it may be in wrong hands.",
                fingerprint=fingerprint,
            ),
            msg("Do not use this server before its owner has given it a new key."),
        )


class KnownHostsUnreadable(HostError):
    code = "host.known_hosts"

    def __init__(self, host: str, path: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("Goferry cannot check who {host} is, so it did not connect.", host=host),
            msg("{path} cannot be read.", path=path),
            msg("Make the file readable again, or put it right."),
            detail=detail,
        )
