"""How a deploy spreads over several hosts: a sheet that asks, and the words for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from desktop.base.words import tr
from desktop.release import Strategy
from desktop.ui.widgets import Choice, Segmented, Sheet, check_box, label, row

SIZES = (2, 3, 4, 5, 10, 20)


@dataclass(frozen=True, slots=True)
class Spread:
    """What was chosen. `keep`: it shall stand in goferry.yaml."""

    strategy: Strategy
    relay: str = ""
    keep: bool = False

    def values(self) -> dict[str, str | int | None]:
        """The keys of an environment; None: the default, which needs no line."""
        strategy = self.strategy
        return {
            "strategy": strategy.kind if strategy.kind != "one" else None,
            "batch": strategy.batch if strategy.kind == "batches" else None,
            "on_failure": "rollback" if strategy.undo else None,
            "relay": self.relay or None,
        }


class SpreadSheet(Sheet):
    """Accepts with a Spread."""

    def __init__(self, now: Spread, hosts: Sequence[str], environment: str) -> None:
        super().__init__(
            lambda: tr("Strategy for {environment}", environment=environment),
            name="deploy.spread",
            primary=lambda: tr("Use it"),
            width=520,
        )
        self._now = now
        self.kind = Segmented(
            [
                ("one", lambda: tr("One at a time")),
                ("batches", lambda: tr("In batches")),
                ("all", lambda: tr("All at once")),
            ],
            name="deploy.spread.kind",
            label=lambda: tr("Hosts at a time"),
            value=now.strategy.kind,
        )
        sizes = sorted({now.strategy.batch, *(size for size in SIZES if size < max(3, len(hosts)))})
        self.batch = Choice(
            [(str(size), str(size)) for size in sizes],
            name="deploy.spread.batch",
            label_text=lambda: tr("Hosts of a batch"),
            value=str(now.strategy.batch),
        )
        self.batch_word = label(lambda: tr("hosts"), "body", "secondary")
        self.undo = check_box(
            lambda: tr("When a host fails, take back the ones before it"),
            name="deploy.spread.undo",
            on=now.strategy.undo,
        )
        kept = now.relay.partition(":")[0]
        names = list(dict.fromkeys((*hosts, *((kept,) if kept else ()))))
        self.relay = Choice(
            [("", lambda: tr("No: to each host by itself")), *((name, name) for name in names)],
            name="deploy.spread.relay",
            label_text=lambda: tr("Send once, through a host"),
            value=kept,
        )
        self.keep = check_box(lambda: tr("Keep it in goferry.yaml"), name="deploy.spread.keep")
        self._fill()
        self.kind.chosen.connect(lambda _: self._fit())
        self._fit()

    def _fill(self) -> None:
        self.body.addWidget(label(lambda: tr("Hosts at a time"), "bodyStrong"))
        self.body.addLayout(row(self.kind, self.batch, self.batch_word, None))
        self.body.addWidget(
            label(
                lambda: tr("The others of a batch come to their end; after a failure no further host begins."),
                "caption", "secondary", wrap=True,
            )
        )  # fmt: skip
        self.body.addWidget(self.undo)
        self.body.addWidget(label(lambda: tr("Send once, through a host"), "bodyStrong"))
        self.body.addLayout(row(self.relay, None))
        self.body.addWidget(
            label(
                lambda: tr(
                    "What all need goes over your line once, and the others fetch it from that host. It gets no key, "
                    "and where a firewall is between them each is sent its own."
                ),
                "caption", "secondary", wrap=True,
            )
        )  # fmt: skip
        self.body.addWidget(self.keep)

    def _fit(self) -> None:
        in_batches = self.kind.value == "batches"
        self.batch.setVisible(in_batches)
        self.batch_word.setVisible(in_batches)

    def on_primary(self) -> None:
        strategy = Strategy(self.kind.value or "one", int(self.batch.value), self.undo.isChecked())
        relay = self.relay.value
        if relay and relay == self._now.relay.partition(":")[0]:
            relay = self._now.relay  # with its port
        self.accept(replace(self._now, strategy=strategy, relay=relay, keep=self.keep.isChecked()))
