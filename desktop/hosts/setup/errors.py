# ruff: noqa: E501  a sentence is read as one
"""Refusals of set-up that are not a tool's words: those are in `failures.py`."""

from __future__ import annotations

import re

from desktop.base.errors import Fix, GoferryError
from desktop.base.words import Words, msg


class NotSupported(GoferryError):
    code = "setup.not_supported"

    def __init__(self, host: str, why: Words) -> None:
        super().__init__(
            msg("Docker cannot be set up on {host}.", host=host),
            why,
            msg("Use another server, or install a Docker Engine of its vendor there."),
        )


class SudoNeedsPassword(GoferryError):
    code = "setup.sudo_needs_password"

    def __init__(self, host: str, user: str) -> None:
        super().__init__(
            msg("sudo on {host} asks {user} for a password.", host=host, user=user),
            msg("Set-up needs root, and no password was given."),
            msg("Give the password (headless: --sudo-password-stdin); it is used once and kept nowhere."),
            fixes=(Fix(msg("Enter password…"), "setup.password"),),
        )


class SudoWrongPassword(GoferryError):
    code = "setup.sudo_wrong_password"

    def __init__(self, host: str, user: str) -> None:
        super().__init__(
            msg("sudo on {host} does not take this password of {user}.", host=host, user=user),
            msg("It was tried once; nothing has changed."),
            msg("Give it again."),
            fixes=(Fix(msg("Enter password…"), "setup.password"),),
        )


class NoSudoRight(GoferryError):
    code = "setup.no_sudo"

    def __init__(self, host: str, user: str, detail: str = "") -> None:
        super().__init__(
            msg("{user} may not become root on {host}.", user=user, host=host),
            msg("sudo refuses this user, or there is no sudo."),
            msg(
                "Add the host with another user, or let an administrator run: usermod -aG wheel {user}",
                user=user,
            ),
            detail=detail,
        )


class Questions(GoferryError):
    """The plan waits for an answer of a person."""

    code = "setup.question"

    def __init__(self, host: str, questions: tuple[Words, ...]) -> None:
        super().__init__(
            msg("The plan for {host} waits for an answer.", host=host),
            " ".join(str(question) for question in questions),
            msg("Look at the list; then let Goferry remove them (headless: --replace)."),
            fixes=(Fix(msg("Remove these packages"), "setup.remove_rivals"),),
        )


class NothingToUndo(GoferryError):
    code = "setup.nothing_to_undo"

    def __init__(self, host: str) -> None:
        super().__init__(
            msg("There is nothing to take back on {host}.", host=host),
            msg("No set-up by Goferry is noted on this server."),
            "",
        )


class NoArchive(GoferryError):
    code = "setup.no_archive"

    def __init__(self, detail: str = "") -> None:
        super().__init__(
            msg("Docker's archive is not on this computer."),
            msg("It could not be fetched from any mirror."),
            msg("Fetch it elsewhere and give its path (headless: --archive FILE), or put it into the folder “offline” of Goferry's home."),
            detail=detail,
        )  # fmt: skip


class ArchiveUnknown(GoferryError):
    code = "setup.archive_unknown"

    def __init__(self, name: str, found: str) -> None:
        super().__init__(
            msg("Nobody vouches for {file}.", file=name),
            msg("It is none of the archives whose checksums Goferry knows. Its SHA-256 is {found}", found=found),
            msg("Compare that with who made it, and give it (headless: --archive-sha256), or put it into a file {file}.sha256 beside it.",
                file=name),
        )  # fmt: skip


class ArchiveDiffers(GoferryError):
    code = "setup.archive_differs"

    def __init__(self, name: str, wanted: str, found: str) -> None:
        super().__init__(
            msg("{file} is not what it should be.", file=name),
            msg("Its SHA-256 is {found}, and it should be {wanted}", found=found, wanted=wanted),
            msg("Fetch it again; nothing was sent to the server."),
        )


class BadArchive(GoferryError):
    code = "setup.bad_archive"

    def __init__(self, what: str) -> None:
        shown = "".join(c if c.isprintable() else "?" for c in what[:200])
        super().__init__(
            msg("“{what}” cannot be used for a set-up without internet.", what=shown),
            msg("It is wanted: Docker's static archive (.tgz), an RPM, a folder with RPMs, or a checksum of 64 digits."),
            msg("Give it again."),
        )  # fmt: skip


class BadDataRoot(GoferryError):
    code = "setup.data_root"

    def __init__(self, host: str) -> None:
        super().__init__(
            msg("Docker cannot be set up on {host}.", host=host),
            msg("A folder for Docker's data starts with / and holds plain characters."),
            msg("Give it again."),
        )


class KeysNeeded(GoferryError):
    code = "setup.keys_needed"

    def __init__(self, host: str) -> None:
        super().__init__(
            msg("Passwords cannot be forbidden on {host}.", host=host),
            msg("Goferry itself signs in there by password, and would lock you out."),
            msg("Let Goferry place its own key first: edit the host, and choose that way to sign in."),
        )


class BadKey(GoferryError):
    code = "setup.bad_key"

    def __init__(self) -> None:
        super().__init__(
            msg("This is no public key for a deploy user."),
            msg("It is one line such as “ssh-ed25519 AAAA… name”. What begins with BEGIN is a private key, and stays where it is."),
            msg("Give the content of the file that ends in .pub"),
        )  # fmt: skip


_KEY_LINE = re.compile(
    r"(ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa|sk-[a-z0-9@.-]+) [A-Za-z0-9+/]{60,}={0,3}( [^\x00-\x1f\x7f]*)?"
)


def check_public_key(text: str) -> str:
    """The line for authorized_keys, as given. Raises BadKey for what is none, or brings options of its own."""
    plain = text.strip()
    if not _KEY_LINE.fullmatch(plain):
        raise BadKey
    return plain
