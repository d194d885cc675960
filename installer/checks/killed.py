"""A deploy to this computer's engine that is killed in the middle, on Windows code: the guard takes it back."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from contextlib import suppress

from installer.checks.stage import NotHere, Stage, must, until

NAME = "guarded"


def kill_a_deploy(stage: Stage) -> str:
    """A version that never becomes healthy is tried with goferryw.exe, which is killed: the guard that it left behind
    ends the new container and starts the old one."""
    if stage.machine is None:
        raise NotHere("whether this Windows has Docker Desktop is its owner's affair")
    from installer.wine import pipe
    from installer.wine.store import CannotBeHad

    try:
        pipe.serve(stage.machine)
    except CannotBeHad as error:
        raise NotHere(str(error)) from error
    _remove_containers()
    try:
        return _kill_it(stage)
    finally:
        _remove_containers()
        pipe.stop(stage.machine)


def _kill_it(stage: Stage) -> str:
    place, folder = stage.place(r"%TEMP%\家 里\guarded"), stage.path(r"%TEMP%\家 里\guarded")
    home = stage.place(r"%TEMP%\home-guarded")
    for left in (folder, stage.path(r"%TEMP%\home-guarded")):
        shutil.rmtree(left, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    stage.goferry("--home", home, "--quiet", "new", NAME, "--dir", place, timeout=60)
    settings = folder / "goferry.yaml"
    text = settings.read_text(encoding="utf-8").replace("publish: 8080", f"publish: {_free_port()}")
    settings.write_text(text, encoding="utf-8")
    words = ("--home", home, "--json", "--quiet", "deploy", place, "--to", "dev", "--yes")
    answer = json.loads(stage.goferry(*words, timeout=200).text)
    must(answer["ok"], f"the first deploy says {answer}")
    (old,) = _running()
    settings.write_text(text.replace("http: /health,", "http: /never, start: 600s,"), encoding="utf-8")
    (folder / "cmd" / "app" / "second.go").write_text('package main\n\nvar _ = "second"\n', encoding="utf-8")
    tried = stage.start(stage.windows("goferryw.exe"), *words)
    trial = stage.path(rf"%TEMP%\home-guarded\engine\{NAME}\trial.json")
    try:
        until(lambda: tried.poll() is not None or _running() - {old}, "the new container", 100)
        must(tried.poll() is None, "the second deploy ended before it could be killed")
        must(trial.exists(), f"no note of the trial in {os.listdir(trial.parent)}")
    finally:
        tried.kill()
        tried.wait()
    until(lambda: _running() == {old} and not trial.exists(), "the old container alone", 60)
    until(lambda: not stage.runs("goferryw.exe"), "the end of the guard", 10)
    return f"{old} runs again, the one that was tried is ended"


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def _running() -> set[str]:
    words = ["docker", "ps", "--filter", f"label=io.goferry.app={NAME}", "--format", "{{.Names}}"]
    return set(subprocess.run(words, capture_output=True, check=True, encoding="utf-8").stdout.split())


def _remove_containers() -> None:
    words = ["docker", "ps", "-aq", "--filter", f"label=io.goferry.app={NAME}"]
    with suppress(OSError, subprocess.CalledProcessError):
        found = subprocess.run(words, capture_output=True, check=True, encoding="utf-8").stdout.split()
        if found:
            subprocess.run(["docker", "rm", "-f", *found], capture_output=True, check=True)
