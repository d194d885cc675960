"""Images against real engines and a real registry: loaded, started, fetched, and built by Docker itself."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from desktop.base.blocking import CancelToken, Pool
from desktop.base.secret import Secret
from desktop.build import Binary, Builder, BuildWish, find_toolchain
from desktop.cli.main import main
from desktop.image import (
    Image,
    ImageWish,
    Login,
    LoginRefused,
    base_from_engine,
    build_image,
    docker_archive,
    dockerfile,
    dockerfile_text,
    fetch_base,
    kind_for,
    load_image,
    stage_context,
    write_archive,
)
from desktop.project import BuildOptions, Config, ImageOptions
from tests.lab.handle import Lab, LabHost

SOURCE = """package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	place, err := time.LoadLocation("Asia/Shanghai")
	config, _ := os.ReadFile("configs/config.yaml")
	fmt.Print(place, err, os.Getuid(), string(config))
}
"""
SAID = "Asia/Shanghai <nil> 65532level: info\n"
REF = "image-test/tiny:1.9.0"


@pytest.fixture(scope="session")
def wish(tmp_path_factory: pytest.TempPathFactory) -> ImageWish:
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "go.mod").write_text("module example.com/tiny\n\ngo 1.22\n", encoding="utf-8")
    (folder / "main.go").write_text(SOURCE, encoding="utf-8")
    (folder / "configs").mkdir()
    (folder / "configs" / "config.yaml").write_text("level: info\n", encoding="utf-8")
    config = Config("tiny", port=0, image=ImageOptions(files=("configs/config.yaml",)))
    return ImageWish(asyncio.run(built(folder)), config, REF, folder)


async def built(folder: Path, target: str = "linux/amd64") -> Binary:
    pool = Pool("image-test", 2)
    try:
        toolchain = await find_toolchain(pool)
        wish = BuildWish(folder, ".", (target,), BuildOptions(), folder / "dist", "1.9.0", "tiny", "off")
        return (await Builder(pool, toolchain).build(wish)).binaries[0]
    finally:
        pool.close()


@pytest.fixture
def image(wish: ImageWish, tmp_path: Path) -> Image:
    return build_image(wish, tmp_path / "store")


def docker(address: str, *words: str, given: bytes | None = None) -> str:
    done = subprocess.run(["docker", "-H", address, *words], input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


def as_sent(image: Image, folder: Path, *, compress: bool = False) -> bytes:
    write_archive(folder / "sent.tar", docker_archive(image, compress=compress))
    return (folder / "sent.tar").read_bytes()


@pytest.fixture
def clean(local_engine: str) -> Iterator[str]:
    yield local_engine
    subprocess.run(["docker", "-H", local_engine, "rmi", "-f", REF], capture_output=True, check=False)


def on_host(host: LabHost, command: str, given: bytes = b"") -> str:
    words = [
        "ssh",
        "-i",
        str(host.key_path),
        "-o",
        f"UserKnownHostsFile={host.known_hosts}",
        "-o",
        "BatchMode=yes",
    ]
    target = [*words, "-p", str(host.port), f"{host.user}@{host.address}", command]
    done = subprocess.run(target, input=given, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout.decode()


@pytest.mark.parametrize("compress", [False, True])
def test_the_local_engine_loads_and_starts_it(
    clean: str, image: Image, tmp_path: Path, compress: bool
) -> None:
    docker(clean, "load", given=as_sent(image, tmp_path, compress=compress))
    assert docker(clean, "run", "--rm", REF) == SAID
    assert docker(clean, "image", "inspect", "-f", "{{.Id}}", REF).strip() == image.config_digest


def test_the_image_for_arm64_runs_as_it_lies_there(clean: str, wish: ImageWish, tmp_path: Path) -> None:
    """Its files, user and program in a container; the processor is played by qemu, which needs no leave of the kernel
    that way."""
    qemu = shutil.which("qemu-aarch64-static")
    if qemu is None:
        pytest.skip("no qemu-aarch64-static here (Debian: qemu-user-static)")
    made = replace(wish, binary=asyncio.run(built(wish.folder, "linux/arm64")))
    docker(clean, "load", given=as_sent(build_image(made, tmp_path / "store"), tmp_path))
    asked = docker(clean, "image", "inspect", "-f", "{{.Architecture}} {{.Config.Entrypoint}}", REF)
    assert asked.split() == ["arm64", "[/app/tiny]"]
    words = ("--platform", "linux/arm64", "--volume", f"{qemu}:/qemu:ro", "--entrypoint", "/qemu")
    assert docker(clean, "run", "--rm", *words, REF, "/app/tiny") == SAID


@pytest.mark.parametrize("name", ["centos7", "stream9", "openeuler"])
def test_servers_load_and_start_it(
    request: pytest.FixtureRequest, name: str, image: Image, tmp_path: Path
) -> None:
    host: LabHost = request.getfixturevalue(name)
    try:
        on_host(host, "docker load", as_sent(image, tmp_path, compress=True))
        assert on_host(host, f"docker run --rm --read-only --network none {REF}") == SAID
    finally:
        on_host(host, f"docker rmi -f {REF}")


def test_layers_that_an_engine_has_need_not_be_sent(clean: str, wish: ImageWish, tmp_path: Path) -> None:
    first = build_image(wish, tmp_path / "store")
    docker(clean, "load", given=as_sent(first, tmp_path))
    other = replace(wish, config=replace(wish.config, image=replace(wish.config.image, labels={"n": "2"})))
    second = build_image(other, tmp_path / "store")
    known = {layer.diff_id for layer in first.layers}
    docker(clean, "load", given=b"".join(docker_archive(second, without=known)))
    assert docker(clean, "image", "inspect", "-f", "{{.Config.Labels.n}}", REF).strip() == "2"
    assert docker(clean, "run", "--rm", REF) == SAID


def test_the_containerd_store_takes_and_starts_it(
    lab: Lab, spare_host: LabHost, image: Image, tmp_path: Path
) -> None:
    """Engine 29's default store: newer engines take the manifest's digest for the ID, older ones the config's."""
    # "native" copies files: the disk below a lab server's containerd cannot carry an overlay
    settings = json.dumps({"features": {"containerd-snapshotter": True}, "storage-driver": "native"})
    file, restart = "/etc/docker/daemon.json", "systemctl reset-failed docker; systemctl restart docker"
    lab.console(
        spare_host.name,
        f"cp {file} /root/before || true; echo '{settings}' > {file}; {restart}",
    )
    try:
        on_host(spare_host, "docker load", as_sent(image, tmp_path, compress=True))
        assert on_host(spare_host, f"docker run --rm {REF}") == SAID
        found = on_host(spare_host, f"docker image inspect -f '{{{{.Id}}}}' {REF}").strip()
        assert found in (image.digest, image.config_digest)
        on_host(spare_host, f"docker rmi -f {REF}")
    finally:
        lab.console(spare_host.name, f"mv /root/before {file} || rm -f {file}; {restart}")


def test_a_base_of_the_local_engine_becomes_the_start(clean: str, wish: ImageWish, tmp_path: Path) -> None:
    saved = subprocess.run(
        ["docker", "-H", clean, "save", "busybox:lab"], capture_output=True, check=True
    ).stdout
    base = base_from_engine(CancelToken(), [saved], "busybox:lab", "linux/amd64", tmp_path / "store")
    image = build_image(replace(wish, base=base), tmp_path / "store")
    docker(clean, "load", given=as_sent(image, tmp_path))
    assert docker(clean, "run", "--rm", "--entrypoint", "/bin/busybox", REF, "echo", "here") == "here\n"
    assert docker(clean, "run", "--rm", "-e", "ZONEINFO=", REF).endswith("65532level: info\n")


def test_a_base_comes_from_a_real_registry_with_a_login(lab: Lab, local_engine: str, tmp_path: Path) -> None:
    registry = lab.registry()
    name = f"{registry.local}/shop/busybox:1"
    config = ["--config", str(tmp_path / "docker")]
    login = ["login", "-u", registry.user, "--password-stdin", registry.local]
    subprocess.run(["docker", *config, "-H", local_engine, *login], input=registry.password.encode(),
                   capture_output=True, check=True)  # fmt: skip
    docker(local_engine, "tag", "busybox:lab", name)
    try:
        subprocess.run(["docker", *config, "-H", local_engine, "push", name], capture_output=True, check=True)
        who = Login(registry.user, Secret(registry.password))
        base = fetch_base(CancelToken(), name, "linux/amd64", tmp_path / "store", login=who)
        diff_ids = json.loads(docker(local_engine, "image", "inspect", "-f", "{{json .RootFS.Layers}}", name))
        assert [layer.diff_id for layer in base.layers] == diff_ids
        with pytest.raises(LoginRefused):
            fetch_base(CancelToken(), name, "linux/amd64", tmp_path / "other", login=None)
    finally:
        docker(local_engine, "rmi", name)


def test_what_docker_builds_from_our_dockerfile_does_the_same(
    clean: str, wish: ImageWish, tmp_path: Path
) -> None:
    context = tmp_path / "context"
    context.mkdir()
    stage_context(context, wish.folder, wish.config, wish.binary, tmp_path / "store")
    text = dockerfile_text(dockerfile(kind_for("scratch"), wish.config, version="1.9.0"), reasons=True)
    (context / "Dockerfile").write_text(text, encoding="utf-8")
    env_off = ["build", "-q", "-t", REF, str(context)]
    docker(clean, *env_off)
    assert docker(clean, "run", "--rm", REF) == SAID
    ours = json.loads((build_image(wish, tmp_path / "store")).blob(
        build_image(wish, tmp_path / "store").config_digest).read_bytes())["config"]  # fmt: skip
    theirs = json.loads(docker(clean, "image", "inspect", "-f", "{{json .Config}}", REF))
    for key in ("Entrypoint", "User", "WorkingDir", "StopSignal", "Labels"):
        assert theirs[key] == ours[key]


def test_a_base_with_libraries_is_copied_onto_by_docker(clean: str, wish: ImageWish, tmp_path: Path) -> None:
    config = replace(wish.config, image=replace(wish.config.image, base="busybox:lab"))
    context = tmp_path / "context"
    context.mkdir()
    stage_context(context, wish.folder, config, wish.binary, tmp_path / "store")
    (context / "Dockerfile").write_text(dockerfile_text(dockerfile("single", config)), encoding="utf-8")
    docker(clean, "build", "-q", "-t", REF, str(context))
    assert docker(clean, "run", "--rm", REF).endswith("65532level: info\n")


def goferry_image(capsys: pytest.CaptureFixture[str], home: Path, *words: str) -> tuple[int, dict[str, Any]]:
    code = main(["--home", str(home), "--json", "--quiet", "image", *words])
    answer: dict[str, Any] = json.loads(capsys.readouterr().out)
    return code, answer


@pytest.mark.parametrize("own", [False, True])
def test_goferry_image_lets_docker_build_it(
    clean: str, wish: ImageWish, tmp_path: Path, capsys: pytest.CaptureFixture[str], own: bool
) -> None:
    """From our Dockerfile, and from one of the project's own; the result is in our store as any other image."""
    folder = tmp_path / "project"
    shutil.copytree(wish.folder, folder, ignore=shutil.ignore_patterns("dist"))
    settings = "name: tiny\nimage:\n  ref: image-test/tiny\n  files: [configs/config.yaml]\n"
    (folder / "goferry.yaml").write_text(settings, encoding="utf-8")
    if own:
        text = 'FROM busybox:lab\nCOPY dist/linux_amd64/tiny /x\nCOPY configs /configs\nENTRYPOINT ["/x"]\n'
        (folder / "Dockerfile").write_text(text, encoding="utf-8")
    words = (str(folder), "--builder", "docker", "--stamp", "1.9.0")
    code, answer = goferry_image(capsys, tmp_path / "home", *words)
    assert code == 0, str(answer)
    assert answer["ref"] == REF
    assert "Asia/Shanghai" in docker(clean, "run", "--rm", REF) or own
    image = load_image(tmp_path / "home" / "images", REF)
    assert image is not None
    assert image.digest == answer["digest"]
    ids = json.loads(docker(clean, "image", "inspect", "-f", "{{json .RootFS.Layers}}", REF))
    assert [layer.diff_id for layer in image.layers] == ids


def test_a_docker_build_that_fails_is_explained(
    clean: str, wish: ImageWish, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "project"
    shutil.copytree(wish.folder, folder, ignore=shutil.ignore_patterns("dist"))
    (folder / "Dockerfile").write_text("FROM busybox:lab\nRUN exit 3\n", encoding="utf-8")
    code, answer = goferry_image(capsys, tmp_path / "home", str(folder), "--builder", "docker")
    assert code == 1
    assert answer["error"]["code"] == "engine.build", answer["error"]
    assert "exit 3" in json.dumps(answer["error"])


def test_a_base_that_only_the_local_engine_has_is_taken_from_it(
    clean: str, wish: ImageWish, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, answer = goferry_image(capsys, tmp_path / "home", str(wish.folder), "--base", "busybox:lab")
    assert code == 0, str(answer)
    ids = json.loads(docker(clean, "image", "inspect", "-f", "{{json .RootFS.Layers}}", "busybox:lab"))
    assert [layer["digest"] for layer in answer["layers"]][: len(ids)] == ids
