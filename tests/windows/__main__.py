"""The tests on a Windows Python, and what became of them.

    python -m tests.windows                     tests/unit, tests/ui and tests/windows/test_on_windows.py
    python -m tests.windows tests/ui -k look    what you name; the words go to pytest
    python -m tests.windows --some              the part of them that each run of all tests has
    python -m tests.windows --told FILE ...     keeps the results, a JSON object a line

On Debian 12 it is a fresh Windows under Wine, made when there is none and removed afterwards; on Windows it is this
Python. Ends with 1 when a test failed, with 3 when no Windows can be had.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from installer.wine import parts
from installer.wine.store import PROJECT, CannotBeHad, Store
from tests.windows.run import ALL, SOME, WORDS, Result, results, run

CANNOT = 3


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.windows", description=(__doc__ or "").partition("\n")[0]
    )
    parser.add_argument("--some", action="store_true", help="the part that each run of all tests has")
    parser.add_argument("--told", type=Path, help="where the results go")
    args, more = parser.parse_known_args(words)
    named = any((PROJECT / word.partition("::")[0]).exists() for word in more)
    wanted = [*(SOME if args.some else () if named else ALL), *more]
    if sys.platform == "win32":
        return subprocess.run([sys.executable, *WORDS[:5], *wanted], check=False).returncode
    signal.signal(
        signal.SIGTERM, lambda *_: sys.exit(143)
    )  # what was started is ended, and the Windows removed
    with tempfile.TemporaryDirectory(prefix="goferry-told-") as folder:
        told = args.told or Path(folder) / "told.jsonl"
        told.unlink(missing_ok=True)
        try:
            parts.set_up(Store(), lambda text: print(text, file=sys.stderr, flush=True), go=True)
            run(wanted, told, out=_out)
        except CannotBeHad as error:
            print(error, file=sys.stderr)
            return CANNOT
        return report(results(told).values())


def _out(piece: bytes) -> None:
    sys.stdout.buffer.write(piece)
    sys.stdout.buffer.flush()


def report(known: Iterable[Result]) -> int:
    """Says what was skipped and why, what failed, and how many there were. The exit code."""
    count = Counter(one.state for one in known)
    print("\nOn the Windows Python:")
    for why, number in Counter(one.why for one in known if one.state == "skipped").most_common():
        print(f"  {number:4} skipped: {why}")
    for one in known:
        if one.state == "failed":
            print(f"       FAILED {one.test}: {(one.why.strip().splitlines() or [''])[-1]}")
    print("  " + ", ".join(f"{number} {state}" for state, number in sorted(count.items())))
    return 1 if set(count) - {"passed", "skipped"} or not count["passed"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
