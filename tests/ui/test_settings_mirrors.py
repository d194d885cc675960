"""Mirrors and Security in Settings: each choice is told, asked by a click, changed, and what is kept can be forgotten."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QGuiApplication

from desktop.base.secret import Secret
from desktop.base.secret_store import secret_key
from desktop.base.web import Timed
from desktop.hosts import Host, own_public_key
from desktop.ui.pages.settings import mirror_sheets
from desktop.ui.pages.settings.page import SettingsPage
from tests.ui import shots, walk
from tests.ui.conftest import Shell
from tests.ui.hand import Hand

pytestmark = pytest.mark.may_stall(3000)  # changes of look and pictures in each story
FINGERPRINT = "SHA256:t7QmZx2BnW4uK0sV8cYdE6fHqLrA1pJgO9iTzXoM5vk"
USER, PASSWORD = "robot$shop", "made-up"


class Answers(BaseHTTPRequestHandler):
    """A registry with a password under /v2/, and a quick answer to everything else."""

    def do_GET(self) -> None:
        wanted = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        let_in = not self.path.startswith("/v2/") or self.headers.get("Authorization") == wanted
        self.send_response(200 if let_in else 401)
        if not let_in:
            self.send_header("WWW-Authenticate", 'Basic realm="lab"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: Any) -> None:
        """Nobody reads it."""


@pytest.fixture
def server() -> Iterator[str]:
    made = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=made.serve_forever, args=(0.02,))
    thread.start()
    yield f"127.0.0.1:{made.server_port}"
    made.shutdown()
    thread.join()
    made.server_close()


@pytest.fixture
def page(shell: Shell) -> SettingsPage:
    made = shell.window.page("settings")
    assert isinstance(made, SettingsPage)
    shell.window.resize(1100, 680)
    shell.window.navigate("settings", "mirrors")
    return made


def look_well(shell: Shell, name: str) -> None:
    for look in shots.each_look(shell.window, f"settings-{name}"):
        assert walk.nameless(shell.window) == [], look
        assert walk.clipped(shell.window) == [], look
        assert walk.unreachable(shell.window) == [], look


def test_where_modules_come_from_is_measured_by_a_click_and_changed(
    shell: Shell, page: SettingsPage, server: str
) -> None:
    hand, row = Hand(shell), page.mirrors.modules_row

    async def story() -> None:
        assert row.note.text() == "As Go is set up"
        shell.app.settings.change(goproxy=f"http://{server},direct")
        assert row.note.text() == f"http://{server},direct"
        assert not row.chip.isVisible(), "nobody has asked"
        await hand.click("settings.mirrors.modules.ask")
        await hand.sees(lambda: row.chip.text().endswith(" ms"), "the time")
        shell.app.settings.change(goproxy="http://127.0.0.1:1")
        assert not row.chip.isVisible(), "that was the other one's"
        await hand.click("settings.mirrors.modules.ask")
        await hand.sees(lambda: row.chip.text() == "cannot be reached", "that it is not there")
        look_well(shell, "mirrors")
        await hand.click("settings.mirrors.modules.change")
        await hand.click("build.proxy.direct")
        await hand.click("build.proxy.primary")
        assert (shell.app.settings.now.goproxy, row.note.text()) == ("direct", "Straight from Git")

    shell.aio(story())


def test_a_registry_is_signed_in_to_after_a_try_and_forgotten(
    shell: Shell, page: SettingsPage, server: str
) -> None:
    hand, row = Hand(shell), page.mirrors.registry_row

    async def story() -> None:
        await hand.click("settings.mirrors.registry.change")
        sheet: Any = shell.window.sheets.top
        await hand.click("settings.registry.primary")
        assert sheet.name.error
        assert sheet.password.error
        await hand.type("settings.registry.name", server)
        await hand.type("settings.registry.user", USER)
        await hand.type("settings.registry.password", "wrong")
        await hand.click("settings.registry.primary")
        await hand.sees(lambda: server in sheet.password.error, "the registry's refusal")
        assert shell.app.settings.now.registries == (), "nothing wrong is kept"
        look_well(shell, "registry")
        await hand.type("settings.registry.password", PASSWORD)
        await hand.click("settings.registry.primary")
        await hand.sees(lambda: sheet.model.rows[0].second == f"signed in as {USER}", "who is signed in")
        await hand.click("settings.registry.cancel")
        assert row.note.text() == f"Signed in at {server}"
        await hand.click("settings.mirrors.registry.ask")
        await hand.sees(lambda: row.chip.text() == "signed in", "the answer")
        await hand.click("settings.mirrors.registry.change")
        sheet = shell.window.sheets.top
        await hand.sees(lambda: sheet.model.rowCount() == 1, "the list")
        sheet.list.setCurrentIndex(sheet.model.index(0))
        await hand.click("settings.registry.forget")
        await hand.sees(lambda: sheet.model.rows[0].title == "No registry yet", "that it is gone")
        assert shell.app.secrets.get(secret_key("registry", server, "password")) is None
        await hand.click("settings.registry.cancel")
        assert row.note.text().startswith("Nobody is signed in")

    shell.aio(story())


def test_the_mirror_of_packages_is_chosen_for_new_plans(
    shell: Shell, page: SettingsPage, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand, row = Hand(shell), page.mirrors.packages_row

    async def measured(app: Any) -> Any:
        mirrors = await mirrors_of(app)
        return tuple((one, Timed(0.038) if one.id == "tuna" else Timed(None)) for one in mirrors)

    from desktop.app_setup import mirrors_of

    monkeypatch.setattr(mirror_sheets, "measure_mirrors", measured)

    async def story() -> None:
        assert row.note.text() == "The quickest: each server measures for itself"
        await hand.click("settings.mirrors.packages.change")
        await hand.sees(lambda: shell.window.sheets.top is not None, "the sheet")
        sheet: Any = shell.window.sheets.top
        await hand.sees(lambda: sheet._told["tuna"].text() == "38 ms", "the time")
        look_well(shell, "packages")
        await hand.click("settings.packages.tuna")
        await hand.click("settings.packages.primary")
        await hand.sees(lambda: row.note.text() == "Tsinghua University, for new set-up plans", "its name")
        await hand.click("settings.mirrors.packages.change")
        await hand.sees(lambda: shell.window.sheets.top is not None, "the sheet")
        sheet = shell.window.sheets.top
        await hand.click("settings.packages.own")
        await hand.type("settings.packages.address", "nonsense")
        await hand.click("settings.packages.primary")
        assert sheet.address.error
        await hand.type("settings.packages.address", f"http://{server}/docker-ce")
        await hand.click("settings.packages.primary")
        assert shell.app.settings.now.package_mirror == f"http://{server}/docker-ce"
        await hand.click("settings.mirrors.packages.ask")
        await hand.sees(lambda: row.chip.text().endswith(" ms"), "the time")

    shell.aio(story())


def test_what_is_kept_is_listed_without_its_value_and_forgotten(
    shell: Shell, page: SettingsPage, tmp_path: Path
) -> None:
    app, hand = shell.app, Hand(shell)
    project = tmp_path / "orders"
    project.mkdir()
    (project / "goferry.yaml").write_text(
        "name: orders\nmain: ./cmd/app\nport: 8080\n"
        "environments: { prod: { hosts: [web-1], secrets: [DB_PASSWORD, NEVER_GIVEN] } }\n",
        encoding="utf-8",
    )
    app.settings.change(projects=(str(project),))
    app.inventory.add(Host("web-1", "192.0.2.11", fingerprints=(FINGERPRINT,)))
    app.inventory.add(Host("db-1", "192.0.2.12", user="deploy", auth="password"))
    public = own_public_key(app.home)
    app.secrets.put(secret_key("host", "db-1", "password"), Secret("made-up-1"))
    app.secrets.put(secret_key("env", "orders", "prod", "DB_PASSWORD"), Secret("made-up-2"))

    async def story() -> None:
        await hand.click("settings.keys.manage")
        sheet: Any = shell.window.sheets.top
        await hand.sees(lambda: sheet.count.text() == "1 SSH key, 2 secrets", "what is kept")
        titles = [row.title for row in sheet.model.rows]
        assert titles == ["Goferry's own key", "Password of db-1", "DB_PASSWORD of orders in Production"]
        assert "made-up" not in repr(sheet.model.rows)
        sheet.list.setCurrentIndex(sheet.model.index(0))
        assert not sheet.forget.isEnabled()
        await hand.click("settings.keeping.copy")
        assert QGuiApplication.clipboard().text() == public
        look_well(shell, "keeping")
        sheet.list.setCurrentIndex(sheet.model.index(1))
        await hand.click("settings.keeping.forget")
        await hand.sees(lambda: sheet.count.text() == "1 SSH key, 1 secret", "that one is gone")
        assert app.secrets.get(secret_key("host", "db-1", "password")) is None
        assert app.secrets.get(secret_key("env", "orders", "prod", "DB_PASSWORD")) is not None
        await hand.click("settings.keeping.cancel")
        await hand.click("settings.known.show")
        known: Any = shell.window.sheets.top
        await hand.sees(lambda: known.table.rowCount() == 2, "the servers")
        shown = [[known.table.item(at, place).text() for place in range(3)] for at in range(2)]
        assert shown == [
            ["db-1", "deploy@192.0.2.12:22", "not met yet"],
            ["web-1", "root@192.0.2.11:22", FINGERPRINT],
        ]
        look_well(shell, "known")
        await hand.click("settings.known.cancel")

    shell.aio(story())
