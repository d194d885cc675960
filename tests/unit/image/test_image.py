"""The built-in builder: what is in the image, that it is the same each time, quick, and refused when it cannot run."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import tarfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.base.words import set_language
from desktop.image import (
    BadArchive,
    BadReference,
    FileMissing,
    FileOutside,
    Image,
    ImageWish,
    NeedsLibraries,
    NotForContainers,
    archive_size,
    build_image,
    docker_archive,
    load_image,
    parse_reference,
    prune,
    read_archive,
    tag_for,
)
from desktop.image.config import image_config
from desktop.project import HealthOptions

from .conftest import big_program


def config_of(image: Image) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(image.blob(image.config_digest).read_bytes())
    return found


def names_in(blob: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(blob) as tar:
        return {member.name: member for member in tar}


def files_in(archive: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {member.name: tar.extractfile(member).read() for member in tar}  # type: ignore[union-attr]  # files only


def test_layers_are_certificates_then_files_then_the_program(wish: ImageWish, tmp_path: Path) -> None:
    image = build_image(wish, tmp_path / "store")
    assert [str(layer.what) for layer in image.layers] == [
        "CA certificates, time zones",
        "/app/configs/config.yaml",
        "/app/tiny",
    ]
    assert image.size == sum(layer.size for layer in image.layers)
    assert image.platform == "linux/amd64"


def test_an_empty_image_gets_what_go_programs_look_for(wish: ImageWish, tmp_path: Path) -> None:
    first = names_in(build_image(wish, tmp_path / "store").layers[0].blob)
    assert first["etc/ssl/certs/ca-certificates.crt"].size > 100_000
    assert first["usr/share/zoneinfo/Asia/Shanghai"].type in (tarfile.REGTYPE, tarfile.LNKTYPE)
    assert first["tmp"].mode == 0o1777
    assert first["home/app"].uid == 65532
    assert "etc/passwd" in first


def test_the_program_is_owned_by_root_and_runs_as_nobody_in_particular(
    wish: ImageWish, tmp_path: Path
) -> None:
    image = build_image(wish, tmp_path / "store")
    member = names_in(image.layers[-1].blob)["app/tiny"]
    assert (member.mode, member.uid, member.mtime) == (0o755, 0, 0)
    settings = config_of(image)["config"]
    assert settings["User"] == "65532:65532"
    assert settings["Entrypoint"] == ["/app/tiny"]
    assert settings["WorkingDir"] == "/app"
    assert settings["StopSignal"] == "SIGTERM"
    assert settings["ExposedPorts"] == {"8080/tcp": {}}
    assert settings["Labels"]["org.opencontainers.image.version"] == "1.9.0"
    assert settings["Labels"]["io.goferry.app"] == "tiny"


def test_own_labels_user_and_health_command_are_taken(wish: ImageWish) -> None:
    options = replace(wish.config.image, user=1000, labels={"team": "shop"})
    health = HealthOptions(
        http=None, command=("/app/tiny", "-check"), interval=10, timeout=3, start=5, retries=4
    )
    own = replace(wish, config=replace(wish.config, image=options, health=health, port=0))
    settings = json.loads(image_config(own, ()))["config"]
    assert settings["User"] == "1000:1000"
    assert settings["Labels"]["team"] == "shop"
    assert settings["Healthcheck"]["Test"] == ["CMD", "/app/tiny", "-check"]
    assert settings["Healthcheck"]["Interval"] == 10_000_000_000
    assert "ExposedPorts" not in settings


def test_the_same_input_gives_the_same_digest_in_another_store_time_and_language(
    wish: ImageWish, tmp_path: Path
) -> None:
    first = build_image(wish, tmp_path / "one")
    os.utime(wish.folder / "configs" / "config.yaml", (1, 1))
    set_language("zh_CN")
    try:
        second = build_image(wish, tmp_path / "two")
    finally:
        set_language("en")
    assert (first.digest, first.config_digest) == (second.digest, second.config_digest)
    assert b"".join(docker_archive(first)) == b"".join(docker_archive(second))


def test_only_the_last_layer_changes_with_the_program(wish: ImageWish, tmp_path: Path) -> None:
    first = build_image(wish, tmp_path / "store")
    second = build_image(big_program(wish, tmp_path, 5000), tmp_path / "store")
    assert [layer.digest for layer in first.layers[:-1]] == [layer.digest for layer in second.layers[:-1]]
    assert first.layers[-1].digest != second.layers[-1].digest


def test_ten_megabytes_take_less_than_a_second(wish: ImageWish, tmp_path: Path) -> None:
    large = big_program(wish, tmp_path, 10_000_000)
    seconds = []
    for attempt in range(3):  # the best of three, in processor time: other work is not what is measured
        started = time.process_time()
        build_image(large, tmp_path / f"store{attempt}")
        seconds.append(time.process_time() - started)
    assert min(seconds) < 1.0


def test_a_program_for_windows_is_refused(wish: ImageWish, tmp_path: Path) -> None:
    with pytest.raises(NotForContainers, match="windows/amd64"):
        build_image(replace(wish, binary=replace(wish.binary, target="windows/amd64")), tmp_path / "store")


def test_a_program_that_needs_libraries_is_refused_for_an_empty_image(
    wish: ImageWish, tmp_path: Path
) -> None:
    dynamic = replace(wish.binary, static=False, libraries=("libc.so.6",))
    with pytest.raises(NeedsLibraries, match=r"libc\.so\.6") as raised:
        build_image(replace(wish, binary=dynamic), tmp_path / "store")
    assert raised.value.fixes[0].action == "build.set"


def with_files(wish: ImageWish, *names: str) -> ImageWish:
    return replace(wish, config=replace(wish.config, image=replace(wish.config.image, files=names)))


def test_a_folder_goes_in_with_all_that_is_in_it(wish: ImageWish, tmp_path: Path) -> None:
    script = wish.folder / "configs" / "deep" / "run.sh"
    script.parent.mkdir()
    script.write_text("#!/bin/sh\n", encoding="utf-8")
    found = names_in(build_image(with_files(wish, "configs"), tmp_path / "store").layers[1].blob)
    assert found["app/configs/config.yaml"].mode == 0o644
    assert found["app/configs/deep/run.sh"].mode == 0o755


def test_a_file_that_is_not_there_is_named(wish: ImageWish, tmp_path: Path) -> None:
    with pytest.raises(FileMissing, match=r"configs/none\.yaml"):
        build_image(with_files(wish, "configs/none.yaml"), tmp_path / "store")


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "C:\\x", "configs/../../secret", "\\\\host\\s"])
def test_a_file_outside_the_project_is_refused(wish: ImageWish, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    with pytest.raises((FileOutside, FileMissing)):
        build_image(with_files(wish, name), tmp_path / "store")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_a_link_out_of_the_project_is_refused(wish: ImageWish, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x", encoding="utf-8")
    (wish.folder / "configs" / "link").symlink_to(tmp_path / "secret")
    for names in (("configs",), ("configs/link",)):
        with pytest.raises(FileOutside):
            build_image(with_files(wish, *names), tmp_path / "store")


def test_the_archive_is_complete_and_its_size_is_known_before(wish: ImageWish, tmp_path: Path) -> None:
    image = build_image(wish, tmp_path / "store")
    archive = b"".join(docker_archive(image))
    assert len(archive) == archive_size(image)
    files = files_in(archive)
    manifest = json.loads(files["manifest.json"])[0]
    assert manifest["RepoTags"] == ["shop/tiny:1.9.0"]
    assert all(name in files for name in [manifest["Config"], *manifest["Layers"]])
    index = json.loads(files["index.json"])["manifests"][0]
    assert index["digest"] == image.digest
    assert index["annotations"]["io.containerd.image.name"] == "docker.io/shop/tiny:1.9.0"


def test_a_compressed_archive_holds_the_same(wish: ImageWish, tmp_path: Path) -> None:
    image = build_image(wish, tmp_path / "store")
    packed = b"".join(docker_archive(image, compress=True))
    assert gzip.decompress(packed) == b"".join(docker_archive(image))


def test_layers_that_the_server_has_can_be_left_out(wish: ImageWish, tmp_path: Path) -> None:
    image = build_image(wish, tmp_path / "store")
    without = {layer.diff_id for layer in image.layers[:-1]}
    archive = b"".join(docker_archive(image, without=without))
    assert len(archive) == archive_size(image, without=without)
    files = files_in(archive)
    assert "index.json" not in files
    assert len(json.loads(files["manifest.json"])[0]["Layers"]) == 3
    assert len([name for name in files if name.startswith("blobs/")]) == 2


def test_an_archive_that_was_written_reads_back_as_the_same_image(wish: ImageWish, tmp_path: Path) -> None:
    image = build_image(wish, tmp_path / "store")
    for compress in (False, True):
        file = tmp_path / f"image{compress}.tar"
        file.write_bytes(b"".join(docker_archive(image, compress=compress)))
        again = read_archive(file, tmp_path / f"other{compress}")
        assert (again.ref, again.digest, again.config_digest) == (
            image.ref,
            image.digest,
            image.config_digest,
        )


def test_an_image_is_found_again_by_its_name(wish: ImageWish, tmp_path: Path) -> None:
    image = build_image(wish, tmp_path / "store")
    assert load_image(tmp_path / "store", "docker.io/shop/tiny:1.9.0") == image
    assert load_image(tmp_path / "store", "shop/tiny:1.8") is None
    image.layers[-1].blob.unlink()
    assert load_image(tmp_path / "store", "shop/tiny:1.9.0") is None


def test_pruning_keeps_what_the_kept_images_share(wish: ImageWish, tmp_path: Path) -> None:
    store = tmp_path / "store"
    old = build_image(wish, store)
    new = build_image(replace(big_program(wish, tmp_path, 5000), ref="shop/tiny:2"), store)
    freed = prune(store, [new.ref], younger_than=-1)
    assert freed > old.layers[-1].size
    assert load_image(store, new.ref) == new
    assert not old.layers[-1].blob.exists()
    assert old.layers[0].blob.exists()


def test_a_cut_off_or_foreign_file_is_no_image(wish: ImageWish, tmp_path: Path) -> None:
    whole = b"".join(docker_archive(build_image(wish, tmp_path / "store")))
    packed = gzip.compress(whole, 1)
    for content in (b"", b"no tar", whole[: len(whole) // 2], packed[: len(packed) // 2], whole[:1024]):
        file = tmp_path / "broken.tar"
        file.write_bytes(content)
        with pytest.raises(BadArchive):
            read_archive(file, tmp_path / "other")


def tar_of(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


def test_a_layer_that_is_not_what_the_config_says_is_refused(tmp_path: Path) -> None:
    config = json.dumps(
        {"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": ["sha256:" + "0" * 64]}}
    )
    manifest = json.dumps([{"Config": "c.json", "RepoTags": ["evil:1"], "Layers": ["l.tar"]}])
    file = tmp_path / "evil.tar"
    file.write_bytes(
        tar_of({"manifest.json": manifest.encode(), "c.json": config.encode(), "l.tar": b"other"})
    )
    with pytest.raises(BadArchive, match="not what the image says"):
        read_archive(file, tmp_path / "store")
    assert list((tmp_path / "store" / "blobs" / "sha256").iterdir()) == []


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "shown"),
    [
        ("orders", "docker.io", "library/orders", "latest", "orders:latest"),
        ("orders:1.9", "docker.io", "library/orders", "1.9", "orders:1.9"),
        ("shop/orders", "docker.io", "shop/orders", "latest", "shop/orders:latest"),
        ("docker.io/library/debian:12", "docker.io", "library/debian", "12", "debian:12"),
        ("localhost/x", "localhost", "x", "latest", "localhost/x:latest"),
        ("harbor.example.com:8443/shop/orders:1.9", "harbor.example.com:8443", "shop/orders", "1.9", None),
        ("127.0.0.1:5000/a/b/c:x", "127.0.0.1:5000", "a/b/c", "x", None),
    ],
)
def test_names_are_taken_apart_as_docker_does(
    text: str, registry: str, repository: str, tag: str, shown: str | None
) -> None:
    found = parse_reference(text)
    assert (found.registry, found.repository, found.tag) == (registry, repository, tag)
    assert str(found) == (shown or text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Orders",
        "a b",
        "a:",
        "a:-x",
        "-v",
        "a//b",
        "a/../b",
        "x;id",
        "$(id)",
        "a@sha256:12",
        "a:" + "t" * 129,
        "х",
        "a\nb",
    ],
)
def test_names_that_registries_refuse_are_refused_with_a_reason(text: str) -> None:
    with pytest.raises(BadReference) as raised:
        parse_reference(text)
    assert str(raised.value.why)


@pytest.mark.parametrize(
    ("version", "tag"),
    [("1.9.0", "1.9.0"), ("1.9.0+3", "1.9.0-3"), (".x", "x"), ("版本", "latest"), ("", "latest")],
)
def test_a_version_becomes_a_tag(version: str, tag: str) -> None:
    assert tag_for(version) == tag
