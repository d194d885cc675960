"""Dependencies: the list, tidying, the graph as a picture, Go's caches, and the choice of a proxy."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QLabel, QRadioButton, QScrollArea, QVBoxLayout, QWidget

from desktop.base.words import ntr, tr
from desktop.build import CacheSize, Dependency, ModuleGraph, ProxyAnswer, ProxyPreset
from desktop.ui.widgets import (
    EmptyState,
    Field,
    Row,
    Sheet,
    button,
    label,
    line,
    list_view,
    radio_button,
    row,
    say,
)

from .graph import GraphView
from .present import megabytes, proxy_problem


def dependency_rows(modules: Sequence[Dependency]) -> list[Row]:
    """Direct ones first, then what they bring along."""
    rows: list[Row] = []
    group = None
    for one in modules:
        if one.main:
            continue
        if one.direct is not group:
            group = one.direct
            count = sum(1 for other in modules if other.direct is group and not other.main)
            title = (
                ntr("{n} module that the project names", "{n} modules that the project names", count)
                if group
                else ntr("{n} module that those bring along", "{n} modules that those bring along", count)
            )
            rows.append(Row(title, group=title))
        second = f"{one.version} → {one.replaced_by}" if one.replaced_by else one.version
        chips = ((tr("replaced"), "warn"),) if one.replaced_by else ()
        rows.append(Row(one.path, second, mono_second=True, chips=chips, payload=one))
    return rows


class DependencyPanel(QWidget):
    """`asked(key)`: refresh, tidy, graph, proxy, clean."""

    asked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        tools = []
        for key, text, icon in (
            ("tidy", lambda: tr("Tidy"), "wrench"),
            ("graph", lambda: tr("Module graph…"), "compare"),
            ("proxy", lambda: tr("Choose the proxy…"), "globe"),
        ):
            tool = button(text, name=f"build.deps.{key}", small=True, icon=icon)
            tool.clicked.connect(lambda _=False, wanted=key: self.asked.emit(wanted))
            tools.append(tool)
        self.summary = label("", "caption", "secondary")
        layout.addLayout(row(*tools, None, self.summary, margins=(12, 8, 12, 8)))
        layout.addWidget(line())
        self.view, self.model, _ = list_view(name="build.deps", label=lambda: tr("Dependencies"))
        self.empty = EmptyState(
            "box",
            lambda: tr("Nothing but the standard library"),
            lambda: tr("This project needs no other modules."),
            name="build.deps.empty",
        )
        layout.addWidget(self.view, 1)
        layout.addWidget(self.empty, 1)
        layout.addWidget(line())
        self.cache = label("", "caption", "secondary")
        self.clean = button(
            lambda: tr("Clean the build cache"), name="build.deps.clean", kind="link", small=True
        )
        self.clean.clicked.connect(lambda: self.asked.emit("clean"))
        layout.addLayout(row(self.cache, None, self.clean, margins=(13, 7, 9, 7)))
        self._modules: tuple[Dependency, ...] | None = None
        self._size: CacheSize | None = None
        self.render_now()

    def show_modules(self, modules: Sequence[Dependency] | None) -> None:
        self._modules = None if modules is None else tuple(modules)
        self.render_now()

    def show_cache(self, size: CacheSize | None) -> None:
        self._size = size
        self.render_now()

    def render_now(self) -> None:
        modules = self._modules or ()
        rows = dependency_rows(modules)
        self.model.show_rows(rows)
        known = self._modules is not None
        self.view.setVisible(bool(rows) or not known)
        self.empty.setVisible(not rows and known)
        count = sum(1 for one in modules if not one.main)
        self.summary.setText(ntr("{n} module", "{n} modules", count) if known else tr("Reading…"))
        size = self._size
        self.cache.setText(
            tr(
                "Build cache {build}, modules {modules}",
                build=megabytes(size.build),
                modules=megabytes(size.modules),
            )
            if size is not None
            else tr("Size of the caches is being counted…")
        )


class GraphSheet(Sheet):
    """The module graph, to scroll in."""

    def __init__(self, graph: ModuleGraph) -> None:
        super().__init__(
            lambda: tr("Module graph"), name="build.graph.sheet", cancel=lambda: tr("Close"), width=920
        )
        count = len(graph.nodes)
        self.body.addWidget(label(ntr("{n} module", "{n} modules", count), "caption", "secondary"))
        self.picture = GraphView()
        self.picture.show_graph(graph)
        area = QScrollArea()
        area.setWidget(self.picture)
        area.setFrameShape(QScrollArea.Shape.NoFrame)
        area.setMinimumSize(QSize(640, 420))
        area.setAccessibleName(tr("Module graph"))
        self.body.addWidget(area, 1)


class ProxySheet(Sheet):
    """Which GOPROXY to use; each is measured. `accept(value)`: the value, "" for Go's own setting."""

    def __init__(self, presets: Sequence[ProxyPreset], now: str) -> None:
        super().__init__(
            lambda: tr("Where modules come from"),
            name="build.proxy",
            primary=lambda: tr("Use this"),
            width=520,
        )
        self.body.addWidget(
            label(
                lambda: tr(
                    "Each proxy was asked for the same small thing. Checksums are checked with every choice."
                ),
                "caption",
                "secondary",
                wrap=True,
            )
        )
        self._values: dict[QRadioButton, str] = {}
        self._told: dict[str, QLabel] = {}
        self._add("default", tr("As Go is set up"), "", now)
        for preset in presets:
            text = {
                "off": tr("None: only what is in the module cache"),
                "direct": tr("Straight from Git"),
            }.get(preset.value, preset.name)
            self._add(preset.id, text, preset.value, now)
        self.own = radio_button(lambda: tr("Another address"), name="build.proxy.own")
        self.body.addWidget(self.own)
        self.address = Field(
            lambda: tr("Address"),
            name="build.proxy.address",
            mono=True,
            placeholder="https://goproxy.example.com,direct",
            hint=lambda: tr("Checksums stay on. Several addresses are separated by commas."),
        )
        self.body.addWidget(self.address)
        known = set(self._values.values())
        if now not in known:
            self.own.setChecked(True)
            self.address.set_text(now)
        self.own.toggled.connect(self.address.setEnabled)
        self.address.setEnabled(self.own.isChecked())

    def _add(self, key: str, text: str, value: str, now: str) -> None:
        choice = radio_button(text, name=f"build.proxy.{key}")
        choice.setChecked(value == now)
        told = label("", "caption", "secondary")
        self._values[choice], self._told[key] = value, told
        self.body.addLayout(row(choice, None, told))
        if value.startswith("http"):
            say(told, told.setText, tr("measuring…"))

    def show_answers(self, answers: Sequence[ProxyAnswer]) -> None:
        fastest = next((a.preset.id for a in answers if a.seconds is not None), "")
        for answer in answers:
            told = self._told.get(answer.preset.id)
            if told is None:
                continue
            words = (
                tr("{n} ms", n=f"{answer.seconds * 1000:.0f}")
                if answer.seconds is not None
                else str(answer.problem)
            )
            if answer.preset.id == fastest:
                words = tr("{time}, the fastest", time=words)
            say(told, told.setText, words)
            told.setToolTip(answer.detail)

    def on_primary(self) -> None:
        if self.own.isChecked():
            text = self.address.text.strip()
            if problem := proxy_problem(text):
                self.address.set_error(problem)
                return
            self.accept(text)
            return
        self.accept(next((value for choice, value in self._values.items() if choice.isChecked()), ""))


class LayerSheet(Sheet):
    """The files of a layer with their sizes."""

    def __init__(self, title: str, files: Sequence[tuple[str, int]]) -> None:
        super().__init__(title, name="build.layer.sheet", cancel=lambda: tr("Close"), width=620)
        self.body.addWidget(label(ntr("{n} file", "{n} files", len(files)), "caption", "secondary"))
        view, model, _ = list_view(name="build.layer.files", label=lambda: tr("Files in the layer"))
        view.setMinimumHeight(360)
        model.show_rows([Row(name, right=megabytes(size)) for name, size in files])
        self.body.addWidget(view, 1)


class FilesSheet(Sheet):
    """Files that are not committed, with what git says of them."""

    def __init__(self, files: Sequence[tuple[str, str]]) -> None:
        super().__init__(
            lambda: tr("Not committed"), name="build.changes", cancel=lambda: tr("Close"), width=560
        )
        why = label(
            lambda: tr("The commit alone does not give this program, so its version says dirty."),
            "caption",
            "secondary",
            wrap=True,
        )
        self.body.addWidget(why)
        view, model, _ = list_view(name="build.changes.files", label=lambda: tr("Not committed"))
        view.setMinimumHeight(260)
        model.show_rows([Row(name, right=state) for state, name in files])
        self.body.addWidget(view, 1)


class BaseSheet(Sheet):
    """Another base image. `accept(name)`."""

    def __init__(self) -> None:
        super().__init__(
            lambda: tr("Another base image"), name="build.base.sheet", primary=lambda: tr("Use it"), width=460
        )
        self.field = Field(
            lambda: tr("Image"),
            name="build.base.name",
            mono=True,
            placeholder="harbor.example.com/base/debian:12",
            hint=lambda: tr("It is fetched once, and kept by its digest."),
        )
        self.body.addWidget(self.field)

    def on_primary(self) -> None:
        from desktop.image import BadReference, parse_reference

        try:
            self.accept(str(parse_reference(self.field.text)))
        except BadReference as error:
            self.field.set_error(error.why)


__all__ = [
    "BaseSheet",
    "DependencyPanel",
    "FilesSheet",
    "GraphSheet",
    "LayerSheet",
    "ProxySheet",
    "dependency_rows",
]
