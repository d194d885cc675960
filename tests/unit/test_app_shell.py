from __future__ import annotations

from pathlib import Path

from desktop.app import App
from desktop.app_shell import shell_command
from desktop.base.paths import Home
from desktop.hosts import Host


def test_a_shell_in_a_servers_container_goes_through_ssh_with_a_terminal(tmp_path: Path) -> None:
    app = App(Home(tmp_path))
    app.inventory.add(Host("web-1", "192.0.2.7", 2222, "deploy", "key", str(tmp_path / "key")))
    words = shell_command(app, "web-1", "orders-7-1f3a").argv
    assert words[:2] == ("ssh", "-t")
    assert words[-6:] == ("deploy@192.0.2.7", "docker", "exec", "-it", "orders-7-1f3a", "sh")
    assert "StrictHostKeyChecking=yes" in words


def test_a_shell_in_a_container_of_this_computer_needs_no_ssh(tmp_path: Path) -> None:
    assert shell_command(App(Home(tmp_path)), "local", "orders-7").shown() == "docker exec -it orders-7 sh"
