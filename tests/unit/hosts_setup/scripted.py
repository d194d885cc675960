"""Servers whose answers are written here: a step holds once it was applied. What asks, decides and reports is real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field

from desktop.base.channel import OutputLine
from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.processes import Completed
from desktop.base.secret import Secret
from desktop.hosts.errors import CommandFailed

FACTS = """\
MARKER os
ID="rocky"
NAME="Rocky Linux"
VERSION_ID="9.4"

MARKER uname
x86_64
5.14.0-427.el9.x86_64

MARKER libc
glibc 2.34

MARKER user
deploy
1000

MARKER sudo
{sudo}

MARKER tools
systemctl

MARKER manager
/usr/bin/dnf

MARKER rivals
{rivals}

MARKER journal
{journal}

MARKER end
"""


@dataclass
class Server:
    """One host: a check is run, an apply streamed. `broken` says what a step's command says; `lost` are errors of the connection, one for each try."""

    name: str
    local = False
    holds: set[str] = field(default_factory=lambda: {"root", "clock", "sources", "disk", "firewall"})
    broken: dict[str, str] = field(default_factory=dict)
    lost: dict[str, list[GoferryError]] = field(default_factory=dict)
    rivals: str = ""
    journal: str = ""
    sudo_password: str = ""
    waits: dict[str, asyncio.Event] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)

    async def run(self, command: Command, *, timeout: float | None = 60.0) -> Completed:
        await asyncio.sleep(0)
        line = "\n".join(command.argv)
        if "is-system-running" in line:
            return Completed(command, 0, b"running\n")
        if "STEP=" not in line:
            self._lose("look")
            free = "" if self.sudo_password else "yes"
            facts = FACTS.format(rivals=self.rivals, journal=self.journal, sudo=free)
            return Completed(command, 0, facts.replace("MARKER", command.argv[4]).encode())
        return self._refused(command) or Completed(command, 0 if _step(line) in self.holds else 1)

    async def batches(self, command: Command) -> AsyncGenerator[list[OutputLine], None]:
        ended = self._refused(command) or await self._apply(command)
        yield [OutputLine("out", line) for line in ended.stdout.splitlines()]
        yield [OutputLine("err", line) for line in ended.stderr.splitlines()]
        if not ended.ok:
            raise CommandFailed(self.name, "", ended.code, ended.errors())

    async def _apply(self, command: Command) -> Completed:
        step = _step("\n".join(command.argv))
        self._lose(step)
        if step in self.waits:
            await self.waits[step].wait()
        if step in self.broken:
            return Completed(command, 1, self.broken[step].encode())
        self.holds.add(step)
        self.applied.append(step)
        return Completed(command, 0, f"{step} is done\n".encode())

    def _refused(self, command: Command) -> Completed | None:
        given = command.stdin.reveal() if isinstance(command.stdin, Secret) else ""
        if not self.sudo_password or "sudo" not in command.argv or given == self.sudo_password + "\n":
            return None
        return Completed(command, 1, b"", b"Sorry, try again.\nsudo: 1 incorrect password attempt\n")

    def _lose(self, step: str) -> None:
        if self.lost.get(step):
            raise self.lost[step].pop(0)


def _step(line: str) -> str:
    return line.partition("STEP=")[2].partition("\n")[0]
