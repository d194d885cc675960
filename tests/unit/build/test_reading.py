"""Binaries, problems and versions, read from text and bytes alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from desktop.build import (
    NotAProgram,
    Problem,
    find_place,
    linker_flags,
    parse_problems,
    read_executable,
    version_stamp,
)
from desktop.build.executable import read_bytes
from desktop.project import BuildOptions, GitState

from .conftest import Bench, module, needs_c

CGO = 'package main\n\n// #include <stdlib.h>\nimport "C"\n\nfunc main() { C.free(nil) }\n'


@needs_c
def test_a_dynamic_program_names_its_libraries(bench: Bench) -> None:
    binary = bench.build({"go.mod": module(), "main.go": CGO}, cgo=True).binaries[0]
    assert not binary.static
    assert "libc.so.6" in binary.libraries


@pytest.mark.timeout(900)  # compiles the runtime three times when the cache is cold
def test_other_processors_and_systems_are_read_from_the_header(bench: Bench) -> None:
    targets = ("linux/386", "linux/s390x", "darwin/arm64")
    found = {binary.target: binary for binary in bench.build(targets=targets).binaries}
    assert {target: binary.arch for target, binary in found.items()} == {
        t: t.partition("/")[2] for t in targets
    }
    mac = read_executable(found["darwin/arm64"].path)
    assert (mac.format, mac.os) == ("Mach-O", "darwin")


@pytest.mark.parametrize(
    "content", [b"", b"MZ", b"\x7fELF", b"#!/bin/sh\n", b"\x7fELF\x02\x01" + b"\xff" * 200, b"\0" * 4096]
)
def test_what_is_no_program_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "x"
    file.write_bytes(content)
    with pytest.raises(NotAProgram):
        read_executable(file)


@given(
    st.sampled_from([b"\x7fELF\x02\x01", b"\x7fELF\x01\x02", b"MZ", b"\xcf\xfa\xed\xfe"]),
    st.binary(max_size=400),
)
def test_damaged_headers_never_do_worse_than_be_refused(magic: bytes, rest: bytes) -> None:
    import struct

    try:
        read_bytes(memoryview(magic + rest))
    except (ValueError, IndexError, struct.error):
        pass


def test_places_are_found_in_the_words_of_compiler_and_vet() -> None:
    said = [
        "# example.com/orders/internal/store",
        "internal/store/lock.go:27:12: undefined: syscall.Flock",
        "vet: ./main.go:3:2: x declared",
        "..\\lib\\x.go:1: broken",
        "note: module requires Go 1.99",
    ]
    found = parse_problems(said, ran_in=Path("/w/app/svc"), folder=Path("/w/app"), target="linux/amd64")
    assert found == (
        Problem("svc/internal/store/lock.go", 27, 12, "undefined: syscall.Flock", "linux/amd64"),
        Problem("svc/main.go", 3, 2, "x declared", "linux/amd64"),
        Problem("lib/x.go", 1, 0, "broken", "linux/amd64"),
    )


def test_a_windows_path_is_one_file_and_no_column() -> None:
    place = find_place(r"C:\Users\张三\orders\main.go:12:3: undefined: x")
    assert place is not None
    assert (place["file"], place["line"], place["column"]) == (r"C:\Users\张三\orders\main.go", "12", "3")


@pytest.mark.parametrize(
    ("setting", "git", "version"),
    [
        ("git", None, "dev"),
        ("git", GitState("main", "3f9c2e1ab012", 0, "v1.9.0-rc.3"), "1.9.0-rc.3"),
        ("git", GitState("main", "3f9c2e1ab012", 2, "v1.9.0"), "1.9.0-dirty"),
        ("git", GitState("main", "3f9c2e1ab012", 0), "3f9c2e1"),
        ("git", GitState("main", "3f9c2e1ab012", 1), "3f9c2e1-dirty"),
        ("git", GitState("main", "", 1), "dev"),
        ("git", GitState("main", "3f9c2e1ab012", 0, "svc/v1.2.0"), "1.2.0"),
        ("git", GitState("main", "3f9c2e1ab012", 0, "vendor-drop"), "vendor-drop"),
        ("2.0.0", GitState("main", "3f9c2e1ab012", 2), "2.0.0"),
        ("none", None, ""),
    ],
)
def test_the_version_comes_from_git_or_from_a_person(
    setting: str, git: GitState | None, version: str
) -> None:
    assert version_stamp(setting, git) == version


@pytest.mark.parametrize(
    ("options", "version", "flags"),
    [
        (BuildOptions(), "1.0", "-s -w -X main.version=1.0"),
        (BuildOptions(strip=False), "", ""),
        (BuildOptions(strip=False), "a b", "-X 'main.version=a b'"),
        (BuildOptions(strip=False), "1' -extld=x", "-X 'main.version=1- -extld=x'"),
        (BuildOptions(ldflags=" -X main.a=b "), "", "-s -w -X main.a=b"),
    ],
)
def test_flags_for_the_linker(options: BuildOptions, version: str, flags: str) -> None:
    assert linker_flags(options, version) == flags
