"""Every text for people has its Simplified Chinese, with the same placeholders."""

from __future__ import annotations

import ast
import json
import string
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CATALOGUES = ROOT / "resources" / "translations" / "zh_CN"


def texts_in(source: Path) -> list[tuple[str, str]]:
    """(text, where) of each msg/tr/ntr/nmsg call; a text that is not one literal string is reported as such."""
    found = []
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        name = getattr(getattr(node, "func", None), "id", None)
        if not isinstance(node, ast.Call) or name not in ("msg", "tr", "ntr", "nmsg") or not node.args:
            continue
        words = node.args[1] if name in ("ntr", "nmsg") else node.args[0]
        where = f"{source.relative_to(ROOT)}:{node.lineno}"
        found.append(
            (words.value if isinstance(words, ast.Constant) and isinstance(words.value, str) else "", where)
        )
    return found


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def all_texts() -> list[tuple[str, str]]:
    # words.py itself and start-up code that hands texts on are the mechanism, not users of it
    files = [f for f in sorted((ROOT / "desktop").rglob("*.py")) if f.name != "words.py"]
    return [pair for file in files for pair in texts_in(file)]


def chinese() -> dict[str, str]:
    texts: dict[str, str] = {}
    for file in sorted(CATALOGUES.glob("*.json")):
        texts.update(json.loads(file.read_text(encoding="utf-8")))
    return texts


def test_every_text_is_a_literal_string() -> None:
    assert [where for text, where in all_texts() if not text] == []


def test_every_text_has_its_chinese() -> None:
    known = chinese()
    missing = sorted({f"{where}  {text!r}" for text, where in all_texts() if text and not known.get(text)})
    assert missing == [], "\n".join(missing)


def test_placeholders_are_the_same_in_both_languages() -> None:
    different = [
        text for text, translated in chinese().items() if placeholders(text) != placeholders(translated)
    ]
    assert different == []


def test_catalogues_hold_nothing_that_is_not_used() -> None:
    used = {text for text, _ in all_texts()}
    assert sorted(set(chinese()) - used) == []


def test_the_same_english_has_one_chinese() -> None:
    seen: dict[str, str] = {}
    clashes = []
    for file in sorted(CATALOGUES.glob("*.json")):
        for text, translated in json.loads(file.read_text(encoding="utf-8")).items():
            if seen.setdefault(text, translated) != translated:
                clashes.append(f"{file.name}: {text!r}")
    assert clashes == []
