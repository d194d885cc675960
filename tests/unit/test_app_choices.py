"""What a person chooses in the window is written into a file that a person wrote: no other byte of it changes."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_choices import save_choices
from desktop.app_consistency import can_be_everywhere, everywhere, mark_as_meant
from desktop.base.paths import Home
from desktop.project import Change, apply_change, load_config, load_marks
from desktop.release import SECRETS_FACT, FactKey

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


SEVERAL = """name: app
port: 8080
environments:
  dev:  { hosts: [a], env: { LEVEL: debug, TTL: "30" }, memory: 256m }   # 本机
  prod: { hosts: [b, c], publish: 80, bind: 0.0.0.0, mode: proxy, env: { LEVEL: info } }
"""


@pytest.mark.parametrize(
    ("key", "value", "before", "after"),
    [
        (("config", "LEVEL"), "info", "LEVEL: debug", "LEVEL: info"),
        (("config", "TTL"), "30", "env: { LEVEL: info }", 'env: {LEVEL: info, TTL: "30"}'),
        (("container", "memory"), "256 MB", "env: { LEVEL: info } }", "env: {LEVEL: info}, memory: 256m}"),
        (("container", "memory"), "1.5 GB", None, None),
        (("container", "memory"), "", ", memory: 256m }", "}"),
        (("network", "mode"), "direct", "mode: proxy", "mode: direct"),
        (
            ("network", "published"),
            "127.0.0.1:8080",
            "publish: 80, bind: 0.0.0.0",
            'publish: 8080, bind: "127.0.0.1"',
        ),
    ],
)
def test_one_value_for_all_environments_is_a_difference_that_is_read_first(
    tmp_path: Path, key: FactKey, value: str, before: str | None, after: str
) -> None:
    file = tmp_path / "goferry.yaml"
    file.write_text(SEVERAL, encoding="utf-8", newline="")

    async def wish() -> Change | None:
        async with App(Home(tmp_path / "home")) as app:
            return await everywhere(app, tmp_path, key, value)

    assert can_be_everywhere(key)
    change = asyncio.run(wish())
    assert change is not None
    assert file.read_text(encoding="utf-8") == SEVERAL
    apply_change(change)
    assert asyncio.run(wish()) is None  # it says so now
    text = file.read_text(encoding="utf-8")
    assert "# 本机" in text
    if before is not None:
        assert before in SEVERAL
        assert after.replace(" ", "") in text.replace(" ", "")


@pytest.mark.parametrize(
    "key", [SECRETS_FACT, ("image", "version"), ("server", "kernel"), ("container", "user")]
)
def test_what_goferry_yaml_does_not_have_for_each_environment_cannot_be_made_alike_there(
    key: FactKey,
) -> None:
    assert not can_be_everywhere(key)
