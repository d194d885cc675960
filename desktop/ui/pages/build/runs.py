"""A build as it was told so far: fed with events, read by the page. No widget here."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from desktop.app_build import Built
from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.build import BuildEvent
from desktop.ui.widgets.log_buffer import LogRow


@dataclass(slots=True)
class Stage:
    """A stage of a target while it runs and after."""

    started: float
    ended: float | None = None
    ok: bool = True
    done: int = 0
    fraction: float | None = None
    told: str = ""


@dataclass(slots=True)
class Run:
    """One build as it was told so far. `fraction` and texts are read from it; `feed` is all that changes it."""

    targets: tuple[str, ...]
    stages_before: tuple[str, ...] = ()
    """"vet", "test": what is done for all targets first."""
    images: bool = True
    expected: float | None = None
    module: str = ""
    """The module's path, which is cut from package names to keep lines short."""
    stages: dict[tuple[str, str], Stage] = field(default_factory=dict)
    commands: list[tuple[str, str, Command]] = field(default_factory=list)
    last: float = 0.0
    built: Built | None = None
    error: GoferryError | None = None
    cancelled: bool = False
    on_save: bool = False
    """Begun by a save, not by a person's press; a deploy follows it."""
    began: float = 0.0
    """When that was; a press has a job that knows."""

    @property
    def over(self) -> bool:
        return self.built is not None or self.error is not None or self.cancelled

    def feed(self, event: BuildEvent) -> list[LogRow]:
        """Takes an event; gives the lines to show for it."""
        self.last = event.at
        key = (event.target, event.stage)
        if event.kind == "start":
            self.stages[key] = Stage(event.at)
            if event.command is not None:
                self.commands.append((event.target, event.stage, event.command))
                return [LogRow(event.at, "debug", event.target, short_command(event.command))]
            return []
        stage = self.stages.setdefault(key, Stage(event.at))
        if event.kind == "progress":
            stage.done += 1
            stage.fraction = event.fraction
            stage.told = str(event.text)
            return []
        if event.kind == "end":
            stage.ended, stage.ok, stage.fraction = event.at, event.ok, None
        text = str(event.text)
        if self.module and event.stage in ("vet", "test"):
            text = text.replace(f"{self.module}/", "")
        return [LogRow(event.at, "info" if event.ok else "error", event.target, text)] if text else []

    def failed_targets(self) -> list[str]:
        """Targets that are known to have failed by now."""
        if self.built is not None:
            return list(self.built.outcome.failures)
        return list(dict.fromkeys(target for (target, _), stage in self.stages.items() if not stage.ok and stage.ended
                                  and _ != "vet"))  # fmt: skip

    def share(self) -> float | None:
        """How much of all compiling is done, where that is known."""
        known = [self._share(target) for target in self.targets]
        return sum(known) / len(known) if known and any(known) else None

    def _share(self, target: str) -> float:
        stage = self.stages.get((target, "compile"))
        if stage is None:
            return 0.0
        return 1.0 if stage.ended is not None else stage.fraction or 0.0


def short_command(command: Command) -> str:
    """`go build -trimpath -ldflags "-s -w -X …"`: what a person recognises; the whole is under Commands."""
    words = [Path(command.argv[0]).stem]
    for word in command.argv[1:]:
        if word in ("-v", "-json", "-buildvcs=false"):
            continue
        if word == "-o":
            break
        if word.startswith("-ldflags="):
            flags = word.removeprefix("-ldflags=")
            words.append(f'-ldflags "{flags.partition("-X ")[0].strip()}{" -X …" if "-X " in flags else ""}"')
        else:
            words.append(shlex.quote(word))
    return " ".join(words)
