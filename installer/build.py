"""Builds the Windows edition: dist/Goferry-<version>-setup.exe, the portable zip, winget's manifest and SHA256SUMS.

    python installer/build.py [--quick] [--output FOLDER]

On Windows it needs NSIS; on Debian 12 (as root, or once root has installed the packages) it makes a Windows under Wine.
--quick packs less tightly. GOFERRY_SIGN, where a certificate exists, is a command that signs the file it is given.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from installer.freeze import pack, perform
from installer.freeze.edition import PROJECT, Edition
from installer.freeze.windows import windows
from installer.wine.store import CannotBeHad

CANNOT = 3
"""The exit code where this computer has no Windows and cannot make one; 1 when what was made is not fit."""


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="pack less tightly, in a tenth of the time")
    parser.add_argument("--output", type=Path, default=PROJECT / "dist", help="where to, else dist/")
    args = parser.parse_args(words)
    try:
        build(args.output.absolute(), quick=args.quick)
    except (CannotBeHad, perform.NotFit) as error:
        say(str(error))
        return CANNOT if isinstance(error, CannotBeHad) else 1
    return 0


def build(output: Path, *, quick: bool = False) -> list[Path]:
    """What was made, the installer first. Raises CannotBeHad or NotFit."""
    started = time.monotonic()
    output.mkdir(parents=True, exist_ok=True)
    edition = Edition.of_source()
    place = windows(say)
    try:
        made = perform.freeze(place, edition, output, say)
    finally:
        place.close()
    setup = pack.installer(made, edition, output, quick=quick)
    files = [setup, pack.portable(made, edition, output)]
    files += pack.winget(setup, edition, output)
    files.append(pack.sums(files, output))
    for file in files:
        say(f"{file}  {file.stat().st_size / 1e6:.1f} MB")
    say(f"unpacked {perform.size(made) / 1e6:.1f} MB; done in {time.monotonic() - started:.0f} s")
    return files


def say(text: str) -> None:
    print(f"build: {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
