"""Layers as tar files that are the same bytes for the same content: sorted, mtime 0, owner 0, plain ustar."""

from __future__ import annotations

import hashlib
import io
import json
import os
import stat
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath
from typing import Any

from desktop.base.paths import write_atomically
from desktop.base.words import Words, msg
from desktop.build import Binary

from .errors import FileMissing, FileOutside
from .model import LAYER_TYPE, Layer, blob_path
from .store import Hashing, put_blob

APP = "app"
"""The folder of the program and its files."""
USERS = (
    "root:x:0:0:root:/root:/sbin/nologin\n"
    "nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n"
    "app:x:65532:65532:app:/home/app:/sbin/nologin\n"
)
GROUP = "root:x:0:\nnogroup:x:65534:\napp:x:65532:\n"
NSSWITCH = "hosts: files dns\n"
MOST_FILES = 20_000
SYSTEM = msg("CA certificates, time zones")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a layer: bytes, a file on this computer, another entry's content (`same`), or a folder."""

    name: str
    mode: int = 0o644
    content: bytes | Path | None = None
    same: str = ""
    owner: int = 0


def write_layer(store: Path, entries: list[Entry], what: Words) -> Layer:
    """One layer of `entries`, in the order of their names, with the folders above them."""

    def fill(out: Hashing) -> None:
        # format: ustar where it fits, so that old and new tools read the same; long names get a PAX header
        with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, bufsize=1 << 20) as tar:  # type: ignore[call-overload]  # Hashing is all that a stream needs
            for entry in _with_folders(entries):
                _add(tar, entry)

    digest, size = put_blob(store, fill)
    return Layer(
        digest, digest, size, what, store / "blobs" / "sha256" / digest.removeprefix("sha256:"), LAYER_TYPE
    )


def _with_folders(entries: list[Entry]) -> list[Entry]:
    found = {entry.name: entry for entry in entries}
    for entry in entries:
        for folder in PurePosixPath(entry.name).parents:
            name = str(folder)
            if name != ".":
                found.setdefault(name, Entry(name, 0o755))
    # an entry that shares another's content must come after it, whatever its name
    return sorted(found.values(), key=lambda entry: (bool(entry.same), entry.name))


def _add(tar: tarfile.TarFile, entry: Entry) -> None:
    info = tarfile.TarInfo(entry.name)
    info.mode, info.uid, info.gid = entry.mode, entry.owner, entry.owner
    if entry.same:
        info.type, info.linkname = tarfile.LNKTYPE, entry.same
        tar.addfile(info)
    elif entry.content is None:
        info.type = tarfile.DIRTYPE
        tar.addfile(info)
    elif isinstance(entry.content, bytes):
        info.size = len(entry.content)
        tar.addfile(info, io.BytesIO(entry.content))
    else:
        with open(entry.content, "rb", buffering=1 << 20) as file:
            info.size = os.fstat(file.fileno()).st_size
            tar.addfile(info, file)


def system_layer(store: Path) -> Layer:
    """What an empty image lacks: CA certificates, time zones, users, a place for temporary files. It changes only
    when certificates or time zones do, so servers have it already at the second deploy; and it is made once."""
    content = certificates()
    book, key = store / "system-layer.json", _system_key(content)
    if (known := _known(store, book, key)) is not None:
        return known
    layer = _made_system_layer(store, content)
    write_atomically(book, json.dumps({"key": key, "digest": layer.digest, "size": layer.size}))
    return layer


def _system_key(content: bytes) -> str:
    """Equal where the layer would be the same bytes."""
    tzdata: Any = import_module("tzdata")
    parts = (tzdata.IANA_VERSION, tzdata.__version__, USERS, GROUP, NSSWITCH, "2")
    return hashlib.sha256(content + "\0".join(parts).encode()).hexdigest()


def _known(store: Path, book: Path, key: str) -> Layer | None:
    try:
        found = json.loads(book.read_text(encoding="utf-8"))
        digest, size = str(found["digest"]), int(found["size"])
        blob = blob_path(store, digest)
        if found["key"] != key or blob.stat().st_size != size:
            return None
        os.utime(blob)  # it is wanted still: prune goes by age
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Layer(digest, digest, size, SYSTEM, blob, LAYER_TYPE)


def _made_system_layer(store: Path, content: bytes) -> Layer:
    entries = [
        Entry("etc/passwd", 0o644, USERS.encode()),
        Entry("etc/group", 0o644, GROUP.encode()),
        Entry("etc/nsswitch.conf", 0o644, NSSWITCH.encode()),
        Entry("etc/ssl/certs/ca-certificates.crt", 0o644, content),
        Entry("home/app", 0o700, None, owner=65532),
        Entry("tmp", 0o1777, None),
        *zone_entries(),
    ]
    return write_layer(store, entries, SYSTEM)


def certificates() -> bytes:
    """The certificate authorities that browsers trust, as one PEM file, without what it tells people of each: that is
    a fifth of what travels."""
    import certifi

    lines = Path(certifi.where()).read_bytes().replace(b"\r\n", b"\n").splitlines(keepends=True)
    return b"".join(line for line in lines if line.strip() and not line.startswith(b"#"))


def zone_entries() -> list[Entry]:
    """/usr/share/zoneinfo, where Go and everything else looks first: the zones, and none of the tables that are no
    zone. The same zone under several names is one file."""
    entries, first = [Entry("usr/share/zoneinfo", 0o755)], dict[bytes, str]()
    with as_file(files("tzdata") / "zoneinfo") as root:
        for file in sorted(path for path in root.rglob("*") if path.is_file()):
            name = file.relative_to(root).as_posix()
            if file.suffix in (".py", ".pyc") or "__pycache__" in name:
                continue
            content, place = file.read_bytes(), f"usr/share/zoneinfo/{name}"
            if not content.startswith(b"TZif"):
                continue
            known = first.setdefault(content, place)
            entries.append(Entry(place, 0o644, content) if known == place else Entry(place, same=known))
    return entries


def program_layer(store: Path, binary: Binary) -> Layer:
    """/app/<name>, executable by all, written by none but root."""
    place = f"{APP}/{binary.name}"
    return write_layer(store, [Entry(place, 0o755, binary.path)], f"/{place}")


def files_layer(store: Path, folder: Path, names: tuple[str, ...]) -> Layer | None:
    """The project's own files, each in its place beside the program: configs/config.yaml is
    /app/configs/config.yaml. Raises FileMissing or FileOutside."""
    entries: dict[str, Entry] = {}
    for name in names:
        for entry in project_entries(folder, name):
            entries[entry.name] = entry
    if not entries:
        return None
    shown = ", ".join(f"/{APP}/{name.strip('/')}" for name in names)
    return write_layer(store, list(entries.values()), shown)


def project_entries(folder: Path, name: str) -> Iterator[Entry]:
    """A file of the project, or a folder with all that is in it. Raises FileMissing or FileOutside."""
    plain = PurePosixPath(name.replace("\\", "/"))
    if plain.is_absolute() or ".." in plain.parts or (plain.parts and ":" in plain.parts[0]):
        raise FileOutside(name)
    start = folder / plain
    if not start.exists():
        raise FileMissing(name)
    if not start.resolve().is_relative_to(folder.resolve()):
        raise FileOutside(name)
    found = [start] if start.is_file() else sorted(start.rglob("*"))
    if len(found) > MOST_FILES:
        raise FileOutside(name)
    for path in found:
        kind = path.lstat().st_mode
        if stat.S_ISLNK(kind) and not path.resolve().is_relative_to(folder.resolve()):
            raise FileOutside(path.relative_to(folder).as_posix())
        inside = f"{APP}/{path.relative_to(folder).as_posix()}"
        if path.is_dir():
            yield Entry(inside, 0o755)
        elif path.is_file():
            yield Entry(inside, _mode(path), path)
        else:
            raise FileOutside(path.relative_to(folder).as_posix())


def _mode(path: Path) -> int:
    """Executable where the name or the first bytes say so, not where a Windows disk cannot know."""
    if path.suffix == ".sh":
        return 0o755
    with open(path, "rb") as file:
        return 0o755 if file.read(4).startswith((b"\x7fELF", b"#!")) else 0o644
