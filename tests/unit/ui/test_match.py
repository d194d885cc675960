"""What the command palette finds."""

from __future__ import annotations

from desktop.ui.match import pinyin_initials, score
from desktop.ui.palette import Entry, find


def entry(text: str, group: str = "Pages") -> Entry:
    return Entry(group, text, lambda: None)


def test_word_beginnings_find_in_any_order() -> None:
    assert score("fail build", "Build the failed targets again") > 0
    assert score("uild", "Build") > 0
    assert score("deploy", "Build") == 0


def test_a_beginning_beats_a_middle() -> None:
    assert score("set", "Settings") > score("set", "Reset")


def test_chinese_is_found_by_the_initials_of_its_pinyin() -> None:
    assert pinyin_initials("构建") == "gj"
    assert pinyin_initials("设置") == "sz"
    assert score("gj", "构建当前项目") > 0
    assert score("sz", "构建") == 0


def test_groups_keep_their_order_and_at_most_twelve_are_shown() -> None:
    entries = [entry(f"Keys {n}", "Keys") for n in range(20)] + [entry("Keys page", "Pages")]
    found = find([entry("Key action", "This page"), *entries], "key")
    assert len(found) == 12
    assert found[0].group == "This page"


def test_without_a_query_the_first_of_all_are_offered() -> None:
    assert [shown.text for shown in find([entry("A"), entry("B")], "")] == ["A", "B"]
