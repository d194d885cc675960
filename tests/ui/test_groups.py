"""The tree of groups that Hosts, Live and Consistency share: what is folded, chosen and in view stays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester, QSignalSpy
from PySide6.QtWidgets import QAbstractItemView

from desktop.ui.widgets import GroupsModel, GroupsTree
from tests.ui.conftest import show


@dataclass(frozen=True)
class Ship:
    name: str
    load: int = 0


@dataclass(frozen=True)
class Port:
    name: str
    ships: tuple[Ship, ...] = ()


class Ports(GroupsModel[Port, Ship]):
    def __init__(self) -> None:
        super().__init__(
            rows_of=lambda group: group.ships, key_of=lambda group: group.name, row_key=lambda row: row.name
        )

    def columnCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008
        return 2 + len(self.heads)

    def group_data(self, group: Port, column: int, role: int) -> Any:
        return group.name if role == Qt.ItemDataRole.DisplayRole else None

    def row_data(self, row: Ship, column: int, role: int) -> Any:
        return (row.name, str(row.load))[min(column, 1)] if role == Qt.ItemDataRole.DisplayRole else None


EAST = Port("East", tuple(Ship(f"e{n}") for n in range(40)))
WEST = Port("West", (Ship("w1"), Ship("w2")))


class Tree(GroupsTree[Port, Ship]):
    def __init__(self) -> None:
        self.opened: list[str] = []
        super().__init__(Ports(), name="ports", label=lambda: "Ports")

    def open_row(self, index: QModelIndex) -> None:
        self.opened.append(str(index.data()))

    def starts_folded(self, group: Port) -> bool:
        return group.name == "South"


@pytest.fixture
def tree(qtbot: Any) -> Tree:
    made = Tree()
    made.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
    made.show_groups([EAST, WEST])
    show(qtbot, made, 300, 200)
    return made


def choose(tree: Tree, name: str) -> None:
    tree.setCurrentIndex(tree.rows.index_of(name))


def is_open(tree: Tree) -> dict[str, bool]:
    return {group.name: tree.isExpanded(tree.rows.index(n, 0)) for n, group in enumerate(tree.rows.groups)}


def click_group(qtbot: Any, tree: Tree, number: int) -> None:
    spot = tree.visualRect(tree.rows.index(number, 0)).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=spot)


def test_the_model_keeps_qts_rules_while_rows_and_columns_come_and_go(qtbot: Any) -> None:
    model = Ports()
    tester = QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning)
    for groups, heads in (
        ([EAST, WEST], ()),
        ([WEST], ("cargo",)),
        ([Port("Empty"), WEST], ("cargo",)),
        ([Port("Empty"), Port("West", (Ship("w1", 3), Ship("w2")))], ("cargo",)),
        ([], ()),
    ):
        model.show_groups(groups, heads)
    tester.deleteLater()
    model.deleteLater()


def test_a_new_value_alone_repaints_its_group_and_builds_nothing_anew(tree: Tree) -> None:
    told, anew = QSignalSpy(tree.rows.dataChanged), QSignalSpy(tree.rows.modelReset)
    assert not tree.show_groups([EAST, Port("West", (Ship("w1", 7), Ship("w2")))])
    assert tree.rows.index_of("w1").siblingAtColumn(1).data() == "7"
    assert {told.at(n)[0].parent().row() for n in range(told.count())} == {-1, 1}
    assert anew.count() == 0


def test_what_is_chosen_and_in_view_stays_when_rows_come_and_go(tree: Tree) -> None:
    choose(tree, "e30")
    tree.scrollTo(tree.rows.index_of("e30"))
    place = tree.verticalScrollBar().value()
    assert place > 0
    assert tree.show_groups([EAST, Port("West", (*WEST.ships, Ship("w3")))])
    assert tree.chosen_keys() == ("e30",)
    assert tree.currentIndex().data() == "e30"
    assert tree.verticalScrollBar().value() == place


def test_columns_may_change_and_the_choice_stays(tree: Tree) -> None:
    choose(tree, "w2")
    assert tree.show_groups([EAST, WEST], ["cargo"])
    assert tree.rows.columnCount() == 3
    assert tree.chosen_keys() == ("w2",)


def test_a_row_that_goes_is_chosen_no_longer(tree: Tree) -> None:
    choose(tree, "w2")
    tree.show_groups([EAST, Port("West", (Ship("w1"),))])
    assert tree.chosen_keys() == ()


@pytest.mark.parametrize("how", ["click", "key", "arrow"])
def test_a_group_stays_folded_even_when_it_was_away(qtbot: Any, tree: Tree, how: str) -> None:
    if how == "click":
        click_group(qtbot, tree, 0)
    else:
        tree.setCurrentIndex(tree.rows.index(0, 0))
        qtbot.keyClick(tree, Qt.Key.Key_Return if how == "key" else Qt.Key.Key_Left)
    assert is_open(tree) == {"East": False, "West": True}
    tree.show_groups([WEST])
    tree.show_groups([EAST, WEST, Port("South", (Ship("s1"),))])
    assert is_open(tree) == {"East": False, "West": True, "South": False}
    click_group(qtbot, tree, 0)
    tree.show_groups([EAST])
    assert is_open(tree) == {"East": True}


def test_enter_opens_a_row_and_no_group_can_be_chosen(qtbot: Any, tree: Tree) -> None:
    choose(tree, "w1")
    qtbot.keyClick(tree, Qt.Key.Key_Return)
    assert tree.opened == ["w1"]
    click_group(qtbot, tree, 0)
    assert tree.chosen_keys() in ((), ("w1",))
    assert not tree.selectionModel().isSelected(tree.rows.index(0, 0))
