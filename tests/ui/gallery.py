"""Every shared widget in one window, for eyes."""

from __future__ import annotations

import math

from PySide6.QtWidgets import QVBoxLayout, QWidget

from desktop.ui.theme import theme
from desktop.ui.widgets import (
    STATES,
    Banner,
    Bar,
    Card,
    Chip,
    Choice,
    CodeView,
    Field,
    HealthStrip,
    IconButton,
    KeyValueList,
    Lane,
    Layer,
    LayerBar,
    LineChart,
    LogPane,
    LogRow,
    PageHeader,
    ProgressLine,
    Row,
    RowButton,
    SearchField,
    SegmentBar,
    Segmented,
    Series,
    Spark,
    StageGantt,
    Switch,
    VolumeStrip,
    button,
    check_box,
    column,
    columns,
    list_view,
    radio_button,
    row,
    state_word,
)


def gallery() -> QWidget:
    window = QWidget()
    theme().dress(window)
    head = PageHeader("Gallery", name="g", back=True)
    head.add_scope(
        Chip("Production", "env.prod"), Chip("canary", "accent"), Chip("sent 14:46", "ok", state="ok")
    )
    head.add_actions(
        button("Check all", name="check", icon="refresh"),
        button("Roll back", name="back", kind="danger", icon="undo"),
        button("New project", name="new", kind="primary", icon="plus"),
    )
    banner = Banner(name="banner", closable=True)
    banner.show_banner(
        "fail", "windows/amd64: no syscall.Flock", "Keep it for Linux only.", [("open", "Open lock.go:27")]
    )
    panes = columns((_controls(), 300, 0), (_hosts(), 300, 1), (_pictures(), 380, 1), (_texts(), 480, 1))
    layout = QVBoxLayout(window)
    layout.setContentsMargins(0, 0, 0, 20)
    layout.addWidget(head)
    layout.addLayout(column(banner, panes, spacing=14, margins=(24, 0, 24, 0)))
    return window


def _controls() -> Card:
    card = Card("Options", note="what to build")
    taken = Field("Module path", name="module", value="git.example.com/shop", mono=True)
    taken.set_error("This name is taken")
    off = button("Off", name="off", kind="primary")
    off.setEnabled(False)
    for part in (
        check_box("Check with go vet", name="vet", on=True),
        check_box("Race detector", name="race"),
        radio_button("Light", name="light", on=True),
        Segmented([("a", "Roomy"), ("b", "Normal")], name="density", label="Density", value="b"),
        Segmented([("grid", "Grid"), ("list", "List")], name="form", label="Form", icons=True),
        Field("Name", name="name", value="coupon-svc", hint="Free to use"),
        taken,
        Choice([("1", "Goferry, no Docker needed")], name="maker", label_text="Made by"),
        SearchField("Filter projects", name="filter"),
    ):
        card.body.addWidget(part)
    card.body.addLayout(row(Switch("On", name="on", on=True), Switch("Off", name="off2"), None))
    for kinds in (("standard", "primary", "accent"), ("danger", "dangerFilled"), ("plain", "link", "preset")):
        card.body.addLayout(row(*[button(kind, name=kind, kind=kind, small=True) for kind in kinds], None))
    card.body.addLayout(row(off, IconButton("copy", "Copy", name="copy"), None))
    card.body.addStretch(1)
    return card


def _hosts() -> Card:
    card = Card("Hosts", flush=True)
    view, model, _ = list_view(name="hosts", label=lambda: "Hosts")
    shown = [
        Row("", group="Running, 2"),
        Row(
            "web-bj-01",
            "192.0.2.11",
            state="ok",
            right="14:34",
            mono_second=True,
            chips=(("canary", "accent"),),
        ),
        Row(
            "web-bj-03",
            "3 restarts",
            state="warn",
            second_role="warn.text",
            buttons=(RowButton("c", "Cancel"),),
        ),
    ]
    model.show_rows(shown + [Row(state, state_word(state), state=state) for state in STATES])
    card.body.addWidget(view)
    return card


def _pictures() -> Card:
    card = Card("Timeline")
    gantt = StageGantt()
    all_targets = (Bar("v", "Vet", 1.6, 3), Bar("t", "Test 42 of 42", 4.7, 5.6))
    arm = (
        Bar("c", "Compile 171 of 268", 10.4, 8.5, "busy"),
        Bar("i", "Image", 19.3, 5, "wait", estimated=True),
    )
    failed = (Bar("c", "Compile", 10.4, 4.2, "fail"),)
    gantt.show_lanes(
        [
            Lane("all", "All targets", None, all_targets),
            Lane("arm", "linux/arm64", "busy", arm),
            Lane("win", "windows/amd64", "fail", failed),
        ],
        19,
    )
    layers = LayerBar()
    layers.show_layers(
        [Layer("certificates", 1700, "1.7 MB"), Layer("app", 14200, "14 MB"), Layer("config", 2, "2 KB")]
    )
    segments = SegmentBar()
    segments.show_states(["ok", "ok", "fail", "wait", "skip"], "Step 3 of 5 failed")
    progress = ProgressLine()
    progress.show_progress("compile 171 of 268", 0.64)
    health = HealthStrip()
    health.show_states(["ok"] * 12 + ["warn", "fail", "none"] + ["ok"] * 10, "88 %")
    spark = Spark()
    spark.show_values([abs(math.sin(at / 6)) * 50 for at in range(60)], "up to 50 ms")
    volume = VolumeStrip()
    volume.show_counts(
        [(10 + at % 7, 3 if at % 5 == 0 else 0, 2 if at % 11 == 0 else 0) for at in range(40)],
        ["13:47", "now"],
    )
    chart = LineChart(unit="ms")
    old, new = tuple(41.0 + at % 3 for at in range(40)), tuple(200 / (at + 1) + 30 for at in range(12))
    chart.show_series(
        [Series("1.8.0", old), Series("1.9.0", new)], marks=["14:24", "14:34"], limit=(400, "limit 400 ms")
    )
    facts = KeyValueList()
    facts.show_pairs([("System", "Rocky Linux 9.4"), ("Fingerprint", "SHA256:9Hq3vWm0c7T", "mono")])
    for part in (gantt, layers, segments, progress, health, spark, volume, chart, facts):
        card.body.addWidget(part)
    return card


def _texts() -> Card:
    card = Card("Output", flush=True)
    pane = LogPane(name="output", label_text="Output", pausable=True)
    texts = (
        "GET /v1/orders/80207 200 12ms",
        "internal/store/lock.go:27:12: undefined: syscall.Flock",
        "中文日志 reserve stock 失败",
        "\x1b[32mok\x1b[0m   internal/cart  0.412s",
    )
    levels = ("info", "error", "warn", "debug")
    pane.view.append(
        LogRow(1.7e9 + at * 0.3, levels[at % 4], f"web-{at % 3}", texts[at % 4]) for at in range(60)
    )
    pane.view.set_search("reserve stock")
    code = CodeView(name="code", label="Code")
    code.show_code(
        'package main\n\n// set by Goferry\nvar version = "dev"\n\nfunc main() {\n\trun(42)\n}\n', "go"
    )
    card.body.addWidget(pane)
    card.body.addWidget(code)
    return card
