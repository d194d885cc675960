"""Carries a build out: vet, tests, then all targets side by side; what is not finished leaves nothing behind."""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shutil
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.paths import remove_tree, replace_file
from desktop.base.processes import Completed, decoded, run_process
from desktop.base.words import Words, msg, nmsg

from .commands import DROPPED, compile_command, packages_command, test_command, vet_command
from .errors import BuildError, BuildFailed, DiskRefused, TakenByScanner
from .executable import read_executable
from .model import ALL, Binary, BuildOutcome, BuildWish, OnEvent, Problem, Target, Toolchain
from .problems import merge, parse_problems
from .progress import PackageCount
from .signatures import explain, no_program
from .stream import EventFeed
from .tests_output import TestOutput

After = Callable[[Binary, EventFeed], Awaitable[None]]
"""What is done with a finished binary, such as making its image; it speaks through the build's own feed."""
WORK = ".goferry-build-"
SLOW_BUILD = 1.0
"""Seconds after which the packages are counted for a percentage: a quick build is not slowed by it."""


class Builder:
    """Builds with one Go. Several builds may run at once; each has its own working folder."""

    def __init__(self, pool: Pool, toolchain: Toolchain, *, parallel: int = 0) -> None:
        self.pool, self.toolchain = pool, toolchain
        self._parallel = parallel or max(1, os.cpu_count() or 1)

    async def build(
        self, wish: BuildWish, on_event: OnEvent = lambda event: None, *, after: After | None = None
    ) -> BuildOutcome:
        """All targets of `wish`. One that fails does not stop the others; failed tests stop all.

        `after` is awaited with each binary while other targets still compile; its GoferryError is that target's.
        `on_event` is called on the loop's thread. Cancelling ends go with everything it started and removes what is
        half made; binaries that were finished stay. Raises UnknownTarget, and DiskRefused when nothing can be written.
        """
        targets = tuple(dict.fromkeys(Target.parse(text) for text in wish.targets))
        feed = EventFeed(on_event)
        work = wish.output / f"{WORK}{secrets.token_hex(4)}"
        try:
            await self.pool.run(_make, work)
            run = _Run(self.pool, self.toolchain, wish, work, feed, after)
            return await run.all(targets, asyncio.Semaphore(self._parallel))
        finally:
            await self.pool.run(_remove, work)
            feed.close()


class _Run:
    """One build while it runs."""

    def __init__(
        self,
        pool: Pool,
        toolchain: Toolchain,
        wish: BuildWish,
        work: Path,
        feed: EventFeed,
        after: After | None,
    ) -> None:
        self.pool, self.toolchain, self.wish, self.work, self.feed = pool, toolchain, wish, work, feed
        self.after = after
        self.binaries: dict[Target, Binary] = {}
        self.failures: dict[str, GoferryError] = {}
        self.problems: list[Problem] = []
        self.tests = 0

    async def all(self, targets: tuple[Target, ...], places: asyncio.Semaphore) -> BuildOutcome:
        if self.wish.options.vet and targets:
            await self._vet(targets[0])
        if self.wish.options.test:
            await self._test()
        if not self.failures:
            async with asyncio.TaskGroup() as group:
                for target in targets:
                    group.create_task(self._one(target, places), name=f"build {target}")
        return BuildOutcome(
            tuple(self.binaries[target] for target in targets if target in self.binaries),
            dict(self.failures),
            merge(self.problems),
            self.feed.seconds,
            self.tests,
            self.feed.dropped,
        )

    async def _go(self, command: Command, on_line: Callable[[str], object]) -> Completed:
        def heard(stream: str, line: bytes) -> None:
            on_line(decoded(line))

        temporary = replace(command, env=(*command.env, ("GOTMPDIR", str(self.work))))
        return await self.pool.run(partial(run_process, on_line=heard, drop_env=DROPPED), temporary)

    async def _vet(self, target: Target) -> None:
        """What vet finds is shown and does not stop the build: the compiler has the last word."""
        command = vet_command(self.toolchain, self.wish, target)
        self.feed.say(ALL, "vet", "start", command=command)
        lines: list[str] = []

        def heard(line: str) -> None:
            lines.append(line)
            self.feed.say(ALL, "vet", "line", line, ok=False)

        done = await self._go(command, heard)
        found = self._places(lines, command, ALL, "vet")
        if not done.ok and not found and (known := explain(done.said())) is not None:
            self.failures[ALL] = known
        text: Words = (
            msg("go vet found nothing") if done.ok else nmsg("{n} finding", "{n} findings", len(found))
        )
        self.feed.say(ALL, "vet", "end", text, ok=done.ok)

    async def _test(self) -> None:
        command = test_command(self.toolchain, self.wish)
        self.feed.say(ALL, "test", "start", command=command)
        output, shown = TestOutput(), list[str]()

        def heard(line: str) -> None:
            before = output.passed
            for text in output.feed(line):
                shown.append(text)
                self.feed.say(
                    ALL, "test", "line", text, ok=not text.lstrip().startswith(("FAIL", "--- FAIL"))
                )
            if output.passed != before:
                self.feed.say(ALL, "test", "progress", nmsg("{n} test", "{n} tests", output.passed))

        done = await self._go(command, heard)
        self.tests = output.passed
        if not done.ok:
            self._tests_failed(command, output, shown)
        text: Words = nmsg("{n} test passed", "{n} tests passed", output.passed)
        if output.failed:
            text = nmsg("{n} test failed", "{n} tests failed", len(output.failed))
        self.feed.say(ALL, "test", "end", text, ok=done.ok)

    def _tests_failed(self, command: Command, output: TestOutput, shown: list[str]) -> None:
        self._places(shown, command, ALL, "test")
        folder = command.cwd or self.wish.folder
        module = _module_path(folder)
        for package, file, line, text in output.places:
            inside = output.place_of(package, module, file)
            self.problems += parse_problems(
                [f"{inside}:{line}: {text}"], ran_in=folder, folder=self.wish.folder, stage="test"
            )
        said = "\n".join(shown)
        failed = tests_failed(output, said) if output.failed else None
        self.failures[ALL] = failed or explain(said) or BuildFailed(ALL, detail=said)

    async def _one(self, target: Target, places: asyncio.Semaphore) -> None:
        async with places:
            try:
                self.binaries[target] = await self._compile(target)
            except GoferryError as error:
                self.failures[str(target)] = error
                self.feed.say(str(target), "compile", "end", error.what, ok=False)
                return
        if self.after is not None:
            try:
                await self.after(self.binaries[target], self.feed)
            except GoferryError as error:
                self.failures[str(target)] = error

    async def _compile(self, target: Target) -> Binary:
        started, name = time.monotonic(), str(target)
        final = self.wish.output / target.folder / (self.wish.name + target.suffix)
        part = self.work / target.folder / final.name
        shown = compile_command(self.toolchain, self.wish, target, final)
        self.feed.say(name, "compile", "start", command=shown)
        count, lines = PackageCount(), list[str]()

        def heard(line: str) -> None:
            if count.heard(line):
                self.feed.say(name, "compile", "progress", line, fraction=count.fraction)
            else:
                lines.append(line)
                self.feed.say(name, "compile", "line", line, ok=False)

        counting = asyncio.get_running_loop().create_task(self._count(target, count), name=f"count {target}")
        try:
            command = compile_command(self.toolchain, self.wish, target, part)
            done = await self._go(command, heard)
        finally:
            counting.cancel()
            await asyncio.gather(counting, return_exceptions=True)
        self._places(lines, command, name, "compile")
        if not done.ok:
            said = "\n".join(lines)
            raise explain(said, target=name) or BuildFailed(name, detail=said or done.said())
        return await self._finished(target, part, final, started)

    async def _finished(self, target: Target, part: Path, final: Path, started: float) -> Binary:
        binary = await self.pool.run(_settle, part, final, self.wish, target, time.monotonic() - started)
        kind = (
            msg("static")
            if binary.static
            else msg("needs {libraries}", libraries=", ".join(binary.libraries))
        )
        folder = self.wish.folder
        place = final.relative_to(folder) if final.is_relative_to(folder) else final
        text = msg("{file}  {size} MB  {kind}", file=str(place), size=f"{binary.size / 1e6:.1f}", kind=kind)
        self.feed.say(str(target), "compile", "end", text, fraction=1.0)
        return binary

    async def _count(self, target: Target, count: PackageCount) -> None:
        await asyncio.sleep(SLOW_BUILD)
        command = packages_command(self.toolchain, self.wish, target)
        listed = await self.pool.run(partial(run_process, timeout=60, drop_env=DROPPED), command)
        if listed.ok:
            count.total = len(listed.stdout.splitlines())

    def _places(self, lines: list[str], command: Command, target: str, stage: str) -> tuple[Problem, ...]:
        folder = self.wish.folder
        found = parse_problems(lines, ran_in=command.cwd or folder, folder=folder, target=target, stage=stage)
        self.problems += found
        return found


def tests_failed(output: TestOutput, said: str) -> BuildError:
    """The error of tests that ran and failed, by name."""
    names = ", ".join(name.rpartition("/")[2] for name in output.failed[:3])
    more = len(output.failed) - 3
    if more > 0:
        names = f"{names} (+{more})"
    error = BuildError(
        nmsg("{n} test failed", "{n} tests failed", len(output.failed)),
        msg("These did not pass: {names}", names=names),
        msg("Correct them, or build without running the tests first."),
        detail=said,
    )
    error.code = "build.tests_failed"  # type: ignore[misc]  # one more row beside the table of signatures
    return error


def _module_path(folder: Path) -> str:
    try:
        text = (folder / "go.mod").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    words = next((line.split() for line in text.splitlines() if line.startswith("module ")), [])
    return words[1].strip('"') if len(words) > 1 else ""


def _make(token: CancelToken, work: Path) -> None:
    try:
        new = not work.parent.is_dir()
        work.mkdir(parents=True)
        if new:  # results are no source: without this the next build would call the project "not committed"
            (work.parent / ".gitignore").write_text("*\n", encoding="utf-8", newline="\n")
        _remove_old(work)
    except OSError as error:
        raise DiskRefused(str(work.parent), detail=str(error)) from error


def _remove_old(work: Path) -> None:
    """Working folders of a Goferry that was killed; a day old, so that no running build loses its own."""
    for old in work.parent.glob(f"{WORK}*"):
        if old != work and time.time() - old.stat().st_mtime > 86_400:
            shutil.rmtree(old, ignore_errors=True)


def _remove(token: CancelToken, work: Path) -> None:
    remove_tree(work)


_SCANNER_SAYS = (225, 226)
"""ERROR_VIRUS_INFECTED, ERROR_VIRUS_DELETED."""


def _settle(
    token: CancelToken, part: Path, final: Path, wish: BuildWish, target: Target, seconds: float
) -> Binary:
    """Reads what was built and puts it into its place as a whole."""
    try:
        with open(part, "rb") as file:
            if file.read(8) == b"!<arch>\n":  # go build gives an archive for a package that is no program
                raise no_program(wish.main, f"package {wish.main} is not package main")
        found = read_executable(part)
        with open(part, "rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        size = part.stat().st_size
    except OSError as error:  # go has just said that it is there
        raise TakenByScanner(str(part), detail=str(error)) from error
    token.check()
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        replace_file(part, final)
    except OSError as error:
        if not part.exists() or getattr(error, "winerror", 0) in _SCANNER_SAYS:
            raise TakenByScanner(str(part), detail=str(error)) from error
        raise DiskRefused(str(final), detail=str(error)) from error
    return Binary(
        str(target),
        final,
        size,
        digest,
        found.static,
        found.libraries,
        found.arch,
        seconds,
        wish.version,
        wish.name,
    )
