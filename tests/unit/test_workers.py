"""How all tests are handed to two processes: what must stay together does, and nobody waits for what ends last."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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


CONFTEST = """
from tests.workers import Workers

def pytest_configure(config):
    config.pluginmanager.register(Workers())
"""
TESTS = """
import os

def test_before(): pass
def test_that_ends_its_process(): os._exit(3)
def test_after(): pass
"""


@pytest.mark.timeout(900)  # four starts of Python
def test_what_a_process_died_of_has_failed_once_and_the_others_still_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    words = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "xdist",
        "-n",
        "2",
        "-p",
        "no:cacheprovider",
        "-c",
        "pytest.ini",
    ]
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "1 failed, 2 passed" in ran.stdout
