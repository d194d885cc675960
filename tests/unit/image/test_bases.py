"""Base images from a registry that speaks the real protocol on loopback, with faults as a network has them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from desktop.base.blocking import Cancelled, CancelToken
from desktop.base.secret import Secret
from desktop.image import (
    Base,
    BaseDamaged,
    BaseNotUsable,
    ImageWish,
    Login,
    LoginRefused,
    NoSuchBase,
    NoSuchPlatform,
    RegistryBusy,
    RegistryUnreachable,
    base_from_engine,
    build_image,
    docker_archive,
    fetch_base,
    prune,
    read_archive,
)

DOCKER = "application/vnd.docker.distribution.manifest.v2+json"
INDEX = "application/vnd.oci.image.index.v1+json"


def sha(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def layer_tar(name: str, content: bytes) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        info = tarfile.TarInfo(name)
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    return out.getvalue()


class Registry:
    """Debian-like base with two gzip layers for two platforms, behind a token office."""

    def __init__(self) -> None:
        self.blobs: dict[str, bytes] = {}
        self.manifests: dict[str, tuple[str, bytes]] = {}
        self.asked: list[str] = []
        self.user, self.password = "lab", "geheim"
        self.scheme = "bearer"
        self.fail_with: list[int] = []
        self.address = ""
        rows = [self._image(arch) for arch in ("amd64", "arm64")]
        self.put(
            "12", INDEX, json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": rows}).encode()
        )

    def put(self, name: str, media: str, content: bytes) -> str:
        self.manifests[name] = self.manifests[sha(content)] = (media, content)
        return sha(content)

    def _image(self, arch: str) -> dict[str, Any]:
        plain = [layer_tar("etc/debian_version", b"12\n"), layer_tar("bin/sh", arch.encode() * 5000)]
        packed = [gzip.compress(one, mtime=0) for one in plain]
        config = json.dumps(
            {
                "os": "linux",
                "architecture": arch,
                "config": {"Env": ["PATH=/bin", "BASE=yes"], "Labels": {"base": "debian"}},
                "rootfs": {"type": "layers", "diff_ids": [sha(one) for one in plain]},
                "history": [{"created_by": "a"}, {"created_by": "b"}],
            }
        ).encode()
        self.blobs.update({sha(one): one for one in (*packed, config)})
        manifest = {
            "schemaVersion": 2,
            "mediaType": DOCKER,
            "config": {"digest": sha(config), "size": len(config)},
            "layers": [{"digest": sha(one), "size": len(one), "mediaType": "layer+gzip"} for one in packed],
        }
        digest = self.put(arch, DOCKER, json.dumps(manifest).encode())
        return {"digest": digest, "mediaType": DOCKER, "platform": {"os": "linux", "architecture": arch}}

    @property
    def layer_digests(self) -> list[str]:
        return [row["digest"] for row in json.loads(self.manifests["amd64"][1])["layers"]]


class Handler(BaseHTTPRequestHandler):
    registry: ClassVar[Registry]

    def do_GET(self) -> None:
        registry = self.registry
        registry.asked.append(self.path)
        given = self.headers.get("Authorization", "")
        basic = "Basic " + b64encode(f"{registry.user}:{registry.password}".encode()).decode()
        if self.path.startswith("/token"):
            return self._send(200, b'{"token": "t0ken"}') if given == basic else self._send(401, b"no")
        if given != ("Bearer t0ken" if registry.scheme == "bearer" else basic):
            realm = f'Bearer realm="{registry.address}/token",service="lab"'
            return self._send(
                401, b"{}", {"WWW-Authenticate": realm if registry.scheme == "bearer" else "Basic"}
            )
        if registry.fail_with:
            return self._send(registry.fail_with.pop(0), b'{"errors": [{"code": "TOOMANYREQUESTS"}]}')
        return self._content(self.path.split("/"))

    def _content(self, parts: list[str]) -> None:
        registry, kind, name = self.registry, parts[-2], parts[-1]
        if kind == "manifests" and name in registry.manifests:
            media, content = registry.manifests[name]
            return self._send(200, content, {"Content-Type": media})
        if kind == "blobs" and name in registry.blobs:
            return self._send(200, registry.blobs[name])
        return self._send(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')

    def _send(self, code: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def registry() -> Iterator[Registry]:
    known = Registry()
    handler = type("ThisHandler", (Handler,), {"registry": known})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    known.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield known
    server.shutdown()
    server.server_close()
    thread.join()


def fetch(registry: Registry, store: Path, name: str = "shop/debian:12", **more: Any) -> Base:
    login = more.pop("login", Login("lab", Secret(registry.password)))
    platform = more.pop("platform", "linux/amd64")
    ref = f"{registry.address.removeprefix('http://')}/{name}"
    return fetch_base(more.pop("token", CancelToken()), ref, platform, store, login=login, **more)


def blobs(store: Path) -> set[str]:
    return {f"sha256:{path.name}" for path in (store / "blobs" / "sha256").glob("*")}


@pytest.mark.parametrize("scheme", ["bearer", "basic"])
def test_a_base_comes_with_its_layers_unpacked_and_checked(
    registry: Registry, tmp_path: Path, scheme: str
) -> None:
    registry.scheme = scheme
    progress: list[tuple[int, int]] = []
    base = fetch(registry, tmp_path, on_progress=lambda done, total: progress.append((done, total)))
    assert [sha(layer.blob.read_bytes()) for layer in base.layers] == [layer.diff_id for layer in base.layers]
    assert progress[-1][0] == progress[-1][1] > 0
    assert json.loads(base.config)["architecture"] == "amd64"


def test_the_platform_is_chosen_from_the_index(registry: Registry, tmp_path: Path) -> None:
    base = fetch(registry, tmp_path, platform="linux/arm64")
    assert json.loads(base.config)["architecture"] == "arm64"


def test_a_platform_that_is_not_there_names_those_that_are(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(NoSuchPlatform, match="linux/amd64, linux/arm64"):
        fetch(registry, tmp_path, platform="linux/riscv64")


def test_the_second_time_no_network_is_needed(registry: Registry, tmp_path: Path) -> None:
    first = fetch(registry, tmp_path)
    registry.asked.clear()
    again = fetch(registry, tmp_path)
    assert registry.asked == []
    assert (again.digest, [layer.digest for layer in again.layers]) == (
        first.digest,
        [la.digest for la in first.layers],
    )


def test_refreshing_asks_again_and_fetches_only_what_is_new(registry: Registry, tmp_path: Path) -> None:
    fetch(registry, tmp_path)
    registry.asked.clear()
    fetch(registry, tmp_path, refresh=True)
    assert any("/manifests/12" in path for path in registry.asked)
    assert not any(digest in path for path in registry.asked for digest in registry.layer_digests)


def test_the_image_on_a_base_has_its_layers_and_settings(
    registry: Registry, tmp_path: Path, wish: ImageWish
) -> None:
    base = fetch(registry, tmp_path)
    dynamic = replace(wish, base=base, binary=replace(wish.binary, static=False, libraries=("libc.so.6",)))
    image = build_image(dynamic, tmp_path)
    config = json.loads(image.blob(image.config_digest).read_bytes())
    assert [layer.digest for layer in image.layers[:2]] == [layer.digest for layer in base.layers]
    assert config["config"]["Env"] == ["PATH=/bin", "BASE=yes"]
    assert config["config"]["Labels"]["base"] == "debian"
    assert len(config["history"]) == len(config["rootfs"]["diff_ids"]) == 4


def test_pruning_keeps_a_base_that_was_fetched(registry: Registry, tmp_path: Path) -> None:
    fetch(registry, tmp_path)
    prune(tmp_path, [], younger_than=-1)
    registry.asked.clear()
    fetch(registry, tmp_path)
    assert registry.asked == []


@pytest.mark.parametrize("login", [None, Login("lab", Secret("falsch"))])
def test_a_refused_login_says_whose_fault_it_is_and_shows_no_password(
    registry: Registry, tmp_path: Path, login: Login | None
) -> None:
    with pytest.raises(LoginRefused) as raised:
        fetch(registry, tmp_path, login=login)
    assert ("not accepted" in str(raised.value)) == (login is not None)
    assert raised.value.fixes[0].action == "registry.login"
    assert "falsch" not in repr(raised.value.__dict__)


def test_an_image_that_is_not_there_is_named(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(NoSuchBase, match="shop/nothing:12"):
        fetch(registry, tmp_path, "shop/nothing:12x")
    assert blobs(tmp_path) == set()


def test_a_busy_registry_is_asked_again(registry: Registry, tmp_path: Path) -> None:
    registry.fail_with = [503]
    assert fetch(registry, tmp_path).layers


def test_a_limit_that_stays_is_explained(registry: Registry, tmp_path: Path) -> None:
    registry.fail_with = [429] * 9
    with pytest.raises(RegistryBusy, match="limit is reached"):
        fetch(registry, tmp_path)


def test_a_layer_with_other_bytes_is_refused_and_not_kept(registry: Registry, tmp_path: Path) -> None:
    other = gzip.compress(layer_tar("bin/sh", b"evil"), mtime=0)
    registry.blobs[registry.layer_digests[1]] = other
    with pytest.raises((BaseDamaged, BaseNotUsable)):
        fetch(registry, tmp_path)
    assert sha(gzip.decompress(other)) not in blobs(tmp_path)
    assert not (tmp_path / "bases.json").exists()


def test_a_layer_that_is_cut_off_is_refused(registry: Registry, tmp_path: Path) -> None:
    digest = registry.layer_digests[1]
    registry.blobs[digest] = registry.blobs[digest][:-20]
    with pytest.raises((BaseDamaged, BaseNotUsable)):
        fetch(registry, tmp_path)


def test_a_manifest_by_digest_must_have_that_digest(registry: Registry, tmp_path: Path) -> None:
    digest = sha(registry.manifests["amd64"][1])
    registry.manifests[digest] = registry.manifests["arm64"]
    with pytest.raises(BaseDamaged):
        fetch(registry, tmp_path, f"shop/debian@{digest}")


def test_an_old_or_odd_manifest_is_refused(registry: Registry, tmp_path: Path) -> None:
    for body in (b'{"schemaVersion": 1}', b"[]", b"<html>", b'{"schemaVersion": 2, "layers": []}'):
        registry.put("odd", DOCKER, body)
        with pytest.raises(BaseNotUsable):
            fetch(registry, tmp_path, "shop/debian:odd")


def test_nobody_there_is_said_within_moments(tmp_path: Path) -> None:
    with pytest.raises(RegistryUnreachable, match="does not answer"):
        fetch_base(CancelToken(), "127.0.0.1:9/x:1", "linux/amd64", tmp_path)


def test_a_cancelled_fetch_keeps_nothing_half(registry: Registry, tmp_path: Path) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        fetch(registry, tmp_path, token=token, on_progress=lambda done, total: token.cancel())
    assert list(tmp_path.glob(".part-*")) == []
    assert not (tmp_path / "bases.json").exists()


def test_a_base_may_come_from_an_engines_save(wish: ImageWish, tmp_path: Path) -> None:
    image = build_image(wish, tmp_path / "engine")
    base = base_from_engine(
        CancelToken(), docker_archive(image), "shop/tiny:1.9.0", "linux/amd64", tmp_path / "s"
    )
    assert [layer.diff_id for layer in base.layers] == [layer.diff_id for layer in image.layers]
    assert fetch_base(CancelToken(), "shop/tiny:1.9.0", "linux/amd64", tmp_path / "s").digest == base.digest
    with pytest.raises(NoSuchPlatform):
        base_from_engine(
            CancelToken(), docker_archive(image), "shop/tiny:1.9.0", "linux/arm64", tmp_path / "s"
        )


def test_what_an_old_docker_save_links_is_followed(tmp_path: Path) -> None:
    layer = layer_tar("a", b"a")
    diff = sha(layer)
    config = json.dumps(
        {"os": "linux", "architecture": "amd64", "rootfs": {"diff_ids": [diff, diff]}}
    ).encode()
    manifest = json.dumps(
        [{"Config": "c.json", "RepoTags": None, "Layers": ["one/layer.tar", "two/layer.tar"]}]
    )
    file = tmp_path / "old.tar"
    with tarfile.open(file, "w") as tar:
        for name, content in (
            ("c.json", config),
            ("manifest.json", manifest.encode()),
            ("one/layer.tar", layer),
        ):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        link = tarfile.TarInfo("two/layer.tar")
        link.type, link.linkname = tarfile.SYMTYPE, "../one/layer.tar"
        tar.addfile(link)
    assert len(read_archive(file, tmp_path / "store").layers) == 2
