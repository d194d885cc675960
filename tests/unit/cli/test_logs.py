from __future__ import annotations

from datetime import datetime

import pytest

from desktop.cli.logs import BadExpression, BadTime, expression, plain, since_of
from desktop.watch import LogLine, Mark

NOW = datetime(2026, 11, 24, 14, 46, 30).astimezone().timestamp()


@pytest.mark.parametrize(
    ("text", "seconds_back"),
    [
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("1d", 86400),
        ("14:46", 30),
        ("14:46:10", 20),
        ("15:00", 86400 - 810),
    ],
)
def test_since_takes_spans_and_times_of_the_day(text: str, seconds_back: float) -> None:
    assert NOW - since_of(text, NOW) == seconds_back


def test_since_takes_dates_with_and_without_a_zone() -> None:
    assert since_of("2026-11-24T14:46:00Z", NOW) == 1795531560
    assert since_of("2026-11-24T14:46:00", NOW) == NOW - 30


@pytest.mark.parametrize("text", ["soon", "25:00", "14:61", "10", "-5m", "2026-13-01"])
def test_what_is_no_time_is_refused_with_the_forms_that_are(text: str) -> None:
    with pytest.raises(BadTime) as caught:
        since_of(text, NOW)
    assert text in str(caught.value.what)
    assert "15m" in str(caught.value.fix)


def test_a_broken_expression_says_where_it_breaks() -> None:
    with pytest.raises(BadExpression) as caught:
        expression("fail(")
    assert "position 4" in str(caught.value.why)


def test_a_line_for_people_has_time_level_source_and_text() -> None:
    line = LogLine(NOW + 0.402, "web-1", "web-1", "warn", "slow")
    assert plain(line) == "2026-11-24 14:46:30.402  WARN   web-1  slow"
    gap = LogLine(NOW, "web-1", "web-1", "", "Connection to web-1 lost", mark=Mark.GAP)
    assert plain(gap) == "2026-11-24 14:46:30.000  --     web-1  Connection to web-1 lost"
    assert gap.to_json()["mark"] == "gap"
