"""The folder of releases on a server, made with the engine's rights where the user has none."""

from __future__ import annotations

import io
import secrets
import tarfile
import time
from contextlib import suppress

from desktop.base.errors import GoferryError
from desktop.engine import ContainerSpec, Engine
from desktop.release import scripts

from .tiny import tiny_archive

KEEPER = "goferry-state"
"""The image of a container that is made, never started, to write a folder with the engine's rights."""


async def make_folder(engine: Engine, app: str, group: int) -> None:
    """Makes /var/lib/goferry/<app> for a group through a container that is never started."""
    # a name of its own: somebody else may make a folder there at the same moment, and take theirs away
    image = f"{KEEPER}:{secrets.token_hex(4)}"
    version = await engine.version()
    await engine.load(iter((tiny_archive(image, scripts.GO_ARCH.get(version.arch, version.arch)),)))
    name = f"{KEEPER}-{app}-{secrets.token_hex(4)}"
    spec = ContainerSpec(name, image, restart="no", volumes=(f"{scripts.STATE}:/state",), command=("/none",))
    try:
        await engine.create(spec)
        await engine.put_archive(name, "/state", _folders(app, group))
    finally:
        with suppress(GoferryError):
            await engine.remove(name, force=True)
        with suppress(GoferryError):
            await engine.remove_image(image)


def _folders(app: str, group: int) -> bytes:
    """A tar with the app's folders: for the group, which new files keep."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name in (app, f"{app}/releases"):
            entry = tarfile.TarInfo(name)
            entry.type, entry.mode, entry.gid, entry.mtime = tarfile.DIRTYPE, 0o2775, group, int(time.time())
            tar.addfile(entry)
    return out.getvalue()
