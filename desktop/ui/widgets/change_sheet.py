"""The sheet that shows how files would change, before they are written."""

from __future__ import annotations

from collections.abc import Sequence

from desktop.base.words import tr
from desktop.project import Change

from .code import CodeView
from .labels import label
from .sheets import Sheet


class ChangeSheet(Sheet):
    """The difference, to be agreed to. `page` is whose it is."""

    def __init__(self, changes: Sequence[Change], *, page: str) -> None:
        files = [*dict.fromkeys(change.path.name for change in changes)]
        super().__init__(
            lambda: (
                tr("Change {file}", file=files[0]) if len(files) == 1 else tr("Change before it is written")
            ),
            name=f"{page}.change",
            primary=lambda: tr("Write it"),
            width=680,
        )
        self.body.addWidget(label(lambda: tr("Nothing is written until you agree."), "body", "secondary"))
        view = CodeView(name=f"{page}.change.diff", label=lambda: tr("Difference"), numbers=False)
        view.show_code("\n".join(change.diff() for change in changes), "diff")
        view.setMinimumHeight(240)
        self.body.addWidget(view)
