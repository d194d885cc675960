"""PySide6 6.12.0 for Linux took a reference from None at each void call; Python 3.11 dies of it within seconds."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QLabel

CALLS = 20_000


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="None is immortal since Python 3.12")
@pytest.mark.ui
@pytest.mark.parametrize("method", ["setText", "setObjectName", "setInterval"])
def test_a_void_call_leaves_the_references_to_none_alone(qapp: QApplication, method: str) -> None:
    label, named, timer = QLabel(), QObject(), QTimer()
    call: Callable[[], None] = {
        "setText": lambda: label.setText("x"),
        "setObjectName": lambda: named.setObjectName("x"),
        "setInterval": lambda: timer.setInterval(10),
    }[method]
    before = sys.getrefcount(None)
    for _ in range(CALLS):
        call()
    lost = before - sys.getrefcount(None)
    label.deleteLater()
    assert lost < 100
