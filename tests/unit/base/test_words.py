"""Words that remember their sentence, so that another language can be spoken at once."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from desktop.base.words import Said, host_words, msg, nmsg, sentences, set_language, tr


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("en")


def test_what_was_said_is_plain_text_that_can_be_said_again() -> None:
    said = tr("Build")
    assert (said, json.dumps([said]), f"{said}!", {said: 1}["Build"]) == ("Build", '["Build"]', "Build!", 1)
    set_language("zh_CN")
    assert said == "Build"
    assert isinstance(said, Said)
    assert said.again() == "构建"
    assert str(said) is said


def test_words_inside_words_follow_too() -> None:
    said = str(msg("{time}, the fastest", time=tr("{n} ms", n=4)))
    counted = str(nmsg("{n} finding", "{n} findings", 2))
    assert (said, counted) == ("4 ms, the fastest", "2 findings")
    set_language("zh_CN")
    assert isinstance(said, Said)
    assert said.again() == str(msg("{time}, the fastest", time=tr("{n} ms", n=4)))
    assert "ms, the fastest" not in said.again()


def test_sentences_stand_one_after_the_other_without_empty_ones() -> None:
    both = sentences(msg("Cancelled."), "", "{as it is}")
    assert str(both) == "Cancelled. {as it is}"
    set_language("zh_CN")
    assert str(both) == f"{msg('Cancelled.')}{{as it is}}", (
        "the stop of a Chinese sentence brings its own space"
    )


def test_this_computer_has_one_name_for_people() -> None:
    assert tr("Command on {host}", host="local") == "Command on this computer"
    assert tr("{host} answers again", host="local") == "This computer answers again"
    assert tr("Looking at {hosts}", hosts="web-1, local") == "Looking at web-1, this computer"
    assert (host_words("local"), host_words("local-2")) == ("This computer", "local-2")
    said = tr("Command on {host}", host="local")
    set_language("zh_CN")
    assert isinstance(said, Said)
    assert said.again() == "本机上的命令"
    assert host_words("local") == "本机"
    assert tr("Looking at {hosts}", hosts="local, local-2") == "正在查看本机, local-2"


def test_chinese_has_a_space_around_names_of_latin_letters_only() -> None:
    set_language("zh_CN")
    here, there = (
        tr("There is no Docker Engine on {place}.", place=place) for place in (msg("this computer"), "web-1")
    )
    assert here == "本机上没有 Docker Engine。"
    assert there == "web-1 上没有 Docker Engine。"
    assert tr("Command on {host}", host="张 三") == "张 三上的命令"
    assert tr("Folder for Docker's data on {host}", host=msg("this computer")).startswith("本机上 Docker")
