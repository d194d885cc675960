"""Settings of daemon.json as steps of their own, and steps taken back alone: what the decisions are."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import product

from desktop.hosts.setup import Wish, choices, decide, undo_pieces
from desktop.hosts.setup.daemon import SETTINGS, merged, notes, reachable
from desktop.hosts.setup.undo import without_settings
from tests.unit.hosts_setup.test_setup import MIRRORS, server

ALL = Wish(loopback=True, data_root="/srv/docker")
OWN = '{"mtu": 1400}'


def line(step: str, key: str, value: str) -> str:
    return json.dumps({"step": step, "key": key, "value": value}, separators=(",", ":"))


def journal_of(text: str, wish: Wish) -> str:
    """What the steps note when they change `text`, one after the other."""
    lines = [line("state", "made", "/var/lib/goferry"), line("daemon", "file", "/etc/docker/daemon.json")]
    for step in SETTINGS:
        for noted in notes(text, step, wish).splitlines():
            key, _, value = noted.partition(" ")
            lines.append(line(step, key, value))
        text = merged(text, wish, steps=(step,))
    return "\n".join(lines)


def test_each_hardening_is_a_step_that_may_be_left_out() -> None:
    pieces = {piece.id: piece for piece in decide(server(daemon=OWN), ALL, MIRRORS).pieces}
    assert [step for step in pieces if step in SETTINGS] == list(SETTINGS)
    assert all(pieces[step].optional for step in SETTINGS)
    assert not set(SETTINGS) & {p.id for p in decide(server(), replace(Wish(), log_rotation=False, live_restore=False), MIRRORS).pieces}  # fmt: skip


def test_a_setting_finds_its_way_whichever_of_the_steps_before_it_were_left_out() -> None:
    pieces = {piece.id: piece for piece in decide(server(daemon=OWN), ALL, MIRRORS).pieces}
    for taken in product((False, True), repeat=len(SETTINGS)):
        text = OWN
        for step, wanted in zip(SETTINGS, taken, strict=True):
            if not wanted:
                continue
            _, _, *pairs = pieces[step].apply[0].arguments
            text = dict(zip(pairs[::2], pairs[1::2], strict=True))[text.rstrip("\n")]
            held = pieces[step].check.arguments[1 if step == "data" else 0 :]
            assert text in held
        assert json.loads(text) == json.loads(merged(OWN, ALL, steps=[s for s, t in zip(SETTINGS, taken, strict=True) if t]))  # fmt: skip


def test_what_a_person_has_set_already_holds_and_is_not_noted_as_ours() -> None:
    own = '{"log-driver": "journald", "ip": "10.0.0.1"}'
    assert notes(own, "logs", ALL) == ""
    assert reachable(own, ALL, ("logs", "loopback")) == (own,)


def test_a_setting_is_taken_out_again_and_nothing_else() -> None:
    text = merged(OWN, ALL)
    found = undo_pieces(journal_of(OWN, ALL), text, only=("logs",))
    assert [piece.id for piece in found] == ["logs"]
    old, new = found[0].apply[0].arguments
    assert old == text.rstrip("\n")
    assert json.loads(new) == {"mtu": 1400, "live-restore": True, "ip": "127.0.0.1", "data-root": "/srv/docker"}  # fmt: skip


def test_what_was_changed_since_stays_and_what_was_there_before_comes_back() -> None:
    from desktop.hosts.setup import noted_steps

    before = '{"data-root": "/old"}'
    noted = noted_steps(journal_of(before, ALL))
    changed = json.dumps({**json.loads(merged(before, ALL)), "live-restore": False, "mtu": 9000})
    assert json.loads(without_settings(changed, noted, SETTINGS)) == {
        "data-root": "/old", "live-restore": False, "mtu": 9000,
    }  # fmt: skip
    assert without_settings("not json", noted, SETTINGS) == "not json"


def test_a_step_is_taken_back_together_with_what_stands_on_it() -> None:
    steps = ("repository", "packages", "logs", "service", "group", "clean")
    journal = "\n".join((line("state", "made", "x"), *(line(step, "x", "y") for step in steps)))
    found = {choice.step: choice.also for choice in choices(journal)}
    assert list(found) == ["clean", "group", "service", "logs", "packages", "repository"]
    assert found["repository"] == found["clean"] == ()
    assert found["service"] == ("trial",)
    assert found["packages"] == ("trial", "clean", "group", "service", "logs")
    taken = [piece.id for piece in undo_pieces(journal, only=("packages",))]
    assert taken == ["trial", "clean", "group", "service", "logs", "packages"]
    assert [piece.id for piece in undo_pieces(journal)][-1] == "state"
    assert undo_pieces(journal, only=("firewall",)) == ()
