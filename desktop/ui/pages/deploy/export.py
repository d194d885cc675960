"""A plan as one POSIX sh file that does the same on a host, without Goferry; pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from itertools import pairwise

from .present import PlanView

_HEAD = """\
#!/bin/sh
# Written by Goferry: {app} {version} to {environment}, release {release}.
# On a host, as a user who may use Docker:  sh {name} HOST [ARCHIVE]
# ARCHIVE is the image as the Build page or `goferry image --output` saves it.
# Values of settings and secrets are not in this file{needed}.
set -eu
host=${{1:-}}
archive=${{2:-/dev/null}}

answers() {{
  tries=0
  until "$@" >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] || {{ echo "no answer: $*" >&2; return 1; }}
    sleep 1
  done
}}

case $host in
"""
_FOOT = """\
*)
  echo "usage: sh {name} HOST [ARCHIVE]; HOST is one of: {hosts}" >&2
  exit 2
  ;;
esac
"""


def script_name(plan: PlanView) -> str:
    return f"{plan.app}-{plan.after or plan.release}-{plan.environment}.sh".replace("/", "-")


def plan_script(plan: PlanView) -> str:
    """The file's text. Hosts that need nothing, or did not answer, are left out."""
    hosts = [host for host in plan.hosts if host.commands]
    lines = [line for host in hosts for _, commands in host.commands for line in commands]
    names = ", ".join(dict.fromkeys(_settings(lines)))
    needed = f": export these before: {names}" if names else ""
    head = _HEAD.format(
        app=_plain(plan.app),
        version=_plain(plan.after),
        environment=_plain(plan.environment),
        release=_plain(plan.release),
        name=_plain(script_name(plan)),
        needed=needed,
    )
    parts = [head]
    for host in hosts:
        parts.append(f"{shlex.quote(host.name)})\n")
        for title, commands in host.commands:
            parts.append(f"# {_plain(title)}\n")
            parts += [f"{_line(command)}\n" for command in commands]
        parts.append(";;\n")
    listed = " ".join(_plain(host.name) for host in hosts)
    parts.append(_FOOT.format(name=_plain(script_name(plan)), hosts=listed))
    return "".join(parts)


def _line(command: str) -> str:
    """What a command is in a file, where nobody waits for it, feeds it or holds a lock meanwhile."""
    words = shlex.split(command)
    if words[:1] == ["flock"] and len(words) == 2:
        file = shlex.quote(words[1])
        return f"mkdir -p {shlex.quote(words[1].rpartition('/')[0] or '.')}; exec 9>>{file}; flock -n 9"
    if words[:3] == ["docker", "network", "create"]:
        return f"docker network inspect {shlex.join(words[3:])} >/dev/null 2>&1 || {command}"
    if words[:1] == ["curl"]:
        return f"answers {command}"
    return f'{command} < "$archive"' if words == ["docker", "load"] else command


def _settings(lines: Iterable[str]) -> list[str]:
    found = []
    for line in lines:
        words = shlex.split(line)
        if words[:2] in (["docker", "create"], ["docker", "run"]):
            pairs = pairwise(words)
            found += [value for option, value in pairs if option == "-e" and "=" not in value]
    return found


def _plain(text: str) -> str:
    """Words that can end neither a comment nor a string of the file."""
    return "".join(char for char in " ".join(text.split()) if char.isprintable() and char not in '"`$\\')
