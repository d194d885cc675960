"""What a wish means for a host, as tables: what was seen there, and what is to be done."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.base.secret import Secret
from desktop.release import (
    Artifact,
    Change,
    ChangedSinceSeen,
    NothingToRollBackTo,
    Outcome,
    UnknownRelease,
    Wish,
    config_changes,
    decide,
    new_release,
    rollback_target,
    to_prune,
)
from desktop.release.decide import check_unchanged, leftovers, superseded

from .values import instance, release, seen

ONE, TWO, THREE = release(1), release(2), release(3)
WISH = Wish("orders", "4.0", 8080, 80, env=(("LOG", "info"),))
ARTIFACT = Artifact(ref="orders:4.0", digest="sha256:04")


def test_a_host_that_serves_the_release_is_left_alone() -> None:
    assert decide(TWO, seen(ONE, TWO)).unchanged


def test_a_stopped_release_is_started_again_without_an_old_one() -> None:
    decision = decide(TWO, seen(ONE, TWO, running=False))
    assert not decision.unchanged
    assert decision.old is None


def test_the_version_that_serves_is_the_old_one() -> None:
    assert decide(THREE, seen(ONE, TWO)).old == TWO


def test_the_same_content_under_another_number_is_unchanged() -> None:
    again = replace(TWO, id="9-abcd", sequence=9)
    decision = decide(again, seen(ONE, TWO))
    assert decision.unchanged
    assert decision.release == TWO


def test_a_new_release_gets_the_next_number_of_all_hosts() -> None:
    made = new_release(WISH, ARTIFACT, [seen(ONE), seen(ONE, TWO, THREE, host="web-2")])
    assert made.sequence == 4
    assert made.id.startswith("4-")
    assert made.at == pytest.approx(1_700_000_100.0)


def test_hosts_left_out_of_an_earlier_run_get_that_run_s_release() -> None:
    served = new_release(WISH, ARTIFACT, [seen(ONE)])
    again = new_release(WISH, ARTIFACT, [seen(ONE, served), seen(ONE, host="web-2")])
    assert again == served


def test_what_is_wanted_anew_is_made_once_more_and_then_left_alone() -> None:
    served = new_release(WISH, ARTIFACT, [seen(ONE)])
    there = seen(ONE, served)
    again = new_release(WISH, ARTIFACT, [there], anew=True)
    assert (again.fingerprint, again.sequence) == (served.fingerprint, served.sequence + 1)
    decision = decide(again, there, anew=True)
    assert (decision.unchanged, decision.old) == (False, served)
    assert decide(again, seen(ONE, served, again), anew=True).unchanged
    # and a deploy to all hosts sees no difference between the two
    assert new_release(WISH, ARTIFACT, [seen(ONE, served), seen(ONE, served, again, host="web-2")]) == again
    assert decide(again, there).unchanged


def test_the_number_of_a_release_that_was_cut_off_is_not_used_again() -> None:
    looked = seen(ONE)
    cut = replace(looked, instances=(*looked.instances, instance(release(7), "created")))
    assert new_release(WISH, ARTIFACT, [cut]).sequence == 8


def test_what_no_record_vouches_for_is_swept() -> None:
    looked = seen(ONE, TWO)
    cut = replace(looked, instances=(*looked.instances, instance(THREE, "running")))
    assert [left.release for left in leftovers(cut)] == [THREE.id]
    assert leftovers(looked) == ()


def test_a_failed_release_s_leftovers_are_swept_too() -> None:
    failed = THREE.ended(Outcome.FAILED, "never healthy")
    looked = seen(ONE, TWO, failed, current=TWO)
    assert [left.release for left in leftovers(looked)] == [THREE.id]


@pytest.mark.parametrize(
    ("keep", "gone"),
    [(5, []), (3, []), (2, ["1-abcd"]), (1, ["1-abcd"]), (0, ["1-abcd"])],
)
def test_pruning_keeps_the_current_and_the_last_good_one(keep: int, gone: list[str]) -> None:
    goes, stays = to_prune(seen(ONE, TWO, THREE), THREE, keep)
    assert [r.id for r in goes] == gone
    assert {TWO.id, THREE.id} <= {r.id for r in stays}


@given(
    st.lists(st.sampled_from(list(Outcome)), min_size=1, max_size=9),
    st.integers(0, 6),
)
def test_pruning_never_touches_the_current_one(outcomes: list[Outcome], keep: int) -> None:
    made = [release(n, outcome=outcome) for n, outcome in enumerate(outcomes, 1)]
    made[-1] = replace(made[-1], outcome=Outcome.GOOD)
    good = [r for r in made[:-1] if r.outcome is Outcome.GOOD]
    goes, _ = to_prune(seen(*made), made[-1], keep)
    assert made[-1] not in goes
    assert not good or good[-1] not in goes


def test_a_rollback_goes_to_the_last_good_release_before() -> None:
    bad = TWO.ended(Outcome.ROLLED_BACK)
    assert rollback_target(seen(ONE, bad, THREE)) == ONE


def test_a_rollback_can_name_its_release_by_id_or_number() -> None:
    looked = seen(ONE, TWO, THREE)
    assert rollback_target(looked, "1-abcd") == rollback_target(looked, "1") == ONE


def test_a_rollback_to_nowhere_is_explained() -> None:
    with pytest.raises(NothingToRollBackTo):
        rollback_target(seen(ONE))
    with pytest.raises(UnknownRelease, match=r"2-abcd"):
        rollback_target(seen(ONE, TWO), "77")
    with pytest.raises(UnknownRelease):
        rollback_target(seen(TWO.ended(Outcome.FAILED), THREE), "2")


def test_a_host_that_changed_since_the_plan_stops_the_deploy() -> None:
    check_unchanged(seen(ONE), seen(ONE))
    with pytest.raises(ChangedSinceSeen, match=r"2-abcd"):
        check_unchanged(seen(ONE), seen(ONE, TWO))


def test_going_back_marks_what_was_left() -> None:
    assert superseded(THREE, ONE).outcome is Outcome.ROLLED_BACK
    assert superseded(ONE, THREE) == ONE


def test_changes_name_keys_and_never_a_secret() -> None:
    before = replace(ONE, env=(("A", "1"), ("B", "2")), secret_names=("PW",), secret_mark="1234")
    after = replace(
        TWO, env=(("A", "1"), ("B", "3"), ("C", "4")), secret_names=("PW",), secret_mark="9999", publish=81
    )
    assert config_changes(before, after) == (
        Change("env.B", "2", "3"),
        Change("env.C", None, "4"),
        Change("publish", "80", "81"),
        Change("secrets.PW", "(1234)", "(9999)"),
    )


def test_a_changed_secret_makes_another_release_and_is_not_in_it() -> None:
    def made(value: str) -> str:
        wish = replace(WISH, secrets=(("PW", Secret(value)),))
        found = new_release(wish, ARTIFACT, [seen(ONE)])
        assert value not in repr(found)
        return found.id

    assert made("correct horse") != made("battery staple")
