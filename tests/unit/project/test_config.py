"""goferry.yaml: the sample is manual page, schema and test; what is wrong is named by line and column."""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import pytest

from desktop.project import (
    Config,
    ConfigError,
    Environment,
    HealthOptions,
    load_config,
    parse_config,
    sample_path,
    seconds_of,
)
from desktop.project.parse import FREE
from desktop.project.yaml_tree import Node, read_tree

SAMPLE = sample_path().read_text(encoding="utf-8")


def tree() -> Node:
    root = read_tree(SAMPLE, "sample")
    assert root is not None
    return root


def test_every_field_has_a_key_in_the_sample() -> None:
    root = tree()

    def keys(*path: str) -> set[str]:
        node = root
        for name in path:
            node = node.entries[name][1]
        return set(node.entries)

    def fields(made: object) -> set[str]:
        assert dataclasses.is_dataclass(made)
        return {field.name for field in dataclasses.fields(made)}

    config = Config("x")
    assert keys() == fields(config)
    assert keys("build") == fields(config.build)
    assert keys("image") == fields(config.image)
    assert keys("health") == fields(config.health)
    assert keys("environments", "staging") == fields(Environment("x")) - {"name"}


def test_every_key_of_the_sample_has_a_comment_above_it() -> None:
    lines = SAMPLE.splitlines()

    def bare(node: Node, path: tuple[str, ...]) -> list[str]:
        found = []
        for name, (key, value) in node.entries.items():
            free = any(path == tuple("*" if part == "*" else part for part in one) for one in FREE)
            explained = free or lines[key.line - 2].lstrip().startswith("#")
            explained = explained or (bool(value.entries) and path == ())
            found += [] if explained else [".".join((*path, name))]
            if path[:1] != ("environments",) or name != "prod":
                found += bare(value, (*path, "*" if free else name))
        return found

    assert [name for name in bare(tree(), ()) if not name.startswith("environments.prod")] == []


def test_the_sample_says_what_it_means() -> None:
    config = parse_config(SAMPLE)
    assert config.main == "./cmd/app"
    assert config.build.targets == ("linux/amd64", "linux/arm64")
    assert config.health.interval == 5.0
    assert list(config.environments) == ["staging", "prod"]
    assert config.environments["staging"].env == {"LOG_LEVEL": "debug"}
    assert config.environments["prod"].mode == "proxy"


DESIGN = """\
name: orders
main: ./cmd/app
port: 8080
build:   { targets: [linux/amd64], cgo: false, version: git }
image:   { base: scratch, files: [configs/config.yaml], user: 65532 }
health:  { http: /health, interval: 5s, timeout: 2s, retries: 3 }
environments:
  staging: { hosts: [stage-1], publish: 8080, env: { LOG_LEVEL: debug } }
  prod:    { hosts: [web-1, web-2], mode: proxy, publish: 80, env: { LOG_LEVEL: info }, secrets: [DB_PASSWORD] }
"""


def test_the_design_example_is_read() -> None:
    config = parse_config(DESIGN)
    assert config.environments["prod"].hosts == ("web-1", "web-2")
    assert config.environments["prod"].secrets == ("DB_PASSWORD",)
    assert config.image.files == ("configs/config.yaml",)


def test_scalars_stay_what_was_written() -> None:
    text = "name: x\nenvironments: {a: {env: {A: no, B: 22:22, C: 0123, D: 1e3, E: ~x, F: '', G: null}}}"
    env = parse_config(text).environments["a"].env
    assert env == {"A": "no", "B": "22:22", "C": "0123", "D": "1e3", "E": "~x", "F": "", "G": "null"}


@pytest.mark.parametrize(
    ("lines", "strategy", "batch"),
    [
        ("", "one", 2),
        ("batch: 5", "batches", 5),
        ("strategy: batches", "batches", 2),
        ("strategy: all", "all", 2),
    ],
)
def test_how_a_release_spreads_is_one_by_one_unless_told(lines: str, strategy: str, batch: int) -> None:
    one = parse_config(f"name: x\nenvironments: {{a: {{{lines}}}}}").environments["a"]
    assert (one.strategy, one.batch, one.on_failure, one.relay) == (strategy, batch, "stop", "")


def test_a_program_without_a_port_has_no_http_check() -> None:
    assert parse_config("name: x").health.http is None
    assert parse_config("name: x\nport: 80").health.http == "/health"
    assert parse_config("name: x\nport: 80\nhealth: none").health == HealthOptions(http=None)
    assert parse_config("name: x\nport: 80\nhealth: {tcp: true}").health.http is None


WRONG = [
    ("name: a\nname: b", 2, 1),
    ("name: orders\nprot: 1", 2, 1),
    ("name: orders\nport: 65536", 2, 7),
    ("name: orders\nport: ８０", 2, 7),
    ("name: orders\nport: 0x50", 2, 7),
    ("name: orders\nport: -1", 2, 7),
    ("name: orders\nport: [80]", 2, 7),
    ("name: Orders", 1, 7),
    ("name: x;id", 1, 7),
    ("port: 80", 1, 1),
    ("name: !!python/object/apply:os.system [id]", 1, 7),
    ("name: !x y", 1, 7),
    ("name: x\nhealth: {interval: 22:22}", 2, 20),
    ("name: x\nhealth: {interval: 0s}", 2, 20),
    ("name: x\nhealth: {http: health}", 2, 16),
    ('name: x\nhealth: {http: "/a\\r\\nX: y"}', 2, 16),
    ("name: x\n---\nname: y", 2, 1),
    ("- a", 1, 1),
    ("? [a]\n: b", 1, 3),
    ("name: x\n<<: {port: 3}", 2, 1),
    ("name: &a\n  b: *a", 2, 6),
    ("name: *b", 1, 7),
    ("name: x\n\tport: 1", 2, 1),
    ("name: 'x", 1, 9),
    ("name: x\x01", 1, 8),
    ("name: x\nmain: ../other", 2, 7),
    ("name: x\nmain: /etc", 2, 7),
    ("name: x\nmain: C:\\x", 2, 7),
    ("name: x\nmain: -o", 2, 7),
    ("name: x\nimage: {files: [../../etc/passwd]}", 2, 17),
    ("name: x\nimage: {base: --privileged}", 2, 15),
    ("name: x\nimage: {user: root}", 2, 15),
    ("name: x\nenvironments: {a: {strategy: two}}", 2, 30),
    ("name: x\nenvironments: {a: {batch: 0}}", 2, 27),
    ("name: x\nenvironments: {a: {strategy: all, batch: 2}}", 2, 35),
    ("name: x\nenvironments: {a: {on_failure: ignore}}", 2, 32),
    ("name: x\nenvironments: {a: {relay: web-1:65536}}", 2, 27),
    ("name: x\nenvironments: {a: {relay: user@web-1}}", 2, 27),
    ("name: x\nbuild: {targets: []}", 2, 18),
    ('name: x\nbuild: {targets: ["linux/amd64 -o x"]}', 2, 19),
    ("name: x\nbuild: {cgo: yes}", 2, 14),
    ("name: x\nbuild: {tags: [a b]}", 2, 16),
    ("name: x\nbuild: {version: -X}", 2, 18),
    ("name: x\nenvironments: {-a: {}}", 2, 16),
    ("name: x\nenvironments: {a: {hosts: [-oProxyCommand=id]}}", 2, 28),
    ("name: x\nenvironments: {a: {env: {A B: c}}}", 2, 26),
    ('name: x\nenvironments: {a: {env: {A: "b\\0c"}}}', 2, 29),
    ("name: x\nenvironments: {a: {bind: 0.0.0.0.0}}", 2, 26),
    ("name: x\nenvironments: {a: {mode: magic}}", 2, 26),
    ("name: x\nenvironments: {a: {memory: lots}}", 2, 28),
]


@pytest.mark.parametrize(("text", "line", "column"), WRONG)
def test_what_is_wrong_is_named_by_line_and_column(text: str, line: int, column: int) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(text, "goferry.yaml")
    assert (caught.value.line, caught.value.column) == (line, column)
    assert f"goferry.yaml:{line}:{column}" in str(caught.value)
    assert str(caught.value.what).isprintable()
    assert str(caught.value.problem) in str(caught.value.why)


def test_a_misspelt_key_is_answered_with_the_right_one() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config("name: x\nbuild: {target: [linux/amd64]}")
    assert "targets" in str(caught.value.fix)


BOMBS = {
    "20,000 brackets": "[" * 20_000,
    "20,000 braces": "{" * 20_000,
    "20,000 dashes": "- " * 20_000,
    "deep blocks": "".join(f"{' ' * n}k:\n" for n in range(300)),
    "aliases": "a: &a [x,x,x,x,x,x,x,x,x]\n"
    + "".join(
        f"{b}: &{b} [{','.join([f'*{a}'] * 9)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    ),
    "many keys": "".join(f"k{n}: v\n" for n in range(20_000)),
    "one long line": "name: " + "x" * 1_000_000,
    "a million lines": "\n" * 1_000_000,
    "many documents": "---\n" * 10_000,
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_quickly(kind: str) -> None:
    started = time.thread_time()
    with pytest.raises(ConfigError):
        parse_config(BOMBS[kind])
    assert time.thread_time() - started < 5


def test_files_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "goferry.yaml").write_bytes(b"name: x\nmain: \xff\xfe")
    with pytest.raises(ConfigError) as caught:
        load_config(tmp_path)
    assert (caught.value.line, caught.value.column) == (2, 7)


def test_a_byte_order_mark_and_windows_line_ends_are_fine(tmp_path: Path) -> None:
    (tmp_path / "goferry.yaml").write_bytes(b"\xef\xbb\xbfname: orders\r\nport: 80\r\n")
    assert load_config(tmp_path) == Config("orders", port=80, health=HealthOptions())


def test_no_file_is_no_error(tmp_path: Path) -> None:
    assert load_config(tmp_path) is None


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5.0), ("500ms", 0.5), ("1m30s", 90.0), ("2h", 7200.0), ("1.5s", 1.5), ("7", 7.0), ("2m", 120.0)],
)
def test_times_are_read_as_go_writes_them(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "5 s", "-5s", "5d", "1h2h", "５s", "1e9s", "nan", "inf"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert seconds_of(text) is None
