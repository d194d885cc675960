"""A deploy to several servers of the lab over one uplink, straight and by a relay, and the status of two hundred hosts.

    python -m tests.bench.fleet [--hosts 4] [--mbit 20] [--json]

All connections of this computer share one uplink of `--mbit`, made by a meter in their sockets; between the servers the
network is as fast as it is. The limit is what has to be sent once for each host (once in all by a relay), divided by the
uplink; a deploy cannot be quicker. The servers share this computer's processors, which real ones do not: what their
engines take is in the time and not in the limit. For 20 hosts the bytes are computed from those of one.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from desktop.app import App
from desktop.app_deploy import prepare_deploy, run_prepared
from desktop.base.paths import Home
from desktop.release import Strategy
from desktop.ship import Convoy, Quick
from tests.lab.crowd import Uplink, ask_all, crowd
from tests.lab.desk import side_by_side
from tests.lab.handle import Lab, LabHost
from tests.lab.site import Site, make_site
from tests.lab.test_ship import edit


@dataclass(frozen=True, slots=True)
class Row:
    """One deploy. Seconds from its start to its end, without the build."""

    way: str
    hosts: int
    sent: int
    """Bytes over the uplink, by the meter."""
    patches: int
    packings: int
    limit: float
    seconds: float
    twenty: int
    """Bytes that twenty such hosts would cost."""

    def cells(self) -> tuple[str, ...]:
        ratio = self.seconds / self.limit if self.limit else 0.0
        return (
            self.way, str(self.hosts), f"{self.sent / 1e6:.2f}", str(self.patches), str(self.packings),
            f"{self.limit:.2f}", f"{self.seconds:.2f}", f"{ratio:.1f}", f"{self.twenty / 1e6:.1f}",
        )  # fmt: skip


HEAD = ("way", "hosts", "sent MB", "patches", "packings", "limit s", "took s", "x limit", "20 hosts MB")


class Bench:
    """One app on all servers, deployed in the ways of a fleet over one uplink."""

    def __init__(self, site: Site, uplink: Uplink) -> None:
        self.site, self.uplink = site, uplink
        self.convoys: list[Convoy] = []

    def keeping(self, made: Callable[..., Convoy]) -> Callable[..., Convoy]:
        def kept(*words: Any, **more: Any) -> Convoy:
            self.convoys.append(made(*words, **more))
            return self.convoys[-1]

        return kept

    def deploy(self, way: str, version: str, relay: str = "") -> Row:
        self.site.write(version)

        async def work(app: App) -> Row:
            prepared = await prepare_deploy(app, self.site.folder, ["staging"])
            prepared.strategy, prepared.relay = Strategy("all"), relay
            before, started = self.uplink.sent, time.monotonic()
            result = await run_prepared(prepared)
            seconds, sent = time.monotonic() - started, self.uplink.sent - before
            if result.error is not None:
                raise result.error
            count = len(result.hosts)
            once = result.relay.sent_bytes if result.relay is not None else 0
            each = max(host.sent_bytes for host in result.hosts)
            rate = self.uplink.rate or 1.0
            packings = self.convoys[-1].packings.made
            twenty = once + 20 * each
            return Row(
                way,
                count,
                sent,
                app.quick.programs.encodings,
                packings,
                result.sent_bytes / rate,
                seconds,
                twenty,
            )

        return self.site.run(work)

    def run(self, relay: LabHost) -> list[Row]:
        site = self.site
        rows = [self.deploy("first, straight", "1.0")]
        remove = ("remove", str(site.folder), "--on", "staging", "--yes")
        site.cli(*remove)
        rows.append(self.deploy("first, by a relay", "1.0", relay.name))
        edit(site, 'fmt.Println("one line more", version)')
        rows.append(self.deploy("a change, straight", "2.0"))
        edit(site, 'fmt.Println("and another line", len(version))')
        rows.append(self.deploy("a change, by a relay", "3.0", relay.name))
        return rows


def table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def measured(hosts: int, mbit: float) -> tuple[list[Row], int, float, float]:
    """The deploys; how many hosts were asked, how long that took, and when the last that answers had."""
    lab, uplink = Lab(), Uplink(mbit * 1e6 / 8)
    servers = side_by_side(lambda _: lab.start(docker=True), range(hosts))
    bare = lab.start()
    try:
        with tempfile.TemporaryDirectory() as place:
            bench = Bench(make_site(lab, Path(place), "benchfleet", 18961, *servers), uplink)
            with (
                patch("desktop.hosts.session.tcp", uplink.tcp),
                patch.object(Quick, "convoy", bench.keeping(Quick.convoy)),
            ):
                rows = bench.run(servers[0])
            home = Home(Path(place) / "crowd")
            with crowd(lab, bare, home):
                seconds, came = ask_all(home)
    finally:
        for host in (*servers, bare):
            lab.remove(host.name)
    return rows, len(came), seconds, max(at for at, one in came if one.state == "connected")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=4)
    parser.add_argument("--mbit", type=float, default=20.0)
    parser.add_argument("--json", action="store_true")
    words = parser.parse_args()
    rows, asked, seconds, reachable = measured(words.hosts, words.mbit)
    if words.json:
        status = {"hosts": asked, "seconds": seconds, "reachable_seconds": reachable}
        answer = {"mbit": words.mbit, "deploys": [asdict(row) for row in rows], "status": status}
        sys.stdout.write(json.dumps(answer) + "\n")
        return 0
    text = table([HEAD, *(row.cells() for row in rows)])
    sys.stdout.write(f"\n{text}\n\nStatus of {asked} hosts, 50 of them reachable: {seconds:.1f} s")
    sys.stdout.write(f" (the last of the 50 after {reachable:.1f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
