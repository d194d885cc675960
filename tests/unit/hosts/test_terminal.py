"""A host in the person's own terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.base.commands import Command
from desktop.base.paths import Home
from desktop.base.processes import ProgramMissing
from desktop.hosts import Host, ssh_command, terminal_command

HOME = Home(Path("/home/zhang san/goferry"))
WEB = Host("web-1", "192.0.2.1", 2222, "deploy", "own")


def test_ssh_uses_goferrys_key_and_known_keys() -> None:
    words = ssh_command(WEB, (), HOME, windows=False).argv
    assert words[:3] == ("ssh", "-p", "2222")
    assert words[-1] == "deploy@192.0.2.1"
    assert "StrictHostKeyChecking=yes" in words
    assert "HostKeyAlias=web-1" in words
    assert f'UserKnownHostsFile="{HOME.root / "known_hosts"}" ~/.ssh/known_hosts' in words


def test_a_jump_host_is_reached_with_its_own_key_check() -> None:
    chain = (Host("gate", "203.0.113.7", 22, "ops", "key", "/keys/gate"),)
    proxy = next(
        w for w in ssh_command(WEB, chain, HOME, windows=False).argv if w.startswith("ProxyCommand=")
    )
    assert "-W '[%h]:%p' ops@203.0.113.7" in proxy
    assert "HostKeyAlias=gate" in proxy
    assert str(Path("/keys/gate")) in proxy


def find(*names: str):  # type: ignore[no-untyped-def]
    return lambda name: Path(f"/bin/{name}") if name in names else None


@pytest.mark.parametrize(
    ("there", "windows", "begins"),
    [
        (("wt", "ssh"), True, ("/bin/wt", "new-tab", "--title", "web-1", "/bin/ssh")),
        (("ssh",), True, ("/bin/ssh", "-p")),
        (("gnome-terminal",), False, ("/bin/gnome-terminal", "--", "ssh")),
        (("xterm", "x-terminal-emulator"), False, ("/bin/x-terminal-emulator", "-e", "ssh")),
    ],
)
def test_the_best_terminal_there_is_opened(
    there: tuple[str, ...], windows: bool, begins: tuple[str, ...]
) -> None:
    ssh = ssh_command(WEB, (), HOME, windows=False)
    command = terminal_command(ssh, "web-1", find(*there), windows=windows)
    assert tuple(word.replace("\\", "/") for word in command.argv)[: len(begins)] == begins


def test_windows_terminal_does_not_split_at_a_semicolon() -> None:
    command = terminal_command(Command(("ssh", "a;b")), "x", find("wt", "ssh"), windows=True)
    assert command.argv[-1] == "a\\;b"


def test_no_terminal_is_told() -> None:
    with pytest.raises(ProgramMissing):
        terminal_command(Command(("ssh", "x")), "x", find(), windows=False)
    with pytest.raises(ProgramMissing):
        terminal_command(Command(("ssh", "x")), "x", find("wt"), windows=True)
