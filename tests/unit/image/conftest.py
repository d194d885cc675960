"""Binaries for images: a tiny program made once with the real go."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from desktop.base.blocking import Pool
from desktop.build import Binary, Builder, BuildWish, find_toolchain
from desktop.image import ImageWish
from desktop.project import BuildOptions, Config, ImageOptions

SOURCE = """package main

import (
	"fmt"
	"os"
	"time"
)

var version = "dev"

func main() {
	place, err := time.LoadLocation("Asia/Shanghai")
	fmt.Println(version, place, err, os.Getuid(), os.Getenv("HOME"))
}
"""


@pytest.fixture(scope="session")
def program(tmp_path_factory: pytest.TempPathFactory) -> Binary:
    folder = tmp_path_factory.mktemp("program")
    (folder / "go.mod").write_text("module example.com/tiny\n\ngo 1.22\n", encoding="utf-8")
    (folder / "main.go").write_text(SOURCE, encoding="utf-8")

    async def build() -> Binary:
        pool = Pool("image-test", 2)
        try:
            toolchain = await find_toolchain(pool)
            wish = BuildWish(
                folder, ".", ("linux/amd64",), BuildOptions(), folder / "dist", "1.9.0", "tiny", "off"
            )
            return (await Builder(pool, toolchain).build(wish)).binaries[0]
        finally:
            pool.close()

    return asyncio.run(build())


@pytest.fixture
def wish(program: Binary, tmp_path: Path) -> ImageWish:
    project = tmp_path / "project"
    (project / "configs").mkdir(parents=True)
    (project / "configs" / "config.yaml").write_text("level: info\n", encoding="utf-8")
    config = Config("tiny", port=8080, image=ImageOptions(files=("configs/config.yaml",)))
    return ImageWish(program, config, "shop/tiny:1.9.0", project)


def big_program(wish: ImageWish, folder: Path, size: int) -> ImageWish:
    """The same wish with a program of `size` bytes that do not compress."""
    import random

    path = folder / "big"
    path.write_bytes(random.Random(7).randbytes(size))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return replace(wish, binary=replace(wish.binary, path=path, size=size, sha256=digest))
