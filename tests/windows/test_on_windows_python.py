"""The tests that say something about Windows, on python.org's CPython and Qt's own platform of a Chinese Windows.

They run beside the other tests (see conftest.py); here is what became of them. All of tests/unit and tests/ui:
`python -m tests.windows`.
"""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from tests.windows.run import SOME, Result, part

if sys.platform == "win32":
    pytest.skip("they run by themselves here", allow_module_level=True)

pytestmark = pytest.mark.timeout(1800)  # the first one waits for the others


@pytest.mark.parametrize("name", SOME)
def test_on_a_windows_python_nothing_fails_of(name: str, told: dict[str, Result]) -> None:
    found = part(name, told.values())
    failed = [one for one in found if one.state not in {"passed", "skipped"}]
    assert not failed, "\n\n".join(f"{one.test} ({one.state}):\n{one.why[-3000:]}" for one in failed)
    count = Counter(one.state for one in found)
    assert count["passed"], f"nothing of it ran: {[one.why for one in found]}"
    print(f"{count['passed']} passed, {count['skipped']} skipped")
