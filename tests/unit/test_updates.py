"""Newer versions of Goferry: only signed, only newer, only whole; whatever goes wrong, the old one stays."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from desktop.app import App
from desktop.app_updates import A_DAY, NotInstalled, Updates
from desktop.base.download import Damaged, NotDownloaded
from desktop.base.errors import GoferryError, explained
from desktop.base.paths import Home
from desktop.base.update_manifest import Older, Unsigned, address_problem, order
from desktop.base.update_policy import Source, decide
from tests.conftest import ROOT
from tests.own_certificate import self_signed
from tests.update_server import MANIFEST, Publisher

CONTENT = bytes(range(256)) * 4000
SETUP = "Goferry-0.2.0-setup.exe"


@pytest.fixture
def publisher(tmp_path: Path) -> Iterator[Publisher]:
    made = Publisher(tmp_path / "publisher")
    made.publish("0.2.0", CONTENT)
    yield made
    made.close()


class Desk:
    """A person's Goferry 0.1.0 that asks the publisher."""

    def __init__(self, home: Path, publisher: Publisher, running: str = "0.1.0") -> None:
        self.home, self.publisher, self.running = home, publisher, running

    def __call__(self, *wishes: str) -> Updates:
        """Carries out wishes in one run of the program: check, fetch, install, or daily at a day."""

        async def run() -> Updates:
            async with App(Home(self.home)) as app:
                updates = Updates(app, self.publisher.source, running=self.running)
                updates.waits = (0.0, 0.0)
                for wish in wishes:
                    await getattr(updates, wish)()
                return updates

        return asyncio.run(run())

    def files(self) -> list[str]:
        folder = self.home / "updates"
        return sorted(file.name for file in folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def desk(tmp_path: Path, publisher: Publisher) -> Desk:
    return Desk(tmp_path / "家", publisher)


def test_a_newer_signed_version_is_offered_and_downloaded_whole(desk: Desk) -> None:
    updates = desk("check", "fetch")
    assert updates.offer is not None
    assert updates.offer.version == "0.2.0"
    assert updates.offer.manifest.note("zh_CN") == "更快。"
    assert updates.ready is not None
    assert updates.ready.read_bytes() == CONTENT
    assert desk.files() == [SETUP, "manifest.json", "state.json"]


def test_the_download_of_an_earlier_run_is_found_again_without_asking(
    desk: Desk, publisher: Publisher
) -> None:
    desk("check", "fetch")
    asked = len(publisher.asked)
    updates = desk("daily")
    assert updates.ready is not None
    assert updates.offer is not None
    assert len(publisher.asked) == asked


def test_what_was_kept_goes_when_the_new_version_runs(desk: Desk) -> None:
    desk("check", "fetch")
    desk.running = "0.2.0"
    assert desk("daily").offer is None
    assert desk.files() == ["state.json"]


def test_what_was_kept_goes_too_where_nothing_is_looked_for(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk("check", "fetch")
    monkeypatch.setenv("GOFERRY_UPDATES", "off")
    desk("daily")
    assert SETUP in desk.files(), "it can still be installed"
    desk.running = "0.2.0"
    desk("daily")
    assert desk.files() == ["state.json"]


def test_the_same_version_is_no_update(desk: Desk) -> None:
    desk.running = "0.2.0"
    assert desk("check").offer is None


def test_an_older_version_is_refused(desk: Desk, publisher: Publisher) -> None:
    desk.running = "0.3.0"
    with pytest.raises(Older):
        desk("check")
    desk.running = "0.1.0"
    publisher.publish("0.4.0", CONTENT)
    desk("check")
    publisher.publish("0.2.0", CONTENT)
    with pytest.raises(Older) as caught:
        desk("check")
    assert "0.4.0" in str(caught.value)


def test_an_unsigned_manifest_is_refused(desk: Desk, publisher: Publisher) -> None:
    outer = json.loads(publisher.files[MANIFEST])
    for content in (outer["payload"], json.dumps({"payload": outer["payload"]}), "<html>", "[]", "", "5"):
        publisher.files[MANIFEST] = content.encode()
        with pytest.raises(Unsigned):
            desk("check")
    assert desk.files() == ["state.json"]


def test_a_manifest_signed_by_another_key_is_refused(desk: Desk, publisher: Publisher) -> None:
    other, _ = publisher.new_key("other.pem")
    publisher.publish("0.9.0", CONTENT, key=other)
    with pytest.raises(Unsigned):
        desk("check")


def test_a_changed_word_of_what_is_signed_is_noticed(desk: Desk, publisher: Publisher) -> None:
    publisher.change_manifest("0.2.0", "0.9.0")
    with pytest.raises(Unsigned):
        desk("check")


def test_an_exchanged_file_is_thrown_away(desk: Desk, publisher: Publisher) -> None:
    for other in (CONTENT[:-1] + b"x", CONTENT + b"more"):
        publisher.files[SETUP] = other
        with pytest.raises(Damaged):
            desk("check", "fetch")
        assert desk.files() == ["manifest.json", "state.json"]


def test_a_download_cut_in_the_middle_goes_on_where_it_was(desk: Desk, publisher: Publisher) -> None:
    publisher.cut = [300_000, 500_000]
    updates = desk("check", "fetch")
    assert updates.ready is not None
    assert updates.ready.read_bytes() == CONTENT
    ranges = [asked for name, asked in publisher.asked if name == SETUP]
    assert ranges[0] == ""
    assert all(asked.startswith("bytes=") for asked in ranges[1:])


def test_a_server_that_cannot_go_on_begins_anew(desk: Desk, publisher: Publisher) -> None:
    publisher.ranges, publisher.cut = False, [300_000]
    updates = desk("check", "fetch")
    assert updates.ready is not None
    assert updates.ready.read_bytes() == CONTENT


def test_a_way_that_stays_broken_is_told_and_taken_up_in_the_next_run(
    desk: Desk, publisher: Publisher
) -> None:
    publisher.cut = [200_000, 0, 0]
    with pytest.raises(NotDownloaded):
        desk("check", "fetch")
    assert SETUP not in desk.files()
    publisher.asked.clear()
    assert desk("check", "fetch").ready is not None
    assert next(asked for name, asked in publisher.asked if name == SETUP).startswith("bytes=")


def test_a_file_that_is_not_there_is_not_asked_for_again(desk: Desk, publisher: Publisher) -> None:
    del publisher.files[SETUP]
    with pytest.raises(NotDownloaded):
        desk("check", "fetch")
    assert [name for name, _ in publisher.asked].count(SETUP) == 1


@pytest.mark.skipif(
    sys.platform == "win32" or not Path("/dev/full").exists(), reason="needs a device that is always full"
)
def test_a_full_disk_is_explained_and_leaves_nothing_half(desk: Desk) -> None:
    updates = desk("check")
    assert updates.offer is not None
    part = desk.home / "updates" / f".{SETUP}.{updates.offer.file.sha256[:12]}.part"
    part.symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        desk("check", "fetch")
    assert str(explained(caught.value).what) == "The disk is full."
    assert desk.files() == ["manifest.json", "state.json"]


def test_it_is_asked_at_most_once_a_day(desk: Desk, publisher: Publisher) -> None:
    async def days() -> list[int]:
        async with App(Home(desk.home)) as app:
            updates, counts = Updates(app, publisher.source, running="0.1.0"), list[int]()
            await updates.daily()
            first = updates.checked
            for later in (60, A_DAY - 60, A_DAY + 60, -A_DAY):
                await updates.daily(first + later)
                counts.append(len(publisher.asked))
            app.settings.change(updates="off")
            await updates.daily(first + 9 * A_DAY)
            return [*counts, len(publisher.asked)]

    assert asyncio.run(days()) == [1, 1, 2, 3, 3]


def test_an_address_that_fails_is_not_asked_again_on_the_same_day(desk: Desk, publisher: Publisher) -> None:
    publisher.files.clear()
    with pytest.raises(NotDownloaded):
        desk("daily")
    assert desk("daily").offer is None
    assert len(publisher.asked) == 1


def test_policies_stand_over_the_setting(
    monkeypatch: pytest.MonkeyPatch, desk: Desk, publisher: Publisher
) -> None:
    own = Source("https://updates.example.com/u.json", ("key",))
    assert decide(own, "daily", None, None).daily
    assert (decide(own, "off", None, None).allowed, decide(own, "off", None, None).daily) == (True, False)
    for environment, administrator in (("off", None), (None, "0"), ("https://x.example.com/", "off")):
        assert not decide(own, "daily", environment, administrator).allowed
    company = decide(own, "daily", None, "https://goferry.example.cn/update.json")
    assert (company.daily, company.address) == (True, "https://goferry.example.cn/update.json")
    assert not decide(own, "daily", "http://example.com/u.json", None).allowed
    assert not decide(Source(), "daily", None, None).allowed
    assert not decide(Source("https://updates.example.com/"), "daily", None, None).allowed
    monkeypatch.setenv("GOFERRY_UPDATES", "off")
    with pytest.raises(GoferryError, match="GOFERRY_UPDATES"):
        desk("check")
    assert desk("daily").offer is None
    assert publisher.asked == []


def test_this_edition_asks_nobody_unless_an_address_and_a_key_came_along() -> None:
    own = Source.own()
    assert decide(own, "daily", None, None).allowed == bool(own.address and own.keys)


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://example.com/u.json", True),
        ("http://127.0.0.1:8000/u.json", True),
        ("http://example.com/u.json", False),
        ("ftp://example.com/u.json", False),
        ("https:///u.json", False),
        ("C:\\u.json", False),
    ],
)
def test_only_tls_or_this_computer_is_asked(address: str, good: bool) -> None:
    assert (address_problem(address) == "") == good


def test_versions_compare_as_people_expect() -> None:
    rising = ["0.1.0", "0.2.0-alpha", "0.2.0-rc.2", "0.2.0-rc.10", "0.2.0", "0.10.0", "1.0.0"]
    mixed = [rising[at] for at in (3, 0, 6, 2, 5, 1, 4)]
    assert sorted(mixed, key=order) == rising
    for wrong in ("", "1", "1.2", "v1.2.3", "1.2.3 ", "1.2.3-", "１.2.3"):
        with pytest.raises(ValueError):
            order(wrong)


@pytest.mark.skipif(sys.platform == "win32", reason="the installer that is played here is a shell script")
def test_an_installer_that_fails_leaves_the_old_version_and_says_so(desk: Desk, publisher: Publisher) -> None:
    note = desk.home.parent / "ran"
    script = f'#!/bin/sh\necho "$@" > "{note}"\necho disk full >&2\nexit 2\n'.encode()
    publisher.publish("0.2.0", script)

    async def story() -> GoferryError:
        async with App(Home(desk.home)) as app:
            updates = Updates(app, publisher.source, running="0.1.0")
            await updates.check()
            (await updates.fetch()).chmod(0o700)
            with pytest.raises(NotInstalled) as caught:
                await updates.install()
            assert updates.ready is not None
            updates.ready.write_bytes(script + b"# changed after its download\n")
            note.rename(note.with_name("once"))
            with pytest.raises(NotInstalled):
                await updates.install()
            return caught.value

    error = asyncio.run(story())
    assert "disk full" in error.detail
    assert note.with_name("once").read_text(encoding="utf-8") == "/S\n"
    assert not note.exists(), "a file that was changed is not started"


@pytest.mark.skipif(sys.platform == "win32", reason="the store of Windows is not changed by a test")
def test_a_company_s_own_authority_counts_and_an_unknown_one_does_not(
    desk: Desk, publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = tmp_path / "authority.pem"
    certificate.write_bytes(self_signed())
    publisher.with_tls(certificate)
    with pytest.raises(NotDownloaded) as caught:
        desk("check")
    assert "certificate" in caught.value.detail.lower()
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert desk("check", "fetch").ready is not None


def test_the_signing_command_takes_the_key_from_standard_input(publisher: Publisher, tmp_path: Path) -> None:
    output, file = tmp_path / "signed.json", tmp_path / "Goferry.zip"
    file.write_bytes(b"x")
    words = ["sign", "--key", "-", "--version", "0.2.0", "--file", f"any={file}", "--output", str(output)]
    done = subprocess.run(
        [sys.executable, "-X", "utf8", str(ROOT / "installer" / "updates.py"), *words],
        input=publisher.key.read_text(encoding="utf-8"),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    publisher.files[MANIFEST] = output.read_bytes()
    assert Desk(tmp_path / "home", publisher)("check").offer is not None


def test_the_signing_command_writes_nothing_that_an_edition_would_refuse(
    publisher: Publisher, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from installer.updates import main as updates

    file = tmp_path / "Goferry setup.exe"
    file.write_bytes(b"x")
    words = ["--file", f"any={file}", "--output", str(tmp_path / "u.json"), "--version", "0.2.0"]
    assert updates(["sign", "--key", str(publisher.key), *words]) == 1
    assert "Goferry setup.exe" in capsys.readouterr().err
    if os.name != "nt":
        assert publisher.key.stat().st_mode & 0o077 == 0
    assert updates(["key", "--private", str(publisher.key)]) == 1, "a key that is there is not replaced"
    assert not (tmp_path / "u.json").exists()
