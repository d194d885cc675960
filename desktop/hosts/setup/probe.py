# ruff: noqa: E501  a step or a shell line is read as one
"""What set-up needs to know of a server, on top of its facts, in the same one round trip; and its parser."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass

from desktop.base.channel import Channel
from desktop.base.commands import Command, sh
from desktop.base.processes import decoded
from desktop.base.visible import visible
from desktop.hosts.errors import CommandFailed
from desktop.hosts.facts import SCRIPT, Facts, parse_facts, split_sections
from desktop.hosts.systems import first_line

from .model import JOURNAL, Measured, Mirror

TIMEOUT = 60.0
_END = 's "$m" end\n'
_RIVALS = "podman-docker docker docker-client docker-common docker-io docker-engine docker-latest moby-engine runc podman"
_MORE = f"""\
s "$m" manager; for f in dnf yum; do command -v "$f" && break; done
s "$m" rivals; rpm -q --qf '%{{NAME}}\\n' {_RIVALS} | grep -v 'not installed'
s "$m" docker_ce; rpm -q --qf '%{{VERSION}}\\n' docker-ce
p=${{XDG_DATA_HOME:-$HOME/.local/share}}; [ "$(id -u)" != 0 ] || p=/var/lib
s "$m" podman_ps; command -v podman >/dev/null && [ -d "$p/containers/storage/libpod" ] && t podman ps --format '{{{{.Names}}}}'
s "$m" daemon; cat /etc/docker/daemon.json
s "$m" daemon_there; [ -e /etc/docker/daemon.json ] && echo yes
s "$m" sudo_said; [ "$(id -u)" = 0 ] || sudo -n true
s "$m" journal; head -c 200000 {JOURNAL}
s "$m" mirrors
if command -v curl >/dev/null 2>&1; then
  l=$(getconf GNU_LIBC_VERSION | sed 's/.* 2\\.//'); c=8
  [ "${{l:-28}}" -ge 28 ] || c=7; [ "${{l:-28}}" -lt 34 ] || c=9; [ "${{l:-28}}" -lt 39 ] || c=10
  shift
  while [ $# -gt 1 ]; do
    u="$2/linux/centos/$c/$(uname -m)/stable/repodata/repomd.xml"
    printf 'mirror %s %s\\n' "$1" "$(curl -fsL -o /dev/null -m 6 -w '%{{http_code}} %{{time_total}}' "$u" 2>/dev/null)" &
    shift 2
  done
  wait
fi
{_END}"""


@dataclass(frozen=True, slots=True)
class SetupFacts:
    """A server as set-up sees it."""

    facts: Facts
    manager: str = ""
    """Path of dnf or yum; empty where there is neither."""
    rivals: tuple[str, ...] = ()
    """Installed packages that may keep Docker's out."""
    docker_ce: str = ""
    podman_running: tuple[str, ...] = ()
    daemon: str = ""
    """The text of /etc/docker/daemon.json; empty where there is none."""
    sudo_said: str = ""
    journal: str = ""
    measured: tuple[Measured, ...] = ()

    @property
    def was_set_up(self) -> bool:
        return bool(self.journal.strip())


def probe_command(marker: str, mirrors: tuple[Mirror, ...]) -> Command:
    """Changes nothing on the server and asks nothing that could wait for a person."""
    script = SCRIPT.replace(_END, _MORE)
    pairs = [word for mirror in mirrors for word in (mirror.id, mirror.docker)]
    return sh(script, marker, *pairs)


async def look(channel: Channel, mirrors: tuple[Mirror, ...]) -> SetupFacts:
    """Raises what the channel raises, and CommandFailed for half an answer."""
    marker = f"goferry-fact-{secrets.token_hex(8)}"
    ended = await channel.run(probe_command(marker, mirrors), timeout=TIMEOUT)
    sections = split_sections(decoded(ended.stdout), marker)
    if "end" not in sections:
        raise CommandFailed(channel.name, "facts", ended.code, ended.said()[-2000:])
    return parse(sections, mirrors, asked_at=time.time() - ended.seconds, took=ended.seconds)


def parse(
    sections: dict[str, str], mirrors: tuple[Mirror, ...], *, asked_at: float, took: float
) -> SetupFacts:
    """Every section is optional."""
    there = first_line(sections, "daemon_there") == "yes"
    version = first_line(sections, "docker_ce")
    manager = first_line(sections, "manager")
    return SetupFacts(
        facts=parse_facts(sections, asked_at=asked_at, took=took),
        manager=manager if manager.startswith("/") else "",
        rivals=_names(sections, "rivals"),
        docker_ce=version if version[:1].isdigit() else "",
        podman_running=_names(sections, "podman_ps"),
        daemon=sections.get("daemon", "") if there else "",
        sudo_said=sections.get("sudo_said", ""),
        journal=sections.get("journal", "") if '{"step"' in sections.get("journal", "") else "",
        measured=_measured(sections.get("mirrors", ""), mirrors),
    )


def _names(sections: dict[str, str], name: str) -> tuple[str, ...]:
    """Lines of one word each; what a tool says besides is a sentence."""
    lines = (line.strip() for line in sections.get(name, "").splitlines())
    return tuple(visible(line) for line in lines if line and " " not in line)


def _measured(text: str, mirrors: tuple[Mirror, ...]) -> tuple[Measured, ...]:
    """Quickest first, those without an answer last."""
    took: dict[str, float] = {}
    for line in text.splitlines():
        words = line.split()
        if len(words) == 4 and words[0] == "mirror" and words[2] == "200":
            try:
                took[words[1]] = float(words[3]) * 1000
            except ValueError:
                continue
    found = [Measured(mirror, took.get(mirror.id)) for mirror in mirrors]
    return tuple(sorted(found, key=lambda one: (one.ms is None, one.ms or 0.0)))
