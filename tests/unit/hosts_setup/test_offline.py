"""Docker from this computer: what may be sent, who vouches for it, and what a system that Docker does not know gets."""

from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from desktop.base.blocking import CancelToken
from desktop.hosts.setup import (
    ArchiveDiffers,
    ArchiveUnknown,
    BadArchive,
    Local,
    Mirror,
    NoArchive,
    NotSupported,
    SetupFacts,
    Upload,
    Wish,
    check_sha256,
    decide,
    explain_failure,
    fetch_archive,
    find_local,
    listed_archive,
)
from tests.unit.hosts_setup.test_setup import MIRRORS, server

DATA = b"an archive"
DIGEST = hashlib.sha256(DATA).hexdigest()


def archive(folder: Path, name: str = "docker-own.tgz") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(DATA)
    return folder / name


def test_each_class_has_a_listed_archive_for_both_processors(tmp_path: Path) -> None:
    for family, name in (
        ("el7", "docker-26.1.4.tgz"),
        ("el9", "docker-28.5.2.tgz"),
        ("", "docker-28.5.2.tgz"),
    ):
        found = {listed_archive(tmp_path, family, arch) for arch in ("x86_64", "aarch64")}
        assert {upload.source.name for upload in found if upload} == {name}
        assert len({upload.sha256 for upload in found if upload}) == 2
    assert listed_archive(tmp_path, "el8", "loongarch64") is None


def test_an_unknown_archive_needs_somebody_who_vouches_for_it(tmp_path: Path) -> None:
    path = archive(tmp_path)
    with pytest.raises(ArchiveUnknown) as refused:
        find_local(tmp_path, "el9", "x86_64", path)
    assert DIGEST in str(refused.value.why)
    given = find_local(tmp_path, "el9", "x86_64", path, DIGEST.upper())
    assert given.archive is not None
    assert given.archive.sha256 == DIGEST
    with pytest.raises(ArchiveDiffers):
        find_local(tmp_path, "el9", "x86_64", path, "0" * 64)
    (tmp_path / "docker-own.tgz.sha256").write_text(f"{DIGEST}  docker-own.tgz\n", encoding="utf-8")
    assert find_local(tmp_path, "el9", "x86_64").archive == given.archive


def test_a_file_that_only_bears_a_listed_name_is_refused(tmp_path: Path) -> None:
    archive(tmp_path, "docker-28.5.2.tgz")
    with pytest.raises(ArchiveDiffers):
        find_local(tmp_path, "el9", "x86_64")


def test_rpms_in_the_folder_are_taken_together(tmp_path: Path) -> None:
    for name in ("docker-ce-1.rpm", "containerd.io-1.rpm"):
        archive(tmp_path, name)
    local = find_local(tmp_path, "el9", "x86_64")
    assert [upload.source.name for upload in local.rpms] == ["containerd.io-1.rpm", "docker-ce-1.rpm"]
    pieces = decide(server(), Wish(offline=True), MIRRORS, "x", local).pieces
    packages = next(piece for piece in pieces if piece.id == "packages")
    assert packages.uploads == local.rpms
    assert "KEY" in packages.apply[0].arguments[0]
    assert "repository" not in [piece.id for piece in pieces]


def test_what_is_no_file_or_no_checksum_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadArchive):
        find_local(tmp_path, "el9", "x86_64", tmp_path / "none.tgz")
    with pytest.raises(BadArchive):
        find_local(tmp_path, "el9", "x86_64", tmp_path)
    with pytest.raises(BadArchive):
        check_sha256("abc")
    assert check_sha256(f" SHA256:{DIGEST.upper()}\n") == DIGEST
    with pytest.raises(NoArchive):
        find_local(tmp_path, "el8", "loongarch64")


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and its address."""
    folder = tmp_path / "shop"
    folder.mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as web:
        thread = threading.Thread(target=web.serve_forever)
        thread.start()
        yield folder, f"http://127.0.0.1:{web.server_address[1]}"
        web.shutdown()
        thread.join()


def test_only_the_very_same_archive_is_fetched_from_whichever_mirror_has_it(
    tmp_path: Path, shop: tuple[Path, str]
) -> None:
    folder, address = shop
    (folder / "bad/linux/static/stable/x86_64").mkdir(parents=True)
    (folder / "bad/linux/static/stable/x86_64/docker-9.tgz").write_bytes(b"something else")
    archive(folder / "good/linux/static/stable/x86_64", "docker-9.tgz")
    wanted = Upload(tmp_path / "home/docker-9.tgz", "/var/tmp/x", DIGEST)
    mirrors = tuple(Mirror(name, name, f"{address}/{name}", "", "") for name in ("none", "bad", "good"))
    with pytest.raises(NoArchive) as refused:
        fetch_archive(wanted, "x86_64", mirrors[:2], CancelToken())
    assert "404" in refused.value.detail
    assert "sha256" in refused.value.detail
    assert list((tmp_path / "home").iterdir()) == []
    fetch_archive(wanted, "x86_64", mirrors, CancelToken())
    assert wanted.source.read_bytes() == DATA
    fetch_archive(wanted, "x86_64", (), CancelToken())  # it is there


def plan(found: SetupFacts, local: Local) -> list[str]:
    return [piece.id for piece in decide(found, Wish(), MIRRORS, "x", local).pieces]


def test_a_system_that_docker_does_not_know_may_get_its_makers_engine_or_the_static_archive(
    tmp_path: Path,
) -> None:
    local = Local(listed_archive(tmp_path, "el8", "x86_64"))
    kylin = server("kylin", "V10", "el8")
    ids = plan(kylin, local)
    assert ids[ids.index("repository") :][:4] == ["repository", "module", "packages", "offline"]
    words = next(p for p in decide(kylin, Wish(), MIRRORS, "x", local).pieces if p.id == "repository").apply[0].arguments  # fmt: skip
    assert words[:2] == ("x86_64", "rhel/8 centos/8 centos/7")
    assert "docker-engine" in words[3]
    assert words[4] == "yes"
    assert "offline" not in plan(server(), local)


def test_a_processor_without_dockers_packages_is_left_to_the_maker_or_refused() -> None:
    kylin = server("kylin", "V10", "el8")
    kylin = replace(kylin, facts=replace(kylin.facts, arch="loongarch64"))
    pieces = {piece.id: piece for piece in decide(kylin, Wish(), MIRRORS, "x").pieces}
    assert pieces["repository"].apply[0].arguments[1] == ""
    assert "offline" not in pieces
    rocky = replace(server(), facts=replace(server().facts, arch="loongarch64"))
    with pytest.raises(NotSupported) as refused:
        decide(rocky, Wish(), MIRRORS, "x")
    assert "loongarch64" in str(refused.value.why)
    assert explain_failure("goferry: no Docker fits this system", "x").code == "setup.no_fit"


def test_the_makers_engine_that_set_up_installed_is_no_rival_on_the_next_run() -> None:
    journal = '{"step":"packages","key":"package","value":"docker-engine-20.10.24-1.x86_64"}'
    found = server("kylin", "V10", "el8", rivals=("docker-engine",))
    assert decide(found, Wish(), MIRRORS).questions
    assert not decide(replace(found, journal=journal), Wish(), MIRRORS).questions
