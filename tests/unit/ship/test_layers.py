"""What has to be sent, from what a server has."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from desktop.engine import EngineImage
from desktop.image import Image, Layer
from desktop.release.places.tiny import tiny_archive
from desktop.ship import missing_layers, parcel_for, shared_layers


def image(folder: Path, *names: str) -> Image:
    """An image whose layers hold their own names."""
    layers = []
    for name in names:
        content = name.encode() * 1000
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        blob = folder / "blobs" / "sha256" / digest.removeprefix("sha256:")
        blob.parent.mkdir(parents=True, exist_ok=True)
        blob.write_bytes(content)
        layers.append(Layer(digest, digest, len(content), name, blob))
    config = b'{"os": "linux"}'
    identity = f"sha256:{hashlib.sha256(config).hexdigest()}"
    (folder / "blobs" / "sha256" / identity.removeprefix("sha256:")).write_bytes(config)
    size = sum(layer.size for layer in layers)
    return Image("shop:1", identity, identity, size, tuple(layers), "linux/amd64", folder)


def there(*layers: Layer) -> EngineImage:
    return EngineImage(
        "sha256:x", "", "", tuple(layer.diff_id for layer in layers), ("shop:0",), "linux", "amd64"
    )


def test_only_an_unbroken_beginning_is_shared(tmp_path: Path) -> None:
    made = image(tmp_path, "base", "files", "program")
    base, files, program = made.layers
    assert shared_layers(made, []) == ()
    assert shared_layers(made, [there(base, files)]) == (base, files)
    assert shared_layers(made, [there(files, program)]) == ()
    assert shared_layers(made, [there(base), there(base, files, program)]) == made.layers
    assert missing_layers(made, [there(base, program)]) == (files, program)


@pytest.mark.parametrize(("store", "how"), [("classic", "layers"), ("containerd", "whole")])
def test_a_containerd_store_always_gets_the_whole_archive(tmp_path: Path, store: str, how: str) -> None:
    made = image(tmp_path, "base", "program")
    parcel = parcel_for(made, [there(made.layers[0])], store)
    assert parcel.how == how
    whole = parcel_for(made, [], store).size
    assert (parcel.size < whole) is (how == "layers")


def test_a_layer_that_stands_twice_is_sent_when_its_second_place_is_new(tmp_path: Path) -> None:
    made = image(tmp_path, "same", "program", "same")
    assert parcel_for(made, [there(*made.layers[:2])], "classic").without == (made.layers[1].diff_id,)


def test_the_smallest_image_is_a_complete_archive() -> None:
    with tarfile.open(fileobj=io.BytesIO(tiny_archive("goferry-state:1", "amd64"))) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
        assert manifest[0]["RepoTags"] == ["goferry-state:1"]
        layer = tar.extractfile(manifest[0]["Layers"][0])
        assert layer is not None
        config = json.load(tar.extractfile(manifest[0]["Config"]))  # type: ignore[arg-type]
        assert config["rootfs"]["diff_ids"] == [f"sha256:{hashlib.sha256(layer.read()).hexdigest()}"]
