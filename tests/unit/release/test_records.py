"""Records: what is written is what is read, and a broken file hides nothing else."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.release import Health, Outcome
from desktop.release.records import from_record, to_record

from .values import release

TEXT = st.text(max_size=30)


@given(
    TEXT,
    st.dictionaries(TEXT, TEXT, max_size=4),
    st.sampled_from(list(Outcome)),
    st.builds(Health, http=TEXT, tcp=st.booleans(), command=st.tuples(TEXT, TEXT)),
)
def test_a_release_comes_back_as_it_was(
    note: str, env: dict[str, str], outcome: Outcome, health: Health
) -> None:
    made = replace(release(3), note=note, env=tuple(sorted(env.items())), outcome=outcome, health=health)
    line = to_record(made)
    assert "\n" not in line
    assert from_record(line) == made


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"id": 1}', "\0", '{"sequence": "x"}'])
def test_a_damaged_record_is_none(text: str) -> None:
    assert from_record(text) is None


def test_an_older_record_without_new_keys_is_read() -> None:
    values = json.loads(to_record(release(3)))
    for key in ("memory", "note", "why", "health", "secret_mark"):
        del values[key]
    found = from_record(json.dumps(values))
    assert found is not None
    assert found.health == Health(http="")
