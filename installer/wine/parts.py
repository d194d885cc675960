"""Makes the parts of the store. Everything comes from Debian's packages and the package index, each checked."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from installer.wine import python3_def, store
from installer.wine.carry import carry
from installer.wine.machine import Machine, fresh
from installer.wine.store import HERE, CannotBeHad, Store, hashed
from installer.wine.wheels import Wheels

MINGW = "x86_64-w64-mingw32"
LEFT_OUT = (
    "test",
    "ensurepip",
    "idlelib",
    "turtledemo",
    "tkinter",
    "site-packages",
    "dist-packages",
    "lib-dynload",
)
"""Of the standard library: what no program of ours needs, and what is not pure Python."""

NEEDED_MB = 4000
"""Room for all parts, a second Windows and a build."""

Say = Callable[[str], None]


def why_not() -> str:
    """Why this computer cannot have it; empty when it can."""
    if not store.is_debian_12():
        return "Windows under Wine is made for Debian 12 on x86-64"
    if _missing() and not _is_root():
        return f"only root can install {' '.join(_missing())}"
    return ""


def set_up(place: Store, say: Say, *, go: bool = False) -> None:
    """Makes what is missing; does nothing the second time. Raises CannotBeHad."""
    if reason := why_not():
        raise CannotBeHad(reason)
    with place.locked():
        free = shutil.disk_usage(place.root).free
        if not place.is_ready and free < NEEDED_MB << 20:
            raise CannotBeHad(f"{place.root} has {free >> 20} MB free; {NEEDED_MB} MB are needed")
        if _missing():
            place.forget("packages")
        stubs = sorted((HERE / "stubs").iterdir())
        wheels = Wheels(place)
        place.part("packages", store.PACKAGES, lambda: _packages(place), say)
        place.part("wine", [store.SUITE, "1"], lambda: _wine(place), say)
        source = _library()
        made_from = [store.PANDA_HASH, str(source), hashed(*stubs, HERE / "python3_def.py")]
        place.part("python", made_from, lambda: _python(place, wheels, source), say)
        place.part("wheels", [wheels.wanted()], wheels.install, say)
        look = [store.SUITE, store.SCREEN, store.USER, hashed(*stubs, HERE / "inside" / "desktop.py")]
        place.part("prefix", look, lambda: _prefix(place), say)
        if go:
            place.part("go", [wheels.go()], wheels.install_go, say)
            place.part("go-cache", [wheels.go()], lambda: _go_cache(place), say)


def _is_root() -> bool:
    from installer.system import is_root

    return is_root()


def _missing() -> list[str]:
    from installer.system import missing

    return missing(store.PACKAGES)


def _packages(place: Store) -> None:
    apt = ["apt-get", "-o", "DPkg::Lock::Timeout=300"]
    if missing := _missing():
        place.tool("packages", [*apt, "update"])
        place.tool("packages", [*apt, "install", "-y", "--no-install-recommends", *missing])


def _wine(place: Store) -> None:
    """Wine of the next Debian release: its two programs are pointed at that release's C library, unpacked with them."""
    root, apt = place.fresh(place.wine), place.fresh(place.root / "apt")
    for folder in ("lists/partial", "cache/archives/partial"):
        (apt / folder).mkdir(parents=True)
    asked = ["--format", "$(REPO_URI)", "Created-By: Packages", "Component: main", "Codename: bookworm"]
    mirrors = place.tool("wine", ["apt-get", "indextargets", *asked]).split()
    if not mirrors:
        raise CannotBeHad("apt has no mirror of Debian 12 set up")
    key = "/usr/share/keyrings/debian-archive-keyring.gpg"
    (apt / "sources.list").write_text(
        f"deb [signed-by={key}] {mirrors[0]} {store.SUITE} main\n", encoding="ascii"
    )
    settings = {
        "Dir::Etc::sourcelist": apt / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": apt / "lists",
        "Dir::Cache": apt / "cache",
        "Acquire::Languages": "none",
        "APT::Sandbox::User": "root",
    }
    words: list[str | Path] = [
        "apt-get",
        *(part for name, value in settings.items() for part in ("-o", f"{name}={value}")),
    ]
    place.tool("wine", [*words, "update"])
    wanted = ("libwine", "wine64", "fonts-wine", "libc6", "libunwind8", "libz-mingw-w64")
    place.tool("wine", [*words, "download", *wanted], apt)
    for package in sorted(apt.glob("*.deb")):
        place.tool("wine", ["dpkg-deb", "-x", package, root])
    library = root / "usr/lib/x86_64-linux-gnu"
    interpreter: list[str | Path] = [
        "--set-interpreter",
        library / "ld-linux-x86-64.so.2",
        "--force-rpath",
        "--set-rpath",
        library,
    ]
    for name in ("wine64", "wineserver64"):
        place.tool("wine", ["patchelf", *interpreter, root / "usr/lib/wine" / name])
    # the packaged script names /usr/lib/wine, and the server looks for its data one folder too deep
    place.server.write_text('#!/bin/sh\nexec "${0%/*}/wineserver64" -p0 "$@"\n', encoding="ascii")
    place.server.chmod(0o755)
    link = root / "usr/share/wine/wine"
    if not link.exists():
        link.symlink_to(".")
    # what the package's install script does: zlib1.dll, marked as one of Wine's own
    zlib = (root / "usr" / MINGW / "lib/zlib1.dll").read_bytes()
    marked = zlib[:64] + b"Wine builtin DLL".ljust(32, b"\0") + zlib[96:]
    (library / "wine/x86_64-windows/zlib1.dll").write_bytes(marked)
    shutil.rmtree(apt)


def _library() -> Path:
    """The pure-Python standard library of a Python 3.11 of this computer, the newest there is."""
    own = sorted(
        Path.home().glob(".pyenv/versions/3.11.*/lib/python3.11"), key=lambda path: path.parts[-3].split(".")
    )
    for folder in (*reversed(own), Path("/usr/lib/python3.11")):
        if (folder / "os.py").exists():
            return folder
    return Path("/usr/lib/python3.11")


def _python(place: Store, wheels: Wheels, source: Path) -> None:
    python, work = place.fresh(place.python), place.fresh(place.root / "build")
    panda = place.fresh(place.root / "panda")
    shims = place.fresh(place.shims)
    wheels.unpack(store.PANDA, store.PANDA_HASH, panda)
    libraries = python / "DLLs"
    libraries.mkdir()
    (python / "Lib" / "site-packages").mkdir(parents=True)
    for file in (panda / "deploy_libs").iterdir():
        unwanted = file.name.startswith("api-ms-win-") or file.name in (
            "tcl86t.dll",
            "tk86t.dll",
            "_tkinter.pyd",
        )
        if file.suffix in (".pyd", ".dll") and not unwanted:
            beside = file.name in ("python311.dll", "VCRUNTIME140.dll")
            shutil.copy(file, (python if beside else libraries) / file.name)
    shutil.copy(panda / "panda3d" / "MSVCP140.dll", python)
    left_out = shutil.ignore_patterns(*LEFT_OUT, "config-3*", "_sysconfigdata*", "__pycache__")
    shutil.copytree(source, python / "Lib", ignore=left_out, dirs_exist_ok=True)
    _compile(place, python, shims, work)
    shutil.rmtree(panda)
    shutil.rmtree(work)
    place.forget("wheels")


def _compile(place: Store, python: Path, shims: Path, work: Path) -> None:
    stubs, compiler = HERE / "stubs", [f"{MINGW}-gcc", "-O2", "-s"]

    def tool(*words: str | Path) -> str:
        return place.tool("python", words)

    tool(f"{MINGW}-windres", f"-I{stubs}", stubs / "python_stub.rc", work / "stub.o")
    for name, more in (("python.exe", ()), ("pythonw.exe", ("-mwindows",))):
        tool(*compiler, "-municode", *more, "-o", python / name, stubs / "python_stub.c", work / "stub.o")
    listing = tool(f"{MINGW}-objdump", "-p", python / "python311.dll")
    exports = work / "python3.def"
    exports.write_text(python3_def.forwards(listing), encoding="ascii")
    tool(f"{MINGW}-gcc", "-shared", "-nostdlib", "-s", "-Wl,--entry=0", "-o", python / "python3.dll", exports)
    for shim in ("icuuc", "mscms"):
        tool(*compiler, "-shared", "-o", shims / f"{shim}.dll", stubs / f"{shim}.c")


def _prefix(place: Store) -> None:
    """The Windows that others are copied from."""
    machine = Machine(place, place.prefix)
    machine.stop()
    place.fresh(place.prefix)
    machine.state.mkdir(parents=True)
    (place.prefix / "goferry-user").write_text(store.USER, encoding="utf-8")
    open_url = place.root / "open-url"
    shutil.copy(HERE / "stubs" / "open-url.sh", open_url)
    open_url.chmod(0o755)
    place.log("prefix").write_bytes(b"")
    _boot(machine, "wineboot", "-i")
    for shim in place.shims.glob("*.dll"):
        shutil.copy(shim, place.prefix / "drive_c/windows/system32")
    (place.prefix / "drive_c/windows/Fonts" / place.font.name).symlink_to(place.font)
    look = machine.python_words(HERE / "inside" / "desktop.py", store.SCREEN, place.font.name, open_url)
    _boot(machine, *look)


def _go_cache(place: Store) -> None:
    """The standard library, compiled for a server and for this Windows: each Go program starts with it."""
    place.fresh(place.go_cache)
    machine = fresh(place)
    try:
        for system in ("linux", "windows"):
            more = {"GOOS": system, "GOARCH": "amd64", "CGO_ENABLED": "0"}
            ended = machine.run("go.exe", "build", "-trimpath", "net/http", timeout=3000, environment=more)
            if ended.code:
                raise CannotBeHad(f"go build ended with {ended.code}:\n{ended.said[-1000:]}")
    finally:
        machine.remove()


def _boot(machine: Machine, *words: str) -> None:
    """Runs a program in a Windows that has no screen yet, and waits until its registry is written."""
    place, environment = machine.place, machine.environment()
    ended = carry(machine.words(words), environment, timeout=300)
    with open(place.log("prefix"), "ab") as log:
        log.write(ended.out + ended.err)
    if ended.code:
        raise CannotBeHad(f"{words[0]} ended with {ended.code}:\n{ended.said[-1000:]}")
    subprocess.run([str(place.server), "-w"], env=environment, timeout=120, check=True)
