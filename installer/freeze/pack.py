"""The program's folder → what people download: the installer, the portable zip, winget's manifest, the sums."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

from installer.freeze.edition import PROJECT, PUBLISHER, Edition
from installer.freeze.perform import NotFit, sign, size
from installer.wine.store import CannotBeHad

SCRIPT = PROJECT / "installer" / "goferry.nsi"
PORTABLE = "portable.txt"
"""As of desktop/base/paths.py: everything local is then kept in the folder `data` beside the programs."""


def installer(
    made: Path, edition: Edition, output: Path, *, quick: bool = False, points: bool = False
) -> Path:
    """Goferry-<version>-setup.exe. `quick` packs less tightly, in a tenth of the time. One with `points` is for checks
    only: it can be told to stand still where it shall be killed."""
    setup = output / f"Goferry-{edition.version}-setup.exe"
    values = {
        "VERSION": edition.version,
        "FOLDER": edition.folder,
        "SOURCE": str(made),
        "OUT": str(setup),
        "ICON": str(PROJECT / "resources" / "icons" / "goferry.ico"),
        "SIDE": str(PROJECT / "installer" / "side.bmp"),
        "LICENCE": str(PROJECT / "LICENSE"),
        "PUBLISHER": PUBLISHER,
        "KILOBYTES": str(size(made) // 1024),
    }
    if quick:
        values["COMPRESSOR"] = "zlib"
    if points:
        values["POINTS"] = "1"
    if command := os.environ.get("GOFERRY_SIGN"):
        values["SIGN"] = command
    words = [
        makensis(),
        "-V2",
        "-INPUTCHARSET",
        "UTF8",
        *(f"-D{name}={value}" for name, value in values.items()),
    ]
    asked = subprocess.run(
        [*words, str(SCRIPT)], capture_output=True, encoding="utf-8", errors="replace", check=False
    )
    if asked.returncode or "warning" in asked.stdout.lower():
        raise NotFit(f"makensis ended with {asked.returncode}:\n{asked.stdout[-2000:]}{asked.stderr[-2000:]}")
    sign(setup)
    return setup


def makensis() -> str:
    """The NSIS compiler of this computer. Raises CannotBeHad when there is none."""
    programs = [
        Path(os.environ.get(name, "C:\\")) / "NSIS" / "makensis.exe"
        for name in ("ProgramFiles(x86)", "ProgramFiles")
    ]
    usual = [str(path) for path in programs if sys.platform == "win32" and path.exists()]
    found = shutil.which("makensis") or next(iter(usual), "")
    if not found:
        raise CannotBeHad(
            "NSIS is needed to pack: https://nsis.sourceforge.io, or `winget install NSIS.NSIS`"
        )
    return found


def portable(made: Path, edition: Edition, output: Path) -> Path:
    """A zip that needs no installation and leaves nothing on the computer it runs on."""
    path = output / f"Goferry-{edition.version}-portable.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr(
            f"Goferry/{PORTABLE}",
            "Settings, servers and history are kept in the folder data beside this file.\r\n",
        )
        for file in sorted(made.rglob("*")):
            if file.is_file():
                archive.write(file, Path("Goferry") / file.relative_to(made))
    return path


def winget(setup: Path, edition: Edition, output: Path) -> list[Path]:
    """The three files of a winget package, to be sent to its repository with a release."""
    address = f"https://github.com/goferry/goferry/releases/download/v{edition.version}/{setup.name}"
    head = f"PackageIdentifier: Goferry.Goferry\nPackageVersion: {edition.version}\n"
    foot = "ManifestVersion: 1.6.0\n"
    texts = {
        "Goferry.Goferry.yaml": f"{head}DefaultLocale: en-US\nManifestType: version\n{foot}",
        "Goferry.Goferry.locale.en-US.yaml": (
            f"{head}PackageLocale: en-US\nPublisher: {PUBLISHER}\nPackageName: Goferry\nLicense: Apache-2.0\n"
            "ShortDescription: Carries a Go project to CentOS-family servers, and keeps it running there.\n"
            f"ManifestType: defaultLocale\n{foot}"
        ),
        "Goferry.Goferry.installer.yaml": (
            f"{head}Platform: [Windows.Desktop]\nMinimumOSVersion: 10.0.17763.0\nInstallerType: nullsoft\nScope: user\n"
            "UpgradeBehavior: install\nProductCode: Goferry\nExpectedReturnCodes:\n"
            "- InstallerReturnCode: 3\n  ReturnResponse: systemNotSupported\n"
            "- InstallerReturnCode: 5\n  ReturnResponse: installInProgress\n"
            "Installers:\n- Architecture: x64\n"
            f"  InstallerUrl: {address}\n  InstallerSha256: {sha256(setup).upper()}\n"
            f"ManifestType: installer\n{foot}"
        ),
    }
    folder = output / "winget"
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in texts]


def sums(files: list[Path], output: Path) -> Path:
    """SHA256SUMS, as `sha256sum --check` reads it."""
    path = output / "SHA256SUMS"
    lines = [f"{sha256(file)}  {file.relative_to(output).as_posix()}\n" for file in files]
    path.write_text("".join(lines), encoding="ascii", newline="\n")
    return path


def sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
