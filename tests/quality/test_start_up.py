"""What is loaded before a person sees anything: the window first, the heavy libraries when they are needed."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from desktop.base.paths import Home
from desktop.base.settings import SettingsStore
from desktop.ui import widgets
from tests.quality.sources import ROOT

STATIONS = sorted(
    path.parent.name for path in (ROOT / "desktop").glob("*/__init__.py") if path.parent.name != "ui"
)


def loaded_by(module: str) -> set[str]:
    """The names of all that a fresh Python loads with one import."""
    script = f"import json, sys; import {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout))


_FIRST_PAINT = """
import json, os, sys
import desktop.cli.main

def painted(self, event):
    json.dump(sorted(sys.modules), sys.stdout)
    sys.stdout.flush()
    os._exit(0)

import desktop.base.without_tls  # as desktop.cli.main does, first of all
import desktop.ui.start
desktop.ui.start.Window.paintEvent = painted
desktop.cli.main.main(["--home", sys.argv[1]])
"""


def test_a_window_is_painted_before_anything_is_loaded_that_the_picture_does_not_need(tmp_path: Path) -> None:
    SettingsStore(Home(tmp_path)).change(theme="dark")
    done = subprocess.run(
        [sys.executable, "-c", _FIRST_PAINT, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        encoding="utf-8",
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(json.loads(done.stdout))
    heavy = {"ssl", "_ssl", "hashlib", "_hashlib", "secrets", "yaml", "multiprocessing", "http", "email"}
    heavy |= {
        "paramiko",
        "docker",
        "keyring",
        "cryptography",
        "jinja2",
        "requests",
        "truststore",
        "watchfiles",
    }
    assert loaded & heavy == set()
    late = {
        "desktop.build",
        "desktop.engine",
        "desktop.project",
        "desktop.hosts",
        "desktop.release",
        "desktop.watch",
    }
    assert loaded & late == set()


def test_https_works_after_a_start_without_it() -> None:
    script = (
        "import desktop.base.without_tls, sys; assert 'ssl' not in sys.modules\n"
        "import ssl, urllib.request; ssl.create_default_context()"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, timeout=250, check=True)


def test_the_window_starts_without_paramiko_docker_and_keyring() -> None:
    assert (
        loaded_by("desktop.ui.start") & {"paramiko", "docker", "keyring", "cryptography", "jinja2"} == set()
    )


@pytest.mark.parametrize("station", STATIONS)
def test_a_station_loads_nothing_heavy(station: str) -> None:
    assert loaded_by(f"desktop.{station}") & {"paramiko", "docker", "PySide6", "qasync"} == set()


def test_the_headless_face_needs_no_qt() -> None:
    loaded = loaded_by("desktop.cli.main")
    assert loaded & {"PySide6", "qasync", "paramiko", "docker"} == set()


def test_the_first_paint_loads_no_charts_no_code_and_no_log() -> None:
    loaded = loaded_by("desktop.ui.start")
    late = {
        f"desktop.ui.widgets.{name}" for name in ("charts", "code", "gantt", "lists", "log_pane", "log_view")
    }
    late |= {"desktop.ui.palette", "desktop.ui.pages.activity.panel", "yaml", "ruamel", "statistics"}
    assert loaded & late == set()


def test_each_shared_widget_is_found_where_the_package_says() -> None:
    tree = ast.parse((ROOT / "desktop/ui/widgets/__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
    }
    assert typed == widgets._HOMES
    assert all(getattr(widgets, name) is not None for name in typed)


def test_no_source_is_read_for_an_import() -> None:
    script = (
        "import linecache, desktop.ui.start, xml.dom.minidom\n"
        "print([file for file in linecache.cache if 'desktop' in file or 'xml' in file])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        timeout=250,
        check=True,
    )
    assert done.stdout.strip() == "[]"


def test_a_connection_loads_nothing_that_it_never_uses() -> None:
    assert (
        loaded_by("desktop.hosts.session") & {"invoke.tasks", "unittest.mock", "docker", "PySide6"} == set()
    )
