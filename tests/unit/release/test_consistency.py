"""What differs between the hosts of a project, and whether on purpose."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest

from desktop.base.errors import GoferryError
from desktop.project import Mark
from desktop.release import (
    SECRET_VALUE,
    VERSION_FACT,
    FactKey,
    FactRow,
    HostReading,
    Reason,
    Verdict,
    compare_hosts,
    verdict_counts,
)

LEVEL: FactKey = ("config", "LOG_LEVEL")
MEMORY: FactKey = ("container", "memory")
ENGINE: FactKey = ("server", "engine")
DEAD = GoferryError("web-2 does not answer.")


def reading(
    host: str, environment: str = "prod", problem: GoferryError | None = None, **facts: str
) -> HostReading:
    """`LOG_LEVEL="info"` is a setting, `memory="512 MB"` the container's."""
    keys = {"version": VERSION_FACT, "memory": MEMORY, "engine": ENGINE}
    read = {keys.get(name, ("config", name)): value for name, value in facts.items()}
    return HostReading(environment, host, read, "7-1f3a" if read else "", problem=problem)


def judged(
    readings: Iterable[HostReading],
    key: FactKey,
    declared: Mapping[str, Mapping[FactKey, str]] | None = None,
    marks: Iterable[Mark] = (),
) -> FactRow:
    found = {row.key: row for row in compare_hosts(("staging", "prod"), readings, declared or {}, marks)}
    return found[key]


def said(staging: str | None, prod: str | None) -> dict[str, dict[FactKey, str]]:
    """What goferry.yaml says of LOG_LEVEL."""
    each = {"staging": staging, "prod": prod}
    return {name: {LEVEL: value} if value is not None else {} for name, value in each.items()}


ALIKE = [reading("stage-1", "staging", LOG_LEVEL="info"), reading("web-1", LOG_LEVEL="info")]
BOTH = [reading("stage-1", "staging", LOG_LEVEL="debug"), reading("web-1", LOG_LEVEL="info")]
LACKS = [reading("stage-1", "staging", LOG_LEVEL="debug"), reading("web-1", version="1")]
ODD = [
    reading("stage-1", "staging", memory="512 MB"),
    reading("web-1", memory="512 MB"),
    reading("web-2", memory="256 MB"),
    reading("web-3", memory="512 MB"),
]
AHEAD = [reading("stage-1", "staging", version="1.9.0"), reading("web-1", version="1.8.0")]
OLD_ENGINE = [reading("stage-1", "staging", engine="28.5.1"), reading("web-1", engine="24.0.9")]


@pytest.mark.parametrize(
    ("readings", "key", "declared", "verdict", "reason"),
    [
        (ALIKE, LEVEL, said("info", "info"), Verdict.SAME, Reason.EQUAL),
        (BOTH, LEVEL, said("debug", "info"), Verdict.MEANT, Reason.DECLARED),
        (BOTH, LEVEL, said("debug", "warn"), Verdict.DRIFTED, Reason.FILE),
        (ALIKE, LEVEL, said("info", None), Verdict.DRIFTED, Reason.FILE),
        (LACKS, LEVEL, said("debug", None), Verdict.DRIFTED, Reason.MISSING),
        (ODD, MEMORY, {}, Verdict.DRIFTED, Reason.HOSTS),
        (AHEAD, VERSION_FACT, {}, Verdict.MEANT, Reason.NATURE),
        (OLD_ENGINE, ENGINE, {}, Verdict.DRIFTED, Reason.ENVIRONMENTS),
        ([*ALIKE, reading("web-2", problem=DEAD)], LEVEL, said("info", "info"), Verdict.UNREADABLE, Reason.UNREAD),
    ],
)  # fmt: skip
def test_a_difference_is_judged_by_what_is_said_of_it(
    readings: list[HostReading],
    key: FactKey,
    declared: Mapping[str, Mapping[FactKey, str]],
    verdict: Verdict,
    reason: Reason,
) -> None:
    row = judged(readings, key, declared)
    assert (row.verdict, row.reason) == (verdict, reason)


def test_what_most_hosts_have_comes_first_and_the_others_are_named() -> None:
    row = judged(ODD, MEMORY)
    cell = row.odd[0]
    assert cell.environment == "prod"
    assert [(value.text, value.hosts) for value in cell.values] == [
        ("512 MB", ("web-1", "web-3")),
        ("256 MB", ("web-2",)),
    ]


def test_a_host_without_a_release_differs_in_its_version_only() -> None:
    hosts = [reading("web-1", version="1.8.0", LOG_LEVEL="info"), reading("web-2")]
    assert judged(hosts, VERSION_FACT).reason is Reason.HOSTS
    assert judged(hosts, LEVEL, said(None, "info")).verdict is Verdict.SAME


def test_an_environment_without_a_release_differs_in_nothing() -> None:
    rows = compare_hosts(("staging", "prod"), [reading("stage-1", "staging"), reading("web-1", LOG_LEVEL="info")],
                   said("debug", "info"))  # fmt: skip
    assert verdict_counts(rows)[Verdict.DRIFTED] == 0


def test_a_mark_makes_a_drift_meant_with_its_reason() -> None:
    mark = Mark("config.LOG_LEVEL", "prod needs none", "zhao@pc", "2026-12-31")
    row = judged(LACKS, LEVEL, said("debug", None), [mark])
    assert (row.verdict, row.reason, row.mark) == (Verdict.MEANT, Reason.MARKED, mark)
    assert mark.holds("2026-12-31")
    assert not mark.holds("2027-01-01")


def test_a_secret_that_one_environment_lacks_is_told_and_its_value_is_nowhere() -> None:
    hosts = [reading("stage-1", "staging", DB_PASSWORD=SECRET_VALUE), reading("web-1", version="1")]
    row = judged(hosts, ("config", "DB_PASSWORD"), {"staging": {("config", "DB_PASSWORD"): SECRET_VALUE}})
    assert row.reason is Reason.MISSING
    assert [cell.environment for cell in row.odd] == ["prod"]


def test_processors_of_several_kinds_have_digests_of_their_own() -> None:
    arm: FactKey = ("image", "digest arm64")
    amd: FactKey = ("image", "digest amd64")
    hosts = [
        HostReading("prod", "web-1", {amd: "sha256:aa"}, "7"),
        HostReading("prod", "web-2", {arm: "sha256:bb"}, "7"),
    ]
    assert {row.verdict for row in compare_hosts(("prod",), hosts, {})} == {Verdict.SAME}


def test_what_has_drifted_comes_first_in_its_group() -> None:
    hosts = [
        reading("stage-1", "staging", version="1", A="1", B="1", memory="1 GB"),
        reading("web-1", version="2", A="1", memory="1 GB"),
    ]
    both: dict[FactKey, str] = {("config", "A"): "1"}
    rows = compare_hosts(
        ("staging", "prod"), hosts, {"staging": {**both, ("config", "B"): "1"}, "prod": both}
    )
    assert [row.key[1] for row in rows] == ["version", "memory", "B", "A"]
