"""A small real Go project, and the moves that tests of the Build page make in the real window."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QAbstractButton

from desktop.ui.pages.build.page import BuildPage
from tests.ui.conftest import Shell

MAIN = """package main

import (
	"fmt"

	"example.com/orders/internal/store"
)

var version = "dev"

func main() { fmt.Println(version, store.Lock(1)) }
"""


LOCK = """package store

import "syscall"

// Lock takes the file.
func Lock(fd int) error { return syscall.Flock(fd, syscall.LOCK_EX) }
"""


LOCK_TEST = """package store

import "testing"

func TestLock(t *testing.T) {}
"""


CONFIG = """# how orders is built
name: orders
main: .
port: 8080
build:
  targets: [linux/amd64]   # the servers
image:
  files: [configs/config.yaml]
"""


FILES = {
    "go.mod": "module example.com/orders\n\ngo 1.22\n",
    "main.go": MAIN,
    "internal/store/lock.go": LOCK,
    "internal/store/lock_test.go": LOCK_TEST,
    "configs/config.yaml": "level: info\n",
    "goferry.yaml": CONFIG,
}


def made_project(tmp_path: Path) -> Path:
    folder = tmp_path / "orders"
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    return folder


def opened(shell: Shell, folder: Path | None, arg: object = None) -> BuildPage:
    """The page, with the project read and Go met."""
    shell.app.settings.change(goproxy="off")
    page = shell.window.page("build")
    assert isinstance(page, BuildPage)

    def show() -> None:
        shell.window.set_current_project(folder)
        shell.window.navigate("build", arg)

    does(shell, show, lambda: folder is None or bool(page.known) or page.problem is not None)
    return page


def does(shell: Shell, act: Callable[[], object], holds: Callable[[], bool]) -> None:
    """Do something and wait for what comes of it, all on the running loop, as in the window; then until the page is at
    rest: it has read again what was written, and shows the last lines."""
    page = shell.window.page("build")
    assert isinstance(page, BuildPage)

    async def run() -> None:
        act()
        while not holds() or shell.window.tasks._running or page._flush.isActive():
            await asyncio.sleep(0.02)

    shell.aio(run(), 500)


def built(shell: Shell, page: BuildPage) -> None:
    """Press Build, and wait for the end."""
    before = page.job
    does(shell, press(page, "build.run"), lambda: over(page, before))


def over(page: BuildPage, before: object = None) -> bool:
    return page.job is not None and page.job is not before and page.job.state.over


def press(page: BuildPage, name: str) -> Callable[[], None]:
    found = page.findChild(QAbstractButton, name)
    assert found is not None, name
    assert found.isEnabled(), name
    return found.click


def text_of(page: BuildPage) -> str:
    return page.output.pane.view.text()


def config_of(folder: Path) -> str:
    return (folder / "goferry.yaml").read_text(encoding="utf-8")
