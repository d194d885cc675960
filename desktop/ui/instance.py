"""One window per home folder: a second start brings the first one forward, with its folder."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from PySide6.QtCore import QCryptographicHash, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from desktop.base.paths import Home

_WAIT_MS = 500
_MOST = 65_536


class Instance(QObject):
    """`asked(folder)` when somebody starts Goferry again; the folder is "" without one."""

    asked = Signal(str)

    def __init__(self, home: Home) -> None:
        super().__init__()
        place = os.path.normcase(home.root).encode()
        digest = QCryptographicHash.hash(place, QCryptographicHash.Algorithm.Sha256)
        self._name = "goferry-" + digest.toHex().toStdString()[:16]
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._on_connection)

    def hand_over(self, folder: Path | None) -> bool:
        """Tell a window that is already open; False when there is none."""
        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(_WAIT_MS):
            return False
        _let_come_forward()
        socket.write(json.dumps({"folder": str(folder.absolute()) if folder else ""}).encode() + b"\n")
        socket.flush()
        socket.waitForBytesWritten(_WAIT_MS)
        socket.disconnectFromServer()
        return True

    def listen(self) -> None:
        """Answer from now on. What a crashed window left behind is removed first."""
        QLocalServer.removeServer(self._name)
        self._server.listen(self._name)

    def close(self) -> None:
        self._server.close()

    def _on_connection(self) -> None:
        socket = self._server.nextPendingConnection()
        if socket is not None:
            socket.readyRead.connect(lambda: self._on_words(socket))
            socket.disconnected.connect(socket.deleteLater)

    def _on_words(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            return
        try:
            wish = json.loads(bytes(socket.readLine(_MOST).data()))
            self.asked.emit(str(wish.get("folder", "")))
        except (ValueError, AttributeError):
            self.asked.emit("")


def _let_come_forward() -> None:
    """Windows lets no program in the back push itself to the front, unless the one in front allows it: that is us."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.AllowSetForegroundWindow(ctypes.c_uint(0xFFFFFFFF))
