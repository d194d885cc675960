"""Where this computer's engine is looked for."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.base.errors import START_ENGINE
from desktop.engine import (
    AddressUnusable,
    ContextUnknown,
    DesktopApp,
    NoDesktopApp,
    NoEngine,
    NoPermission,
    desktop_app,
    local_engine,
    local_places,
    start_local_engine,
)


def context(folder: Path, name: str, address: str) -> None:
    place = folder / "contexts" / "meta" / hashlib.sha256(name.encode()).hexdigest()
    place.mkdir(parents=True)
    meta = {"Name": name, "Endpoints": {"docker": {"Host": address}}}
    (place / "meta.json").write_text(json.dumps(meta), encoding="utf-8")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    context(tmp_path, "desktop-linux", "npipe:////./pipe/dockerDesktopLinuxEngine")
    context(tmp_path, "build", "tcp://192.0.2.1:2375")
    context(tmp_path, "remote", "ssh://root@192.0.2.1")
    return {"DOCKER_CONFIG": str(tmp_path)}


def addresses(choice: str, env: dict[str, str], *, windows: bool = False) -> list[str]:
    return [place.address for place in local_places(choice, env, windows=windows)]


def test_settings_win_over_the_variable_and_that_over_the_context(
    env: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"currentContext": "desktop-linux"}', encoding="utf-8")
    assert addresses("", env) == ["npipe:////./pipe/dockerDesktopLinuxEngine"]
    assert addresses("", {**env, "DOCKER_CONTEXT": "build"}) == ["tcp://192.0.2.1:2375"]
    assert addresses("", {**env, "DOCKER_HOST": "tcp://192.0.2.9:1"}) == ["tcp://192.0.2.9:1"]
    assert addresses("unix:///x.sock", {**env, "DOCKER_HOST": "tcp://192.0.2.9:1"}) == ["unix:///x.sock"]
    assert addresses("build", env) == ["tcp://192.0.2.1:2375"]


def test_the_usual_places_come_last(env: dict[str, str]) -> None:
    assert addresses("", env)[0] == "unix:///var/run/docker.sock"
    assert addresses("", env, windows=True) == [
        "npipe:////./pipe/docker_engine", "npipe:////./pipe/dockerDesktopLinuxEngine",
        "npipe:////./pipe/podman-machine-default",
    ]  # fmt: skip


def test_a_context_that_is_not_there_is_no_silent_default(env: dict[str, str]) -> None:
    with pytest.raises(ContextUnknown) as caught:
        local_places("nope", env)
    assert "desktop-linux" in str(caught.value.why)
    with pytest.raises(ContextUnknown):
        local_places("", {**env, "DOCKER_CONTEXT": "nope"})


@pytest.mark.parametrize(
    "address", ["ssh://root@192.0.2.1", "file:///etc/passwd", "tcp://a b", "ext::sh -c id://"]
)
def test_an_address_that_is_none_is_refused(env: dict[str, str], address: str) -> None:
    with pytest.raises(AddressUnusable):
        local_places(address, env)
    with pytest.raises(AddressUnusable):
        local_places("remote", env)


def test_damaged_contexts_are_left_out(env: dict[str, str], tmp_path: Path) -> None:
    place = tmp_path / "contexts" / "meta" / "broken"
    place.mkdir()
    (place / "meta.json").write_text("{", encoding="utf-8")
    (tmp_path / "config.json").write_bytes(b"\xff\xfe")
    assert addresses("build", env) == ["tcp://192.0.2.1:2375"]
    assert addresses("", env)[0].startswith("unix://")


def test_no_engine_is_explained_with_the_places() -> None:
    with pytest.raises(NoEngine) as caught:
        asyncio.run(local_engine(choice="unix:///no/such/folder/none.sock"))
    assert "/no/such/folder/none.sock" in str(caught.value.why)


APP_PATHS = r"SOFTWARE\Microsoft\Windows\CurrentVersion\App Paths\Docker Desktop.exe"
OWN_KEY = r"SOFTWARE\Docker Inc.\Docker Desktop"


def program(folder: Path, name: str = "Docker Desktop.exe") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"MZ")
    return folder / name


def test_docker_desktop_is_found_where_its_set_up_says_and_else_in_the_usual_place(tmp_path: Path) -> None:
    env = {"ProgramFiles": str(tmp_path / "pf"), "LOCALAPPDATA": str(tmp_path / "local")}
    told: dict[tuple[str, str], str] = {}

    def found() -> DesktopApp | None:
        return desktop_app(env, lambda key, name: told.get((key, name), ""), windows=True)

    assert found() is None
    rancher = program(tmp_path / "local/Programs/Rancher Desktop", "Rancher Desktop.exe")
    assert found() == DesktopApp("Rancher Desktop", rancher)
    own = program(tmp_path / "local/Programs/DockerDesktop")
    assert found() == DesktopApp("Docker Desktop", own)
    usual = program(tmp_path / "pf/Docker/Docker")
    assert found() == DesktopApp("Docker Desktop", usual)
    told[APP_PATHS, ""] = f'"{program(tmp_path / "listed")}"'
    assert found() == DesktopApp("Docker Desktop", tmp_path / "listed" / "Docker Desktop.exe")
    told[OWN_KEY, "AppPath"] = str(program(tmp_path / "told").parent)
    assert found() == DesktopApp("Docker Desktop", tmp_path / "told" / "Docker Desktop.exe")
    told[OWN_KEY, "AppPath"] = str(tmp_path / "gone")
    assert found() == DesktopApp("Docker Desktop", tmp_path / "listed" / "Docker Desktop.exe")
    assert desktop_app(env, windows=False) is None


def test_what_is_installed_but_not_running_can_be_started_and_what_is_not_is_optional() -> None:
    asleep = NoEngine("local", looked=("npipe:////./pipe/docker_engine",), app="Docker Desktop")
    assert str(asleep.what) == "Docker Desktop is not running."
    assert next((str(fix.label), fix.action) for fix in asleep.fixes) == (
        "Start Docker Desktop",
        START_ENGINE,
    )
    assert START_ENGINE not in [fix.action for fix in NoEngine("local").fixes]
    assert "need none" in str(NoEngine("local").fix)
    assert "docker-users" in str(NoPermission("local", detail="(5, 'CreateFile', 'Access is denied.')").fix)


def test_nothing_installed_is_said_when_it_shall_be_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("desktop.engine.starting.desktop_app", lambda: None)
    with pytest.raises(NoDesktopApp, match="optional"):
        asyncio.run(start_local_engine(Pool("engine", 2), lambda text, part: None))
