"""Docker for servers without a way to any package source: its static archive, or RPMs, from this computer.

Nothing goes to a server that nobody vouches for: Docker's archives by the checksums that come along, others by the one
that a person gives or that lies beside the file, RPMs by the signatures that the server checks.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from desktop.base.blocking import CancelToken
from desktop.base.resources import resources

from .errors import ArchiveDiffers, ArchiveUnknown, BadArchive, NoArchive
from .model import Mirror, Upload

_LONGEST = 400 << 20
MOST_RPMS = 300


@dataclass(frozen=True, slots=True)
class Local:
    """What this computer has for a server: one static archive, or RPMs."""

    archive: Upload | None = None
    rpms: tuple[Upload, ...] = ()


@cache
def _listed() -> dict[str, Any]:
    import yaml

    found: dict[str, Any] = yaml.safe_load((resources() / "setup/offline.yaml").read_text(encoding="utf-8"))
    return found


def archive_name(family: str) -> str:
    """The archive for a class of systems."""
    versions = _listed()["versions"]
    return str(versions.get(family) or versions["other"])


def listed_sha256(name: str, arch: str) -> str:
    """The checksum that comes along; empty for an archive that is not listed."""
    return str(_listed()["sha256"].get(name, {}).get(arch, ""))


def listed_archive(folder: Path, family: str, arch: str) -> Upload | None:
    """The archive that set-up would fetch; it need not be there yet. None: Docker builds none for this processor."""
    name = archive_name(family)
    digest = listed_sha256(name, arch)
    return _upload(folder / name, digest) if digest else None


def find_local(folder: Path, family: str, arch: str, given: Path | None = None, sha256: str = "") -> Local:
    """What to send: the file or folder that a person gave, else what lies in `folder`, else the listed archive.
    Blocking. Raises ArchiveUnknown, ArchiveDiffers, BadArchive, NoArchive."""
    if given is not None and not given.exists():
        raise BadArchive(str(given))
    place = given if given is not None else folder
    if place.is_file():
        return _one(place, arch, sha256)
    rpms = sorted(place.glob("*.rpm")) if place.is_dir() else []
    if rpms:
        return Local(rpms=tuple(_upload(path, _sha256(path)) for path in rpms[:MOST_RPMS]))
    archives = sorted(place.glob("docker-*.tgz")) if place.is_dir() else []
    if archives:
        wanted = place / archive_name(family)
        return _one(wanted if wanted in archives else archives[-1], arch, sha256)
    if given is not None:
        raise BadArchive(str(given))
    listed = listed_archive(folder, family, arch)
    if listed is None:
        raise NoArchive(f"{arch}: no static archive is known for this processor")
    return Local(listed)


def _one(path: Path, arch: str, given: str) -> Local:
    if path.suffix == ".rpm":
        return Local(rpms=(_upload(path, _sha256(path)),))
    beside = path.with_name(path.name + ".sha256")
    wanted = given.strip().lower() or (_first_word(beside) if beside.is_file() else "")
    wanted = wanted or listed_sha256(path.name, arch)
    found = _sha256(path)
    if not wanted:
        raise ArchiveUnknown(path.name, found)
    if wanted != found:
        raise ArchiveDiffers(path.name, wanted, found)
    return Local(_upload(path, found))


def _first_word(path: Path) -> str:
    words = path.read_text(encoding="utf-8", errors="replace").split()
    return words[0].lower() if words else ""


def _upload(path: Path, digest: str) -> Upload:
    # compared by root before it is used; the ending tells the package manager what it is
    return Upload(path, f"/var/tmp/goferry-{digest[:16]}{path.suffix}", digest)  # noqa: S108


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def fetch_archive(upload: Upload, arch: str, mirrors: tuple[Mirror, ...], token: CancelToken) -> None:
    """Brings a listed archive to where `upload` looks for it, from the first mirror that has the very same. Blocking.
    Raises NoArchive with what each mirror said."""
    path = upload.source
    if path.is_file() and _sha256(path) == upload.sha256:
        return
    said = []
    for mirror in mirrors:
        address = f"{mirror.docker}/linux/static/stable/{arch}/{path.name}"
        try:
            _download(address, path, upload.sha256, token)
        except OSError as error:
            said.append(f"{address}: {error}")
        else:
            return
    raise NoArchive("\n".join(said))


def _download(address: str, path: Path, sha256: str, token: CancelToken) -> None:
    """Whole and right, or not at all."""
    from desktop.base.web import web_session

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    digest = hashlib.sha256()
    try:
        with (
            web_session(token) as session,
            session.get(address, stream=True, timeout=(10, 60)) as answer,
            part.open("wb") as file,
        ):
            answer.raise_for_status()
            got = 0
            for chunk in answer.iter_content(1 << 20):
                token.check()
                got += len(chunk)
                if got > _LONGEST:
                    raise OSError("larger than any archive of Docker")
                digest.update(chunk)
                file.write(chunk)
        if digest.hexdigest() != sha256:
            raise OSError(f"sha256 is {digest.hexdigest()}, not {sha256}")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def check_sha256(text: str) -> str:
    """A checksum as sha256sum prints it. Raises BadArchive for what is none."""
    plain = text.strip().lower().removeprefix("sha256:")
    if not re.fullmatch(r"[0-9a-f]{64}", plain):
        raise BadArchive(text)
    return plain
