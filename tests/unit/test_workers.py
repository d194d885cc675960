"""How all tests are handed to two processes: what must stay together does, and nobody waits for what ends last."""

from __future__ import annotations

import sys

import pytest

if sys.platform == "win32":
    pytest.skip("there is one process on Windows", allow_module_level=True)

from tests.workers import part_of, scope_of

SHARED = ("tests/lab/test_deploy.py::test_a", "tests/lab/test_machines.py::TestFaults::test_b[x/y]")
SET_UP = ("tests/lab/test_setup.py::test_c", "tests/lab/test_setup_cuts.py::test_d")
EDITION = (
    "tests/windows/test_edition.py::test_e[install]",
    "tests/windows/test_on_windows_python.py::test_f",
)


def test_one_process_has_the_servers_that_tests_share_and_one_has_the_windows() -> None:
    assert {scope_of(test) for test in SHARED} == {"tests/lab"}
    assert {scope_of(test) for test in EDITION} == {"tests/windows"}


def test_servers_that_tests_of_set_up_start_for_themselves_go_to_whichever_process_is_free() -> None:
    assert [scope_of(test) for test in SET_UP] == ["tests/lab/test_setup.py", "tests/lab/test_setup_cuts.py"]


def test_a_file_of_other_tests_stays_whole() -> None:
    assert scope_of("tests/unit/ship/test_swift.py::test_g[a::b]") == "tests/unit/ship/test_swift.py"


@pytest.mark.parametrize("test", [*SHARED, *SET_UP, *EDITION])
def test_a_test_belongs_to_the_longest_beginning_that_fits(test: str) -> None:
    expected = {SHARED: "tests/lab", SET_UP: "tests/lab/test_setup", EDITION: "tests/windows"}
    assert part_of(test) == next(part for tests, part in expected.items() if test in tests)
