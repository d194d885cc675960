"""A test that measured a time that was too long is run again; one that failed otherwise is not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = """
from tests.too_slow import SHOWN, Again

def pytest_configure(config):
    config.pluginmanager.register(Again())

def pytest_runtest_logreport(report):
    for name, value in report.user_properties if report.when == "call" else ():
        print("SAID", name == SHOWN, value)
"""
TESTS = """
import pytest
from tests.too_slow import TooSlow

turns = []

@pytest.fixture
def measured():
    yield
    if turns.count("once") == 1:
        raise TooSlow("it took 3 s")

def test_once(measured):
    turns.append("once")

def test_always():
    turns.append("always")
    raise TooSlow("it always takes 4 s")

@pytest.fixture
def measured_too():
    yield
    raise TooSlow("it took 5 s")

def test_wrong_and_slow(measured_too):
    turns.append("wrong")
    assert False, "it is wrong"

def test_how_often():
    assert [turns.count(name) for name in ("once", "always", "wrong")] == [2, 3, 1]
"""


def test_a_time_that_was_too_long_counts_when_it_is_so_three_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "conftest.py").write_text(CONFTEST, encoding="utf-8")
    (tmp_path / "test_it.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    words = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "pytest.ini", "-s"]
    ran = subprocess.run(words, cwd=tmp_path, capture_output=True, encoding="utf-8", check=False)
    assert "2 failed, 2 passed, 1 error" in ran.stdout, ran.stdout + ran.stderr
    assert "SAID True test_it.py::test_once was run once more: it took 3 s" in ran.stdout
    assert ran.stdout.count("once more: it always takes 4 s") == 2
