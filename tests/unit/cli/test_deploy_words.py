"""What a deploy says about what it sent."""

from __future__ import annotations

import pytest

from desktop.cli.deploy import _host_line
from desktop.release import HostResult, HostState


@pytest.mark.parametrize(
    ("sent", "how", "line"),
    [
        (71_300, "delta", "web-1: done in 1.4 s, sent 71.3 KB (changes only), 210 ms without an answer"),
        (2_840_000, "whole", "web-1: done in 1.4 s, sent 2.8 MB, 210 ms without an answer"),
        (0, "none", "web-1: done in 1.4 s, 210 ms without an answer"),
    ],
)
def test_the_line_of_a_host_tells_what_was_sent(sent: int, how: str, line: str) -> None:
    result = HostResult("web-1", HostState.DONE, (), sent, 210, 1.4, sent_how=how)
    assert str(_host_line(result)) == line
