"""What is installed for a verb, and in how many processes the suite runs."""

from __future__ import annotations

import pytest

from installer.system import absent
from installer.verbs import opens_window, whole_suite

LISTING = """\
installed\tlibgl1,
installed\tlibglib2.0-0t64, libglib2.0-0 (= 2.80.0-6ubuntu3)
config-files\tlibegl1,
installed\tdocker-ce, docker, docker-engine
"""


def test_a_package_is_there_when_another_provides_it() -> None:
    assert absent(("libgl1", "libglib2.0-0"), LISTING) == []


def test_a_removed_package_with_its_settings_left_is_missing() -> None:
    assert absent(("libegl1", "xvfb"), LISTING) == ["libegl1", "xvfb"]


@pytest.mark.parametrize(
    ("words", "screen", "opens"),
    [
        ([], False, True),
        (["--home", "/x", "--lang", "zh_CN"], False, True),
        (["demo"], False, False),
        (["demo", "--json"], True, True),
        (["--home", "/x", "doctor"], True, False),
        (["--version"], True, False),
    ],
)
def test_only_the_window_wants_the_libraries_of_the_window(
    words: list[str], screen: bool, opens: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.delenv("DISPLAY", raising=False)
    if screen:
        monkeypatch.setenv("DISPLAY", ":0")
    assert opens_window(words) is opens


@pytest.mark.parametrize(
    ("platform", "processors", "words"), [("linux", 2, ["-n", "2"]), ("linux", 1, []), ("win32", 8, [])]
)
def test_the_whole_suite_runs_in_two_processes_where_the_lab_does(
    platform: str, processors: int, words: list[str]
) -> None:
    assert whole_suite(platform, processors) == words
