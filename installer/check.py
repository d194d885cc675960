"""Checks the Windows edition: installs, upgrades, uses and removes what installer/build.py made, on Windows code.

    python installer/check.py [--essential] [--output FOLDER] [--pictures FOLDER]

Builds it first where the source has changed. Prints what ran on Windows code and what could not, with the reason; ends
with 1 when anything failed. On Debian 12 it all happens in a fresh Chinese Windows under Wine, which is removed.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from installer.build import CANNOT, build, say
from installer.checks import faults, killed, lab, spoken, steps, update, update_window, window
from installer.checks.stage import NotHere, Stage
from installer.checks.steps import Step
from installer.freeze.edition import PROJECT, Edition
from installer.freeze.perform import NotFit, size
from installer.wine.store import CannotBeHad, Store

STEPS = (
    Step("install an older version silently", steps.install_an_older_version),
    Step("upgrade on a full disk", faults.fill_the_disk),
    Step("updates that are refused", update.refuse, essential=False),
    Step("update by command, the power gone on the way", update.update_by_command),
    Step("update by clicks", update_window.update_by_click, essential=False),
    Step("all faults in the update", update.faults_in_the_update, essential=False),
    Step("all faults in the upgrade", faults.faults_in_the_upgrade, essential=False),
    Step("all faults in the installation", faults.faults_in_the_installation, essential=False),
    Step("upgrade that is killed", faults.kill_the_upgrade),
    Step("upgrade while the older one runs", steps.upgrade_while_it_runs),
    Step("doctor", steps.look_around),
    Step("say it in each code page", spoken.speak, essential=False),
    Step("programs of its own", spoken.start_helpers),
    Step("open the window", window.open_the_window),
    Step("drive it by clicks", window.click_through, essential=False),
    Step("photograph pages, both languages and themes", window.photograph_all, essential=False),
    Step("demo with no Docker at all", steps.demo_without_docker),
    Step("demo with Docker through the named pipe", steps.demo_with_docker, essential=False),
    Step("deploy that is killed", killed.kill_a_deploy, essential=False),
    Step("deploy to a server of the lab", lab.deploy_to_the_lab, essential=False),
    Step("uninstall", steps.uninstall),
    Step("install elsewhere, uninstall with the person's data", steps.uninstall_with_data, essential=False),
    Step("portable copy", steps.run_the_portable_copy, essential=False),
)


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--essential", action="store_true", help="only what every run of the tests does")
    parser.add_argument("--output", type=Path, default=PROJECT / "dist", help="what was built, else dist/")
    parser.add_argument("--pictures", type=Path, default=None, help="where the pictures go")
    args = parser.parse_args(words)
    output = args.output.absolute()
    try:
        files = build(output, quick=args.essential)
        with stage(output, files[0], args.pictures) as made:
            return report(made, [step for step in STEPS if step.essential or not args.essential])
    except (CannotBeHad, NotFit) as error:
        say(str(error))
        return CANNOT if isinstance(error, CannotBeHad) else 1


@contextmanager
def stage(output: Path, setup: Path, pictures: Path | None = None) -> Iterator[Stage]:
    """A fresh Windows for the steps: a Chinese one of a user named 张 三, where it is one under Wine."""
    machine = None
    if sys.platform != "win32":
        from installer.wine.machine import fresh

        machine = fresh(Store(), user="张 三", language="zh_CN")
        machine.ready()
    found = Stage(
        output,
        Edition.of_made(output / "Goferry"),
        setup,
        output / "Goferry",
        machine,
        pictures or output / "pictures",
    )
    found.home = found.place(r"%TEMP%\home")
    found.path("%TEMP%").mkdir(parents=True, exist_ok=True)
    try:
        with update.published_to(found, output / "publisher"):
            yield found
    finally:
        if machine is not None:
            machine.remove()
        shutil.rmtree(output / "older", ignore_errors=True)


def report(made: Stage, chosen: list[Step]) -> int:
    """Takes each step, whatever became of the ones before; prints the table. Returns the exit code."""
    where = "Wine 10" if made.machine is not None else "this Windows"
    rows, failed = [], 0
    for step in chosen:
        started = time.monotonic()
        try:
            state, seen = "ok", step.take(made)
        except NotHere as error:
            state, seen = "could not", str(error)
        except Exception as error:  # noqa: BLE001  the table tells it; the next steps are taken all the same
            state, seen = "FAILED", f"{type(error).__name__}: {error}"
            failed += 1
        rows.append((step.title, state, f"{time.monotonic() - started:.0f} s", seen))
        say(f"{state}: {step.title} ({rows[-1][2]}): {seen}")
    numbers = {
        "installer": f"{made.setup.stat().st_size / 1e6:.1f} MB",
        "unpacked": f"{size(made.made) / 1e6:.1f} MB",
        **made.notes,
    }
    print(f"\nThe Windows edition {made.edition.version}, its own .exe files on {where}:\n")
    for title, state, took, seen in rows:
        print(f"  {state:9}  {took:>6}  {title}: {seen}")
    tell_faults(made)
    print("\n  " + ", ".join(f"{name} {number}" for name, number in numbers.items()))
    print(f"\n{len(rows) - failed} passed or could not be had here, {failed} failed")
    return 1 if failed else 0


def tell_faults(made: Stage) -> None:
    """Each fault with what starts afterwards, and how the next try ends."""
    lines = [("where it happened", "fault", "then starts", "the next try"), *made.faults]
    widths = [max(len(line[at]) for line in lines) for at in range(4)]
    print("\nInstall, upgrade and update under faults:\n" if made.faults else "", end="")
    for line in lines if made.faults else ():
        print("  " + "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
