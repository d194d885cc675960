"""A host in the person's own terminal: the ssh command line, and the program that shows it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from desktop.base.commands import Command
from desktop.base.paths import Home
from desktop.base.processes import ProgramMissing, find_program

from .keys import own_key_path
from .model import Host

_POSIX_TERMINALS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("x-terminal-emulator", ("-e",)),
    ("gnome-terminal", ("--",)),
    ("konsole", ("-e",)),
    ("xfce4-terminal", ("-x",)),
    ("xterm", ("-e",)),
)


def ssh_command(
    host: Host, chain: Sequence[Host], home: Home, *, windows: bool = sys.platform == "win32"
) -> Command:
    """`ssh` to a host with the same key, jump hosts and known keys that Goferry uses: no second trust."""
    words = ["ssh", *_options(host, home)]
    proxy = _proxy(chain, home, windows)
    if proxy:
        words += ["-o", f"ProxyCommand={proxy}"]
    return Command((*words, f"{host.user}@{host.address}"))


def _options(host: Host, home: Home) -> list[str]:
    words = ["-p", str(host.port)] if host.port != 22 else []
    if host.auth == "own":
        words += ["-i", str(own_key_path(home))]
    elif host.auth == "key" and host.key:
        words += ["-i", str(Path(host.key).expanduser())]
    if host.auth in ("own", "key"):
        words += ["-o", "IdentitiesOnly=yes"]
    # quoted inside the value: ssh splits it at spaces, and homes have them ("C:\\Users\\Zhang San")
    return [
        *words,
        "-o", f'UserKnownHostsFile="{home.own("known_hosts")}" ~/.ssh/known_hosts',
        "-o", f"HostKeyAlias={host.name}",
        "-o", "StrictHostKeyChecking=yes",
    ]  # fmt: skip


def _proxy(chain: Sequence[Host], home: Home, windows: bool) -> str:
    """The nested command through the jump hosts; `%h:%p` is filled in by ssh."""
    line = ""
    for hop in chain:
        words = ["ssh", *_options(hop, home)]
        if line:
            words += ["-o", f"ProxyCommand={line.replace('%', '%%')}"]
        words += ["-W", "[%h]:%p", f"{hop.user}@{hop.address}"]
        line = subprocess.list2cmdline(words) if windows else Command(tuple(words)).shown()
    return line


def terminal_command(
    ssh: Command,
    title: str,
    find: Callable[[str], Path | None] = find_program,
    *,
    windows: bool = sys.platform == "win32",
) -> Command:
    """The terminal program with `ssh` in it: Windows Terminal, else a console; the system's own elsewhere.

    Raises ProgramMissing where there is neither.
    """
    if windows:
        program = find("ssh")
        if program is None:
            raise ProgramMissing("ssh")
        words = (str(program), *ssh.argv[1:])
        terminal = find("wt")
        if terminal is None:
            return Command(words)
        # wt takes a semicolon for the next of its own commands
        return Command(
            (str(terminal), "new-tab", "--title", title, *(word.replace(";", "\\;") for word in words))
        )
    for name, flags in _POSIX_TERMINALS:
        if (path := find(name)) is not None:
            return Command((str(path), *flags, *ssh.argv))
    raise ProgramMissing("xterm")


def open_terminal(command: Command) -> None:
    """Starts it on its own: it outlives Goferry."""
    settings: dict[str, object] = {"start_new_session": True}
    if sys.platform == "win32":
        settings = {"creationflags": subprocess.CREATE_NEW_CONSOLE}
    subprocess.Popen(  # type: ignore[call-overload]
        list(command.argv), stdin=None if sys.platform == "win32" else subprocess.DEVNULL, **settings
    )
