"""The image that proves a server: one static program of a thousand bytes that answers over HTTP; pure."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from functools import cache

from desktop.base.resources import resources

IMAGE = "goferry/trial:1"
CONTAINER = "goferry-trial"
ANSWER = "goferry"
_GO_ARCH = {"x86_64": "amd64", "aarch64": "arm64"}


@cache
def trial_archive(machine: str) -> bytes | None:
    """A complete archive for `docker load`, the same bytes every time; None where no program exists for that CPU."""
    program = resources() / f"setup/trial/trial-{machine}.b64"
    if not program.is_file():
        return None
    layer = _tar({"trial": (base64.b64decode(program.read_text(encoding="ascii")), 0o755)})
    config = json.dumps(
        {
            "architecture": _GO_ARCH[machine],
            "os": "linux",
            "config": {
                "Entrypoint": ["/trial"],
                "User": "65532",
                "ExposedPorts": {"8080/tcp": {}},
                "Labels": {"io.goferry.trial": "1"},
            },
            "created": "2024-01-01T00:00:00Z",
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(layer).hexdigest()}"]},
            "history": [{"created": "2024-01-01T00:00:00Z", "created_by": "goferry"}],
        },
        sort_keys=True,
    ).encode()
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = json.dumps([{"Config": name, "RepoTags": [IMAGE], "Layers": ["layer.tar"]}]).encode()
    return _tar({name: (config, 0o644), "layer.tar": (layer, 0o644), "manifest.json": (manifest, 0o644)})


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return out.getvalue()
