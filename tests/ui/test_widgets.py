"""The shared widgets, by hand: keys, mouse, words."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QApplication, QLabel, QLineEdit, QWidget

from desktop.base.words import set_language, tr
from desktop.ui.pages.projects.empty import NoProjects
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    Banner,
    Choice,
    CodeView,
    ConfirmSheet,
    Field,
    Picture,
    Row,
    RowButton,
    Segmented,
    Sheet,
    SheetHost,
    Switch,
    ToastHost,
    button,
    list_view,
    repeat_texts,
)
from tests.ui.conftest import activate, show
from tests.ui.rest import at_rest


def test_arrows_move_the_choice_of_a_segmented_control(qtbot: Any) -> None:
    made = Segmented([("a", "A"), ("b", "B"), ("c", "C")], name="s", label="S", value="a")
    show(qtbot, made)
    heard: list[str] = []
    made.chosen.connect(heard.append)
    made.segment("a").setFocus()
    qtbot.keyClick(made.segment("a"), Qt.Key.Key_Right)
    qtbot.keyClick(made.segment("b"), Qt.Key.Key_Left)
    qtbot.keyClick(made.segment("a"), Qt.Key.Key_Left)
    assert heard == ["b", "a", "c"]
    made.set_value("b")
    assert (made.value, len(heard)) == ("b", 3)


def test_a_switch_takes_space(qtbot: Any) -> None:
    made = Switch("Ask", name="s")
    show(qtbot, made)
    qtbot.keyClick(made, Qt.Key.Key_Space)
    assert made.isChecked()


def test_a_field_shows_its_error_in_place_of_the_hint(qtbot: Any) -> None:
    made = Field("Name", name="f", hint="Free to use", checker=lambda text: "Taken" if text == "x" else "")
    show(qtbot, made)
    height = made.sizeHint().height()
    qtbot.keyClicks(made.input, "x")
    qtbot.waitUntil(lambda: made.error == "Taken", timeout=120_000)
    assert made.sizeHint().height() == height
    assert made.input.accessibleDescription() == "Taken"
    qtbot.keyClicks(made.input, "y")
    qtbot.waitUntil(lambda: made.error == "", timeout=120_000)
    assert made.input.accessibleDescription() == "Free to use"


def test_a_choice_tells_keys_and_speaks_the_language(qtbot: Any) -> None:
    made = Choice([("go", lambda: tr("Activity")), ("off", "Off")], name="c", label_text="C", value="off")
    show(qtbot, made)
    heard: list[str] = []
    made.chosen.connect(heard.append)
    qtbot.keyClick(made, Qt.Key.Key_Up)
    assert heard == ["go"]
    set_language("zh_CN")
    repeat_texts()
    assert (made.currentText(), made.value) == ("任务", "go")


def test_texts_follow_the_language_and_plain_ones_stay(qtbot: Any) -> None:
    lazy, plain = button(lambda: tr("Cancel"), name="a"), button("orders", name="b")
    qtbot.addWidget(lazy)
    qtbot.addWidget(plain)
    set_language("zh_CN")
    repeat_texts()
    assert (lazy.text(), plain.text()) == ("取消", "orders")


def window_with_host(qtbot: Any) -> tuple[QWidget, SheetHost, QLineEdit]:
    window = QWidget()
    opener = QLineEdit(window)
    host = SheetHost(window)
    show(qtbot, window, 900, 600)
    activate(qtbot, window)
    opener.setFocus()
    return window, host, opener


def test_enter_accepts_a_sheet_and_the_opener_gets_the_focus_back(qtbot: Any) -> None:
    _window, host, opener = window_with_host(qtbot)
    heard: list[object] = []
    sheet = ConfirmSheet("Deploy?", "Three hosts change.", "Deploy")
    host.open(sheet, heard.append)
    assert sheet.primary is not None
    assert QApplication.focusWidget() is sheet.primary
    qtbot.keyClick(sheet.primary, Qt.Key.Key_Return)
    assert heard == [True]
    assert QApplication.focusWidget() is opener
    assert host.isHidden()


def test_escape_cancels_a_sheet(qtbot: Any) -> None:
    _window, host, _ = window_with_host(qtbot)
    heard: list[object] = []
    sheet = ConfirmSheet("Remove?", "It is gone then.", "Remove", kind="dangerFilled")
    host.open(sheet, heard.append)
    assert QApplication.focusWidget() is sheet.cancel
    qtbot.keyClick(sheet.cancel, Qt.Key.Key_Escape)
    assert heard == [None]


def test_a_name_has_to_be_typed_before_production_changes(qtbot: Any) -> None:
    _window, host, _ = window_with_host(qtbot)
    heard: list[object] = []
    sheet = ConfirmSheet("Deploy?", "", "Deploy", typed="orders-api")
    host.open(sheet, heard.append)
    assert sheet.primary is not None
    assert sheet.input is not None
    qtbot.keyClicks(sheet.input, "orders")
    qtbot.keyClick(sheet.input, Qt.Key.Key_Return)
    assert heard == []
    qtbot.keyClicks(sheet.input, "-api")
    qtbot.keyClick(sheet.input, Qt.Key.Key_Return)
    assert heard == [True]


def test_tab_goes_round_inside_a_sheet(qtbot: Any) -> None:
    _window, host, _ = window_with_host(qtbot)
    sheet = ConfirmSheet("Deploy?", "", "Deploy", typed="orders-api")
    host.open(sheet)
    seen = set()
    for _ in range(6):
        focus = QApplication.focusWidget()
        assert focus is not None
        assert sheet.isAncestorOf(focus)
        seen.add(focus.objectName())
        qtbot.keyClick(focus, Qt.Key.Key_Tab)
    assert {"confirm.typed", "confirm.cancel"} <= seen


def test_sheets_stack_and_the_lower_one_waits(qtbot: Any) -> None:
    _window, host, _ = window_with_host(qtbot)
    first, second = Sheet("One", name="one", primary="Go"), Sheet("Two", name="two", primary="Go")
    host.open(first)
    host.open(second)
    assert not first.isEnabled()
    second.accept()
    assert first.isEnabled()
    assert host.top is first


def test_failures_stay_and_at_most_three_toasts_are_shown(qtbot: Any) -> None:
    window = QWidget()
    show(qtbot, window, 900, 700)
    host = ToastHost(window)
    toasts = [host.show_toast("fail", f"Build {n} failed") for n in range(5)]
    assert len(host.shown) == 3
    toasts[0].closed.emit()
    assert [toast.title.text() for toast in host.shown] == [
        "Build 1 failed",
        "Build 2 failed",
        "Build 3 failed",
    ]
    host.clear()
    assert host.shown == []


def test_a_toast_does_what_its_button_says(qtbot: Any) -> None:
    window = QWidget()
    show(qtbot, window, 900, 700)
    heard: list[str] = []
    toast = ToastHost(window).show_toast(
        "warn", "Restarted", actions=[("Open Live", lambda: heard.append("live"))]
    )
    made = toast.findChild(QWidget, "toast.action0")
    qtbot.mouseClick(made, Qt.MouseButton.LeftButton)
    assert heard == ["live"]
    assert toast.isHidden()


def test_a_banner_names_what_happened_and_offers_the_way_out(qtbot: Any) -> None:
    made = Banner(name="b", closable=True)
    show(qtbot, made, 600, 120)
    heard: list[str] = []
    made.acted.connect(heard.append)
    made.show_banner("fail", "It broke", "Because.", [("again", "Try again"), ("skip", "Skip")])
    qtbot.mouseClick(made.findChild(QWidget, "b.again"), Qt.MouseButton.LeftButton)
    assert heard == ["again"]
    assert made.accessibleName() == "It broke"
    made.show_banner("ok", "Done")
    assert made.findChild(QWidget, "b.again", Qt.FindChildOption.FindDirectChildrenOnly) is None
    assert made.text() == "Done"


def test_a_painted_button_in_a_row_can_be_pressed(qtbot: Any) -> None:
    view, model, delegate = list_view(name="l", label=lambda: "Hosts")
    show(qtbot, view, 500, 200)
    heard: list[str] = []
    delegate.pressed.connect(lambda _index, key: heard.append(key))
    shown = Row("web-1", "10.0.0.1", state="ok", buttons=(RowButton("cancel", "Cancel"),))
    model.show_rows([shown, Row("web-2")])
    spot, _ = delegate.button_spots(view.visualRect(model.index(0)), shown)[0]
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=spot.center())
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, 10))
    assert heard == ["cancel"]


def test_equal_rows_keep_the_choice(qtbot: Any) -> None:
    view, model, _ = list_view(name="l", label=lambda: "Hosts")
    show(qtbot, view)
    model.show_rows([Row("a"), Row("b")])
    view.setCurrentIndex(model.index(1))
    model.show_rows([Row("a", right="1 s"), Row("b"), Row("c")])
    assert view.currentIndex().row() == 1
    assert [shown.title for shown in model.rows] == ["a", "b", "c"]


def test_code_is_coloured_from_the_theme_and_numbered(qtbot: Any) -> None:
    made = CodeView(name="c", label="Code")
    show(qtbot, made)
    made.show_code("package main\n\nfunc main() {}\n", "go")
    formats = made.document().firstBlock().layout().formats()
    assert formats[0].format.foreground().color() == theme().color("code.keyword")
    assert made.margin_width() > 0
    theme().apply("dark")
    formats = made.document().firstBlock().layout().formats()
    assert formats[0].format.foreground().color() == theme().color("code.keyword")


def test_in_a_low_window_the_ways_to_begin_take_the_room_of_the_picture(qtbot: Any) -> None:
    page = NoProjects()
    show(qtbot, page, 944, 520)
    assert page.ship.isVisible()
    page.resize(944, 400)
    assert not page.ship.isVisible()
    for words in page.findChildren(QLabel):
        at_rest(page)
        assert words.height() >= words.heightForWidth(words.width()), words.text()


def test_a_picture_is_drawn_anew_for_a_screen_of_another_scale(qtbot: Any) -> None:
    class OnAnotherScreen(Picture):
        ratio = 1.0
        drawn: QPixmap | None = None

        def devicePixelRatioF(self) -> float:
            return self.ratio

        def setPixmap(self, pixmap: Any) -> None:
            self.drawn = pixmap
            super().setPixmap(pixmap)

    picture = OnAnotherScreen("folder", "text.tertiary", 40)
    show(qtbot, picture)
    picture.ratio = 1.5
    QApplication.sendEvent(picture, QEvent(QEvent.Type.DevicePixelRatioChange))
    assert picture.drawn is not None
    assert (picture.drawn.devicePixelRatio(), picture.drawn.width()) == (1.5, 60)
