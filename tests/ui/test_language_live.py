"""A change of language reaches what is open: sheets with their answers, lists and errors, the palette, notes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from desktop.base.jobs import Job
from desktop.base.words import msg, set_language, tr
from desktop.build import FolderGone, proxy_presets
from desktop.build.deps import ProxyAnswer
from desktop.hosts import Host
from desktop.ui.pages.activity.output import OutputSheet
from desktop.ui.pages.build.dependencies import ProxySheet
from desktop.ui.pages.build.on_save import OnSaveSheet, Place
from desktop.ui.pages.deploy.sheets import SecretsSheet
from desktop.ui.pages.host_setup.keys import KeyRow, KeysSheet
from desktop.ui.pages.hosts.identity import BothKeysSheet
from desktop.ui.pages.hosts.import_sheet import ImportSheet
from desktop.ui.pages.hosts.small_sheets import SecretSheet
from desktop.ui.pages.settings.about import PartsSheet
from desktop.ui.pages.settings.diagnostics_sheet import DiagnosticsSheet
from desktop.ui.widgets import Choice, ConfirmSheet, Row, Sheet, Toast, list_view
from tests.ui.conftest import Shell
from tests.ui.spoken import in_english
from tests.ui.walk import visible

PRINT = "SHA256:9Hq3vWm0c7T+fRkZ1uYbLxN2sEa8PdGoJ4iQh6tKrVw"
pytestmark = pytest.mark.may_stall(
    1500
)  # every widget says its words again, of all pages and sheets of the test


@pytest.fixture(autouse=True)
def in_english_again() -> Iterator[None]:
    yield
    set_language("en")


def said_in_chinese(root: QWidget) -> None:
    """After the change nothing is left in English; and the way back leaves no Chinese."""
    before = texts(root)
    set_language("zh_CN")
    assert in_english(root) == []
    assert texts(root) != before
    set_language("en")
    assert texts(root) == before


def texts(root: QWidget) -> list[str]:
    from tests.ui.spoken import texts_of

    return [text for widget in (root, *visible(root)) for text in texts_of(widget)]


def confirm(shell: Shell) -> Sheet:
    # words that were given as they are, not as functions: they remember what they say
    return ConfirmSheet(tr("Cancel build"), str(msg("{n} ms", n=4)), tr("Build"))


def proxies(shell: Shell) -> Sheet:
    presets = proxy_presets("")
    sheet = ProxySheet(presets, "")
    asked = [one for one in presets if one.value.startswith("http")]
    sheet.show_answers([ProxyAnswer(asked[0], 0.12), ProxyAnswer(asked[1], None, msg("no answer"))])
    return sheet


def imported(shell: Shell) -> Sheet:
    shell.app.inventory.add(Host("web-1", "192.0.2.1", 22, "root", "key", fingerprints=(PRINT,)))
    sheet = ImportSheet(shell.app, lambda work: work.close())
    sheet.pasted.setPlainText("deploy@192.0.2.1 web-1\ndeploy@192.0.2.2 web-2\nno such line here\n")
    sheet.read_pasted()
    sheet.way.set_value("password")
    sheet._render()
    sheet.on_primary()
    return sheet


def keys(shell: Shell) -> Sheet:
    sheet = KeysSheet([KeyRow("web-1", "192.0.2.1", PRINT), KeyRow("web-2", "192.0.2.2", PRINT[:-1] + "x")])
    sheet.trusted.setPlainText(f"256 {PRINT} web-1 (ED25519)\n256 {PRINT} web-2 (ED25519)\n")
    sheet.compare()
    return sheet


def secret(shell: Shell) -> Sheet:
    sheet = SecretSheet(Host("web-1", "192.0.2.1", 22, "root", "password"))
    sheet.on_primary()
    return sheet


def secrets(shell: Shell) -> Sheet:
    sheet = SecretsSheet(["DB_PASSWORD"], "dev")
    sheet.on_primary()
    return sheet


def output(shell: Shell) -> Sheet:
    job: Job[None] = Job(1, "build", msg("Build {name} {version}", name="shop", version="1.0"))
    job.state, job.error = type(job.state).FAILED, FolderGone(Path("/home/li/shop"))
    job.stage, job.ended = job.error.what, job.started + 2
    return OutputSheet(job)


SHEETS: dict[str, Callable[[Shell], Sheet]] = {
    "confirm": confirm,
    "proxies": proxies,
    "import": imported,
    "keys": keys,
    "secret": secret,
    "secrets": secrets,
    "output": output,
    "both keys": lambda shell: BothKeysSheet("web-1", (PRINT,), PRINT),
    "parts": lambda shell: PartsSheet(),
    "on save": lambda shell: OnSaveSheet([Place("dev", "web-1"), Place("local"), Place("prod", "web-2")], ""),
}


def test_what_stands_in_an_open_sheet_follows_the_language(shell: Shell) -> None:
    left = {}
    for name, make in SHEETS.items():
        sheet = shell.window.open_sheet(make(shell))
        before = texts(sheet)
        set_language("zh_CN")
        if found := in_english(sheet):
            left[name] = found
        set_language("en")
        assert texts(sheet) == before, name
        sheet.reject()
    assert left == {}


def test_saved_diagnostics_are_described_in_the_language_in_force(shell: Shell) -> None:
    sheet = DiagnosticsSheet(shell.app, shell.window)
    shell.window.open_sheet(sheet)

    async def collected() -> None:
        await shell.aio.until(lambda: sheet.found is not None, "the files")

    shell.aio(collected())
    said_in_chinese(sheet.list)
    set_language("zh_CN")
    assert in_english(sheet) == []
    sheet.reject()


def test_the_open_palette_and_notes_follow_the_language(shell: Shell) -> None:
    shell.window.shortcuts.open_palette()
    palette = shell.window.shortcuts._palette
    assert palette is not None
    said_in_chinese(palette)
    palette.input.setText("设置")
    set_language("zh_CN")
    assert palette.input.text() == "设置"
    assert "设置" in [row.title for row in palette.model.rows]
    palette.close_palette()
    set_language("en")
    shell.window.toast("fail", tr("Cancel build"), str(FolderGone(Path("/shop")).what))
    [toast] = shell.window.toasts.shown
    assert isinstance(toast, Toast)
    said_in_chinese(toast)


def test_a_drop_down_is_as_wide_as_its_words_in_the_language_in_force(shell: Shell) -> None:
    def made() -> Choice:
        text = lambda: tr("Nothing more than is there already.")  # noqa: E731
        return Choice([("all", text)], name="choice", label_text=lambda: "choice", parent=shell.window)

    old = made()
    wide = (old.sizeHint(), old.minimumSizeHint())
    set_language("zh_CN")
    new = made()
    assert (old.sizeHint(), old.minimumSizeHint()) == (new.sizeHint(), new.minimumSizeHint())
    assert old.minimumSizeHint().width() < wide[1].width()
    set_language("en")
    assert (old.sizeHint(), old.minimumSizeHint()) == wide
    for one in (old, new):
        one.deleteLater()


def test_rows_remember_their_words_and_keep_what_they_stand_for(shell: Shell) -> None:
    view, model, _ = list_view(name="rows", label=lambda: "rows")
    payload = object()
    inner = tr("{n} of {all} on the new version", n=1, all=3)
    model.show_rows([Row(tr("Build"), inner, chips=((tr("failed"), "fail"),), payload=payload)])
    set_language("zh_CN")
    assert model.row(0).title == "构建"
    assert model.row(0).chips == (("失败", "fail"),)
    assert in_english(view) == []
    assert model.row(0).payload is payload
    view.deleteLater()
