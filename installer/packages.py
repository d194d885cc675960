"""Fills the private environment: a pinned uv first, then what uv.lock names, and nothing that is not there."""

import os
import sys
import sysconfig
import tomllib
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from installer import mirrors, programs, system
from installer.environment import Environment
from installer.troubles import Incomplete, NoPip, SystemPackages, recognised
from installer.words import Speaker

Outer = Mapping[str, str | None]
Words = list[str | Path]


def install(environment: Environment, wanted: set[str], speaker: Speaker) -> None:
    """Raises Trouble; what is half done is then not believed, and the next call goes on from there."""
    uv = pinned_uv(environment, speaker)
    pip = mirrors.pip_settings(mirrors.pip_files(os.environ), os.environ)
    # an environment that the caller is in has no say here
    elsewhere = ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "UV_SYSTEM_PYTHON", "UV_PYTHON")
    outer: Outer = {
        **mirrors.uv_environment(pip, os.environ),
        **_cache(environment),
        **dict.fromkeys(elsewhere),
    }
    if not (environment.packages / "pyvenv.cfg").exists() or not environment.python.exists():
        venv: Words = ["venv", "--clear", "--no-project", "--python", sys.executable]
        _step("uv venv", [uv, *venv, environment.packages], environment, speaker, outer)
    listed = environment.folder / "requirements.txt"
    project: Words = ["--project", environment.project, "--python", environment.python]
    chosen = ["--all-groups" if "tests" in wanted else "--no-default-groups"]
    chosen += ["--all-extras"] if "go" in wanted else []
    export: Words = ["export", "--quiet", "--frozen", "--no-emit-project", "--no-annotate", "--no-header"]
    _step("uv export", [uv, *export, *project, *chosen, "--output-file", listed], environment, speaker, outer)
    count = sum("==" in line for line in listed.read_text(encoding="utf-8").splitlines())
    speaker.say("Installing {count} packages, each checked against its hash.", count=count)
    sync: Words = ["pip", "sync", "--require-hashes", "--no-build", "--python", environment.python]
    _step("uv pip sync", [uv, *sync, listed], environment, speaker, outer)
    _join(environment)


def _cache(environment: Environment) -> Outer:
    """uv's own cache, which other projects share, unless the home folder cannot be written to."""
    if os.environ.get("UV_CACHE_DIR") or sys.platform == "win32":
        return {}
    place = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "uv")
    nearest = next(folder for folder in (place, *place.parents) if folder.exists())
    return {} if os.access(nearest, os.W_OK) else {"UV_CACHE_DIR": str(environment.folder / "cache")}


def _join(environment: Environment) -> None:
    """The clone itself: a line that puts it on the path, so that a change to the source needs no set-up.

    As code, because Python before 3.13 reads the file in the system's code page: a path with Chinese in it
    would arrive garbled on Windows.
    """
    variables = {"base": str(environment.packages), "platbase": str(environment.packages)}
    site = Path(sysconfig.get_path("purelib", "nt" if sys.platform == "win32" else "posix_prefix", variables))
    line = f"import sys; sys.path.append({str(environment.project)!a})\n"
    (site / "goferry.pth").write_text(line, encoding="ascii", newline="\n")


def locked_uv(project: Path) -> dict[str, Any]:
    """uv's own entry in uv.lock: version, and a hash for each computer's file."""
    try:
        with open(project / "uv.lock", "rb") as file:
            lock = tomllib.load(file)
        return next(package for package in lock["package"] if package["name"] == "uv")
    except (OSError, tomllib.TOMLDecodeError, StopIteration, KeyError) as error:
        raise Incomplete("uv.lock", repr(error)) from error


def pinned_uv(environment: Environment, speaker: Speaker) -> Path:
    """The locked uv; one of that version on PATH will do."""
    import shutil
    import subprocess

    entry = locked_uv(environment.project)
    name = "uv.exe" if sys.platform == "win32" else "uv"
    own = environment.folder / "uv" / "bin" / name
    for candidate in (own, shutil.which("uv")):
        if candidate and Path(candidate).exists():
            asked = subprocess.run(
                [str(candidate), "--version"], capture_output=True, encoding="utf-8", check=False
            )
            if asked.stdout.split()[1:2] == [entry["version"]]:
                return Path(candidate)
    speaker.say("Getting uv {version}, which installs the packages.", version=entry["version"])
    hashes = " ".join(f"--hash={wheel['hash']}" for wheel in entry["wheels"])
    listed = environment.folder / "uv.txt"
    listed.write_text(f"uv=={entry['version']} {hashes}\n", encoding="utf-8", newline="\n")
    words = ["install", "--no-input", "--no-deps", "--only-binary=:all:", "--require-hashes", "--upgrade"]
    words += [
        "--disable-pip-version-check",
        "--target",
        str(environment.folder / "uv"),
        "--requirement",
        str(listed),
    ]
    # settings that a person may have for pip, and that contradict --target
    outer: Outer = {"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_BREAK_SYSTEM_PACKAGES": "1"}
    _step("pip install uv", [*_pip(environment, speaker), *words], environment, speaker, outer)
    return own


def _pip(environment: Environment, speaker: Speaker) -> Words:
    """The words that start a pip: this Python's own, else one in a venv made for it."""
    if find_spec("pip"):
        return [sys.executable, "-m", "pip"]
    if not find_spec("ensurepip") or not find_spec("venv"):
        if not (system.is_debian() and system.is_root()):
            raise NoPip(sys.executable, debian=system.is_debian())
        try:
            system.install(system.PIP, speaker, environment.log)
        except SystemPackages as error:
            raise NoPip(sys.executable, debian=True, detail=error.detail) from error
    place = environment.folder / "pip"
    try:
        programs.run([sys.executable, "-m", "venv", "--clear", place], log=environment.log)
    except programs.Failed as error:
        if "ensurepip is not" in error.output or "No module named" in error.output:
            raise NoPip(sys.executable, debian=system.is_debian(), detail=error.output) from error
        raise recognised("python -m venv", error.output, str(environment.folder)) from error
    python = place / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    return [python, "-m", "pip"]


def _step(
    title: str, words: Sequence[str | Path], environment: Environment, speaker: Speaker, outer: Outer
) -> None:
    tell = (lambda line: None) if speaker.quiet else speaker.write
    try:
        programs.run(words, log=environment.log, environment=outer, tell=tell)
    except programs.Failed as error:
        proxy = (
            outer.get("HTTPS_PROXY") or os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or ""
        )
        raise recognised(title, error.output, str(environment.folder), proxy) from error
