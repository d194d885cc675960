"""The smallest image an engine takes: one empty layer, a few kilobytes."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile


def tiny_archive(ref: str, arch: str) -> bytes:
    """A `docker load` archive of an image with nothing in it, under the name `ref`."""
    empty = b"\0" * 1024
    layer = hashlib.sha256(empty).hexdigest()
    config = json.dumps(
        {
            "architecture": arch,
            "os": "linux",
            "config": {"Cmd": ["/none"]},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        },
        sort_keys=True,
    ).encode()
    name = hashlib.sha256(config).hexdigest()
    manifest = json.dumps(
        [{"Config": f"{name}.json", "RepoTags": [ref], "Layers": [f"{layer}.tar"]}]
    ).encode()
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for path, content in ((f"{layer}.tar", empty), (f"{name}.json", config), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(path)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()
