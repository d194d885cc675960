"""Dependencies with the real go, a module proxy on loopback, and replaced modules on disk."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.build import (
    BuildError,
    Dependencies,
    ProxyPreset,
    Toolchain,
    cache_size,
    measure_proxies,
    proxy_presets,
)
from desktop.build.deps import parse_graph, parse_vendored

from .conftest import module, write_tree

FILES = {
    "go.mod": module()
    + "\nrequire example.org/lib v1.0.0\n\nrequire example.org/deep v1.0.0 // indirect\n"
    + "\nreplace example.org/lib => ./lib\n\nreplace example.org/deep => ./deep\n",
    "main.go": 'package main\nimport "example.org/lib"\nfunc main() { lib.Say() }\n',
    "lib/go.mod": module(path="example.org/lib") + "\nrequire example.org/deep v1.0.0\n",
    "lib/lib.go": 'package lib\nimport "example.org/deep"\nfunc Say() { deep.Say() }\n',
    "deep/go.mod": module(path="example.org/deep"),
    "deep/deep.go": "package deep\nfunc Say() {}\n",
}


@pytest.fixture
def project(pool: Pool, go: Toolchain, tmp_path: Path) -> Dependencies:
    return Dependencies(pool, go, write_tree(tmp_path / "app", FILES), "off")


def test_modules_are_listed_with_the_own_one_first_then_direct_ones(project: Dependencies) -> None:
    modules = asyncio.run(project.list_modules())
    assert [(m.path, m.version, m.direct, m.replaced_by) for m in modules] == [
        ("example.com/app", "", True, ""),
        ("example.org/lib", "v1.0.0", True, "./lib"),
        ("example.org/deep", "v1.0.0", False, "./deep"),
    ]


def test_the_graph_says_who_requires_whom_and_how_deep(project: Dependencies) -> None:
    graph = asyncio.run(project.module_graph())
    assert ("example.com/app", "example.org/lib@v1.0.0") in graph.edges
    assert ("example.org/lib@v1.0.0", "example.org/deep@v1.0.0") in graph.edges
    assert graph.depths["example.com/app"] == 0
    assert graph.depths["example.org/lib@v1.0.0"] == 1


def test_depth_is_the_shortest_way_and_a_circle_ends() -> None:
    graph = parse_graph("a b@1\nb@1 c@1\nc@1 b@1\na c@1\nc@1 d@1\nb@1 go@1.22\nnonsense\n")
    assert graph.depths == {"a": 0, "b@1": 1, "c@1": 1, "d@1": 2}
    assert parse_graph("").nodes == ()


def test_tidy_adds_what_is_missing(project: Dependencies) -> None:
    go_mod = project.folder / "go.mod"
    go_mod.write_text(go_mod.read_text(encoding="utf-8").replace("require example.org/deep v1.0.0 // indirect\n", ""),
                      encoding="utf-8")  # fmt: skip
    asyncio.run(project.tidy())
    assert "example.org/deep v1.0.0 // indirect" in go_mod.read_text(encoding="utf-8")


def test_a_tidy_that_fails_leaves_go_mod_as_it_was(project: Dependencies) -> None:
    main = project.folder / "main.go"
    main.write_text('package main\nimport "example.net/none"\nfunc main() { none.X() }\n', encoding="utf-8")
    before = (project.folder / "go.mod").read_bytes()
    with pytest.raises(BuildError) as raised:
        asyncio.run(project.tidy())
    assert raised.value.code == "build.proxy_off"
    assert (project.folder / "go.mod").read_bytes() == before
    assert not (project.folder / "go.sum").exists()


def test_vendored_modules_are_read_without_go() -> None:
    text = "# example.org/b v1.2.0\n## explicit; go 1.20\nexample.org/b\n# example.org/a v0.1.0 => ../a\nx\n"
    assert [(m.path, m.version, m.direct, m.replaced_by) for m in parse_vendored(text)] == [
        ("example.org/b", "v1.2.0", True, ""),
        ("example.org/a", "v0.1.0", False, "../a"),
    ]


def test_the_caches_have_a_size(pool: Pool, go: Toolchain, tmp_path: Path) -> None:
    from dataclasses import replace

    (tmp_path / "build").mkdir()
    (tmp_path / "build" / "a").write_bytes(b"x" * 1000)
    own = replace(go, cache=tmp_path / "build", modules=tmp_path / "none")
    size = asyncio.run(cache_size(pool, own))
    assert (size.build, size.modules) == (1000, 0)


class Proxy(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        code = 200 if self.path == "/github.com/gin-gonic/gin/@latest" else 500
        self.send_response(code)
        self.end_headers()

    def log_message(self, *arguments: object) -> None: ...


@pytest.fixture
def proxy() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_proxies_are_measured_and_the_one_that_answers_comes_first(pool: Pool, proxy: str) -> None:
    presets = (
        ProxyPreset("dead", "dead", "http://127.0.0.1:9,direct"),
        ProxyPreset("broken", "broken", f"{proxy}/broken,direct"),
        ProxyPreset("here", "here", f"{proxy},direct"),
        ProxyPreset("off", "off", "off"),
    )
    answers = asyncio.run(measure_proxies(pool, presets))
    assert answers[0].preset.id == "here"
    assert answers[0].seconds is not None
    problems = {answer.preset.id: str(answer.problem) for answer in answers[1:]}
    assert problems == {"broken": "answered with HTTP 500", "dead": "cannot be reached"}


def test_the_presets_are_the_official_one_chinas_the_companys_git_and_none() -> None:
    presets = proxy_presets("https://goproxy.example.com/go")
    assert [preset.id for preset in presets] == [
        "official",
        "goproxy.cn",
        "aliyun",
        "company",
        "direct",
        "off",
    ]
    assert presets[0].value == "https://proxy.golang.org,direct"
