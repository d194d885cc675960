"""Updates of the installed program: a publisher's key and manifest, a newer version, and all that can go wrong."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from installer.checks import faults
from installer.checks.faults import FULL, KILLED, POWER
from installer.checks.publisher import MANIFEST, Publisher
from installer.checks.stage import NotHere, Stage, chosen, must, until
from installer.checks.traces import under
from installer.freeze.perform import size

PLATFORM = "windows/amd64"
POLICY = r"HKLM\Software\Policies\Goferry"
ROOM_MB = 8
"""Of a home whose disk fills up while a set-up of 40 MB is downloaded."""


def publish(stage: Stage) -> Publisher:
    if stage.publisher is None:
        raise NotHere("no older version was installed that asks for updates")
    stage.publisher.offer(stage.edition.version, stage.setup, PLATFORM)
    stage.publisher.pause = None
    stage.publisher.paused.clear()
    return stage.publisher


def new_home(stage: Stage, name: str) -> str:
    """An empty home of its own, with a person's setting in it."""
    folder = stage.path(rf"%TEMP%\home-{name}")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "settings.yaml").write_text("theme: dark\n", encoding="utf-8")
    return stage.place(rf"%TEMP%\home-{name}")


def update(stage: Stage, home: str, *words: str, code: int = 0, **environment: str) -> dict[str, Any]:
    """`goferry update` of the installed program; gives back its answer."""
    line = ("--home", home, "update", *words, "--json", "--quiet")
    answer: dict[str, Any] = json.loads(stage.goferry(*line, timeout=60, code=code, **environment).text)
    return answer


def refuse(stage: Stage) -> str:
    """Older, unsigned, of another key, exchanged, cut off, switched off: each is refused with words."""
    publisher, home = publish(stage), new_home(stage, "refuse")
    version = stage.edition.version
    must((answer := update(stage, home))["version"] == version, f"it finds {answer}")
    seen = list[str]()

    def refused(what: str, code: str, *words: str, **environment: str) -> None:
        error = update(stage, home, *words, code=1, **environment)["error"]
        must(error["code"] == code, f"{what}: {error}")
        must(error["what"] and error["why"], f"{what}: not explained: {error}")
        seen.append(what)

    publisher.change_manifest(version, "9.9.9")
    refused("changed after it was signed", "update.unsigned")
    publisher.files[MANIFEST] = b'{"payload": "{}"}'
    refused("unsigned", "update.unsigned")
    publisher.offer("9.9.9", stage.setup, PLATFORM, publisher.new_key("other.pem")[0])
    refused("signed by another key", "update.unsigned")
    publisher.offer(f"{stage.published.version}-rc.1", stage.setup, PLATFORM)
    refused("older", "update.older")
    content = stage.setup.read_bytes()
    publish(stage).files[stage.setup.name] = content[:-1] + b"x"
    refused("another file than announced", "download.damaged", "--install")
    publisher.files[stage.setup.name] = content[:100_000]
    refused("cut off", "download.failed", "--install")
    _switched_off(stage, publisher, refused)
    found = faults.starting(stage)
    must(found == "older", f"afterwards {found} starts")
    return f"refused with words: {', '.join(seen)}; the older version goes on"


def _switched_off(stage: Stage, publisher: Publisher, refused: Callable[..., None]) -> None:
    """By the environment and by a policy of the whole computer: then nobody is asked."""
    asked = len(publisher.asked)
    refused("switched off by GOFERRY_UPDATES", "error", GOFERRY_UPDATES="off")
    stage.run("reg", "add", POLICY, "/v", "Updates", "/d", "off", "/f")
    try:
        if "off" in stage.run("reg", "query", POLICY, "/v", "Updates").text:  # else it needs an administrator
            refused("switched off by an administrator", "error")
    finally:
        stage.run("reg", "delete", POLICY, "/f")
        if stage.machine is not None:  # a later step cuts the power, which would bring it back
            registry = stage.machine.prefix / "system.reg"
            until(lambda: rb"Policies\\Goferry" not in registry.read_bytes(), "the registry on the disk")
    must(len(publisher.asked) == asked, "an update that is switched off was asked for")


def update_by_command(stage: Stage) -> str:
    """`goferry update --install`: an unsigned one is refused, the power goes while the next one is put in place, and
    after the third the new version runs with the person's data, and the older is gone."""
    publisher, home = publish(stage), new_home(stage, "faults")
    faults.put_back(stage)
    publisher.change_manifest(stage.edition.version, "9.9.9")
    error = update(stage, home, "--install", code=1)["error"]
    must(error["code"] == "update.unsigned", f"it says {error}")
    answers = list[dict[str, Any]]()
    fault = POWER if stage.machine is not None else KILLED

    def break_off() -> None:
        _while_it_writes(stage, home, fault)

    faults.row(stage, "update: the set-up writes", fault, break_off, ("older",), _again(stage, home, answers))
    found = answers[0]
    must(found["installed"] and found["version"] == stage.edition.version, f"it says {found}")
    return f"{found['running']} found, checked and installed {found['version']}, after a first try: {fault}"


def has_its_data(stage: Stage, name: str) -> None:
    settings = (stage.path(rf"%TEMP%\home-{name}") / "settings.yaml").read_text(encoding="utf-8")
    must(chosen(settings, "theme", "dark"), f"the person's settings are {settings!r}")


# --------------------------------------------------------------------------------------------------- faults


def faults_in_the_update(stage: Stage) -> str:
    """Goferry or its set-up is ended at each point of an update; a whole version starts, and the next try is whole."""
    before, lost = len(stage.faults), list[str]()
    for point, faulty, act, allowed in _cases(stage):
        for fault in faulty:
            home = new_home(stage, "faults")

            def go(act: Act = act, home: str = home, fault: str = fault) -> None:
                act(stage, home, fault)

            try:
                faults.row(stage, f"update: {point}", fault, go, allowed, _again(stage, home))
            except NotHere as error:
                lost.append(str(error))
    return "; ".join(
        [f"{len(stage.faults) - before} cases; each time a whole version starts", *sorted(set(lost))]
    )


Act = Callable[[Stage, str, str], object]
"""Takes the stage, a home and the fault."""


def _cases(stage: Stage) -> Iterator[tuple[str, tuple[str, ...], Act, tuple[str, ...]]]:
    yield "half is downloaded", (KILLED, POWER), _half_way, ("older",)
    yield "half is downloaded", (FULL,), _no_room_to_download, ("older",)
    yield "all is downloaded, not installed", (KILLED, POWER), _downloaded, ("older",)
    yield "the set-up writes", (KILLED, POWER), _while_it_writes, ("older",)
    yield "the set-up writes", (FULL,), _no_room_to_install, ("older",)
    yield "the set-up is killed alone", (KILLED,), _kill_the_setup, ("older",)
    renamed = ("renamed", "the program that runs is renamed", ("new window alone",))
    for point, name, allowed in (*faults.POINTS, renamed):
        yield f"the set-up: {name}", (KILLED, POWER), _at(point), allowed


def _again(stage: Stage, home: str, answers: list[dict[str, Any]] | None = None) -> Callable[[], None]:
    """The next try of the same person, by the version that starts then: an update, or the set-up itself. Afterwards
    the new version has their settings, and has removed what was left of the older one and of downloads."""

    def then() -> None:
        publish(stage)
        command = stage.installed / "goferry.exe"
        if not command.exists() or faults.said(stage, command.name) == f"goferry {stage.edition.version}":
            stage.install()
        else:
            answer = update(stage, home, "--install")
            if answers is not None:
                answers.append(answer)
            refused = update(stage, home, code=1)  # the new one was given no address to ask
            must(refused["error"]["code"] == "error", f"the new version says {refused}")
        has_its_data(stage, "faults")
        left = under(stage.path(r"%TEMP%\home-faults\updates"))
        must(not any(".part" in name for name in left), f"left: {left}")

    return then


def _started(stage: Stage, home: str, *words: str) -> subprocess.Popen[bytes]:
    program = stage.windows("goferry.exe")
    return stage.start(program, "--home", home, "update", *words, "--json", "--quiet")


def _half_way(stage: Stage, home: str, fault: str) -> None:
    publisher = publish(stage)
    publisher.pause = stage.setup.stat().st_size // 2
    started = _started(stage, home, "--install")
    until(lambda: publisher.paused.is_set() or started.poll() is not None, "half of the download", 60)
    faults.end(stage, started, fault)


def _no_room_to_download(stage: Stage, home: str, fault: str) -> None:
    publish(stage)
    with faults.small_disk(stage.path(r"%TEMP%\home-faults"), ROOM_MB):
        error = update(stage, home, "--install", code=1)["error"]
        must(error["code"] == "file.refused", f"it says {error}")
        left = under(stage.path(r"%TEMP%\home-faults\updates"))
        must(not any(name.endswith((".part", ".exe")) for name in left), f"left: {left}")


def _downloaded(stage: Stage, home: str, fault: str) -> None:
    publish(stage)
    update(stage, home, "--download")
    if fault == POWER:
        if stage.machine is None:
            raise NotHere("the power of a real computer is not cut")
        stage.machine.power_off()


def _while_it_writes(stage: Stage, home: str, fault: str) -> None:
    publish(stage)
    started, new = _started(stage, home, "--install"), stage.installed / stage.edition.folder
    until(lambda: (new / "PySide6").exists() or started.poll() is not None, "a first file of the new one", 60)
    faults.end(stage, started, fault)
    if fault == KILLED:
        _setup_ends_with_goferry(stage)


def _setup_ends_with_goferry(stage: Stage) -> None:
    """The set-up runs in a job of Goferry's, and is ended with it."""
    until(lambda: not stage.runs(stage.setup.name), "the end of the set-up that Goferry had started", 10)


def _no_room_to_install(stage: Stage, home: str, fault: str) -> None:
    publish(stage)
    small = int(size(stage.made) * faults.ROOM) >> 20
    with faults.small_disk(stage.installed.parent, small):
        error = update(stage, home, "--install", code=1)["error"]
        must(error["code"] == "update.not_installed", f"it says {error}")
        faults.whole(stage, stage.published)


def _kill_the_setup(stage: Stage, home: str, fault: str) -> None:
    publish(stage)
    started, new = _started(stage, home, "--install"), stage.installed / stage.edition.folder
    until(lambda: (new / "PySide6").exists() or started.poll() is not None, "a first file of the new one", 60)
    stage.run("taskkill", "/f", "/im", stage.setup.name)
    must(started.wait(180) == 1, "Goferry did not say that the set-up had ended")


def _at(point: str) -> Act:
    def act(stage: Stage, home: str, fault: str) -> None:
        setup = faults.with_points(stage)
        publisher = publish(stage)
        publisher.offer(stage.edition.version, setup, PLATFORM)
        words = (stage.windows("goferry.exe"), "--home", home, "update", "--install", "--json", "--quiet")
        faults.stop_at(stage, point, words, fault)
        if fault == KILLED:
            _setup_ends_with_goferry(stage)

    return act


@contextmanager
def published_to(stage: Stage, folder: Path) -> Iterator[None]:
    """While it lasts, there is a publisher whom the older edition asks."""
    from installer.checks.publisher import tool

    stage.publisher = Publisher(folder, tool())
    try:
        yield
    finally:
        stage.publisher.close()
        with suppress(OSError):
            shutil.rmtree(folder)
