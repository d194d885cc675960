"""The Hosts page: what a person sees of their servers, and what their clicks bring about."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QWidget

from desktop.app_setup import Newcomer
from desktop.base.jobs import Job
from desktop.base.words import msg
from desktop.hosts import FactsCache, Host
from desktop.ui.pages.hosts import present
from desktop.ui.pages.hosts.add_sheet import AddHostSheet
from desktop.ui.pages.hosts.identity import BothKeysSheet, ConfirmKeySheet
from desktop.ui.pages.hosts.import_sheet import ImportSheet
from desktop.ui.pages.hosts.page import HostsPage
from desktop.ui.pages.hosts.present import Known
from desktop.ui.pages.hosts.small_sheets import GroupSheet
from desktop.ui.widgets import ConfirmSheet, StatusDot
from desktop.ui.widgets.spinner import spinner
from tests.sshd import PASSWORD, USER, Sshd
from tests.ui.conftest import Aio, Shell
from tests.ui.shots import take

from .hosts_stage import Stage, staged
from .hosts_values import ANSWERS, HOSTS, NEW, OLD, facts, key_changed


@pytest.fixture
def stage(aio: Aio, tmp_path: Path) -> Iterator[Stage]:
    with staged(aio, tmp_path) as made:
        yield made


def can_go_on(sheet: AddHostSheet) -> bool:
    return sheet.primary is not None and sheet.primary.isEnabled()


def texts(root: QWidget) -> str:
    return "\n".join(found.text() for found in root.findChildren(QLabel) if found.isVisible())


def test_hosts_stand_under_their_environments_with_their_state_in_words(stage: Stage) -> None:
    stage.fill()
    page = stage.show()
    assert [group.key for group in page.tree.hosts.groups] == [
        "production",
        "staging",
        "dev",
        present.LOCAL_GROUP,
    ]
    assert [host.name for host in page.tree.hosts.groups[0].hosts] == [
        "db-bj-01",
        "web-bj-01",
        "web-bj-02",
        "web-bj-03",
    ], "by name, in whichever order they were added"
    good, low, lost = stage.row("web-bj-01"), stage.row("web-bj-03"), stage.row("dev-02")
    assert (good.state, good.state_text, good.system, good.engine) == (
        "ok", "Connected, 8 ms", "Rocky Linux 9.4", "Docker Engine 28.5",
    )  # fmt: skip
    assert (low.state, low.state_text) == ("warn", "Memory almost full")
    assert (lost.state, lost.cpu) == ("off", None)
    assert lost.state_text.startswith("No answer since ")
    assert stage.row("db-bj-01").ended
    assert stage.row("stg-02").engine == "Docker Engine missing"
    assert page.count.text() == "8"
    assert ("set_status", "hosts", "warn", "7 of 8 hosts connected") in stage.frame.asked


def test_nothing_turns_while_nothing_is_under_way(stage: Stage) -> None:
    stage.fill()
    page = stage.show()
    dots = [dot for dot in page.findChildren(StatusDot) if dot.isVisible()]
    assert "busy" in {dot.state for dot in dots}  # in the legend
    spinner()._asked.clear()
    page.grab()
    assert not spinner()._asked.keys() & set(dots)


def test_choosing_a_host_shows_its_facts(stage: Stage) -> None:
    stage.fill()
    page = stage.show("db-bj-01")
    assert page.tree.chosen() == ("db-bj-01",)
    shown = texts(page.details)
    for part in ("db-bj-01", "deploy@192.0.2.21:22", "CentOS 7.9, x86_64", "ended 2024-06-30", "enforcing", "firewalld",
                 "in step, 3 ms off", "41 days", "Goferry's own key", present.in_two_lines(OLD)):  # fmt: skip
        assert part in shown
    stage.do(lambda: page.details.show_tab("containers"))
    assert [row.title for row in page.details.containers.rows.rows] == ["orders-db", "redis"]


def test_a_screen_reader_says_a_row(stage: Stage) -> None:
    stage.fill()
    page = stage.show()
    index = page.tree.hosts.index_of("web-bj-01")
    spoken = index.data(Qt.ItemDataRole.AccessibleTextRole)
    assert spoken == "web-bj-01, Connected, 8 ms, Rocky Linux 9.4, Docker Engine 28.5"
    assert (
        QAccessible.queryAccessibleInterface(page.tree).text(QAccessible.Text.Name) == "Hosts by environment"
    )


def test_checking_all_is_one_job_and_keeps_old_values(stage: Stage) -> None:
    stage.fill()
    page = stage.show()
    stage.asked.names.clear()
    stage.asked.answers["dev-01"] = ANSWERS["dev-02"]
    stage.click("hosts.check_all")
    stage.until(lambda: stage.app.jobs.all and stage.app.jobs.all[-1].state.over, "the job ends")
    stage.settle()
    job = stage.app.jobs.all[-1]
    assert (job.kind, job.page, job.result) == ("host.check", "hosts", 9)
    assert sorted(stage.asked.names) == sorted(["local", *(host.name for host in HOSTS)])
    lost = stage.row("dev-01")
    assert (lost.state, lost.system) == ("off", "CentOS Stream 9")
    assert page.checked.text().startswith("checked ")


def test_what_was_seen_last_time_is_shown_before_anybody_answers(stage: Stage) -> None:
    stage.fill()
    FactsCache(stage.app.home).put("web-bj-01", facts())
    stage.page.known["web-bj-01"] = Known(facts=FactsCache(stage.app.home).get("web-bj-01"), busy=True)
    stage.page.render_now()
    row = stage.row("web-bj-01")
    assert (row.state, row.system) == ("busy", "Rocky Linux 9.4")


def test_a_filter_finds_by_name_address_and_tag(stage: Stage) -> None:
    stage.fill()
    page = stage.show()
    for words, names in (
        ("stg", ["stg-01", "stg-02"]), ("192.0.2.21", ["db-bj-01"]), ("web 12", ["web-bj-02"]), ("nothing", []),
    ):  # fmt: skip
        page._on_filter(words)
        assert [host.name for group in page.tree.hosts.groups for host in group.hosts] == names


def test_without_hosts_the_page_says_what_to_do(stage: Stage) -> None:
    page = stage.show()
    assert page.empty.isVisible()
    assert "No hosts yet" in texts(page)
    stage.click("hosts.empty.add")
    stage.sheet(AddHostSheet)


def test_a_changed_key_is_a_full_stop_with_three_ways(stage: Stage) -> None:
    stage.fill()
    stage.asked.answers["web-bj-03"] = key_changed("web-bj-03")
    page = stage.show()
    assert page.banner.isVisible()
    assert page.banner.text() == "web-bj-03 shows a different key"
    assert (stage.row("web-bj-03").state, stage.row("web-bj-03").state_text) == ("fail", "Key changed")
    page.resize(1052, 600)  # the smallest window: the banner brings a bar at the right, and none below
    stage.until(lambda: page.tree.verticalScrollBar().isVisible(), "rows that do not fit")
    assert not page.tree.horizontalScrollBar().isVisible()
    take(page, "hosts-banner-small")
    page.resize(1232, 840)
    stage.click("hosts.banner.keys")
    shown = texts(stage.sheet(BothKeysSheet))
    for fingerprint in (OLD, NEW):
        assert present.fingerprint_lines(fingerprint) in shown
    stage.click("hosts.banner.trust")
    sheet = stage.sheet(ConfirmSheet)
    assert not sheet.primary.isEnabled()
    sheet.input.setText("web-bj-02")
    assert not sheet.primary.isEnabled()
    sheet.input.setText("web-bj-03")
    assert sheet.primary.isEnabled()
    assert NEW in texts(sheet)


def test_a_host_with_a_changed_key_is_not_asked_again_by_itself(stage: Stage) -> None:
    stage.fill()
    stage.asked.answers["web-bj-03"] = key_changed("web-bj-03")
    page = stage.show()
    stage.asked.names.clear()
    for name, known in page.known.items():
        page.known[name] = present.Known(known.facts, known.error, 1.0)
    stage.do(page.check_quietly)
    stage.until(lambda: len(stage.asked.names) == 8, "the others are asked")
    assert "web-bj-03" not in stage.asked.names


def test_several_hosts_are_moved_together(stage: Stage) -> None:
    stage.fill()
    page = stage.show()
    page.tree.choose("dev-01")
    page.tree.choose("dev-02", keep=True)
    assert page.many_bar.isVisible()
    stage.click("hosts.many.move")
    sheet = stage.sheet(GroupSheet)
    sheet.field.set_text("staging")
    stage.do(sheet.on_primary)
    assert [stage.app.inventory.get(name).groups for name in ("dev-01", "dev-02")] == [
        ("staging",),
        ("staging",),
    ]
    assert [group.key for group in page.tree.hosts.groups] == ["production", "staging", present.LOCAL_GROUP]


def test_removing_a_host_asks_first_and_says_that_the_server_stays(stage: Stage) -> None:
    stage.fill()
    page = stage.show("dev-02")
    stage.do(lambda: page._on_asked("remove"))
    sheet = stage.sheet(ConfirmSheet)
    assert "Nothing changes on the server" in texts(sheet)
    stage.do(sheet.on_primary)
    assert "dev-02" not in [host.name for host in stage.app.inventory.hosts()]


def test_the_ssh_command_is_copied(stage: Stage) -> None:
    stage.fill()
    stage.show("stg-02")
    stage.click("hosts.copy")
    command = QApplication.clipboard().text()
    assert command.endswith("root@198.51.100.8")
    assert "ProxyCommand" in command
    assert "StrictHostKeyChecking=yes" in command


def test_the_set_up_plan_is_one_click_from_a_hosts_facts(stage: Stage) -> None:
    stage.fill()
    stage.show("stg-02")
    stage.click("hosts.set_up")
    assert ("navigate", "host_setup", "stg-02") in stage.frame.asked


def test_a_new_host_without_docker_leads_to_its_set_up_plan(stage: Stage) -> None:
    stage.fill()
    stage.show()
    stage.do(stage.page.ask_add)
    sheet: AddHostSheet = stage.sheet(AddHostSheet)
    sheet.step, sheet.host, sheet.facts = 3, stage.app.inventory.get("stg-02"), facts(engine=None)
    stage.do(sheet._render)
    assert sheet.set_up.isVisible()
    stage.click("hosts.add.set_up", sheet)
    assert ("navigate", "host_setup", "stg-02") in stage.frame.asked


def test_an_import_shows_a_table_to_tick(stage: Stage, tmp_path: Path) -> None:
    stage.fill()
    stage.show()
    file = tmp_path / "hosts.csv"
    file.write_text(
        f"name,address,user,fingerprint\nnew-1,192.0.2.50,deploy,{OLD}\nnew-2,192.0.2.51,deploy,{OLD}\n"
        "web-bj-01,192.0.2.11,deploy,\nbad name,x,y,\n", encoding="utf-8",
    )  # fmt: skip
    stage.click("hosts.import")
    sheet: ImportSheet = stage.sheet(ImportSheet)
    stage.do(lambda: sheet.read(file))
    stage.until(lambda: len(sheet.rows) == 4, "the file is read")
    assert [host.name for host in sheet.ticked()] == ["new-1", "new-2"]
    assert sheet.model.item(2, 2).text() == "already there"
    sheet.model.item(1, 0).setCheckState(Qt.CheckState.Unchecked)
    stage.do(sheet.on_primary)
    new = asked_to_register(stage)
    assert [(one.host.name, one.host.fingerprints) for one in new] == [("new-1", (OLD,))]
    assert "new-1" not in [host.name for host in stage.app.inventory.hosts()], "nobody has met it yet"


def asked_to_register(stage: Stage) -> tuple[Newcomer, ...]:
    """What the page that registers was led to with."""
    kind, page, found = stage.frame.asked[-1]
    assert (kind, page) == ("navigate", "host_setup")
    return tuple(found)


def test_a_pasted_list_is_registered_with_one_password_for_all(stage: Stage) -> None:
    stage.show()
    stage.click("hosts.empty.import")
    sheet: ImportSheet = stage.sheet(ImportSheet)
    text = "[web]\nweb-1 ansible_host=192.0.2.61 ansible_user=deploy\nweb-2 ansible_host=192.0.2.62\n"
    stage.do(lambda: sheet.pasted.setPlainText(text))
    stage.until(lambda: len(sheet.rows) == 2, "the text is read")
    sheet.way.set_value("password")
    stage.do(sheet.on_primary)
    assert sheet.password.error
    sheet.password.set_text("open sesame")
    stage.do(sheet.on_primary)
    new = asked_to_register(stage)
    assert [(one.host.name, one.host.user, one.host.auth) for one in new] == [
        ("web-1", "deploy", "password"), ("web-2", "root", "password"),
    ]  # fmt: skip
    assert all(one.password is not None and one.password.reveal() == "open sesame" for one in new)
    assert "open sesame" not in repr(new)


def test_several_chosen_hosts_are_set_up_side_by_side(stage: Stage) -> None:
    stage.fill()
    page = stage.show("dev-01")
    stage.do(lambda: page.tree.choose("dev-02", keep=True))
    stage.click("hosts.many.set_up")
    assert stage.frame.asked[-1] == ("navigate", "host_setup", ("dev-01", "dev-02"))


def test_a_set_up_that_goes_on_is_seen_in_its_hosts_row(stage: Stage) -> None:
    stage.fill()
    stage.show()
    go_on, answered = asyncio.Event(), asyncio.Event()

    async def work(job: Job[None]) -> None:
        job.report(msg("Docker's packages"), 0.4)
        await go_on.wait()
        job.needs_you(True)
        await answered.wait()

    stage.do(lambda: stage.app.jobs.start("host.setup", "Setting up", work, subject="stg-02"))
    stage.until(lambda: stage.row("stg-02").state_text == "Set-up: Docker's packages", "the step is shown")
    assert stage.row("stg-02").state == "busy"
    asked = len(stage.asked.names)
    stage.do(go_on.set)
    stage.until(lambda: stage.row("stg-02").state_text == "Set-up waits for you", "that it waits")
    assert stage.row("stg-02").state == "warn"
    assert stage.frame.asked[-1] == ("set_status", "hosts", "warn", "7 of 8 hosts connected")
    stage.do(answered.set)
    stage.until(lambda: stage.asked.names[asked:] == ["stg-02"], "the host is asked anew, and no other")
    stage.settle()
    assert stage.row("stg-02").state != "busy"


posix = pytest.mark.skipif(os.name == "nt", reason="the server runs commands with a POSIX shell")


@posix
def test_a_host_is_added_in_four_steps(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    account = tmp_path / "account"
    account.mkdir()
    with Sshd(shell=("/bin/sh",)) as server:
        monkeypatch.setenv("HOME", str(account))  # of the server's commands
        page = stage.show()
        stage.click("hosts.empty.add")
        sheet: AddHostSheet = stage.sheet(AddHostSheet)
        sheet.name_field.set_text("web-sh-01")
        sheet.address_field.set_text(f"{USER}@127.0.0.1:{server.port}")
        stage.do(sheet.on_primary)
        stage.until(lambda: sheet.step == 1, "the server shows its key")
        assert (sheet.user_field.text, sheet.port_field.text) == (USER, str(server.port))
        assert present.fingerprint_lines(server.fingerprint) in texts(sheet)
        assert server.heard == []
        assert server.refused == []

        sheet.identity.pasted.set_text(OLD)
        assert not can_go_on(sheet)
        assert sheet.identity.result.text() == "different"
        sheet.identity.pasted.set_text(server.fingerprint)
        assert can_go_on(sheet)
        assert sheet.identity.result.text() == "same"
        stage.do(sheet.on_primary)

        sheet.sign_in.choose("password")
        sheet.sign_in.password_field.set_text("wrong")
        stage.do(sheet.on_primary)
        stage.until(lambda: sheet.banner.isVisible(), "it is refused")
        assert "refused to sign in" in sheet.banner.text()
        assert [host.name for host in stage.app.inventory.hosts()] == ["local"]

        from tests.unit.hosts.session_desk import let_own_key_in

        let_own_key_in(server, stage.app.home)
        sheet.sign_in.password_field.set_text(PASSWORD)
        stage.do(sheet.on_primary)
        stage.until(lambda: sheet.step == 3, "it signs in and reads the facts")
        assert sheet.sign_in.password_field.text == ""
        stage.asked.answers["web-sh-01"] = sheet.facts  # type: ignore[assignment]
        stage.do(sheet.on_primary)
        host = stage.app.inventory.get("web-sh-01")
        assert (host.auth, host.fingerprints) == ("own", (server.fingerprint,))
        assert page.tree.chosen() == ("web-sh-01",)
        assert "goferry" in (account / ".ssh" / "authorized_keys").read_text(encoding="utf-8")


@posix
def test_an_address_that_does_not_answer_keeps_the_sheet_with_the_reason(stage: Stage) -> None:
    stage.show()
    stage.do(stage.page.ask_add)
    sheet: AddHostSheet = stage.sheet(AddHostSheet)
    stage.do(sheet.on_primary)
    assert sheet.name_field.error
    assert sheet.address_field.error
    sheet.name_field.set_text("web")
    sheet.address_field.set_text("127.0.0.1")
    sheet.port_field.set_text("1")
    stage.do(sheet.on_primary)
    stage.until(lambda: sheet.banner.isVisible(), "the reason is shown")
    assert sheet.banner.text() == "web cannot be reached."
    assert sheet.step == 0
    assert can_go_on(sheet)


@posix
def test_the_console_runs_commands_and_shows_plain_text(stage: Stage) -> None:
    from tests.unit.hosts.session_desk import let_own_key_in

    with Sshd(shell=("/bin/sh",)) as server:
        let_own_key_in(server, stage.app.home)
        stage.app.inventory.add(
            Host("web", "127.0.0.1", server.port, USER, "own", fingerprints=(server.fingerprint,))
        )
        stage.asked.answers["web"] = facts()
        page = stage.show("web")
        stage.do(lambda: page.details.show_tab("console"))
        console = page.details.console
        console.input.setText("printf 'a<b>\\033[2Jz\\n'; echo oops >&2; exit 3")
        stage.do(lambda: QTest.keyClick(console.input, Qt.Key.Key_Return))
        stage.until(lambda: "ended with code 3" in console.output.toPlainText(), "the command ends")
        shown = console.output.toPlainText()
        assert "a<b>\\x1b[2Jz" in shown
        assert "oops" in shown
        console.input.setText("echo begun; sleep 60")
        stage.do(lambda: QTest.keyClick(console.input, Qt.Key.Key_Return))
        stage.until(lambda: "begun" in console.output.toPlainText().split("code 3")[1], "it runs")
        stage.click("hosts.console.stop")
        stage.until(lambda: stage.app.jobs.all[-1].state.over, "it is stopped")
        assert stage.app.jobs.all[-1].state == "cancelled"


@posix
def test_an_imported_hosts_key_is_confirmed_in_a_step_of_its_own(stage: Stage) -> None:
    with Sshd(shell=("/bin/sh",)) as server:
        stage.app.inventory.add(Host("web", "127.0.0.1", server.port, USER, "own"))
        from desktop.hosts import KeyUnknown

        stage.asked.answers["web"] = KeyUnknown("web", "ED25519", server.fingerprint)
        page = stage.show("web")
        assert stage.row("web").state_text == "Key not confirmed"
        stage.click("hosts.confirm")
        stage.until(lambda: stage.frame.sheets, "the key is shown")
        sheet: ConfirmKeySheet = stage.sheet(ConfirmKeySheet)
        assert present.fingerprint_lines(server.fingerprint) in texts(sheet)
        stage.asked.answers["web"] = facts()
        stage.do(sheet.on_primary)
        stage.until(lambda: page.job is None or page.job.state.over, "it is asked again")
        stage.settle()
        assert stage.app.inventory.get("web").fingerprints == (server.fingerprint,)
        assert stage.row("web").state == "ok"


@pytest.mark.may_stall(200)  # a picture of the whole window is taken on the running loop
def test_the_window_shows_the_page_and_its_sheet(shell: Shell) -> None:
    shell.aio(_walk(shell))


async def _walk(shell: Shell) -> None:
    shell.window.navigate("hosts")
    page = shell.window.findChild(HostsPage)
    assert page is not None
    await shell.aio.until(page.isVisible, "the page")
    page.ask_add()
    await shell.aio.until(lambda: shell.window.findChild(AddHostSheet) is not None, "the sheet")
    sheet = shell.window.findChild(AddHostSheet)
    assert sheet is not None
    await shell.aio.until(sheet.name_field.input.hasFocus, "the keyboard in the first field")
    take(shell.window, "hosts-add-in-window")
    sheet.reject()
