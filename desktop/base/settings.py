"""What a person chose: one small YAML file under the home folder, checked on the way in, replaced as a whole."""

from __future__ import annotations

import dataclasses
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .paths import Home, write_atomically

_log = logging.getLogger(__name__)

CHOICES: dict[str, tuple[str, ...]] = {
    "theme": ("system", "light", "dark"),
    "language": ("system", "en", "zh_CN"),
    "density": ("compact", "normal", "roomy"),
    "updates": ("daily", "off"),
    "editor": ("auto", "vscode", "goland", "system"),
}


@dataclass(frozen=True, slots=True)
class Settings:
    """Few, clear choices. Every one has a default that works."""

    schema: int = 1
    theme: str = "system"
    language: str = "system"
    density: str = "normal"
    text_size: float = 1.0
    """1, 1.15, 1.3 or 1.5."""
    go: str = ""
    """Path of the go program; empty: found on PATH, in the usual places, or the one that came along."""
    goproxy: str = ""
    """GOPROXY for builds; empty: Go's own setting; "off": no network."""
    editor: str = "auto"
    engine: str = ""
    """Docker Engine of this computer: a context name or an address; empty: the current context."""
    confirm_production: bool = True
    keep_releases: int = 5
    log_lines: int = 50_000
    projects: tuple[str, ...] = ()
    """Folders opened, newest first."""
    pinned: tuple[str, ...] = ()
    registries: tuple[str, ...] = ()
    """Image registries that somebody signed in to, by name; who and with what password is in the credential store."""
    package_mirror: str = ""
    """Where set-up takes Docker's packages from: a mirror's id or address; empty: the quickest one."""
    on_save: tuple[str, ...] = ()
    """Where projects were deployed on save, as "environment=folder", newest first."""
    tray: bool = False
    helper: bool = False
    """Whether servers that have Python get the helper too, which is quicker with large programs."""
    updates: str = "daily"
    """Whether Goferry looks for a newer version of itself, where an address for that is configured."""


class SettingsStore:
    """The settings in force, and their file. A damaged file is set aside, never silently overwritten."""

    def __init__(self, home: Home) -> None:
        self._file = home.own("settings.yaml")
        self._listeners: list[Callable[[Settings], None]] = []
        self.problem = ""
        """What was wrong with the file, if anything."""
        self.now = self._read()

    def listen(self, listener: Callable[[Settings], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener) if listener in self._listeners else None

    def change(self, **values: Any) -> Settings:
        """Sets fields, writes the file, tells listeners. Raises ValueError on an unknown choice, OSError on a disk that
        refuses; then nothing has changed."""
        wanted = _checked(dataclasses.replace(self.now, **values))
        if wanted == self.now:
            return wanted
        self._write(wanted)
        self.now = wanted
        for listener in list(self._listeners):
            listener(wanted)
        return wanted

    def _read(self) -> Settings:
        try:
            found = _understood(self._file.read_text(encoding="utf-8")) or {}
            known = {field.name for field in dataclasses.fields(Settings)}
            values: dict[str, Any] = {
                key: tuple(v) if isinstance(v, list) else v for key, v in found.items() if key in known
            }
            return _checked(Settings(**values))
        except FileNotFoundError:
            return Settings()
        except (OSError, ValueError, TypeError, AttributeError) as error:
            self.problem = str(error)
            _log.info("settings could not be read and were set aside: %s", error)
            self._set_aside()
            return Settings()

    def _set_aside(self) -> None:
        try:
            self._file.replace(self._file.with_suffix(".damaged.yaml"))
        except OSError:
            _log.info("the damaged settings file stays where it is")

    def _write(self, settings: Settings) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(dataclasses.asdict(settings), ensure_ascii=False, indent=2)
        write_atomically(self._file, text + "\n")


def _understood(text: str) -> Any:
    """We write the part of YAML that is JSON too, which costs a start a twentieth of what the rest does; a person who
    changes the file may use all of it. Raises ValueError."""
    try:
        return json.loads(text)
    except ValueError:
        import yaml

        try:
            return yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise ValueError(str(error)) from error


def _checked(settings: Settings) -> Settings:
    for field in dataclasses.fields(Settings):
        value, kind = getattr(settings, field.name), type(field.default)
        if kind is float and isinstance(value, int):
            continue
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise ValueError(f"{field.name}: {value!r} is not of the right kind")
    for name, allowed in CHOICES.items():
        if getattr(settings, name) not in allowed:
            raise ValueError(f"{name}: {getattr(settings, name)!r} is none of {', '.join(allowed)}")
    return settings
