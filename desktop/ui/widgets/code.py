"""Code to read: line numbers, colours for the languages that Goferry writes."""

from __future__ import annotations

import re

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import (
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QResizeEvent,
    QSyntaxHighlighter,
    QTextCharFormat,
    QTextDocument,
)
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from desktop.ui.theme import theme

from .says import Text, say, use_font

_GO = (
    "break case chan const continue default defer else fallthrough for func go goto if import interface map "
    "package range return select struct switch type var"
)
_DOCKER = (
    "FROM RUN CMD LABEL EXPOSE ENV ADD COPY ENTRYPOINT VOLUME USER WORKDIR ARG ONBUILD STOPSIGNAL HEALTHCHECK "
    "SHELL AS"
)
_SHELL = "if then else elif fi for in do done while case esac function return exit set export local sudo"
_STRING = r'"(?:[^"\\]|\\.)*"|`[^`]*`|\'(?:[^\'\\]|\\.)*\''
_NUMBER = r"\b\d[\w.]*\b"


def _words(text: str) -> str:
    return r"\b(?:" + "|".join(text.split()) + r")\b"


_RULES: dict[str, tuple[tuple[str, str], ...]] = {
    "go": (
        (r"\b(?:string|int\d*|uint\d*|byte|rune|bool|error|float\d*|any|nil|true|false|iota)\b", "code.type"),
        (_NUMBER, "code.number"),
        (_words(_GO), "code.keyword"),
        (r"(?<=\.)[A-Z]\w*(?=\()", "code.type"),
        (_STRING, "code.string"),
        (r"//.*$", "code.comment"),
    ),
    "yaml": (
        (_NUMBER, "code.number"),
        (r"^\s*(?:- )?[\w./-]+(?=\s*:)", "code.type"),
        (r"\b(?:true|false|null|yes|no)\b", "code.keyword"),
        (_STRING, "code.string"),
        (r"(?:^|\s)#.*$", "code.comment"),
    ),
    "dockerfile": (
        (_NUMBER, "code.number"),
        (r"(?:--[\w-]+)", "code.type"),
        (r"^\s*" + _words(_DOCKER), "code.keyword"),
        (_STRING, "code.string"),
        (r"^\s*#.*$", "code.comment"),
    ),
    "gomod": (
        (r"\bv\d[\w.+-]*", "code.number"),
        (r"^\s*(?:module|go|toolchain|require|replace|exclude|retract)\b", "code.keyword"),
        (r"//.*$", "code.comment"),
    ),
    "shell": (
        (_NUMBER, "code.number"),
        (_words(_SHELL), "code.keyword"),
        (r"\$\{?\w+\}?", "code.type"),
        (_STRING, "code.string"),
        (r"(?:^|\s)#.*$", "code.comment"),
    ),
    "diff": (
        (r"^\+.*$", "ok.text"),
        (r"^-.*$", "fail.text"),
        (r"^@@.*$", "code.type"),
    ),
    "text": (),
}
_RULES["nginx"] = (
    (_NUMBER, "code.number"),
    (r"^\s*[a-z_]+\b", "code.keyword"),
    (_STRING, "code.string"),
    (r"#.*$", "code.comment"),
)
_RULES["json"] = ((_NUMBER, "code.number"), (_STRING, "code.string"), (_STRING + r"(?=\s*:)", "code.type"))


def language_of(file_name: str) -> str:
    """The highlighter for a file, by its name."""
    name = file_name.replace("\\", "/").rsplit("/", 1)[-1].lower()
    if name in ("go.mod", "go.work"):
        return "gomod"
    if name.startswith("dockerfile") or name.endswith(".dockerfile"):
        return "dockerfile"
    suffix = name.rsplit(".", 1)[-1]
    known = {
        "go": "go",
        "yaml": "yaml",
        "yml": "yaml",
        "sh": "shell",
        "json": "json",
        "conf": "nginx",
        "diff": "diff",
    }
    return known.get(suffix, "shell" if name in ("makefile",) else "text")


class CodeHighlighter(QSyntaxHighlighter):
    """Colours by rules, later ones over earlier ones."""

    def __init__(self, document: QTextDocument, language: str) -> None:
        super().__init__(document)
        self.set_language(language)

    def set_language(self, language: str) -> None:
        self._rules = [(re.compile(pattern), role) for pattern, role in _RULES.get(language, ())]
        self.rehighlight()

    def highlightBlock(self, text: str) -> None:
        if len(text) > 2000:
            return  # a minified line would hold up the window
        for pattern, role in self._rules:
            look = QTextCharFormat()
            look.setForeground(theme().color(role))
            for found in pattern.finditer(text):
                self.setFormat(found.start(), found.end() - found.start(), look)


class _Margin(QWidget):
    def __init__(self, editor: CodeView) -> None:
        super().__init__(editor)
        self._editor = editor

    def sizeHint(self) -> QSize:
        return QSize(self._editor.margin_width(), 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        self._editor.paint_margin(event)


class CodeView(QPlainTextEdit):
    """Read-only code. `show_code(text, language)`; languages: go yaml dockerfile gomod shell nginx json diff text."""

    def __init__(
        self, *, name: str, label: Text, numbers: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        say(self, self.setAccessibleName, label)
        self.setReadOnly(True)
        self.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setTabChangesFocus(True)
        use_font(self, "mono")
        self.setTabStopDistance(QFontMetrics(self.font()).horizontalAdvance("    "))
        self._numbers = numbers
        self._highlighter = CodeHighlighter(self.document(), "text")
        self._margin = _Margin(self)
        self._margin.setVisible(numbers)
        self.document().setDocumentMargin(8)
        self.blockCountChanged.connect(lambda _: self._fit())
        self.updateRequest.connect(self._on_update)
        theme().changed.connect(self._on_theme)
        self._fit()

    def show_code(self, text: str, language: str = "text") -> None:
        """Replace the text; the scroll position stays when only a little changed."""
        if text == self.toPlainText():
            return
        at = self.verticalScrollBar().value()
        self.setPlainText(text)
        self._highlighter.set_language(language)
        self.verticalScrollBar().setValue(at)

    def show_line(self, number: int) -> None:
        """Bring line `number` (from 1) into view."""
        block = self.document().findBlockByNumber(number - 1)
        cursor = self.textCursor()
        cursor.setPosition(block.position())
        self.setTextCursor(cursor)
        self.centerCursor()

    def margin_width(self) -> int:
        if not self._numbers:
            return 0
        digits = max(2, len(str(self.blockCount())))
        return QFontMetrics(self.font()).horizontalAdvance("9") * digits + 22

    def paint_margin(self, event: QPaintEvent) -> None:
        painter = QPainter(self._margin)
        painter.setFont(self.font())
        painter.setPen(theme().color("text.tertiary"))
        block = self.firstVisibleBlock()
        top = self.blockBoundingGeometry(block).translated(self.contentOffset()).top()
        while block.isValid() and top <= event.rect().bottom():
            height = self.blockBoundingRect(block).height()
            line = block.layout().lineAt(0)  # of the first line: a wrapped block and the last one are higher
            box = QRect(
                0, int(top), self._margin.width() - 12, int(line.height() if line.isValid() else height)
            )
            painter.drawText(
                box, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, str(block.blockNumber() + 1)
            )
            top += height
            block = block.next()
        painter.end()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        area = self.contentsRect()
        self._margin.setGeometry(QRect(area.left(), area.top(), self.margin_width(), area.height()))

    def _fit(self) -> None:
        self.setViewportMargins(self.margin_width(), 0, 0, 0)

    def _on_update(self, rect: QRect, dy: int) -> None:
        if dy:
            self._margin.scroll(0, dy)
        else:
            self._margin.update(0, rect.y(), self._margin.width(), rect.height())

    def _on_theme(self) -> None:
        self.setFont(theme().font("mono"))
        self._highlighter.rehighlight()
        self._fit()
