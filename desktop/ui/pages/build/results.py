"""The right column: artifacts, layers, and the files that Goferry writes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QGuiApplication, QHelpEvent
from PySide6.QtWidgets import QMenu, QTabBar, QToolTip, QWidget

from desktop.base.words import language, tr
from desktop.build import Binary
from desktop.image import DockerfileLine, Image, compose_file, dockerfile_text
from desktop.project import Config
from desktop.ui.theme import theme
from desktop.ui.widgets import (
    ROW_ROLE,
    Card,
    CodeView,
    IconButton,
    Layer,
    LayerBar,
    Row,
    button,
    clear_layout,
    column,
    label,
    line,
    list_view,
    row,
    say,
)

from .look import There
from .present import megabytes, will_send
from .targets import TextButton

FILES = ("Dockerfile", "compose.yaml")


def shortened(text: str, most: int = 27) -> str:
    """Cut in the middle: both ends of a path tell something."""
    half = (most - 1) // 2
    return text if len(text) <= most else f"{text[:half]}…{text[-half:]}"


def copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)


class ArtifactsCard(Card):
    """Binaries and images. `acted(key, payload)`: folder, deploy."""

    acted = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(lambda: tr("Artifacts"), flush=True)
        self.folder = button(
            lambda: tr("Open folder"), name="build.folder", kind="link", small=True, icon="folder-open"
        )
        self.folder.clicked.connect(lambda: self.acted.emit("folder", None))
        self.add_action(self.folder)
        self.view, self.model, self.delegate = list_view(
            name="build.artifacts", label=lambda: tr("Artifacts"), strong=False
        )
        self.delegate.pressed.connect(self._on_pressed)
        self.view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.view.customContextMenuRequested.connect(self._menu)
        self.hint = label(
            lambda: tr("Binaries and images appear here, with size and SHA-256."),
            "caption",
            "secondary",
            wrap=True,
        )
        self.hint.setContentsMargins(13, 10, 13, 8)
        self.body.addWidget(self.hint)
        self.body.addWidget(self.view, 1)
        self.show_rows([])

    def show_rows(self, rows: Sequence[Row]) -> None:
        if rows == list(self.model.rows) and rows:
            return
        self.model.show_rows(rows)
        self.hint.setVisible(not rows)
        self.view.setVisible(bool(rows))
        shown = min(5, len(rows))
        self.view.setFixedHeight(sum(self.view.sizeHintForRow(index) for index in range(shown)) + 2)
        self.folder.setEnabled(any(isinstance(one.payload, Binary) for one in rows))

    def _on_pressed(self, index: QModelIndex, key: str) -> None:
        payload = index.data(ROW_ROLE).payload
        if key == "copy":
            copy(str(payload.path) if isinstance(payload, Binary) else payload.ref)

    def _menu(self, at: QPoint) -> None:
        index = self.view.indexAt(at)
        payload = index.data(ROW_ROLE).payload if index.isValid() else None
        if payload is None:
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        if isinstance(payload, Binary):
            menu.addAction(tr("Open folder"), lambda: self.acted.emit("folder", payload))
            menu.addAction(tr("Copy path"), lambda: copy(str(payload.path)))
            menu.addAction(tr("Copy SHA-256"), lambda: copy(payload.sha256))
        elif isinstance(payload, Image):
            menu.addAction(tr("Copy name"), lambda: copy(payload.ref))
            menu.addAction(tr("Copy SHA-256"), lambda: copy(payload.digest))
            menu.addAction(tr("Save as…"), lambda: self.acted.emit("save_image", payload))
        menu.addAction(tr("Deploy…"), lambda: self.acted.emit("deploy", payload))
        menu.popup(self.view.viewport().mapToGlobal(at))


class _Square(QWidget):
    """The colour of a layer, as in the bar above."""

    def __init__(self, index: int) -> None:
        super().__init__()
        self._role = LayerBar.role(index)
        self.setFixedSize(10, 10)

    def paintEvent(self, event: QEvent) -> None:
        from PySide6.QtGui import QPainter

        painter = QPainter(self)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme().color(self._role))
        painter.drawRoundedRect(self.rect(), 2, 2)
        painter.end()


class LayersCard(Card):
    """The layers of the newest image, with sizes, and what a deploy has to send. `layer_chosen(layer)` on a click."""

    layer_chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__(lambda: tr("Image layers"))
        self.bar = LayerBar()
        self.bar.setAccessibleName(tr("Image layers"))
        self.lines = column(spacing=8)
        self.sends = label("", "caption", "secondary", wrap=True)
        self.body.addWidget(self.bar)
        self.body.addLayout(self.lines)
        self.body.addWidget(self.sends)
        self._shown: tuple[str, Image | None, Image | None, There | None] | None = None
        self.show_image(None, None)

    def show_image(self, image: Image | None, before: Image | None, there: There | None = None) -> None:
        wanted = (language(), image, before, there)
        if wanted == self._shown:
            return
        self._shown = wanted
        self.bar.setVisible(image is not None)
        clear_layout(self.lines)
        if image is None:
            self.set_note("")
            self.sends.setText(tr("The layers of the image, and how much a deploy sends of them."))
            return
        self.set_note(f"{megabytes(image.size)}, {image.platform}")
        self.bar.show_layers([Layer(str(one.what), one.size, megabytes(one.size)) for one in image.layers])
        for index, layer in enumerate(image.layers):
            size = label(megabytes(layer.size), "body", "secondary")
            words = str(layer.what)
            name = TextButton(shortened(words), name=f"build.layer.{index}")
            name.setAccessibleName(words)
            name.setToolTip(tr("{layer}: show the files in it", layer=words))
            name.clicked.connect(lambda _=False, one=layer: self.layer_chosen.emit(one))
            self.lines.addLayout(row(_Square(index), name, None, size))
        self.sends.setText(will_send(image, before, there))


class _Reasoned(CodeView):
    """A file whose lines tell in a tooltip why they are there."""

    def __init__(self) -> None:
        super().__init__(name="build.dockerfile", label=lambda: tr("Dockerfile"), numbers=False)
        self._reasons: list[str] = []

    def show_lines(self, lines: Sequence[DockerfileLine]) -> None:
        self._reasons = []
        for one in lines:
            self._reasons += [str(one.why)] * (one.text.count("\n") + 1)
        self.show_code(dockerfile_text(tuple(lines)), "dockerfile")

    def reason_of(self, line: int) -> str:
        """Why line `line` (from 0) is there."""
        return self._reasons[line] if 0 <= line < len(self._reasons) else ""

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            cursor = self.cursorForPosition(self.viewport().mapFrom(self, event.pos()))
            text = self.reason_of(cursor.blockNumber())
            if text:
                QToolTip.showText(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)


class FilesCard(Card):
    """Dockerfile and compose.yaml as Goferry would write them. `save_asked(name, text)`, `edit_asked(name)`."""

    save_asked = Signal(str, str)

    def __init__(self) -> None:
        super().__init__(flush=True)
        self.code = _Reasoned()
        self.tabs = QTabBar()
        self.tabs.setObjectName("build.files")
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setUsesScrollButtons(False)
        say(self.tabs, self.tabs.setAccessibleName, lambda: tr("Generated files"))
        for name in FILES:
            self.tabs.addTab(name)
        self.tabs.currentChanged.connect(lambda _: self._render())
        tools = []
        for icon, text, name, act in (
            ("save", lambda: tr("Save as…"), "build.files.save", self._save),
            ("copy", lambda: tr("Copy"), "build.files.copy", lambda: copy(self.code.toPlainText())),
        ):
            tool = IconButton(icon, text, name=name)
            tool.clicked.connect(act)
            tools.append(tool)
        self.body.setSpacing(0)
        self.body.addLayout(row(self.tabs, None, *tools, margins=(2, 0, 9, 0)))
        self.body.addWidget(line())
        self.code.setMinimumHeight(theme().px(190))
        self.body.setContentsMargins(0, 0, 0, 1)
        self.body.addWidget(self.code, 1)
        self._lines: tuple[DockerfileLine, ...] = ()
        self._own = ""
        self._compose = ""

    def show_files(self, lines: Sequence[DockerfileLine], config: Config, ref: str, own: str = "") -> None:
        """`own`: the text of the project's own Dockerfile, which Docker would take."""
        self._lines, self._own, self._compose = tuple(lines), own, compose_file(config, ref)
        self._render()

    @property
    def chosen(self) -> str:
        return FILES[self.tabs.currentIndex()]

    def _render(self) -> None:
        if self.chosen == "compose.yaml":
            self.code.show_lines([DockerfileLine(text) for text in self._compose.rstrip("\n").split("\n")])
            self.code.show_code(self._compose, "yaml")
        elif self._own:
            self.code.show_lines([DockerfileLine(text) for text in self._own.rstrip("\n").split("\n")])
        else:
            self.code.show_lines(self._lines)

    def _save(self) -> None:
        if self.chosen == "Dockerfile" and not self._own:
            self.save_asked.emit("Dockerfile", dockerfile_text(self._lines, reasons=True))
        else:
            self.save_asked.emit(self.chosen, self.code.toPlainText())
