"""What a person chooses in the window is written into a file that a person wrote: no other byte of it changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_choices import save_choices
from desktop.app_consistency import mark_as_meant
from desktop.base.paths import Home
from desktop.project import load_config, load_marks

WRITTEN = "# 注释\nname: app\nport: 8081   # of the service\n"
TEAM = "# ours\nmeant_to_differ:\n  config.A: {why: so}\n"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_a_file_written_on_windows_keeps_its_ends_of_lines_and_its_mark(
    tmp_path: Path, end: str, mark: bytes
) -> None:
    def as_written(text: str) -> bytes:
        return mark + text.replace("\n", end).encode()

    file = tmp_path / "goferry.yaml"
    file.write_bytes(as_written(WRITTEN))
    config = load_config(tmp_path)
    assert config is not None
    save_choices(tmp_path, config, {"port": 9000})
    assert file.read_bytes() == as_written(WRITTEN.replace("8081", "9000"))
    save_choices(tmp_path, config, {"build.cgo": True})
    assert file.read_bytes() == as_written(WRITTEN.replace("8081", "9000") + "build:\n  cgo: true\n")

    team = tmp_path / "goferry.team.yaml"
    team.write_bytes(as_written(TEAM))

    async def mark_one() -> None:
        async with App(Home(tmp_path / "home")) as app:
            await mark_as_meant(app, tmp_path, ("container", "memory"), "16 GB there", "2099-01-01")

    asyncio.run(mark_one())
    assert team.read_bytes().startswith(as_written(TEAM))
    assert team.read_bytes().count(b"\n") == team.read_bytes().count(end.encode())
    assert [(one.key, one.until) for one in load_marks(tmp_path)] == [
        ("config.A", ""),
        ("container.memory", "2099-01-01"),
    ]
