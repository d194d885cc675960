"""Which folders outside a project are built into its program."""

from __future__ import annotations

from pathlib import Path

import pytest

from desktop.app_on_save import inputs_of
from desktop.project import folders_outside, parse_config
from tests.unit.build.conftest import write_tree

APP = "module example.com/app\n\ngo 1.22\n"


@pytest.mark.parametrize(
    ("files", "outside"),
    [
        ({"app/go.mod": APP}, []),
        ({"app/go.mod": f"{APP}replace example.com/lib => ../lib\n"}, ["lib"]),
        ({"app/go.mod": f"{APP}replace (\n\ta.b/x v1.0.0 => ../x // near\n\ta.b/y => ./y\n)\n"}, ["x"]),
        ({"app/go.mod": f'{APP}replace a.b/x => "../my libs/x"\n'}, ["my libs/x"]),
        ({"app/go.mod": f"{APP}replace a.b/x => ..\\x\n"}, ["x"]),
        ({"app/go.mod": f"{APP}replace a.b/x => a.b/fork v1.2.3\n"}, []),
        # the replaces of a module that is replaced itself are not Go's concern
        ({"app/go.mod": f"{APP}replace a.b/x => ../x\n", "x/go.mod": "replace a.b/z => ../z\n"}, ["x"]),
        # a go.work: its modules, its replaces and those of its modules
        (
            {
                "go.work": "go 1.22\nuse (\n\t./app\n\t./lib\n)\nreplace a.b/x => ./x\n",
                "app/go.mod": APP,
                "lib/go.mod": "module a.b/lib\nreplace a.b/z => ../z\n",
            },
            ["lib", "x", "z"],
        ),
        ({"app/go.work": "use .\nuse ../lib\nuse ../lib/deep\n", "app/go.mod": APP}, ["lib"]),
        # a go.work that is nearer than the go.mod's replaces still has the last word
        ({"app/go.work": "use .\n", "app/go.mod": f"{APP}replace a.b/x => ../x\n"}, ["x"]),
    ],
)
def test_what_replace_and_go_work_name_is_built_too(
    tmp_path: Path, files: dict[str, str], outside: list[str]
) -> None:
    write_tree(tmp_path, files)
    app = tmp_path / "app"
    assert folders_outside(app, app) == tuple((tmp_path / one).resolve() for one in outside)


def test_a_go_work_above_is_watched_itself_and_the_module_around_without_the_project(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {"go.work": "use ./all/app\nuse ./all\n", "all/app/go.mod": APP, "all/go.mod": "module a.b/all\n"},
    )
    app = tmp_path / "all" / "app"
    around, above = inputs_of(app, parse_config("name: app\n")).beside
    assert (around.folder, around.results) == ((tmp_path / "all").resolve(), ("app",))
    assert (above.folder, above.only) == (tmp_path.resolve(), ("go.work", "go.work.sum"))
