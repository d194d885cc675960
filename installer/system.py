"""Packages of Debian and Ubuntu that no Python package can bring along."""

import os
import subprocess
import sys
from pathlib import Path

from installer import programs
from installer.troubles import SystemPackages
from installer.words import Speaker

WINDOW = (
    # what Qt's xcb and wayland plug-ins are linked against
    "libegl1", "libgl1", "libglib2.0-0", "libdbus-1-3", "libfontconfig1", "libxkbcommon0", "libxkbcommon-x11-0",
    "libxcb-cursor0", "libxcb-icccm4", "libxcb-image0", "libxcb-keysyms1", "libxcb-randr0", "libxcb-render-util0",
    "libxcb-shape0", "libxcb-xinerama0", "libxcb-xkb1", "libwayland-cursor0", "libwayland-egl1",
    # letters: one font for each language of the window
    "fonts-dejavu-core", "fonts-noto-cjk",
)  # fmt: skip

TESTS = (
    *WINDOW,
    "xvfb", "xauth",  # the tests of the real window
    "git", "openssh-client", "ca-certificates",
    "docker.io", "mmdebstrap", "iproute2", "iptables", "e2fsprogs",  # tests/lab builds and runs its own servers
    "golang-github-gin-gonic-gin-dev", "golang-github-spf13-viper-dev",  # Go modules without a network
    "qemu-user-static",  # runs what servers with another processor get
)  # fmt: skip

PIP = ("python3-venv",)


def is_debian() -> bool:
    tools = ("/usr/bin/dpkg-query", "/usr/bin/apt-get")
    return sys.platform == "linux" and all(Path(tool).exists() for tool in tools)


def is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def missing(packages: tuple[str, ...]) -> list[str]:
    """Those that dpkg does not list as installed; none on other systems, where nobody can know."""
    if not is_debian():
        return []
    words = ["/usr/bin/dpkg-query", "--show", "--showformat=${db:Status-Status}\t${Package}, ${Provides}\n"]
    asked = subprocess.run(words, capture_output=True, encoding="utf-8", errors="replace", check=False)
    return absent(packages, asked.stdout)


def absent(packages: tuple[str, ...], listing: str) -> list[str]:
    """Those that no line of dpkg's listing names or provides: Ubuntu's libglib2.0-0t64 is a libglib2.0-0."""
    installed = [line.partition("\t")[2] for line in listing.splitlines() if line.startswith("installed\t")]
    present = {name.split()[0] for names in installed for name in names.split(",") if name.strip()}
    return [package for package in packages if package not in present]


def install(packages: tuple[str, ...], speaker: Speaker, log: Path, *, for_tests: bool = False) -> None:
    """Installs what is missing. Raises SystemPackages when it cannot."""
    wanted = missing(packages)
    if not wanted:
        return
    if not is_root():
        raise SystemPackages(wanted, for_tests=for_tests, root=False)
    speaker.say("Installing with apt-get: {packages}", packages=" ".join(wanted))
    apt = ["apt-get", "--quiet", "--assume-yes", "-o", "DPkg::Lock::Timeout=300"]
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        programs.run([*apt, "update"], log=log, environment=quiet)
        known = set(programs.run(["apt-cache", "pkgnames"], log=Path(os.devnull)).split())
        offered = [package for package in wanted if package in known]  # other releases have other names
        words = [*apt, "install", "--no-install-recommends", *offered]
        programs.run(words, log=log, environment=quiet, tell=speaker.write if not speaker.quiet else _nobody)
    except (programs.Failed, OSError) as error:
        output = error.output if isinstance(error, programs.Failed) else str(error)
        raise SystemPackages(wanted, for_tests=for_tests, root=True, detail=output) from error


def _nobody(line: str) -> None:
    """Nobody asked to be told."""
