"""What can go wrong while Goferry is set up, each with what happened, why, and what to do.

    Trouble
      Unreachable  Untrusted  Refused         the package index
      NoRoom  NoRights  NoPip                 this computer
      Altered  NoPackage                      the packages
      Incomplete  Unknown  SystemPackages  NotAClone

`recognised` finds the one that a tool's output tells of.
"""

import platform
import re
from collections.abc import Mapping

from installer.words import Speaker

Sentence = tuple[str, Mapping[str, object]]


class Trouble(Exception):
    """Three sentences as templates with values, so that they can be said in either language."""

    code = "setup.failed"

    def __init__(self, what: Sentence, why: Sentence, fix: Sentence, *, detail: str = "") -> None:
        super().__init__(what[0].format(**what[1]))
        self.what, self.why, self.fix, self.detail = what, why, fix, detail

    def told(self, speaker: Speaker) -> dict[str, str]:
        """The error as goferry's `--json` prints it."""
        what, why, fix = (speaker.words(text, **values) for text, values in (self.what, self.why, self.fix))
        return {"code": self.code, "what": what, "why": why, "fix": fix, "detail": self.detail}


class Unreachable(Trouble):
    code = "setup.no_network"

    def __init__(self, host: str, detail: str) -> None:
        fix = (
            "Check the network and the proxy (HTTPS_PROXY), then start again. Behind a slow or closed line, "
            "name a mirror: PIP_INDEX_URL=https://mirrors.aliyun.com/pypi/simple/"
        )
        super().__init__(
            ("The packages could not be downloaded.", {}),
            ("{host} does not answer.", {"host": host}),
            (fix, {}),
            detail=detail,
        )


class Untrusted(Trouble):
    code = "setup.untrusted_certificate"

    def __init__(self, host: str, detail: str) -> None:
        super().__init__(
            ("The certificate of {host} is not trusted.", {"host": host}),
            ("This network inspects its traffic with a certificate that Python does not know.", {}),
            (
                "Get the certificate file of your company and set SSL_CERT_FILE to its path, then start again.",
                {},
            ),
            detail=detail,
        )


class Refused(Trouble):
    code = "setup.index_refused"

    def __init__(self, host: str, detail: str) -> None:
        super().__init__(
            ("{host} refuses to hand out the packages.", {"host": host}),
            ("It asks for a user name and a password, or does not allow this computer.", {}),
            (
                "Check the index address in your pip configuration (PIP_INDEX_URL, pip.conf) and the proxy.",
                {},
            ),
            detail=detail,
        )


class NoRoom(Trouble):
    code = "setup.disk_full"

    def __init__(
        self, folder: str, free_mb: int | None = None, needed_mb: int = 0, *, detail: str = ""
    ) -> None:
        why: Sentence = ("The disk became full while packages were installed.", {})
        if free_mb is not None:
            text = "{folder} has {free} MB free; about {needed} MB are needed."
            why = (text, {"folder": folder, "free": free_mb, "needed": needed_mb})
        super().__init__(
            ("There is no room for Goferry's environment.", {}),
            why,
            ("Free some space, or set GOFERRY_ENV to a folder on a larger disk, then start again.", {}),
            detail=detail,
        )


class NoRights(Trouble):
    code = "setup.no_rights"

    def __init__(self, folder: str, reason: str, *, detail: str = "") -> None:
        fix = (
            "Close a running Goferry, or set GOFERRY_ENV to a folder that you may write to, then start again."
        )
        super().__init__(
            ("Goferry may not write to {folder}.", {"folder": folder}),
            ("The system refused: {reason}", {"reason": reason}),
            (fix, {}),
            detail=detail,
        )


class NoPip(Trouble):
    code = "setup.no_pip"

    def __init__(self, python: str, *, debian: bool, detail: str = "") -> None:
        why: Sentence = ("{python} was installed without them.", {"python": python})
        fix = "Install Python 3.11 or newer from https://www.python.org/downloads/ and start again with it."
        if debian:
            why = ("Debian and Ubuntu ship them as packages of their own.", {})
            fix = "Run: sudo apt-get install python3-venv, then start again."
        super().__init__(("This Python has neither pip nor venv.", {}), why, (fix, {}), detail=detail)


class Altered(Trouble):
    code = "setup.hash_mismatch"

    def __init__(self, detail: str) -> None:
        super().__init__(
            ("A downloaded package is not the one that Goferry was tested with.", {}),
            ("Its hash differs from the one in uv.lock: it was damaged or altered on the way.", {}),
            (
                "Start again. If it happens twice, use another package index, and tell the owner of this one.",
                {},
            ),
            detail=detail,
        )


class NoPackage(Trouble):
    code = "setup.no_package"

    def __init__(self, package: str, detail: str) -> None:
        why = (
            "This is Python {version} on {machine}; Goferry's packages exist for 64-bit Windows 10 "
            "and newer, Linux with glibc 2.34 and newer, and macOS."
        )
        super().__init__(
            ("There is no package of {package} for this computer.", {"package": package}),
            (why, {"version": platform.python_version(), "machine": platform.platform()}),
            ("Install a 64-bit Python 3.11, 3.12 or 3.13 and start again with it.", {}),
            detail=detail,
        )


class Unknown(Trouble):
    """A tool failed with words that nobody has met yet: they are shown, never swallowed."""

    def __init__(self, step: str, detail: str) -> None:
        lines = [line.strip() for line in detail.splitlines() if line.strip()]
        super().__init__(
            ("{step} did not work.", {"step": step}),
            ("Its last words: {words}", {"words": " / ".join(lines[-3:])}),
            ("If this does not tell you enough, send the whole output with a report.", {}),
            detail=detail,
        )


class Incomplete(Trouble):
    code = "setup.incomplete_copy"

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(
            ("This copy of Goferry is incomplete.", {}),
            ("{file} is missing or damaged: {reason}", {"file": file, "reason": reason}),
            ("Get a fresh clone.", {}),
        )


class SystemPackages(Trouble):
    code = "setup.system_packages"

    def __init__(self, packages: list[str], *, for_tests: bool, root: bool, detail: str = "") -> None:
        names = {"packages": " ".join(packages)}
        what = "System packages that the tests need are missing."
        if not for_tests:
            what = "System libraries that the window needs are missing."
        why: Sentence = ("Only root can install them: {packages}", names)
        fix: Sentence = ("Run: sudo apt-get install {packages}", names)
        if root:
            why = ("apt-get could not install: {packages}", names)
            fix = ("Check the network and /etc/apt/sources.list, then start again.", {})
        super().__init__((what, {}), why, fix, detail=detail)


class NotAClone(Trouble):
    code = "setup.not_a_clone"

    def __init__(self, reason: str) -> None:
        super().__init__(
            ("This folder is not a Git clone.", {}),
            ("git config said: {reason}", {"reason": reason}),
            ("Clone Goferry with git, then run this again in the clone.", {}),
        )


_NO_ROOM = re.compile(
    r"no space left on device|not enough space on the disk|disk quota exceeded|os error 112\b", re.I
)
_NO_RIGHTS = re.compile(
    r"^.*?(permission denied|access is denied|read-only file system|used by another process).*$", re.I | re.M
)
_ALTERED = re.compile(r"hash mismatch|do not match the hashes", re.I)
_UNTRUSTED = re.compile(
    r"certificate[ _]verify[ _]failed|invalid peer certificate|problem confirming the ssl certificate"
    r"|self[- ]signed certificate",
    re.I,
)
_REFUSED = re.compile(
    r"\b(401 unauthorized|403 forbidden|407 proxy authentication)|tunnel error: (proxy authorization|unsuccessful)",
    re.I,
)
_UNREACHABLE = re.compile(
    r"error sending request|dns error|failed to (?:fetch|lookup)|tcp connect error|getaddrinfo failed"
    r"|connection (?:refused|reset|timed out)|network is unreachable|name or service not known"
    r"|temporary failure in name resolution|newconnectionerror|proxyerror|read timed out|operation timed out"
    r"|\(from versions: none\)",  # pip's last word when it got no list of versions at all
    re.I,
)
_NO_PACKAGE = re.compile(
    r"because ([a-z0-9-]+)(?:==\S+)? has no wheels"
    r"|no matching distribution found for ([a-z0-9-]+)",
    re.I,
)
_BY_PROXY = re.compile(r"tunnel error|tunnel connection failed|cannot connect to proxy", re.I)
_HOST = re.compile(r"https?://(?:[^/@\s]*@)?([^/\s:)'\"]+(?::\d+)?)|host='([^']+)'")


def recognised(step: str, output: str, folder: str, proxy: str = "") -> Trouble:
    """The trouble that the output of pip or uv tells of; `Unknown` shows what nobody has met yet.

    `proxy` is the address that requests went through, if any: it is named when it is the one that fails.
    """
    found = _HOST.search(proxy if proxy and _BY_PROXY.search(output) else output)
    host = (found[1] or found[2]) if found else "pypi.org"
    if _NO_ROOM.search(output):
        return NoRoom(folder, detail=output)
    if _ALTERED.search(output):
        return Altered(output)
    if _UNTRUSTED.search(output):
        return Untrusted(host, output)
    if _REFUSED.search(output):
        return Refused(host, output)
    if _UNREACHABLE.search(output):
        return Unreachable(host, output)
    if missing := _NO_PACKAGE.search(output):
        return NoPackage(missing[1] or missing[2], output)
    if rights := _NO_RIGHTS.search(output):
        return NoRights(folder, rights[0].strip(), detail=output)
    return Unknown(step, output)
