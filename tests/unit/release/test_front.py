"""Mode proxy: how an app comes from one release to the next, and Go's own tests of the front."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from dataclasses import replace

import pytest

from desktop.base.blocking import Pool
from desktop.base.resources import resources
from desktop.build import find_toolchain
from desktop.engine import Container, Port
from desktop.release import Artifact, config_changes, decide
from desktop.release.front import LABEL, PORT, PROTOCOL, Turn, address, fits, moves, turn
from desktop.release.model import Release
from desktop.release.places.shown import shown
from desktop.release.records import from_record, to_record

from .values import release, seen

DIRECT, OLD, NEW = release(1), release(2, mode="proxy"), release(3, mode="proxy")


def front_of(made_for: Release, state: str = "running", protocol: str = PROTOCOL) -> Container:
    port = Port(PORT, made_for.publish, made_for.bind)
    labels = {f"{LABEL}.protocol": protocol}
    return Container("f1", "goferry-front-orders", "", "", state, labels=labels, ports=(port,))


def wanted(one: Release, old: Release | None, front: Container | None, **more: bool) -> Turn:
    found = turn(one, old, front, **more)
    assert found is not None
    return found


def test_behind_a_front_that_stands_nothing_is_stopped_before_the_new_one_serves() -> None:
    found = wanted(NEW, OLD, front_of(NEW))
    assert (found.gap, found.door, found.owner) == (False, "", "")
    assert found.trial == ((address(NEW), 1), (address(OLD), 0))
    assert found.kept == ((address(NEW), 1),)


def test_who_has_the_port_gives_it_up_once_when_the_mode_or_the_port_changes() -> None:
    assert turn(release(4), DIRECT, None) is None
    into = wanted(NEW, DIRECT, front_of(NEW, "created"))
    assert (into.owner, into.door, into.back) == (DIRECT.container, "goferry-front-orders", "")
    back = wanted(release(4), OLD, front_of(OLD))
    assert (back.owner, back.front, back.old) == ("goferry-front-orders", "", OLD.container)
    port = wanted(NEW, OLD, front_of(NEW, "created"), spare=True)
    assert (port.owner, port.door) == ("goferry-front-orders-before", "goferry-front-orders")


def test_a_front_that_was_stopped_is_started_and_the_first_release_needs_one() -> None:
    stopped = wanted(NEW, OLD, front_of(NEW, "exited"))
    assert (stopped.door, stopped.owner, stopped.gap) == ("goferry-front-orders", "", False)
    first = wanted(NEW, None, front_of(NEW, "created"))
    assert (first.old, first.door, first.trial) == ("", "goferry-front-orders", ((address(NEW), 1),))


def test_a_front_for_another_port_or_from_another_time_does_not_fit() -> None:
    assert fits(front_of(NEW), NEW)
    assert not fits(front_of(NEW), replace(NEW, publish=81))
    assert not fits(front_of(NEW), replace(NEW, bind="0.0.0.0"))
    assert not fits(front_of(NEW, protocol="0"), NEW)


def test_the_mode_is_part_of_a_release_and_older_records_are_direct() -> None:
    assert from_record(to_record(NEW)) == NEW
    assert from_record(to_record(DIRECT).replace('"mode": "direct", ', "")) == DIRECT
    assert replace(DIRECT, mode="proxy").fingerprint != DIRECT.fingerprint
    assert not decide(replace(DIRECT, mode="proxy"), seen(DIRECT)).unchanged
    assert [(c.key, c.before, c.after) for c in config_changes(DIRECT, replace(DIRECT, mode="proxy"))] == [
        ("mode", None, "proxy")
    ]
    assert (moves(NEW, OLD), moves(NEW, DIRECT), moves(replace(NEW, publish=81), OLD)) == (False, True, True)


@pytest.mark.parametrize("old", [None, DIRECT, OLD])
def test_the_commands_of_a_plan_say_who_has_the_port_when(old: Release | None) -> None:
    def lines(stage: str, one: Release) -> list[str]:
        return [
            command.shown()
            for command in shown(stage, one, old, Artifact(ref="orders:3"), "goferry/orders:3")
        ]

    started, switched = lines("start", NEW), lines("switch", NEW)
    stops = [line for line in started if line.startswith("docker stop")]
    assert stops == (["docker stop orders-1-abcd"] if old is DIRECT else [])
    assert not any("-p " in line for line in started if f"--name {NEW.container}" in line)
    assert switched[0] == f"docker exec goferry-front-orders /front route {address(NEW)}=1"
    assert any("/front drain" in line for line in switched) == (old is OLD)
    assert "/front await release-3-abcd:8080 /health" in lines("health", NEW)[0]
    direct = lines("start", release(4))
    assert ("docker stop goferry-front-orders" in direct) == (old is OLD)


@pytest.mark.skipif(sys.platform == "win32", reason="the front runs on Linux only")
def test_gos_own_tests_of_the_front_pass() -> None:
    async def find() -> tuple[str, str]:
        pool = Pool("find-go", 1)
        try:
            go = await find_toolchain(pool)
            return str(go.path), str(go.goroot)
        finally:
            pool.close()

    go, goroot = asyncio.run(find())
    settings = {
        "GOROOT": goroot,
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GOPROXY": "off",
        "CGO_ENABLED": "0",
    }
    for words in (["vet", "./..."], ["test", "./..."]):
        done = subprocess.run(
            [go, *words], cwd=resources() / "front", env={**os.environ, **settings, "GOFLAGS": ""},
            capture_output=True, encoding="utf-8", timeout=250, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
