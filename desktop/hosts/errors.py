"""Every way a server can refuse, each with its own three sentences. The tree is drawn here, once; those about a
server's identity are in identity_errors.py.

GoferryError <- HostError <- Unreachable, NoSshAnswer, TooOld, KeyUnknown, KeyChanged, AuthRefused, Cut, ...
"""

from __future__ import annotations

from desktop.base.errors import Fix, GoferryError
from desktop.base.words import Words, msg


class HostError(GoferryError):
    """A failure on the way to a host, or on it; `host` is its name."""

    code = "host.error"

    def __init__(
        self,
        host: str,
        what: Words,
        why: Words = "",
        fix: Words = "",
        *,
        detail: str = "",
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        super().__init__(what, why, fix, detail=detail, fixes=fixes)
        self.host = host


class BadHostField(GoferryError):
    code = "host.bad_field"

    def __init__(self, field: str, value: str, why: Words) -> None:
        shown = "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in value[:80])
        super().__init__(
            msg("“{value}” cannot be used as the {field} of a host.", value=shown, field=_field_word(field)),
            why,
            msg("Correct it and try again."),
        )
        self.field = field


def _field_word(field: str) -> Words:
    words = {
        "name": msg("name"),
        "address": msg("address"),
        "port": msg("port"),
        "user": msg("user"),
        "group": msg("group"),
        "fingerprint": msg("fingerprint"),
        "key": msg("key"),
        "via": msg("jump host"),
        "auth": msg("way to sign in"),
    }
    return words.get(field, field)


class UnknownHost(GoferryError):
    code = "host.unknown"

    def __init__(self, name: str, known: tuple[str, ...] = ()) -> None:
        listed = ", ".join(known[:8]) or "–"
        super().__init__(
            msg("There is no host, group or environment named “{name}”.", name=name),
            msg("Known are: {names}.", names=listed),
            msg("Name one of them, or add a host: on the Hosts page or with “goferry host add”."),
        )


class HostExists(GoferryError):
    code = "host.exists"

    def __init__(self, name: str) -> None:
        super().__init__(
            msg("A host named “{name}” is already there.", name=name),
            msg("Names are unique in the inventory."),
            msg("Choose another name, or remove the other host first."),
        )


class HostIsJump(GoferryError):
    code = "host.is_jump"

    def __init__(self, name: str, beyond: tuple[str, ...]) -> None:
        super().__init__(
            msg("“{name}” stays in the list.", name=name),
            msg("{hosts} is reached through it.", hosts=", ".join(beyond)),
            msg("Give that host another way, or remove it first."),
        )


class InventoryDamaged(GoferryError):
    code = "host.inventory_damaged"

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(
            msg("The list of hosts cannot be read."),
            msg("{path} is damaged.", path=path),
            msg("Put the file right or restore it from a copy; Goferry does not overwrite it."),
            detail=detail,
        )


class ImportUnreadable(GoferryError):
    code = "host.import"

    def __init__(self, path: str, why: Words, *, detail: str = "") -> None:
        super().__init__(
            msg("{path} cannot be imported.", path=path),
            why,
            msg(
                "Expected is an SSH config, a CSV with the columns name and address, or a YAML list of hosts."
            ),
            detail=detail,
        )


class Unreachable(HostError):
    code = "host.unreachable"

    def __init__(self, host: str, address: str, why: Words, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("{host} cannot be reached.", host=host),
            why,
            msg(
                "Check that the server is on, the address and port are right, and no firewall is in between."
            ),
            detail=detail,
            fixes=(Fix(msg("Try again"), "host.check", host),),
        )
        self.address = address


class NoSshAnswer(HostError):
    code = "host.no_ssh"

    def __init__(self, host: str, address: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("{host} does not answer as an SSH server.", host=host),
            msg("{address} accepts the connection, but sends no SSH greeting.", address=address),
            msg("Check the port. Where an sshd listens there, it may be overloaded: look at its journal."),
            detail=detail,
        )


class SshDropped(HostError):
    code = "host.ssh_dropped"

    def __init__(self, host: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("{host} closes SSH connections at once.", host=host),
            msg(
                "Too many logins at a time, a ban after failed ones (fail2ban, PerSourcePenalties) or hosts.deny."
            ),
            msg("Wait some minutes before the next try; then look at the journal of sshd on the server."),
            detail=detail,
        )


class TooOld(HostError):
    code = "host.too_old"

    def __init__(self, host: str, banner: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("The SSH of {host} and Goferry have no method in common.", host=host),
            msg(
                "The server says {banner}; it is too old or allows too few methods.",
                banner=banner or "SSH-2.0",
            ),
            msg(
                "Upgrade the server, or allow curve25519, aes-ctr and ed25519 or rsa-sha2 keys in its sshd_config."
            ),
            detail=detail,
        )


class AuthRefused(HostError):
    code = "host.auth_refused"

    def __init__(
        self, host: str, user: str, tried: Words, *, allowed: tuple[str, ...] = (), detail: str = ""
    ) -> None:
        why: Words = msg("It does not accept {tried} for the user {user}.", tried=tried, user=user)
        if allowed:
            why = msg(
                "It does not accept {tried} for the user {user}; it offers: {allowed}.",
                tried=tried,
                user=user,
                allowed=", ".join(allowed),
            )
        super().__init__(
            host,
            msg("{host} refused to sign in {user}.", host=host, user=user),
            why,
            msg(
                "Check the user, and the password or key. Goferry does not try again by itself: servers ban for that."
            ),
            detail=detail,
            fixes=(Fix(msg("Change how to sign in…"), "host.sign_in", host),),
        )


class TooManyTries(HostError):
    code = "host.too_many_tries"

    def __init__(self, host: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("{host} ended the sign-in: too many tries.", host=host),
            msg("The server limits how many keys or passwords one connection may offer (MaxAuthTries)."),
            msg("Choose the one key that fits. Goferry offers exactly one."),
            detail=detail,
        )


class PasswordNeeded(HostError):
    code = "host.password_needed"

    def __init__(self, host: str, user: str) -> None:
        super().__init__(
            host,
            msg("The password of {user} on {host} is needed.", user=user, host=host),
            msg("No password is remembered for this host."),
            msg("Sign in once on the Hosts page, or use a key: goferry host add … --password-stdin"),
            fixes=(Fix(msg("Sign in…"), "host.sign_in", host),),
        )


class PasswordExpired(HostError):
    code = "host.password_expired"

    def __init__(self, host: str, user: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("The password of {user} on {host} has expired.", user=user, host=host),
            msg("The server lets nobody in before it is changed, also not with a key."),
            msg("Sign in with a terminal once, and choose a new password."),
            detail=detail,
            fixes=(Fix(msg("Open a terminal"), "host.terminal", host),),
        )


class KeyFileUnusable(HostError):
    code = "host.key_file"

    def __init__(self, host: str, path: str, why: Words, fix: Words, *, detail: str = "") -> None:
        super().__init__(host, msg("The key file {path} cannot be used.", path=path), why, fix, detail=detail)


class PassphraseNeeded(KeyFileUnusable):
    code = "host.passphrase_needed"

    def __init__(self, host: str, path: str) -> None:
        super().__init__(
            host,
            path,
            msg("It is protected with a passphrase."),
            msg("Give the passphrase, use the key agent, or choose another key."),
        )
        self.path = path
        self.fixes = (Fix(msg("Give the passphrase…"), "host.passphrase", host),)


class PassphraseWrong(KeyFileUnusable):
    code = "host.passphrase_wrong"

    def __init__(self, host: str, path: str) -> None:
        super().__init__(host, path, msg("The passphrase is wrong."), msg("Type it again."))
        self.path = path


class AgentUnusable(HostError):
    code = "host.agent"

    def __init__(self, host: str, why: Words, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("The key agent cannot be used for {host}.", host=host),
            why,
            msg(
                "Start the agent and add the key (ssh-add, or Pageant), choose which key by its fingerprint, or choose "
                "a key file."
            ),
            detail=detail,
        )


class ShellRefused(HostError):
    code = "host.shell"

    def __init__(self, host: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("{host} lets the user in, but runs no commands.", host=host),
            msg("The login shell ended before the command began."),
            msg(
                "Give the user a login shell such as /bin/bash, or take the forced command out of authorized_keys."
            ),
            detail=detail,
        )


class NoisyLogin(HostError):
    code = "host.noisy_login"

    def __init__(self, host: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("The login scripts of {host} do not stop printing.", host=host),
            msg("More than 1 MB came before the first answer."),
            msg("Look into .bashrc, .profile and /etc/profile.d on the server."),
            detail=detail,
        )


class Cut(HostError):
    code = "host.cut"

    def __init__(self, host: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("The connection to {host} was cut.", host=host),
            msg(
                "The network, the server or its sshd went away while a command ran; the command was ended there."
            ),
            msg("Try again: Goferry connects anew and looks first at what is really there."),
            detail=detail,
            fixes=(Fix(msg("Try again"), "host.check", host),),
        )


class TooSlow(HostError):
    code = "host.too_slow"

    def __init__(self, host: str, command: str, seconds: float) -> None:
        super().__init__(
            host,
            msg("{host} did not finish a command in {seconds} s.", host=host, seconds=round(seconds)),
            msg("The command was ended on the server: {command}", command=command[:200]),
            msg("Look at the load and the disks of the server, then try again."),
        )


class SessionsFull(HostError):
    code = "host.sessions_full"

    def __init__(self, host: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("{host} takes no more sessions on this connection.", host=host),
            msg("Its limit (MaxSessions) was full for 30 s."),
            msg("Close logs or consoles of this host, or raise MaxSessions in its sshd_config."),
            detail=detail,
        )


class ForwardingOff(HostError):
    code = "host.forwarding_off"

    def __init__(self, host: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg("{host} does not let connections through.", host=host),
            msg("AllowTcpForwarding is off in its sshd_config."),
            msg("Allow it for this user: Goferry uses it to ask for health and to jump to other hosts."),
            detail=detail,
        )


class CommandFailed(HostError):
    code = "host.command_failed"

    def __init__(self, host: str, command: str, exit_code: int, said: str) -> None:
        super().__init__(
            host,
            msg("A command on {host} failed with code {code}.", host=host, code=exit_code),
            msg("The command was: {command}", command=command[:200]),
            msg("Read what it said in the details."),
            detail=said,
        )
        self.exit_code = exit_code


class FileNotWritten(HostError):
    code = "host.file"

    def __init__(self, host: str, path: str, *, detail: str = "") -> None:
        super().__init__(
            host,
            msg(
                "{path} was not written on {host}; the old file, if any, is unchanged.", path=path, host=host
            ),
            msg("The server said why in the details."),
            msg("Check the rights and the room in its folder."),
            detail=detail,
        )


class DiskFull(FileNotWritten):
    code = "host.disk_full"

    def __init__(self, host: str, path: str, *, detail: str = "") -> None:
        super().__init__(host, path, detail=detail)
        self.why = msg("The disk of {host} is full.", host=host)
        self.fix = msg("Remove old releases of this app, or free space on the server.")


class JumpLoop(HostError):
    code = "host.jump_loop"

    def __init__(self, host: str, chain: tuple[str, ...]) -> None:
        super().__init__(
            host,
            msg("The jump hosts of {host} lead in a circle.", host=host),
            " → ".join(chain),
            msg("Change the jump host of one of them."),
        )
