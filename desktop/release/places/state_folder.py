"""The folder of releases on a server, made with the engine's rights where the user has none."""

from __future__ import annotations

import base64
import io
import secrets
import tarfile
import time
import zlib
from contextlib import suppress
from typing import Any

from desktop.base.errors import GoferryError
from desktop.engine import ContainerSpec, Engine
from desktop.release import scripts

from .tiny import tiny_archive

KEEPER = "goferry-state"
"""The image of a container that is made, never started, to write a folder with the engine's rights."""


async def make_folder(engine: Engine, app: str, group: int) -> None:
    """Makes /var/lib/goferry/<app> for a group through a container that is never started."""
    spec, archive = await _keeper(engine, app)
    await engine.load(iter((archive,)))
    try:
        await engine.create(spec)
        await engine.put_archive(spec.name, "/state", _folders(app, group))
    finally:
        with suppress(GoferryError):
            await engine.remove(spec.name, force=True)
        with suppress(GoferryError):
            await engine.remove_image(spec.image)


async def _keeper(engine: Engine, app: str) -> tuple[ContainerSpec, bytes]:
    # a name of its own: somebody else may make a folder there at the same moment, and take theirs away
    image = f"{KEEPER}:{secrets.token_hex(4)}"
    version = await engine.version()
    name = f"{KEEPER}-{app}-{secrets.token_hex(4)}"
    spec = ContainerSpec(name, image, restart="no", volumes=(f"{scripts.STATE}:/state",), command=("/none",))
    return spec, tiny_archive(image, scripts.GO_ARCH.get(version.arch, version.arch))


async def folder_wish(engine: Engine, app: str) -> dict[str, Any]:
    """What a porter needs to make it there: as the user, by sudo, else as `make_folder` does."""
    spec, archive = await _keeper(engine, app)
    return {
        "do": "ensure",
        "script": scripts.ENSURE,
        "folder": scripts.folder_of(app),
        "app": app,
        "name": spec.name,
        "image": spec.image,
        "archive": base64.b64encode(zlib.compress(archive)).decode("ascii"),
        "body": await engine.create_body(spec),
    }


def _folders(app: str, group: int) -> bytes:
    """A tar with the app's folders: for the group, which new files keep."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in (app, f"{app}/releases"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.gid, entry.mtime = tarfile.DIRTYPE, 0o2775, group, int(time.time())
            tar.addfile(entry)
    return out.getvalue()
