"""How big a patch between two builds is, and how long it takes, beside bsdiff4 and the whole program in gzip.

    python -m tests.bench.delta [--quick] [--json] [--arch amd64]

Two real programs, five edits of one line each. Fails when a promise is broken: at most 1.3 times bsdiff4's bytes, and
0.2 s for 40 MB where the machine has two processors to itself. --quick leaves out bsdiff4, which takes minutes.

As it was on two processors that many others shared (load 9 to 19), with Go 1.27.3; bytes do not depend on that:

| program | gzip -6 | patch | of bsdiff4's | encoder's CPU |
| --- | ---: | ---: | ---: | ---: |
| hello amd64, 5.8 MB | 2.47 MB | 0.3 to 35 KB | 0.82 to 0.94 | 0.02 to 0.03 s |
| hello arm64, 5.4 MB | 2.22 MB | 0.3 to 33 KB | 0.86 to 1.02 | 0.01 to 0.03 s |
| big amd64, 32.4 MB | 11.4 MB | 0.3 to 124 KB | 0.83 to 0.92 | 0.11 to 0.14 s |
| big arm64, 30.3 MB | 10.0 MB | 0.3 to 107 KB | 0.83 to 1.02 | 0.10 to 0.14 s |
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from desktop.base.blocking import Pool
from desktop.base.paths import Home
from desktop.build import Toolchain, find_toolchain
from desktop.ship.delta import DeltaTools, Helper, find_tools, helper_for, program_source
from tests.bench.inputs import EDITS, Input

RUNS = 5
MOST_OF_BSDIFF, MOST_S, MOST_SIZE = 1.3, 0.2, 40e6
BSDIFF = "import bsdiff4, sys; bsdiff4.file_diff(*sys.argv[1:])"


@dataclass(frozen=True, slots=True)
class Row:
    """Bytes and seconds of one edit. Seconds are the best of five whole processes; `cpu_s` is what the best one used."""

    program: str
    edit: str
    size: int
    gzip: int
    gzip_s: float
    bsdiff4: int | None
    bsdiff4_s: float | None
    patch: int
    encode_s: float
    cpu_s: float
    decode_go_s: float
    decode_python_s: float

    @property
    def ratio(self) -> float | None:
        return self.patch / self.bsdiff4 if self.bsdiff4 else None

    def broken(self) -> str:
        """Which promise this row breaks, or nothing."""
        if self.ratio is not None and self.ratio > MOST_OF_BSDIFF:
            return f"{self.ratio:.2f} times bsdiff4's bytes"
        allowed = MOST_S * max(1.0, self.size / MOST_SIZE)
        if min(self.encode_s, self.cpu_s) > allowed:
            return f"{self.encode_s:.2f} s to encode, {self.cpu_s:.2f} s of a processor"
        return ""


class Bench:
    def __init__(
        self, folder: Path, go: Toolchain, tools: DeltaTools, helper: Helper, *, quick: bool
    ) -> None:
        self._folder, self._go, self._tools, self._helper, self._quick = folder, go, tools, helper, quick

    def rows(self, name: str, arch: str) -> list[Row]:
        program = Input(name, self._folder / name, self._go)
        builds = []
        for number in range(len(EDITS)):
            program.write(number)
            builds.append(program.build(self._folder / f"{name}-{number}", arch))
        return [self._row(name, number, *builds[number - 1 : number + 1]) for number in range(1, len(EDITS))]

    def _row(self, name: str, number: int, old: Path, new: Path) -> Row:
        started = time.perf_counter()
        packed = len(gzip.compress(new.read_bytes(), 6))
        gzip_s = time.perf_counter() - started
        patch, made = self._folder / "patch", self._folder / "made"
        encode = [str(self._tools.encoder), "encode", str(old), str(new), str(patch), str(1 << 40)]
        encode_s, cpu_s = best(encode, patch)
        decode_go_s, _ = best([str(self._helper.path), "decode", str(old), str(made), str(patch)], made)
        python = [sys.executable, "-c", program_source(), str(old), str(made), str(patch)]
        decode_python_s, _ = best(python, made)
        if made.read_bytes() != new.read_bytes():
            raise SystemExit(f"{name}, {EDITS[number][0]}: another file came out")
        bsdiff, bsdiff_s = (None, None) if self._quick else self._bsdiff(old, new)
        return Row(
            name, EDITS[number][0], new.stat().st_size, packed, gzip_s, bsdiff, bsdiff_s, patch.stat().st_size,
            encode_s, cpu_s, decode_go_s, decode_python_s,
        )  # fmt: skip

    def _bsdiff(self, old: Path, new: Path) -> tuple[int | None, float | None]:
        """bsdiff4's own Python package, fetched for this run; nothing where that cannot be."""
        uv, out = shutil.which("uv"), self._folder / "bsdiff"
        if uv is None:
            return None, None
        words = [
            uv,
            "run",
            "--quiet",
            "--no-project",
            "--python",
            sys.executable,
            "--with",
            "bsdiff4",
            "python",
        ]
        proof = subprocess.run(
            [*words, "-c", "import bsdiff4"], cwd=self._folder, capture_output=True, check=False
        )
        if proof.returncode:
            return None, None
        started = time.perf_counter()
        subprocess.run([*words, "-c", BSDIFF, str(old), str(new), str(out)], cwd=self._folder, check=True)
        return out.stat().st_size, time.perf_counter() - started


def best(words: list[str], output: Path) -> tuple[float, float]:
    """(seconds, processor seconds) of the quickest of some runs; `output` is what each makes anew."""
    runs = []
    for _ in range(RUNS):
        output.unlink(missing_ok=True)
        before, started = os.times(), time.perf_counter()
        subprocess.run(words, check=True, stdout=subprocess.DEVNULL)
        seconds, after = time.perf_counter() - started, os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        runs.append((seconds, used))
    return min(seconds for seconds, _ in runs), min(used for _, used in runs)


async def prepared(home: Home, arch: str) -> tuple[Toolchain, DeltaTools, Helper]:
    pool = Pool("bench", 2)
    try:
        go = await find_toolchain(pool)
        tools, helper = await find_tools(pool, home, go), await helper_for(pool, home, go, "amd64")
    finally:
        pool.close()
    if tools is None or helper is None:
        raise SystemExit("the programs of resources/delta could not be built")
    return go, tools, helper


def table(rows: list[Row]) -> str:
    lines = [
        "| program | edit | gzip -6 | bsdiff4 | patch | of bsdiff4 | encode, s | its CPU | Go, s | Python, s | bsdiff4, s |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        ratio = f"{row.ratio:.2f}" if row.ratio else "-"
        theirs = f"{row.bsdiff4:,}" if row.bsdiff4 else "-"
        other = f"{row.bsdiff4_s:.1f}" if row.bsdiff4_s else "-"
        lines.append(
            f"| {row.program} {row.size / 1e6:.1f} MB | {row.edit} | {row.gzip:,} | {theirs} | {row.patch:,} | "
            f"{ratio} | {row.encode_s:.3f} | {row.cpu_s:.3f} | {row.decode_go_s:.3f} | {row.decode_python_s:.3f} | {other} |"
        )
    return "\n".join(lines)


def main() -> int:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("--quick", action="store_true", help="without bsdiff4")
    words.add_argument("--json", action="store_true")
    words.add_argument(
        "--arch", default="amd64", choices=("amd64", "arm64"), help="what the programs are built for"
    )
    wish = words.parse_args()
    with tempfile.TemporaryDirectory(prefix="bench-delta-") as name:
        folder = Path(name)
        go, tools, helper = asyncio.run(prepared(Home(folder / "home"), wish.arch))
        bench = Bench(folder, go, tools, helper, quick=wish.quick)
        rows = [row for program in ("hello", "big") for row in bench.rows(program, wish.arch)]
    broken = [f"{row.program}, {row.edit}: {row.broken()}" for row in rows if row.broken()]
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    if wish.json:
        print(
            json.dumps(
                {"arch": wish.arch, "load": load, "rows": [asdict(row) for row in rows], "broken": broken}
            )
        )
    else:
        print(table(rows), f"\nload {load}, {os.cpu_count()} processors, best of {RUNS}", *broken, sep="\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
