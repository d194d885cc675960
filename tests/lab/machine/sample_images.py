"""`busybox:lab` and `debian:lab`: real and small images to build on, since nothing is pulled."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.lab.machine import engine
from tests.lab.machine.apt import STABLE, Apt, sources
from tests.lab.machine.commands import locked, run, step
from tests.lab.machine.hosts import host
from tests.lab.machine.names import CACHE

LOCAL = "local"
BUSYBOX, DEBIAN = "busybox:lab", "debian:lab"
_FOLDER = CACHE / "images"
_PATH = "ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SKIPPED = ("/usr/share/man/*", "/usr/share/doc/*", "/usr/share/locale/*")


def ensure(image: str) -> Path:
    """Make `busybox:lab` or `debian:lab` as an archive for `docker load`; returns the archive."""
    archive = _FOLDER / f"{image.replace(':', '-')}.tar"
    with locked():
        engine.ensure()
        _FOLDER.mkdir(parents=True, exist_ok=True)
        if not archive.exists():
            with step(f"making {image}"):
                _MAKERS[image](archive)
    return archive


def load(target: str, image: str) -> None:
    """Load an image into the engine of a host, or of this computer (`local`)."""
    words = ["docker", "load", "-q"]
    if target != LOCAL:
        words = ["docker", "exec", "-i", host(target).container, *words]
    with ensure(image).open("rb") as file:
        run(*words, stdin=file)


def _make_busybox(archive: Path) -> None:
    unpacked, root = _FOLDER / "busybox", _FOLDER / "busybox-root"
    for folder in (unpacked, root):
        shutil.rmtree(folder, ignore_errors=True)
    Apt(CACHE / "apt", STABLE).fetch(["busybox-static"], unpacked)
    for name in ("bin", "etc", "tmp", "root", "var/www"):
        (root / name).mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    shutil.copy2(unpacked / "bin/busybox", root / "bin/busybox")
    users = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n"
    (root / "etc/passwd").write_text(users, encoding="utf-8")
    (root / "etc/group").write_text("root:x:0:\nnogroup:x:65534:\n", encoding="utf-8")
    for applet in run(root / "bin/busybox", "--list").splitlines():
        if applet != "busybox":
            (root / "bin" / applet).symlink_to("busybox")
    tar = _FOLDER / "busybox.tar"
    run("tar", "-C", root, "--owner=0", "--group=0", "-cf", tar, ".")
    _to_archive(tar, BUSYBOX, '["sh"]', archive)
    for folder in (unpacked, root, CACHE / "apt"):
        shutil.rmtree(folder)


def _make_debian(archive: Path) -> None:
    if not shutil.which("mmdebstrap"):
        engine.install("mmdebstrap")
    tar = _FOLDER / "debian.tar"
    options = [
        *("--variant=minbase", "--include=ca-certificates,curl"),
        *(f"--dpkgopt=path-exclude={pattern}" for pattern in _SKIPPED),
        '--customize-hook=rm -rf "$1"/etc/apt/sources.list*',
    ]
    run("mmdebstrap", "--quiet", *options, STABLE, tar, *sources())
    _to_archive(tar, DEBIAN, '["bash"]', archive)


def _to_archive(tar: Path, image: str, command: str, archive: Path) -> None:
    run("docker", "import", "-c", f"CMD {command}", "-c", _PATH, tar, image)
    new = archive.with_suffix(".new")
    run("docker", "save", "-o", new, image)
    new.replace(archive)
    tar.unlink()


_MAKERS = {BUSYBOX: _make_busybox, DEBIAN: _make_debian}
