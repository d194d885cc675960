"""A server on this computer, and goferry as a command that knows it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from desktop.base.paths import Home
from desktop.cli.main import main
from tests.sshd import Sshd
from tests.unit.hosts.session_desk import let_own_key_in

Call = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Sshd]:
    with Sshd(shell=("/bin/sh",)) as made:
        let_own_key_in(made, Home(tmp_path / "desk"))
        yield made


@pytest.fixture
def call(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Call:
    def run(*words: str) -> tuple[int, dict[str, Any]]:
        code = main(["--home", str(tmp_path / "desk"), "--json", *words])
        return code, json.loads(capsys.readouterr().out)

    return run
