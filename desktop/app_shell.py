"""A shell in a running container, in the person's own terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.words import msg

if TYPE_CHECKING:
    from desktop.app import App


class NoShell(GoferryError):
    code = "live.no_shell"

    def __init__(self, container: str, *, detail: str = "") -> None:
        super().__init__(
            msg("There is no shell in {container}.", container=container),
            msg("An image made from scratch holds the program alone: less to send, and less to break into."),
            msg("Open a terminal on the host instead, or build on another base, such as alpine."),
            detail=detail,
        )


async def open_shell(app: App, host: str, container: str) -> None:
    """Opens a terminal with a shell in the container. Raises NoShell, ProgramMissing, and the errors of the host."""
    from desktop.hosts import open_terminal, terminal_command

    engine = await app.engine(host)
    tried = await engine.exec(container, ("sh", "-c", ":"))
    if tried.code:
        raise NoShell(container, detail=tried.output.decode("utf-8", "backslashreplace"))
    open_terminal(terminal_command(shell_command(app, host, container), f"{container} ({host})"))


def shell_command(app: App, host: str, container: str) -> Command:
    """The command line that a terminal runs; a server's goes through ssh with Goferry's own key and known keys."""
    from desktop.hosts import ssh_command

    inside = ("docker", "exec", "-it", container, "sh")
    found = app.inventory.get(host)
    if found.local:
        return Command(inside)
    ssh = ssh_command(found, app.inventory.chain(found), app.home)
    return Command((ssh.argv[0], "-t", *ssh.argv[1:], *inside))
