"""Docker Desktop's pipes on a Windows Python: found, hung, switched to Windows containers, asleep and started."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.base.words import Message
from desktop.engine import (
    DesktopApp,
    EngineNotStarted,
    EngineSilent,
    NoEngine,
    WindowsContainers,
    desktop_app,
    local_engine,
    start_local_engine,
)
from tests.conftest import ROOT
from tests.windows.engine_pipe import engine_at, wake

if sys.platform != "win32":
    pytest.skip("needs a Windows Python: test_edition.py starts one", allow_module_level=True)

USUAL, OWN = "docker_engine", "dockerDesktopLinuxEngine"


@pytest.fixture(autouse=True)
def of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Pipes that no other engine of this computer serves, and no choice of the person's."""
    from desktop.engine import discovery, places

    monkeypatch.setattr(discovery, "PATIENCE", 1)
    for name in ("DOCKER_HOST", "DOCKER_CONTEXT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setattr(places, "PIPES", tuple(f"npipe:////./pipe/goferry_test_{n}" for n in (USUAL, OWN)))


def test_an_engine_at_the_second_pipe_is_found() -> None:
    with engine_at(f"goferry_test_{OWN}"):
        engine = asyncio.run(local_engine())
    assert engine.place is not None
    assert engine.place.address.endswith(OWN)


def test_a_hung_pipe_is_passed_over_and_told_when_there_is_no_other() -> None:
    started = time.monotonic()
    with engine_at(f"goferry_test_{USUAL}", ""):
        with pytest.raises(EngineSilent, match="Restart Docker Desktop"):
            asyncio.run(local_engine())
        assert time.monotonic() - started < 200
        with engine_at(f"goferry_test_{OWN}"):
            engine = asyncio.run(local_engine())
            assert engine.place is not None
            assert engine.place.address.endswith(OWN)


def test_windows_containers_are_named() -> None:
    with (
        engine_at(f"goferry_test_{USUAL}", "windows"),
        pytest.raises(WindowsContainers, match="Switch to Linux containers"),
    ):
        asyncio.run(local_engine())


def test_what_sleeps_is_found_in_the_registry_started_and_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import winreg

    program = tmp_path / "程序 1" / "Docker Desktop.exe"
    program.parent.mkdir()
    shutil.copy(sys.executable, program)
    site = tmp_path / "site"
    site.mkdir()
    told = tmp_path / "started"
    # a Python that is an engine as soon as it starts: no argument is given to a Docker Desktop
    (site / "sitecustomize.py").write_text(
        "import os, sys, threading\n"
        "if os.path.basename(sys.executable) == 'Docker Desktop.exe':\n"
        f"    sys.path[:0] = [{str(ROOT)!r}, *{[path for path in sys.path if path]!r}]\n"
        f"    open({str(told)!r}, 'w').close()\n"
        "    from tests.windows.engine_pipe import serve\n"
        "    ended = threading.Event()\n"
        "    threading.Timer(30, os._exit, (0,)).start()\n"
        f"    serve('goferry_test_{USUAL}', 'linux', ended)\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("PYTHONHOME", sys.base_prefix)
    monkeypatch.setenv("PATH", os.pathsep.join((str(Path(sys.base_prefix)), os.environ["PATH"])))
    key = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\Docker Desktop.exe"
    with winreg.CreateKey(winreg.HKEY_CURRENT_USER, key) as opened:
        winreg.SetValueEx(opened, "", 0, winreg.REG_SZ, str(program))
    reports: list[tuple[Message, float]] = []
    try:
        assert desktop_app() == DesktopApp("Docker Desktop", program)
        with pytest.raises(NoEngine, match="Docker Desktop is not running"):
            asyncio.run(local_engine())
        engine = asyncio.run(
            start_local_engine(Pool("engine", 2), lambda *words: reports.append(words), limit=60)
        )
    finally:
        winreg.DeleteKey(winreg.HKEY_CURRENT_USER, key)
        wake(f"goferry_test_{USUAL}")
    assert told.exists()
    assert engine.place is not None
    assert engine.place.address.endswith(USUAL)
    assert str(reports[0][0]).startswith("Docker Desktop starts")


def test_a_start_without_an_engine_ends_and_says_what_to_look_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "npipe:////./pipe/goferry_test_none")
    program = tmp_path / "Docker Desktop.exe"
    shutil.copy(Path(os.environ["SYSTEMROOT"]) / "system32" / "hostname.exe", program)
    app = DesktopApp("Docker Desktop", program)
    with pytest.raises(EngineNotStarted, match="WSL"):
        asyncio.run(start_local_engine(Pool("engine", 2), lambda *words: None, app=app, limit=0.5))
