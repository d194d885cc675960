"""What the pages share. Import from here: a module is loaded when the first of its names is asked for, so that the
window paints before charts, code and logs are there."""

# mypy: implicit-reexport
# ruff: noqa: F401  what stands under TYPE_CHECKING is what this package gives

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .bars import HealthStrip, Layer, LayerBar, ProgressBar, ProgressLine, SegmentBar, VolumeStrip
    from .change_sheet import ChangeSheet
    from .charts import LineChart, Series, Spark
    from .code import CodeView, language_of
    from .controls import IconButton, NavButton, Segmented, StatusDot, Switch, button, set_kind
    from .fields import Choice, Field, SearchField, check_box, line_edit, radio_button
    from .gantt import Bar, Lane, StageGantt
    from .groups import GroupsModel, GroupsTree, paint_group_ground
    from .labels import (
        Chip,
        ElidedLabel,
        KeyValueList,
        Picture,
        StateLabel,
        clear_layout,
        column,
        label,
        line,
        row,
        scrolled,
        set_tone,
        stay_low,
    )
    from .layouts import FlowLayout, columns, paint_overlay, paint_shadow, tab_before
    from .lists import (
        ROW_ROLE,
        Row,
        RowButton,
        RowsModel,
        TwoLineDelegate,
        list_view,
        paint_row_background,
        set_up_table,
        set_up_tree,
    )
    from .log_buffer import LogBuffer, LogRow
    from .log_pane import LogPane
    from .log_text import clock_time, elapsed_time
    from .log_view import LogView
    from .paint import (
        STATES,
        button_width,
        chip_width,
        paint_bar,
        paint_button,
        paint_chip,
        paint_meter,
        paint_status,
        paint_text,
        state_word,
        text_role,
        text_width,
        tone_of,
    )
    from .row_buttons import ButtonsDelegate
    from .says import (
        Text,
        keep_width,
        repeat_icons,
        repeat_texts,
        repolish,
        say,
        say_again,
        show_icon,
        use_font,
        words,
    )
    from .sheets import ConfirmSheet, Sheet, SheetHost
    from .surfaces import Banner, Card, EmptyState, ExpanderRow, PageHeader
    from .toasts import Toast, ToastHost

_NAMES = {
    "bars": "HealthStrip Layer LayerBar ProgressBar ProgressLine SegmentBar VolumeStrip",
    "change_sheet": "ChangeSheet",
    "charts": "LineChart Series Spark",
    "code": "CodeView language_of",
    "controls": "IconButton NavButton Segmented StatusDot Switch button set_kind",
    "fields": "Choice Field SearchField check_box line_edit radio_button",
    "gantt": "Bar Lane StageGantt",
    "groups": "GroupsModel GroupsTree paint_group_ground",
    "labels": (
        "Chip ElidedLabel KeyValueList Picture StateLabel clear_layout column label line row scrolled "
        "set_tone stay_low"
    ),
    "layouts": "FlowLayout columns paint_overlay paint_shadow tab_before",
    "lists": (
        "ROW_ROLE Row RowButton RowsModel TwoLineDelegate list_view paint_row_background "
        "set_up_table set_up_tree"
    ),
    "log_buffer": "LogBuffer LogRow",
    "log_pane": "LogPane",
    "log_text": "clock_time elapsed_time",
    "log_view": "LogView",
    "paint": (
        "STATES button_width chip_width paint_bar paint_button paint_chip paint_meter "
        "paint_status paint_text state_word text_role text_width tone_of"
    ),
    "row_buttons": "ButtonsDelegate",
    "says": "Text keep_width repeat_icons repeat_texts repolish say say_again show_icon use_font words",
    "sheets": "ConfirmSheet Sheet SheetHost",
    "surfaces": "Banner Card EmptyState ExpanderRow PageHeader",
    "toasts": "Toast ToastHost",
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names.split()}


def __getattr__(name: str) -> object:
    """The name, from its module; from then on it is found without us."""
    module = _HOMES.get(name)
    if module is None:
        raise AttributeError(f"{__name__} has no {name}")
    found: object = getattr(import_module(f"{__name__}.{module}"), name)
    globals()[name] = found
    return found
