# ruff: noqa: E501  a step or a shell line is read as one
"""From what a server is, and what a person wishes, to the steps of the plan; pure."""

from __future__ import annotations

import base64
import gzip
import re
from dataclasses import dataclass, replace

from desktop.base.resources import resources
from desktop.base.words import Words, msg

from . import hardening
from . import scripts as sh
from .daemon import PATH as DAEMON
from .daemon import SETTINGS, merged, notes, reachable, wanted
from .errors import BadDataRoot, NoArchive, NotSupported
from .mirrors import in_order, mirror_at
from .model import KEY_FILE, PACKAGES, REPOSITORY, VAULT, Changes, Mirror, Piece, Script, Upload, Wish
from .offline import Local
from .probe import SetupFacts
from .trial import trial_archive
from .undo import noted_steps

NOW = "\0now"
"""Stands for the desktop's clock (seconds) at the moment a script runs."""
NEED_MB, NEED_INODES = 1500, 20_000
_FOLDER = re.compile(r"(/[A-Za-z0-9_.-]+)+")
CLEANING = ("goferry-clean", "goferry-clean.service", "goferry-clean.timer")
HARMLESS = ("podman-docker",)
"""Only a wrapper: nothing runs by it."""
DOCKERS_ARCHES = ("x86_64", "aarch64")
"""Processors that Docker builds packages for."""
VENDORS = ("moby", "moby-engine", "docker-engine", "docker")
"""Engines of the makers of other systems, by the names of their packages."""
BLOCKING = ("podman-docker", "docker", "docker-client", "docker-common", "docker-io", "docker-engine", "docker-latest",
            "moby-engine", "runc")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Decision:
    """`pieces` in order; `questions` must be answered in the wish before the plan can run."""

    pieces: tuple[Piece, ...]
    mirror: Mirror | None
    questions: tuple[Words, ...] = ()
    notes: tuple[Words, ...] = ()


def decide(
    found: SetupFacts, wish: Wish, mirrors: tuple[Mirror, ...], host: str = "", local: Local | None = None
) -> Decision:
    """`local` is what this computer has for such a server. Raises NotSupported where Docker cannot be had for it,
    DaemonFileBroken, MirrorUnknown."""
    local = local or Local()
    _refuse_what_cannot_be(found, host)
    if wish.data_root and not _FOLDER.fullmatch(wish.data_root):
        raise BadDataRoot(host)
    chosen = mirror_at(wish.mirror, mirrors, wish.mirror_key) if wish.mirror else None
    order = in_order(found.measured, chosen)
    engine = found.facts.engine
    there = (
        engine is not None and engine.running and not found.was_set_up and "podman-docker" not in found.rivals
    )
    notes: list[Words] = []
    pieces = [_root(), _clock(wish)]
    questions: tuple[Words, ...] = ()
    found = replace(found, rivals=_not_ours(found))
    if there and engine is not None:
        notes.append(msg("Docker {version} is here already and stays.", version=engine.server))
    else:
        questions = _questions(found, wish)
        pieces += _offline(found, mirrors, local) if wish.offline else _install(found, order, chosen, local)
    if wish.time_service:
        pieces.append(_time())
    if found.facts.system.family == "el10":
        pieces.append(_kernel(wish))
    pieces.append(_disk(wish))
    pieces += _configure(found, wish, host)
    kept = tuple(piece for piece in pieces if piece.id not in wish.skip)
    return Decision(kept, order[0] if order else None, questions, tuple(notes))


def classes(found: SetupFacts) -> tuple[str, ...]:
    """Folders of Docker's repository to try, the likeliest first; each is proved by a dry run on the server."""
    system = found.facts.system
    number = system.family.removeprefix("el") or "8"
    if found.facts.arch and found.facts.arch not in DOCKERS_ARCHES:
        return ()
    all_of = {
        "10": ("centos/10", "rhel/10", "centos/9", "centos/8"),
        "9": ("centos/9", "rhel/9", "rhel/8", "centos/8"),
        "8": ("rhel/8", "centos/8", "centos/7"),
        "7": ("centos/7",),
    }
    return all_of.get(number, all_of["8"])


def _has_maker(found: SetupFacts) -> bool:
    """Whether the system's maker has an engine of its own; Docker builds none for these systems."""
    return found.facts.system.id not in ("centos", "rhel", "rocky", "almalinux", "ol")


def _refuse_what_cannot_be(found: SetupFacts, host: str) -> None:
    facts = found.facts
    if facts.arch and facts.arch not in DOCKERS_ARCHES and not _has_maker(found):
        raise NotSupported(host, msg("Docker has no packages for its processor, {arch}.", arch=facts.arch))
    if not found.manager:
        raise NotSupported(host, msg("It has neither dnf nor yum, so it is not of the CentOS family."))
    if "systemctl" not in facts.tools:
        raise NotSupported(host, msg("It does not run systemd, which keeps Docker running."))


def _not_ours(found: SetupFacts) -> tuple[str, ...]:
    """Rivals without what set-up itself installed: the engine of the system's maker."""
    noted = noted_steps(found.journal).get("packages", {}).get("package", [])
    ours = {package.rsplit("-", 2)[0] for package in noted}
    return tuple(name for name in found.rivals if name not in ours)


def _questions(found: SetupFacts, wish: Wish) -> tuple[Words, ...]:
    blocking = tuple(name for name in found.rivals if name in BLOCKING)
    serious = tuple(name for name in blocking if name not in HARMLESS)
    if wish.remove_rivals or not serious:
        return ()
    listed = ", ".join(serious)
    if "podman" in found.rivals and found.podman_running:
        running = ", ".join(found.podman_running[:5])
        return (msg("Podman runs containers here ({containers}); these packages keep Docker out: {packages}. Remove them?",
                    containers=running, packages=listed),)  # fmt: skip
    return (msg("These packages keep Docker out: {packages}. Remove them?", packages=listed),)


def _root() -> Piece:
    return Piece(
        "root", msg("May act as root"),
        msg("Installing and starting services needs root, directly or through sudo."),
        Script(sh.ROOT), (Script(sh.ROOT),),
    )  # fmt: skip


def _clock(wish: Wish) -> Piece:
    return Piece(
        "clock", msg("Clock within a minute"),
        msg("With a wrong clock, certificates and signatures of packages look invalid. The time service is switched on; where that "
            "does not help, the clock can be set by this computer's."),
        Script(sh.CLOCK_CHECK, (NOW,)), (Script(sh.CLOCK_APPLY, (NOW, "yes" if wish.set_clock else "")),),
        changes=Changes(services=("chronyd",)),
    )  # fmt: skip


def _install(
    found: SetupFacts, order: tuple[Mirror, ...], chosen: Mirror | None, local: Local
) -> list[Piece]:
    facts = found.facts
    blocking = tuple(name for name in found.rivals if name in BLOCKING)
    pieces = [
        Piece(
            "sources", msg("Package sources answer"),
            msg("Docker needs packages of the system. Sources of systems past their end moved to an archive; it is added "
                "in a file of its own, switched off, and your own files stay as they are."),
            Script(sh.SOURCES_CHECK),
            (Script(sh.SOURCES_APPLY, (_vault_version(found), facts.arch, *dict.fromkeys(m.vault for m in order if m.vault))),),
            changes=Changes(files=(VAULT,) if _vault_version(found) else ()),
        )
    ]  # fmt: skip
    if blocking:
        pieces.append(Piece(
            "rivals", msg("Nothing keeps Docker out"),
            msg("These packages own the same files as Docker: {packages}. Exactly they are removed.",
                packages=", ".join(blocking)),
            Script(sh.RIVALS_CHECK, blocking), (Script(sh.RIVALS_APPLY, blocking),), changes=Changes(packages=blocking),
        ))  # fmt: skip
    maker = VENDORS if _has_maker(found) else ()
    static = "yes" if maker and local.archive is not None else ""
    pairs = tuple(word for mirror in order for word in (mirror.docker, mirror.key.strip()))
    pieces.append(Piece(
        "repository", msg("Docker's key and package source"),
        msg("One file of our own with a literal version: the system's own version word is unknown to Docker on many "
            "systems. Which one fits is proved by a dry run; a mirror that serves broken files is passed over.")
        if not maker else
        msg("Docker does not know {system}. Packages for systems with its C library are tried, the likeliest first, each proved by "
            "a dry run; then the engine of its maker, if that is 20.10 or newer; then Docker's static archive.",
            system=facts.system.shown),
        Script(sh.REPOSITORY_CHECK, (chosen.docker if chosen else "",)),
        (Script(sh.REPOSITORY_APPLY, (facts.arch, " ".join(classes(found)), " ".join(PACKAGES), " ".join(maker), static, *pairs)),),
        changes=Changes(files=(REPOSITORY, KEY_FILE)),
    ))  # fmt: skip
    if facts.system.family == "el8" and found.manager.endswith("dnf"):
        pieces.append(Piece(
            "module", msg("Module stream lets Docker in"),
            msg("On version 8 a switched-off module stream can hide packages that Docker needs."),
            Script(sh.MODULE_CHECK), (Script(sh.MODULE_APPLY),),
        ))  # fmt: skip
    bases = " ".join(dict.fromkeys(mirror.docker for mirror in order if mirror.key == order[0].key))
    pieces.append(Piece(
        "packages", msg("Docker's packages"),
        msg("Engine, command line, containerd, buildx and compose, signed by Docker. The installation goes on to its end "
            "on the server even when the connection is lost."),
        Script(sh.PACKAGES_CHECK), (Script(sh.PACKAGES_APPLY, (bases, *PACKAGES)),), changes=Changes(packages=PACKAGES),
    ))  # fmt: skip
    if static and local.archive is not None:
        pieces.append(replace(_archive(local.archive), title=msg("Docker's archive, if no package fits")))
    return pieces


def _offline(found: SetupFacts, mirrors: tuple[Mirror, ...], local: Local) -> list[Piece]:
    if local.rpms:
        keys = "\n".join(dict.fromkeys(mirror.key.strip() for mirror in mirrors))
        pairs = tuple(word for upload in local.rpms for word in (upload.target, upload.sha256))
        return [Piece(
            "packages", msg("Docker's packages from this computer"),
            msg("The server reaches no package source: {n} RPMs go over SSH. Checksums and signatures are compared there before "
                "any of them is installed.", n=len(local.rpms)),
            Script(sh.RPMS_CHECK), (Script(sh.RPMS_APPLY, (keys, *pairs)),), uploads=local.rpms,
            changes=Changes(packages=tuple(upload.source.stem for upload in local.rpms)),
        )]  # fmt: skip
    if local.archive is None:
        raise NoArchive
    return [_archive(local.archive)]


def _archive(upload: Upload) -> Piece:
    units = tuple(
        _text(f"units/{name}") for name in ("docker.service", "docker.socket", "containerd.service")
    )
    return Piece(
        "offline", msg("Docker from this computer"),
        msg("Where no package source has Docker for this server, its static archive goes over SSH, its checksum is compared there, "
            "and its programs and service files are put into place."),
        Script(sh.OFFLINE_CHECK), (Script(sh.OFFLINE_APPLY, (upload.target, upload.sha256, *units)),),
        uploads=(upload,), changes=Changes(files=("/usr/bin/dockerd", "/etc/systemd/system/docker.service")),
    )  # fmt: skip


def _text(name: str) -> str:
    return (resources() / "setup" / name).read_text(encoding="utf-8").rstrip("\n")


def _vault_version(found: SetupFacts) -> str:
    """The archive's folder of a system whose packages moved there; empty for all others."""
    system = found.facts.system
    if system.id != "centos":
        return ""
    if system.name == "CentOS Stream":
        return "8-stream" if system.version.startswith("8") else ""
    return {"7": "7.9.2009", "8": "8.5.2111"}.get(system.version.split(".")[0], "")


def _kernel(wish: Wish) -> Piece:
    return Piece(
        "kernel", msg("Kernel modules for Docker's network"),
        msg("On version 10 they are a package of their own; without them Docker ends at once."),
        Script(sh.KERNEL_CHECK), (Script(sh.KERNEL_APPLY, ("yes" if wish.reboot_allowed else "",)),), changes=Changes(packages=("kernel-modules-extra",)),
    )  # fmt: skip


def _time() -> Piece:
    return Piece(
        "time", msg("A time service keeps the clock"),
        msg("chrony is installed and switched on where no other time service runs."),
        Script(sh.TIME_CHECK), (Script(sh.TIME_APPLY),), optional=True,
        changes=Changes(packages=("chrony",), services=("chronyd",)),
    )  # fmt: skip


def _disk(wish: Wish) -> Piece:
    script = Script(sh.DISK_CHECK, (str(NEED_MB), str(NEED_INODES), wish.data_root))
    return Piece(
        "disk", msg("Room for images"),
        msg("Space and inodes where Docker keeps its data, and a file system that it can use."), script, (script,),
    )  # fmt: skip


def _configure(found: SetupFacts, wish: Wish, host: str) -> list[Piece]:
    user = found.facts.user
    restart = "yes" if wish.restart_allowed else ""
    pieces: list[Piece] = []
    pieces += _settings(found, wish, host, restart)
    pieces.append(Piece(
        "service", msg("Docker runs, also after a reboot"), msg("The service is enabled and started."),
        Script(sh.SERVICE_CHECK), (Script(sh.SERVICE_APPLY),), changes=Changes(services=("docker", "containerd")),
    ))  # fmt: skip
    if not found.facts.root and user:
        pieces.append(Piece(
            "group", msg("{user} may use Docker", user=user),
            msg("Membership in the group docker, which is as powerful as root. It shows on a new connection."),
            Script(sh.GROUP_CHECK, (user,)), (Script(sh.GROUP_APPLY, (user,)),), reconnect=True,
            changes=Changes(users=(user,)),
        ))  # fmt: skip
    pieces.append(Piece(
        "firewall", msg("Firewall knows Docker's network"),
        msg("docker0 belongs into firewalld's zone docker; the firewall stays on."),
        Script(sh.FIREWALL_CHECK), (Script(sh.FIREWALL_APPLY, (restart,)),),
    ))  # fmt: skip
    pieces.append(Piece(
        "state", msg("A place for Goferry's records"),
        msg("Releases and their lock live on the server, so that every desktop sees the same."),
        Script(sh.STATE_CHECK), (Script(sh.STATE_APPLY),), changes=Changes(files=("/var/lib/goferry",)),
    ))  # fmt: skip
    return [*pieces, *_extras(found, wish)]


_SETTING: dict[str, tuple[Words, Words]] = {
    "logs": (
        msg("Docker's logs are rotated"),
        msg("Three files of 10 MB for each container: without it one talkative program fills the disk. The log settings that "
            "are there already stay."),
    ),
    "live": (
        msg("Containers outlive a restart of Docker"),
        msg("With live-restore, an upgrade of Docker stops no program."),
    ),
    "loopback": (
        msg("Published ports bind to 127.0.0.1 unless told otherwise"),
        msg("A port that Docker publishes is open to the world although the firewall does not list it."),
    ),
    "data": (
        msg("Docker's data in the chosen folder"),
        msg("Images of newer Docker lie with containerd, so its data goes along."),
    ),
}  # fmt: skip


def _settings(found: SetupFacts, wish: Wish, host: str, restart: str) -> list[Piece]:
    """A step for each setting of daemon.json; each knows every text that the steps before it may have left."""
    pieces = []
    steps = tuple(step for step in SETTINGS if wanted(step, wish))
    everything = reachable(found.daemon, wish, steps, host)
    for number, step in enumerate(steps):
        hold = [text for text in everything if text.strip() and merged(text, wish, host, (step,)) == text]
        before = [text for text in reachable(found.daemon, wish, steps[:number], host) if text not in hold]
        pairs = [(text, merged(text, wish, host, (step,))) for text in before]
        words = tuple(text.rstrip("\n") for pair in pairs for text in pair)
        check = Script(hardening.SETTING_CHECK, tuple(text.rstrip("\n") for text in hold))
        apply = [Script(hardening.SETTING_APPLY, (restart, notes(found.daemon, step, wish, host), *words))]
        if step == "data":
            check = Script(hardening.STORE_CHECK, (wish.data_root, *check.arguments))
            apply.append(Script(hardening.STORE_APPLY, (wish.data_root, restart)))
        title, why = _SETTING[step]
        pieces.append(
            Piece(step, title, why, check, tuple(apply), optional=True, changes=Changes(files=(DAEMON,)))
        )
    return pieces


def _extras(found: SetupFacts, wish: Wish) -> list[Piece]:
    pieces = []
    if wish.deploy_user and wish.deploy_key:
        pieces.append(Piece(
            "user", msg("A user for deploys, with a key of its own"),
            msg("It may use Docker and nothing else. Sign-in by password and root's sign-in stay as they are."),
            Script(hardening.USER_CHECK, (wish.deploy_user, wish.deploy_key)),
            (Script(hardening.USER_APPLY, (wish.deploy_user, wish.deploy_key)),), optional=True,
            changes=Changes(users=(wish.deploy_user,)),
        ))  # fmt: skip
    if wish.clean_images:
        pieces.append(Piece(
            "clean", msg("Old images of ours are cleaned daily"),
            msg("Only images that Goferry brought more than 30 days ago and that no container uses, running or not."),
            Script(hardening.CLEAN_CHECK),
            (Script(hardening.CLEAN_APPLY, tuple(_text(f"clean/{name}") for name in CLEANING)),), optional=True,
            changes=Changes(files=("/usr/libexec/goferry-clean",), services=("goferry-clean.timer",)),
        ))  # fmt: skip
    if wish.no_password_login:
        pieces.append(Piece(
            "keys", msg("Only keys sign in"),
            msg("sshd refuses passwords, except where a Match block of your own allows them. Should the next sign-in by key fail, "
                "the server takes it back by itself after 90 seconds."),
            Script(hardening.KEYS_CHECK), (Script(hardening.KEYS_APPLY, (hardening.KEYS_BACK,)),), optional=True,
            reconnect=True, changes=Changes(files=("/etc/ssh/sshd_config",)),
        ))  # fmt: skip
    archive = trial_archive(found.facts.arch)
    if archive is not None:
        packed = base64.b64encode(gzip.compress(archive, mtime=0)).decode()
        pieces.append(Piece(
            "trial", msg("A container answers"),
            msg("A tiny image of ours is started and asked on 127.0.0.1: the proof that all of it works."),
            Script(sh.TRIAL_CHECK), (Script(sh.TRIAL_APPLY, (packed,)),), as_root=False, proves=True,
        ))  # fmt: skip
    return pieces
