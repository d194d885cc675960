"""Where the window comes up again when screens have come, gone or changed since."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QRect, QSize

from desktop.ui.place import FIRST_SIZE, FRAME, Screen, Spot, box_on, screen_of

TASKBAR = 40


def a_screen(name: str, x: int, y: int, width: int, height: int) -> Screen:
    box = QRect(x, y, width, height)
    return Screen(name, box, box.adjusted(0, 0, 0, -TASKBAR).marginsRemoved(FRAME))


LAPTOP = a_screen("Laptop", 0, 0, 1920, 1080)
SMALL = a_screen("Laptop", 0, 0, 1280, 720)
"""The same one at 150 %."""
RIGHT = a_screen("DELL", 1920, -200, 2560, 1440)
LEFT = a_screen("DELL", -2560, 0, 2560, 1440)


def spot(box: QRect, screen: Screen) -> Spot:
    return Spot(box, screen.name, screen.box.topLeft())


ON_THE_RIGHT = spot(QRect(2400, 100, 1500, 950), RIGHT)


def test_a_window_comes_up_on_the_screen_that_it_was_left_on() -> None:
    assert screen_of(ON_THE_RIGHT, [LAPTOP, RIGHT]) == 1
    assert box_on(RIGHT, ON_THE_RIGHT) == ON_THE_RIGHT.box


def test_a_window_whose_screen_is_gone_comes_up_whole_on_the_first_one() -> None:
    assert screen_of(ON_THE_RIGHT, [LAPTOP]) == 0
    box = box_on(LAPTOP, ON_THE_RIGHT)
    assert LAPTOP.room.contains(box)
    assert box.size() == ON_THE_RIGHT.box.size()


def test_a_window_goes_along_with_a_screen_that_stands_elsewhere_now() -> None:
    assert screen_of(ON_THE_RIGHT, [LAPTOP, LEFT]) == 1
    assert box_on(LEFT, ON_THE_RIGHT).topLeft() - LEFT.box.topLeft() == QPoint(480, 300)


def test_of_two_screens_of_one_name_the_window_takes_the_one_it_stood_on() -> None:
    twin = a_screen("DELL", 4480, -200, 2560, 1440)
    there = spot(QRect(4600, 0, 1440, 900), twin)
    assert screen_of(there, [RIGHT, twin]) == 1
    assert screen_of(there, [twin, RIGHT]) == 0


def test_a_screen_with_another_name_now_is_known_by_its_place() -> None:
    renamed = a_screen("Generic", 1920, -200, 2560, 1440)
    assert screen_of(ON_THE_RIGHT, [LAPTOP, renamed]) == 1
    assert box_on(renamed, ON_THE_RIGHT) == ON_THE_RIGHT.box


def test_a_window_is_no_larger_than_a_screen_that_shrank() -> None:
    box = box_on(SMALL, spot(QRect(100, 60, 1700, 900), LAPTOP))
    assert box == SMALL.room


def test_a_window_that_was_pushed_out_of_sight_returns_with_its_title_bar() -> None:
    for corner in (QPoint(-3000, -3000), QPoint(1900, 1060), QPoint(5000, 0), QPoint(300, -20)):
        box = box_on(LAPTOP, spot(QRect(corner, QSize(1200, 800)), LAPTOP))
        assert LAPTOP.room.contains(box), corner
        assert box.size() == QSize(1200, 800)


def test_the_first_window_of_all_stands_in_the_middle() -> None:
    box = box_on(LAPTOP, None)
    assert box.size() == FIRST_SIZE
    assert box.center() == LAPTOP.room.center()
