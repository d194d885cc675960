"""An image of one static program and nothing else, named by what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .config import image_manifest
from .errors import CannotWrite
from .layers import Entry, write_layer
from .model import Image
from .names import parse_reference
from .store import canonical_json, name_image, put_bytes

USER = 65532


@dataclass(frozen=True, slots=True)
class Alone:
    """`/<name>` is the program, started with `args` by a user who is nobody; `folders` are that user's."""

    repository: str
    name: str
    program: Path
    platform: str
    args: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    port: int = 0


def program_image(wish: Alone, store: Path) -> Image:
    """The image in the layout at `store` (blocking). The same program gives the same name. Raises CannotWrite."""
    system, _, arch = wish.platform.partition("/")
    try:
        store.mkdir(parents=True, exist_ok=True)
        entries = [Entry(wish.name, 0o755, wish.program)]
        entries += [Entry(folder, 0o700, None, owner=USER) for folder in wish.folders]
        layers = (write_layer(store, entries, f"/{wish.name}"),)
        content = {
            "created": "1970-01-01T00:00:00Z",
            "architecture": arch,
            "os": system,
            "config": {
                "Entrypoint": [f"/{wish.name}"],
                "Cmd": list(wish.args),
                "User": f"{USER}:{USER}",
                "StopSignal": "SIGTERM",
                **({"ExposedPorts": {f"{wish.port}/tcp": {}}} if wish.port else {}),
            },
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created": "1970-01-01T00:00:00Z", "created_by": f"goferry /{wish.name}"}],
        }
        config = put_bytes(store, canonical_json(content))
        digest, _ = put_bytes(store, image_manifest(config, layers))
        reference = parse_reference(f"{wish.repository}:sha-{config[0].removeprefix('sha256:')[:12]}")
        size = sum(layer.size for layer in layers)
        image = Image(str(reference), digest, config[0], size, layers, wish.platform, store)
        name_image(image)
    except OSError as error:
        raise CannotWrite(str(store), detail=str(error)) from error
    return image
