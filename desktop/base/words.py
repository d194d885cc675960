"""Text for people, in their language; no Qt, because the headless face speaks both languages too.

Catalogues are plain JSON maps from the English text to the translation, one file per station or page, so that
two people seldom touch the same one. They are read once per language, at its first use.
"""

from __future__ import annotations

import json
import locale
import logging
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from .resources import resources

LANGUAGES = {"en": "English", "zh_CN": "简体中文"}
HERE = "local"
"""The id of this computer among hosts. People read its name: see `host_words`."""

_log = logging.getLogger(__name__)


@cache
def catalogue(language: str) -> dict[str, str]:
    """All texts of a language, English to translation; empty for English."""
    texts: dict[str, str] = {}
    folder = resources() / "translations" / language
    if folder.is_dir():
        for file in sorted(folder.glob("*.json")):
            texts.update(json.loads(file.read_text(encoding="utf-8")))
    return texts


class _Current:
    language = "en"
    listeners: list[Callable[[], None]] = []  # noqa: RUF012  one per process, that is the point


def language() -> str:
    """The language in force: a key of LANGUAGES."""
    return _Current.language


def set_language(wanted: str) -> None:
    """Speak `wanted` ("en", "zh_CN", also "zh", "zh-CN", "system") from now on, and tell who listens."""
    chosen = resolve_language(wanted)
    if chosen != _Current.language:
        _Current.language = chosen
        for listener in list(_Current.listeners):
            listener()


def on_language_changed(listener: Callable[[], None]) -> Callable[[], None]:
    """Call `listener` after each change; the returned function ends that."""
    _Current.listeners.append(listener)
    return lambda: _Current.listeners.remove(listener) if listener in _Current.listeners else None


def resolve_language(wanted: str) -> str:
    """The supported language nearest to what was asked for; English when none is."""
    if wanted in ("", "system"):
        wanted = _system_language()
    return "zh_CN" if wanted.lower().replace("-", "_").startswith("zh") else "en"


def _system_language() -> str:
    if sys.platform == "win32":
        import ctypes

        code: int = ctypes.windll.kernel32.GetUserDefaultUILanguage()
        return locale.windows_locale.get(code, "en_US")
    return os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or "en_US"


class Said(str):
    """Words as they were put in the language of then, which remember their sentence: a widget that was given them can
    say it again in another language."""

    __slots__ = ("message",)
    message: Message

    @classmethod
    def of(cls, message: Message, text: str) -> Said:
        made = cls(text)
        made.message = message
        return made

    def __str__(self) -> Said:
        return self  # not a plain copy, which would have forgotten it

    def again(self) -> str:
        """The same in the language in force."""
        return str(self.message)


@dataclass(frozen=True, slots=True)
class Message:
    """A sentence that is put into words when it is shown, so that a change of language reaches it."""

    english: str
    values: dict[str, Any] = field(default_factory=dict, hash=False)
    plural: str = ""
    """English for more than one, chosen by `values["n"]`; the translation is looked up under it."""

    def __str__(self) -> str:
        return Said.of(self, self.words(_Current.language))

    def words(self, spoken: str) -> str:
        key = self.plural or self.english
        text = catalogue(spoken).get(key) if spoken != "en" else None
        if text is None:
            text = self.english if not self.plural or self.values.get("n") == 1 else self.plural
        try:
            if not self.values:
                return text
            values = _hosts_named(self.english, _said_again(self.values), spoken)
            if spoken != "zh_CN":
                return text.format_map(values)
            return _AFTER_STOP.sub("", _closed_up(text, values).format_map(values))
        except (KeyError, IndexError, ValueError):
            _log.exception("text cannot be filled in: %r", text)
            return text


_AFTER_STOP = re.compile("(?<=[。；！？]) ")
"""The stop of a Chinese sentence brings its own space."""
_CHINESE = "[\u4e00-\u9fff]"
_SPACE_AFTER = re.compile(rf"\{{(\w+)\}} (?={_CHINESE})")
_SPACE_BEFORE = re.compile(rf"(?<={_CHINESE}) \{{(\w+)\}}")


def _closed_up(text: str, values: dict[str, Any]) -> str:
    """Chinese has a space around names of Latin letters, and none between two Chinese words."""

    def is_chinese(found: re.Match[str], at: slice) -> bool:
        return re.match(_CHINESE, str(values.get(found[1], ""))[at]) is not None

    text = _SPACE_AFTER.sub(
        lambda found: found[0].rstrip() if is_chinese(found, slice(-1, None)) else found[0], text
    )
    return _SPACE_BEFORE.sub(
        lambda found: found[0].lstrip() if is_chinese(found, slice(1)) else found[0], text
    )


def _said_again(values: dict[str, Any]) -> dict[str, Any]:
    """Words inside words follow the language too."""
    if any(type(value) is Said for value in values.values()):
        return {name: value.message if type(value) is Said else value for name, value in values.items()}
    return values


def _hosts_named(english: str, values: dict[str, Any], spoken: str) -> dict[str, Any]:
    """What stands for {host} and {hosts}, with a name for this computer instead of its id."""
    found = {
        key: named
        for key in ("host", "hosts")
        if HERE in str(values.get(key, ""))
        and (named := _named(str(values[key]), english.startswith(f"{{{key}}}"), spoken)) != values[key]
    }
    return {**values, **found} if found else values


def _named(hosts: str, begins: bool, spoken: str) -> str:
    name = Message("This computer" if begins else "this computer").words(spoken)
    return ", ".join(name if host == HERE else host for host in hosts.split(", "))


def host_words(name: str) -> str:
    """A host's name for people, where it stands alone. In a sentence {host} and {hosts} are named so by themselves."""
    return tr("This computer") if name == HERE else name


def msg(english: str, /, **values: object) -> Message:
    """A sentence for later, with {names} filled in by `values` (which may be messages themselves)."""
    return Message(english, values)


def nmsg(one: str, many: str, n: int, /, **values: object) -> Message:
    """The same, by number: `nmsg("{n} file", "{n} files", 3)`."""
    return Message(one, {"n": n, **values}, plural=many)


def tr(english: str, /, **values: object) -> str:
    """The sentence now, in the language in force."""
    return str(Message(english, values))


def ntr(one: str, many: str, n: int, /, **values: object) -> str:
    """`nmsg` now, in the language in force."""
    return str(nmsg(one, many, n, **values))


Words = Message | str


def sentences(*parts: Words) -> Message:
    """Some after the other, without those that are empty."""
    said = {f"part{at}": part for at, part in enumerate(parts) if str(part)}
    return Message(" ".join(f"{{{name}}}" for name in said), said)
