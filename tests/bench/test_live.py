"""What the issue asks of Live, measured: run with `pytest -m bench -s`."""

from __future__ import annotations

import pytest

from tests.bench.live import measure


@pytest.mark.bench
def test_three_hosts_stream_and_the_loop_hardly_waits() -> None:
    found = measure(rate=300, seconds=20)
    print(found)
    assert found.lags.p99 < 0.016 + found.lags.starved
    assert found.skipped == 0


@pytest.mark.bench
@pytest.mark.timeout(180)
def test_twenty_thousand_lines_a_second_for_a_minute() -> None:
    found = measure(rate=20_000, seconds=60)
    print(found)
    assert found.lines_per_second + found.skipped / 60 > 15_000
    assert found.lags.own < 0.1
    assert found.memory_mb < 300
