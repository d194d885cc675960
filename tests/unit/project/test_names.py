"""Names and module paths: what we say is what Go says."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.project import BadModulePath, BadName, check_module_path, check_name, name_from, name_problem
from desktop.project.names import module_path_problem
from tests.unit.project.go import needs_go, run_go

HOSTILE = (
    "x;id", "`id`", "$(id)", "${X:-$(id)}", "a|id", "a&id", "a>f", "a\nid", "a\r", "a\0b", "'", '"', "\\", "!x!",
    "%PATH%", "-v", "--upload-pack=x", "-oProxyCommand=id", "../x", "/etc/x", "C:\\x", "\\\\host\\s", "a:b", "CON",
    "x.", "x" * 300, "x" * 1_000_000, "", "   ", "８０", "a\u202eb", "a\u200bb", "<b>x", "<img src=//h/s>",
    "\x1b]52;c;x", "\x1b]8;;x", "\x1b[2J", "\x9b", "server_name a;} location / {", "X\r\nY: z",
    "http://169.254.169.254/", "file:///", "ext::sh -c id", "!!python/object/apply:os.system", "con", "nul.txt", "com1",
    "a..b", "a--", ".git", "_x", "testdata", "vendor", "main.go", "Ｏrders", "ordérs", "订单",
)  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_refused_with_a_reason(name: str) -> None:
    with pytest.raises(BadName) as caught:
        check_name(name)
    assert str(caught.value.why)
    assert str(caught.value.what).isprintable()


@pytest.mark.parametrize(
    "name", ["a", "orders", "orders-api", "orders_api", "web2", "2048", "a.b", "a--b", "x" * 63]
)
def test_a_plain_name_is_taken(name: str) -> None:
    if name == "a--b":
        assert name_problem(name) is not None
    else:
        assert check_name(name) == name


@pytest.mark.parametrize(
    "text", [*HOSTILE, "Orders API", "My Café", "vendor", "v1.go", "CON", "...", "a" * 80]
)
def test_a_name_made_from_anything_is_a_name(text: str) -> None:
    assert name_problem(name_from(text)) is None


def test_a_folder_name_stays_recognisable() -> None:
    assert name_from("Orders API (new)") == "orders-api-new"


PATHS = (
    "orders", "git.example.com/shop/orders", "example.com/a_b/c~d", "example.com/a/v2", "example.com/a/v1",
    "example.com/a/v0", "example.com/a/v02", "example.com/a/v2.3", "example.com/a/v", "example.com/v2", "v2",
    "example.com/a+b", "example.com/A", "Example.com/a", "example.com//a", "example.com/a/", "/a", "-a", "a/-b",
    "example.com/.a", "example.com/a.", "example.com/..", "example.com/...", "example.com/con", "example.com/CON.x",
    "example.com/aux/x", "example.com/com1", "example.com/lpt9.txt", "example.com/a~1", "example.com/a~b1",
    "example.com/~1", "example.com/a b", "example.com/a;id", "example.com/$(id)", "example.com/a\\b", "a:b",
    "http://example.com/a", "example.com/é", "订单", "gopkg.in/yaml.v3", "gopkg.in/yaml", "gopkg.in/yaml.v0",
    "gopkg.in/yaml.v03", "gopkg.in/yaml.v3-unstable", "gopkg.in/a/yaml.v1", "gopkg.in/yaml.v1.2", "example.com/!a",
    "example.com/a@v1", "example.com/a%20", "example.com/a\u200b", "a" * 60, "2048", "example.com/a/v10",
    "example.com/a/v10.", "v1/v1", "a/v2/v2", "a/v.2", "a/v2.",
)  # fmt: skip


@needs_go
def test_module_paths_are_taken_exactly_when_go_takes_them(tmp_path: Path) -> None:
    different = []
    for number, path in enumerate(PATHS):
        folder = tmp_path / str(number)
        folder.mkdir()
        taken = run_go(folder, "mod", "init", path).returncode == 0
        if taken != (module_path_problem(path) is None):
            different.append((path, taken, str(module_path_problem(path))))
    assert different == []


# good elements of a path, though no good names
FINE_AS_PATHS = ("main.go", ".git", "_x", "vendor", "testdata", "a--", "a..b")


@pytest.mark.parametrize("path", [one for one in HOSTILE if one not in FINE_AS_PATHS])
def test_a_hostile_module_path_is_refused_with_a_reason(path: str) -> None:
    with pytest.raises(BadModulePath) as caught:
        check_module_path(path)
    assert str(caught.value.why)
    assert str(caught.value.what).isprintable()


def test_a_module_named_like_a_standard_package_is_refused() -> None:
    # go mod init takes it, and then no package of it can be imported
    assert module_path_problem("net/orders") is not None
