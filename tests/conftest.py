"""What holds for every test: nothing of the person's own is touched, and no unexpected warning goes by."""

from __future__ import annotations

import faulthandler
import logging
import os
import sys
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from tests.too_slow import SHOWN, Again

ROOT = Path(__file__).resolve().parent.parent
REAL_HOME = Path.home()

# tests of the real window start a screen of their own; offscreen, Windows has no fonts
os.environ.setdefault("QT_QPA_PLATFORM", "windows" if sys.platform == "win32" else "offscreen")

KINDS = {
    "lab": ("lab", 600),
    "ui": ("ui", 300),
    "frozen": ("frozen", 1200),
    "windows": ("windows", 600),
    "bench": ("bench", 1200),
}
"""Folder under tests/ → the marker that its tests bear, and their time limit in seconds."""


GUARD = pytest.StashKey[int]()
"""The real standard error, under pytest's capturing."""


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Again())
    config.stash[GUARD] = os.dup(sys.__stderr__.fileno()) if sys.__stderr__ is not None else 2
    if config.getoption("dist", "no") != "no" or hasattr(config, "workerinput"):
        from tests.workers import Workers  # pytest-xdist is here: somebody asked for it

        config.pluginmanager.register(Workers())


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Well after a test's time limit, which may not reach what hangs (a lock, a library's loop, a fixture of the
    session), the stacks of all threads are written and the process ends: no run stands still for ever."""
    marker = item.get_closest_marker("timeout")
    limit_s = float(marker.args[0] if marker and marker.args else item.config.getini("timeout"))
    fixtures_s = (
        2400 if item.get_closest_marker("lab") else 120
    )  # a lab's servers are made when first asked for
    faulthandler.dump_traceback_later(limit_s + fixtures_s, exit=True, file=item.config.stash[GUARD])
    try:
        return (yield)
    finally:
        faulthandler.cancel_dump_traceback_later()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """What is left when the tests are over, such as a thread that never ends, has two minutes. One of several processes
    waits for the others then, and is ended with them."""
    if hasattr(session.config, "workerinput"):
        return
    faulthandler.dump_traceback_later(120, exit=True, file=session.config.stash[GUARD])


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        folder = (
            item.path.relative_to(ROOT / "tests").parts[0] if item.path.is_relative_to(ROOT / "tests") else ""
        )
        if folder not in KINDS:
            continue
        marker, limit_s = KINDS[folder]
        item.add_marker(marker)
        if item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(limit_s))
    chosen = config.getoption("-m")
    if "bench" not in chosen:
        measured = [item for item in items if item.get_closest_marker("bench")]
        if measured:
            config.hook.pytest_deselected(items=measured)
            items[:] = [item for item in items if item not in measured]


@pytest.fixture
def show(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Has a text printed for whoever reads the run, whether the test passes or not."""
    return lambda text: request.node.user_properties.append((SHOWN, text))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for report in (one for state in ("passed", "failed") for one in terminalreporter.getreports(state)):
        for name, value in report.user_properties if report.when == "call" else ():
            if name == SHOWN:
                terminalreporter.write_line(str(value))


@pytest.fixture(autouse=True)
def no_unexpected_warnings(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """A test that expects a warning asserts it, then calls `caplog.clear()`."""
    yield
    logged = [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert [f"{record.name}: {record.getMessage()}" for record in logged] == []


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A person's folder of its own for each test, and for the programs it starts: no real ~/.ssh, ~/.docker,
    settings or credential store. Go's caches stay the real ones: they hold no state of Goferry's."""
    home = tmp_path_factory.mktemp("home")
    cache = os.environ.get("XDG_CACHE_HOME") or str(REAL_HOME / ".cache")
    modules = os.environ.get("GOMODCACHE") or str(
        Path(os.environ.get("GOPATH") or REAL_HOME / "go") / "pkg" / "mod"
    )
    compiled = os.environ.get("GOCACHE") or REAL_HOME / "AppData" / "Local" / "go-build"
    for name in (
        "XDG_CONFIG_HOME",
        "XDG_DATA_HOME",
        "XDG_STATE_HOME",
        "DOCKER_CONFIG",
        "DOCKER_CONTEXT",
        "SSH_AUTH_SOCK",
    ):
        monkeypatch.delenv(name, raising=False)
    settings = {
        "HOME": home,
        "USERPROFILE": home,
        "APPDATA": home / "AppData" / "Roaming",
        "LOCALAPPDATA": home / "AppData" / "Local",
        "XDG_CACHE_HOME": cache,
        "GOMODCACHE": modules,
        "GOFERRY_HOME": home / "goferry",
        "GOFERRY_TEST_KEYRING": home / "keyring.json",
        "PYTHON_KEYRING_BACKEND": "tests.keyring_in_a_file.Keyring",
        "PYTHONPATH": ROOT,  # for the programs that a test starts in another folder
    }
    if sys.platform == "win32":
        settings["GOCACHE"] = (
            compiled  # there it follows LOCALAPPDATA, and each test would compile all of net/http
        )
    for name, value in settings.items():
        monkeypatch.setenv(name, str(value))
    return home
