"""What a set-up is made of, as values: pieces of shell with what they mean, wishes, mirrors."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from desktop.base.words import Words

JOURNAL = "/var/lib/goferry/setup.json"
"""On the server: what was made and how it was before, one JSON object a line. Any desktop can undo from it."""

REPOSITORY = "/etc/yum.repos.d/goferry-docker.repo"
KEY_FILE = "/etc/pki/rpm-gpg/RPM-GPG-KEY-goferry-docker"
VAULT = "/etc/yum.repos.d/goferry-vault.repo"
PACKAGES = ("docker-ce", "docker-ce-cli", "containerd.io", "docker-buildx-plugin", "docker-compose-plugin")


@dataclass(frozen=True, slots=True)
class Script:
    """POSIX sh with its "$1", "$2"…; values never go into the text."""

    text: str
    arguments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Changes:
    """What a step makes or changes on the server, for the sum at the plan's foot."""

    packages: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    users: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Upload:
    """A file of this computer that a step needs on the server."""

    source: Path
    target: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Piece:
    """One idempotent step. `check` exits 0 where it holds; it is asked again after `apply`. Each script of `apply`
    runs in turn until one fails. Undo is known by the id (`undo.py`), since another desktop may do it."""

    id: str
    title: Words
    why: Words
    check: Script
    apply: tuple[Script, ...]
    as_root: bool = True
    optional: bool = False
    uploads: tuple[Upload, ...] = ()
    """Sent before `apply`, by the person's own account."""
    reconnect: bool = False
    """A new connection is needed before it shows: group membership."""
    proves: bool = False
    """The last script of `apply` ends as `check` does and says what it found, so `check` is not asked again."""
    changes: Changes = field(default_factory=Changes)


@dataclass(frozen=True, slots=True)
class Mirror:
    """A source of packages. `key` is the text of the key that signs them."""

    id: str
    name: str
    docker: str
    vault: str
    key: str


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast a mirror answered the server; `ms` None: it did not."""

    mirror: Mirror
    ms: float | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a person chose. Every choice has a default that works."""

    mirror: str = ""
    """A mirror's id or base address; empty: the quickest from the server."""
    mirror_key: str = ""
    """The text of the key that signs there; empty: Docker's own."""
    offline: bool = False
    archive: Path | None = None
    """For `offline`: Docker's static archive, an RPM or a folder of them, on this computer; None: what is known."""
    archive_sha256: str = ""
    """The checksum of an archive that Goferry does not know."""
    remove_rivals: bool = False
    """Packages that keep Docker out may be removed; they were shown."""
    restart_allowed: bool = False
    """Docker may be restarted although containers run."""
    reboot_allowed: bool = False
    """The server may start anew, where the modules of its running kernel are to be had no more."""
    log_rotation: bool = True
    live_restore: bool = True
    loopback: bool = False
    """Published ports bind to 127.0.0.1 unless an address is given."""
    clean_images: bool = False
    set_clock: bool = False
    """The server's clock is set by this computer's where no time service puts it right."""
    time_service: bool = False
    """chrony keeps the clock, where nothing does yet."""
    no_password_login: bool = False
    """sshd takes keys only. Never without being asked for; the person's own way in must be a key."""
    data_root: str = ""
    deploy_user: str = ""
    deploy_key: str = ""
    """The public key line of that user."""
    skip: frozenset[str] = frozenset()
    """Ids of steps that were taken out of the plan."""
