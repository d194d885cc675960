"""Docker's static archive for servers without a way to any package source: fetched on this computer."""

from __future__ import annotations

from pathlib import Path

from desktop.base.blocking import CancelToken
from desktop.base.resources import resources

from .errors import NoArchive
from .model import Mirror

_LONGEST = 400 << 20


def archive_name() -> str:
    """The file's name with the version that set-up knows."""
    import yaml

    text = (resources() / "setup/offline.yaml").read_text(encoding="utf-8")
    return f"docker-{yaml.safe_load(text)['version']}.tgz"


def fetch_archive(path: Path, arch: str, mirrors: tuple[Mirror, ...], token: CancelToken) -> None:
    """Blocking. Whole or not at all; only over HTTPS, whose certificate is what vouches for it. Raises NoArchive with
    what each mirror said."""
    said = []
    for mirror in mirrors:
        if not mirror.docker.startswith("https://"):
            continue
        address = f"{mirror.docker}/linux/static/stable/{arch}/{path.name}"
        try:
            _download(address, path, token)
        except OSError as error:
            said.append(f"{address}: {error}")
        else:
            return
    raise NoArchive("\n".join(said))


def _download(address: str, path: Path, token: CancelToken) -> None:
    import requests

    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    try:
        with requests.get(address, stream=True, timeout=(10, 60)) as answer, part.open("wb") as file:
            answer.raise_for_status()
            wanted, got = int(answer.headers.get("Content-Length", 0)), 0
            for chunk in answer.iter_content(1 << 20):
                token.check()
                got += len(chunk)
                if got > _LONGEST:
                    raise OSError("larger than any archive of Docker")
                file.write(chunk)
        if wanted and got != wanted:
            raise OSError(f"{got} of {wanted} bytes arrived")
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
