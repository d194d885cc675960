"""The image that proves a server: one static program of a thousand bytes that answers over HTTP; pure."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import tarfile
from functools import cache

from desktop.base.errors import GoferryError
from desktop.base.resources import resources
from desktop.base.words import msg

IMAGE = "goferry/trial:1"
CONTAINER = "goferry-trial"
ANSWER = "goferry"
_GO_ARCH = {"x86_64": "amd64", "aarch64": "arm64"}


class TrialDamaged(GoferryError):
    code = "setup.trial_damaged"

    def __init__(self, machine: str) -> None:
        super().__init__(
            msg("Goferry's trial program for {machine} is damaged.", machine=machine),
            msg("Its checksum is not the one that it was built with."),
            msg("Install Goferry again."),
        )


def trial_program(machine: str) -> bytes | None:
    """The program for `docker run`, checked; None where there is none for that CPU. Raises TrialDamaged."""
    import yaml

    folder = resources() / "setup/trial"
    known: dict[str, str] = yaml.safe_load((folder / "checksums.yaml").read_text(encoding="utf-8"))
    if machine not in known:
        return None
    program = base64.b64decode((folder / f"trial-{machine}.b64").read_text(encoding="ascii"))
    if hashlib.sha256(program).hexdigest() != known[machine]:
        raise TrialDamaged(machine)
    return program


@cache
def trial_archive(machine: str) -> bytes | None:
    """A complete archive for `docker load`, the same bytes every time; None where no program exists for that CPU."""
    program = trial_program(machine)
    if program is None:
        return None
    layer = _tar({"trial": (program, 0o755)})
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
