"""What becomes of tests on a Windows Python whose process ends in the middle: tried once more, then failed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from installer.wine.carry import Ended
from tests.windows.run import results, run


class Windows:
    """Runs three tests as pytest would; its process ends at the second as often as it is told to."""

    def __init__(self, told: Path, deaths: int) -> None:
        self.told, self.deaths = told, deaths

    def python(self, *words: object, **settings: object) -> Ended:
        before = {line["test"] for line in self.lines()}
        for test in ("a", "b", "c"):
            if test in before:
                continue
            self.say(test=test, state="begun")
            if test == "b" and self.deaths:
                self.deaths -= 1
                return Ended(("python",), 5, b"", b"wine: Unhandled page fault")
            self.say(test=test, state="passed")
        self.say(ended=0)
        return Ended(("python",), 0)

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.told.read_text(encoding="utf-8").splitlines()]

    def say(self, **words: object) -> None:
        with self.told.open("a", encoding="utf-8") as file:
            file.write(json.dumps(words) + "\n")


@pytest.mark.parametrize(("deaths", "state"), [(0, "passed"), (1, "passed"), (2, "failed")])
def test_a_test_has_failed_when_the_process_ended_at_it_twice(
    tmp_path: Path, deaths: int, state: str
) -> None:
    told, said = tmp_path / "told.jsonl", bytearray()
    told.touch()
    windows: Any = Windows(told, deaths)
    run(("tests",), told, said.extend, machine=windows)
    assert {name: one.state for name, one in results(told).items()} == {
        "a": "passed",
        "b": state,
        "c": "passed",
    }
    assert said.count(b"Once more.") == min(deaths, 1), "that it was tried again can be read"
