# ruff: noqa: E501  a row of the table is read as one
"""What tools say when set-up fails, recognised: a sentence, the reason and what helps; pure.

A Fix's action changes the plan and runs on: see `desktop.app_setup.with_fix`. What is not recognised is shown whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cache

from desktop.base.errors import Fix, GoferryError
from desktop.base.words import Message, Words, msg

_AGAIN = Fix(msg("Try again"), "setup.again")
_NEXT = Fix(msg("Next mirror"), "setup.next_mirror")
_ASK_REMOVE = Fix(msg("Remove these packages"), "setup.remove_rivals")
_RESTART = Fix(msg("Restart Docker"), "setup.allow_restart")
_OFFLINE = Fix(msg("Send Docker from this computer"), "setup.offline")
_RECONNECT = Fix(msg("Connect again"), "setup.reconnect")
_KERNEL = Fix(msg("Install the modules"), "setup.kernel")
_PRUNE = Fix(msg("Clean Goferry's old images"), "setup.clean_images")


@dataclass(frozen=True, slots=True)
class Signature:
    """A failure by its words. `{found}` in the sentences is what the pattern's first group caught."""

    code: str
    pattern: str
    what: Words
    why: Words
    fix: Words
    fixes: tuple[Fix, ...] = ()


class SetupFailed(GoferryError):
    """A step failed. Its subclasses carry the stable codes."""

    code = "setup.failed"


def _s(code: str, pattern: str, what: Words, why: Words, fix: Words, *fixes: Fix) -> Signature:
    return Signature(code, pattern, what, why, fix, fixes)


SIGNATURES: tuple[Signature, ...] = (
    _s("tty", r"must have a tty to run sudo", msg("sudo wants a terminal."),
       msg("requiretty is set in its rules."), msg("Goferry gives it one; try again."), _AGAIN),
    _s("lock", r"(?:yum lock|already locked|exit_on_lock|Existing lock|holding the .*lock)",
       msg("Another program is installing packages on this server."),
       msg("The package manager is locked, perhaps by an automatic update."),
       msg("Wait for it to end, then try again."), _AGAIN),
    _s("users_locked", r"cannot lock (/etc/[a-z]+)", msg("Another program is changing users or groups on this server."),
       msg("{found} is locked. A power failure in the middle of such a change leaves a lock behind too: the file {found}.lock."),
       msg("Try again in a moment. If no such program runs (useradd, usermod), remove the lock on the server first."), _AGAIN),
    _s("disk_full", r"[Nn]o space left on device|needs? .*more space|At least .*MB more space needed|Disk Requirements",
       msg("The disk of this server is full."), msg("There is no room for the files."),
       msg("Free some space, then try again."), _AGAIN, _PRUNE),
    _s("disk_small", r"goferry: disk (.+)", msg("Docker has too little room."), "{found}",
       msg("Free some space, or choose another folder for Docker's data."), _AGAIN,
       Fix(msg("Choose another folder…"), "setup.data_root")),
    _s("dtype", r"without d_type support", msg("The file system cannot hold Docker's layers."),
       msg("It is XFS made with ftype=0."), msg("Choose a folder on another file system."),
       Fix(msg("Choose another folder…"), "setup.data_root")),
    _s("clock", r"goferry: clock off by (-?\d+) s", msg("The server's clock is {found} s off."),
       msg("Signatures and certificates look invalid with a wrong clock, and no time service put it right."),
       msg("Set it by this computer's clock, or on the server."),
       Fix(msg("Set it by this computer's clock"), "setup.set_clock"), _AGAIN),
    _s("iptables", r"goferry: iptables is missing", msg("The server lacks iptables."),
       msg("Docker's network is made with it."), msg("Install it on the server, then try again."), _AGAIN),
    _s("containers_left", r"goferry: containers are left: (.+)", msg("Containers are left: {found}"),
       msg("Taking Docker away would take them along."), msg("Remove them first, then undo again.")),
    _s("restart", r"goferry: containers run, Docker must be restarted", msg("Docker must be restarted."),
       msg("Containers run, and some may stop for a moment."), msg("Allow the restart when that is fine."), _RESTART),
    _s("changed", r"goferry: (\S+) changed since you looked", msg("{found} changed since you looked."),
       msg("Somebody else edits it."), msg("Look at the plan again."), _AGAIN),
    _s("no_fit", r"goferry: no Docker fits this system", msg("No Docker fits this system."),
       msg("Docker's packages for systems with its C library were tried, and the engine of its maker: what each said is below."),
       msg("Send a static archive from this computer, or use another server."), _OFFLINE),
    _s("damaged", r"goferry: (\S+) arrived damaged", msg("{found} arrived damaged."),
       msg("Its checksum on the server is not the one of the file on this computer."), msg("Send it again."), _AGAIN),
    _s("checksum", r"checksum doesn't match|Checksum error|checksum: Expected|Inconsistent server data|repomd\.xml.*(?:mismatch|corrupt)|"
       r"Package .* not correctly downloaded|Downloading successful, but checksum|interrupted by error.*end of file",
       msg("A mirror serves broken files."), msg("A checksum does not match: it is stale, or cuts files short."),
       msg("Take the next mirror."), _NEXT, _OFFLINE),
    _s("gpg", r"GPG check FAILED|NOKEY|not signed|signature.*(?:BAD|NOT OK|invalid)",
       msg("A package's signature does not hold."), msg("It is not signed by the key of its source, or too new for this system."),
       msg("Take another mirror; unsigned packages are never installed."), _NEXT),
    _s("modular", r"filtered out by modular filtering", msg("A module stream hides packages that Docker needs."),
       msg("container-tools is switched off."), msg("The step “Module stream lets Docker in” switches it on."), _AGAIN),
    _s("vault", r"mirrorlist\.centos\.org|Cannot find a valid baseurl|No URLs in mirrorlist",
       msg("The system's package sources are gone."), msg("This CentOS is past its end; its packages moved to an archive."),
       msg("The archive is added in a file of its own."), _AGAIN),
    _s("dns", r"Could not resolve host:? ?(\S*)|Couldn't resolve host|Name or service not known|name resolution",
       msg("The server cannot find the package source {found}"),
       msg("Its name server does not know the name, or there is no way to the internet."),
       msg("Correct its name server, choose another mirror, or send Docker from this computer."), _AGAIN, _NEXT, _OFFLINE),
    _s("no_route", r"Network is unreachable|No route to host|onnection timed out|Failed to connect|Connection refused|Timeout was reached",
       msg("The server cannot reach the package source."), msg("It has no way to the internet, or a firewall rejects it."),
       msg("Choose a mirror inside its network, or send Docker from this computer."), _AGAIN, _NEXT, _OFFLINE),
    _s("not_found", r"404[^\n]*/linux/(?:centos|rhel|fedora)/(?!(?:7|8|9|10)/)|/linux/(?:centos|rhel|fedora)/(?!(?:7|8|9|10)/)[^\n]*404", msg("Docker has no packages for this version word."),
       msg("The address holds the system's own version."), msg("Goferry's own source has a literal version; try again."), _AGAIN),
    _s("stale", r"404[^\n]*\.rpm|Error downloading packages|No more mirrors to try",
       msg("A mirror lacks packages that its own list names."), msg("It is stale, or is being filled just now."),
       msg("Take the next mirror."), _NEXT, _OFFLINE),
    _s("source_dead", r"Failed to download metadata|Cannot download repomd|All mirrors were tried|Cannot retrieve repository metadata",
       msg("A package source of this server does not answer."), msg("It is one of its own sources, not Goferry's."),
       msg("Correct or switch off that source on the server, or send Docker from this computer."), _AGAIN, _OFFLINE),
    _s("extras", r"(?:Requires:|nothing provides|requires) ?((?:container-selinux|fuse-overlayfs|slirp4netns)\S*)",
       msg("{found} is missing."), msg("It comes from the system's extras, which are switched off or gone."),
       msg("Switch them on, or send Docker from this computer."), _OFFLINE),
    _s("rival_files", r"conflicts with file from package (\S+)", msg("{found} owns the same files as Docker."),
       msg("It was installed before."), msg("Remove it, or keep it and use its engine."), _ASK_REMOVE),
    _s("rival", r"conflicts with (?:\S+ provided by )?(runc|podman\S*|docker\S*|moby\S*)|requires (runc)",
       msg("{found} keeps Docker out."), msg("Both cannot be installed at a time."),
       msg("Remove it; containers of Podman would stop."), _ASK_REMOVE),
    _s("kernel_gone", r"goferry: the modules of the running kernel (\S+) are gone",
       msg("The modules of the running kernel {found} are to be had no more."),
       msg("The source holds those of a newer kernel only, since an update waits for a restart of the server."),
       msg("Let the server take the newest kernel and start anew, or do so yourself."),
       Fix(msg("Update the kernel and restart the server"), "setup.reboot"), _AGAIN),
    _s("addrtype", r"addrtype", msg("A kernel module for Docker's network is missing."),
       msg("On version 10 it is in kernel-modules-extra."),
       msg("It is installed for the running kernel; when that is gone from the source, update and reboot."), _KERNEL),
    _s("chain", r"No chain/target/match by that name", msg("The firewall dropped Docker's rules."),
       msg("It was restarted after Docker."), msg("Restart Docker."), _RESTART),
    _s("zone", r"ZONE_CONFLICT", msg("docker0 is in another zone of the firewall."), msg("Docker needs it in its own."),
       msg("The firewall step takes it out."), _AGAIN),
    _s("daemon_json", r"(invalid character.*|.*specified both as a flag.*)", msg("Docker's settings cannot be used."),
       "{found}", msg("Correct /etc/docker/daemon.json on the server; ours was not moved into place."), _AGAIN),
    _s("group", r"permission denied while trying to connect to the (?:docker API|Docker daemon)",
       msg("This connection may not use Docker yet."), msg("Group membership shows on a new connection."),
       msg("Connect again."), _RECONNECT),
    _s("port", r"port is already allocated|address already in use", msg("A port is taken."),
       msg("Another program listens on it."), msg("Stop that program, then try again."), _AGAIN),
    _s("daemon_down", r"Cannot connect to the Docker daemon|docker\.service failed|Job for docker\.service",
       msg("Docker does not start."), msg("Its journal is below."), msg("Correct what it says, then try again."), _AGAIN),
    _s("api", r"client version .* is too old|client is newer than server", msg("The docker command and the engine do not fit."),
       msg("They come from different packages, or DOCKER_API_VERSION is set."),
       msg("Install both from one source, and set no version."), _AGAIN),
    _s("cpu", r"exec format error", msg("The program is for another processor."), msg("Image and server differ."),
       msg("Build for the server's processor.")),
    _s("seccomp", r"pthread_create failed: Operation not permitted", msg("The engine is too old for this image."),
       msg("Engines before 20.10.10 forbid a call that new systems make."), msg("Upgrade the engine.")),
    _s("package_gone", r"Unable to find a match:? ?(.*)|No match for argument:? ?(.*)|No package (\S+) available",
       msg("The source does not have {found}"), msg("The mirror is stale, or this system is unknown to Docker."),
       msg("Take the next mirror, or send Docker from this computer."), _NEXT, _OFFLINE),
)  # fmt: skip


@cache
def _class(code: str) -> type[SetupFailed]:
    return type(f"SetupFailed_{code}", (SetupFailed,), {"code": f"setup.{code}"})


def recognise(said: str) -> Signature | None:
    """The first row whose words are there."""
    return next((row for row in SIGNATURES if re.search(row.pattern, said)), None)


def explain_failure(said: str, host: str, step: Words = "") -> GoferryError:
    """A tool's words as an explained failure; unknown words are shown whole."""
    row = recognise(said)
    if row is None:
        return SetupFailed(
            msg("“{step}” failed on {host}.", step=step, host=host),
            msg("What the server said is new to Goferry; it is below."),
            msg("Correct it on the server and run again: what is done already is skipped."),
            detail=said, fixes=(_AGAIN,),
        )  # fmt: skip
    match = re.search(row.pattern, said)
    caught = next((group for group in match.groups() if group), "") if match else ""
    found = "".join(c if c.isprintable() else "?" for c in caught.strip())[:200]
    return _class(row.code)(
        _filled(row.what, found), _filled(row.why, found), row.fix, detail=said, fixes=row.fixes
    )


def _filled(text: Words, found: str) -> Words:
    if isinstance(text, Message):
        return replace(text, values={**text.values, "found": found}) if "{found}" in text.english else text
    return text.replace("{found}", found)
