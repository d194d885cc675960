"""Known failures of go, recognised from what it says. First match wins; what matches none is shown whole."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from desktop.base.errors import Fix, GoferryError
from desktop.base.hindrances import hindrance
from desktop.base.words import msg

from .errors import Recognised, TakenByScanner, WrongGo

Explain = Callable[[re.Match[str], str, str], GoferryError]
"""(match, everything go said, target) -> the error."""


@dataclass(frozen=True, slots=True)
class Signature:
    pattern: re.Pattern[str]
    explain: Explain


def explain(output: str, *, target: str = "") -> GoferryError | None:
    """The first known failure in `output`, with the output as its detail; None when nothing is recognised."""
    for signature in SIGNATURES:
        if match := signature.pattern.search(output):
            return signature.explain(match, output, target)
    return None


def _row(pattern: str, make: Explain) -> Signature:
    return Signature(re.compile(pattern, re.MULTILINE), make)


def _newer_go(match: re.Match[str], output: str, target: str) -> GoferryError:
    return WrongGo(match["found"] or "", match["wanted"], detail=output)


def _disk_full(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.disk_full",
        msg("The disk is full."),
        msg("Go had no room left for its temporary files, its cache or the result."),
        msg("Free some space, for example with “Clean the build cache”, and build again."),
        detail=output,
        fixes=(Fix(msg("Clean the build cache"), "build.clean_cache"),),
    )


def _permission(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.permission",
        msg("Go may not write to or read from {place}.", place=match["place"]),
        msg("The system said: permission denied."),
        msg("Check who owns it, and that no other program holds it open."),
        detail=output,
    )


def _checksum(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.checksum",
        msg("{module} is not what go.sum or the checksum database says.", module=match["module"]),
        msg("The module was changed after it was published, or something on the way changed it."),
        msg(
            "Do not build with it. Compare with a colleague, try another GOPROXY, or choose another version."
        ),
        detail=output,
        fixes=(Fix(msg("Choose the proxy…"), "deps.proxy"),),
    )


def _offline(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.offline",
        msg("Modules are missing here, and they could not be fetched."),
        msg("Go got no answer from {place}.", place=match["place"]),
        msg("Check the network, or choose another GOPROXY; in China goproxy.cn answers."),
        detail=output,
        fixes=(Fix(msg("Choose the proxy…"), "deps.proxy"),),
    )


def _hindered(match: re.Match[str], output: str, target: str) -> GoferryError:
    between = hindrance(match[0])
    if between is None:
        return _offline(match, output, target)
    fixes = (Fix(msg("Choose the proxy…"), "deps.proxy"),)
    what = msg("Modules are missing here, and they could not be fetched.")
    return Recognised(f"build.{between.code}", what, between.why, between.fix, detail=output, fixes=fixes)


def _scanner(match: re.Match[str], output: str, target: str) -> GoferryError:
    return TakenByScanner(match["place"] or msg("a file"), detail=output)


def _proxy_off(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.proxy_off",
        msg("Modules are missing here, and fetching is switched off."),
        msg("GOPROXY is off, so only what is in the module cache can be used."),
        msg("Choose a GOPROXY, or run once on a network and build again."),
        detail=output,
        fixes=(Fix(msg("Choose the proxy…"), "deps.proxy"),),
    )


def _vendor(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.vendor",
        msg("The folder vendor/ does not fit go.mod."),
        msg("Go uses vendored packages only when both name the same versions."),
        msg("Run `go mod vendor` in the project, and build again."),
        detail=output,
    )


def _no_version(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.no_such_module",
        msg("The module {module} cannot be found.", module=match["module"]),
        msg("The server answered that it does not exist in this version, or that it is private."),
        msg("Check name and version in go.mod; for a private module set GOPRIVATE."),
        detail=output,
        fixes=(Fix(msg("Open go.mod"), "open", "go.mod"),),
    )


def _missing_module(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.missing_module",
        msg("The package {package} belongs to no module in go.mod.", package=match["package"]),
        msg("It is imported, but go.mod or go.sum does not name where it comes from."),
        msg("Tidy the dependencies: Goferry runs `go mod tidy` for you."),
        detail=output,
        fixes=(Fix(msg("Tidy dependencies"), "deps.tidy"),),
    )


def _go_sum(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.go_sum",
        msg("go.mod and go.sum are not up to date."),
        msg("They lack an entry that this build needs."),
        msg("Tidy the dependencies: Goferry runs `go mod tidy` for you."),
        detail=output,
        fixes=(Fix(msg("Tidy dependencies"), "deps.tidy"),),
    )


def _no_go_mod(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.no_go_mod",
        msg("This folder is not a Go module."),
        msg("There is no go.mod in it or above it."),
        msg("Open the folder that has the go.mod, or make one with `go mod init`."),
        detail=output,
    )


def _bad_go_mod(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.bad_go_mod",
        msg("{file} has a mistake at line {line}.", file=match["file"], line=match["line"]),
        msg("Go said: {text}.", text=match["text"].rstrip(".")),
        msg("Correct the line, and build again."),
        detail=output,
        fixes=(Fix(msg("Open {file}:{line}", file=match["file"], line=match["line"]), "open",
                   f"{match['file']}:{match['line']}"),),
    )  # fmt: skip


def _cycle(match: re.Match[str], output: str, target: str) -> GoferryError:
    ring = [line.split("imports ")[-1].split(" from")[0].split(":")[0].strip()
            for line in output.splitlines() if "imports " in line or line.startswith("package ")]  # fmt: skip
    return Recognised(
        "build.import_cycle",
        msg("Packages import each other in a circle."),
        msg("Go does not allow it: {ring}", ring=" → ".join(name.removeprefix("package ") for name in ring)),
        msg("Move what both need into a third package."),
        detail=output,
    )


def _no_main(match: re.Match[str], output: str, target: str) -> GoferryError:
    return no_program(match["place"] or ".", output)


def no_program(place: str, output: str = "") -> GoferryError:
    """The error of a package that go builds, but not to a program."""
    return Recognised(
        "build.no_main",
        msg("There is no program at {place}.", place=place),
        msg("A program is a folder of Go files with `package main` and `func main`."),
        msg("Choose the program to build; `goferry inspect` lists those of this project."),
        detail=output,
        fixes=(Fix(msg("Choose the program…"), "build.choose_main"),),
    )


def _no_main_function(match: re.Match[str], output: str, target: str) -> GoferryError:
    return _no_main(re.match(r"(?P<place>)", "") or match, output, target)


def _all_excluded(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.excluded",
        msg("No file of {package} is meant for {target}.", package=match["package"], target=target or "?"),
        msg("Build tags or file names such as _windows.go leave all of them out."),
        msg("Build for another target, or add a file for this one."),
        detail=output,
        fixes=_untick(target),
    )


def _no_compiler(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.no_c_compiler",
        msg("CGO needs a C compiler, and there is none."),
        msg("Go looked for {program} on PATH.", program=match["program"]),
        msg("Switch CGO off (most programs do not need it), or install gcc."),
        detail=output,
        fixes=(Fix(msg("Switch CGO off"), "build.set", "cgo=false"),),
    )


def _cross_compiler(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.cross_compiler",
        msg("The C compiler here cannot build for {target}.", target=target or "?"),
        msg("CGO is on, and a C compiler builds only for the processor it was made for."),
        msg("Switch CGO off, or set CC to a compiler for that target."),
        detail=output,
        fixes=(Fix(msg("Switch CGO off"), "build.set", "cgo=false"), *_untick(target)),
    )


def _race_cgo(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.race_needs_cgo",
        msg("The race detector cannot run here."),
        msg("It needs CGO and a C compiler, and works on some systems only."),
        msg("Switch the race detector off, or install gcc."),
        detail=output,
        fixes=(Fix(msg("Switch the race detector off"), "build.set", "race=false"),),
    )


def _unknown_target(match: re.Match[str], output: str, target: str) -> GoferryError:
    from .errors import UnknownTarget

    return UnknownTarget(match["target"], detail=output)


def _system_undefined(match: re.Match[str], output: str, target: str) -> GoferryError:
    name, place = match["name"], f"{match['file']}:{match['line']}"
    return Recognised(
        "build.not_on_this_system",
        msg("{target}: {name} does not exist on this system", target=target or "?", name=name),
        msg("{file} is compiled for every system.", file=_base(match["file"])),
        msg("Keep the file for the systems that have it by a build tag, or stop building for {target}.",
            target=target or "?"),
        detail=output,
        fixes=(_open(place), Fix(msg("Add a build tag…"), "build.tag", match["file"]), *_untick(target)),
    )  # fmt: skip


def _undefined(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.undefined",
        msg("{name} is not defined.", name=match["name"]),
        msg("{place} uses it.", place=_place(match)),
        msg("Check the spelling, the imports, and that the file that defines it is part of this build."),
        detail=output,
        fixes=(_open(_place(match)),),
    )


def _syntax(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.syntax",
        msg("There is a mistake in the syntax at {place}.", place=_place(match)),
        msg("Go said: {text}.", text=match["text"].rstrip(".")),
        msg("Correct the line, and build again."),
        detail=output,
        fixes=(_open(_place(match)),),
    )


def _unused(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.unused",
        msg("{name} is there, but not used.", name=match["name"]),
        msg("Go refuses unused variables and imports: {place}", place=_place(match)),
        msg("Remove it, or use it."),
        detail=output,
        fixes=(_open(_place(match)),),
    )


def _compile_error(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.compile",
        msg("The code does not compile at {place}.", place=_place(match)),
        msg("Go said: {text}.", text=match["text"].rstrip(".")),
        msg("Correct the line, and build again."),
        detail=output,
        fixes=(_open(_place(match)),),
    )


def _private(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.private_module",
        msg("The source of a module asks for a login."),
        msg("Git could not log in, and Goferry lets no program ask behind the window."),
        msg("Log in with git once in a terminal (or use an SSH key), set GOPRIVATE, and build again."),
        detail=output,
    )


def _killed(match: re.Match[str], output: str, target: str) -> GoferryError:
    return Recognised(
        "build.killed",
        msg("The compiler was ended from outside."),
        msg("Most often the computer ran out of memory."),
        msg("Close other programs, or build fewer targets at once."),
        detail=output,
    )


def _untick(target: str) -> tuple[Fix, ...]:
    return (Fix(msg("Untick {target}", target=target), "build.untick", target),) if target else ()


def _open(place: str) -> Fix:
    return Fix(msg("Open {place}", place=_base(place)), "open", place)


def _base(place: str) -> str:
    return place.replace("\\", "/").rpartition("/")[2]


def _place(match: re.Match[str]) -> str:
    place = f"{match['file']}:{match['line']}"
    return f"{place}:{match['column']}" if match["column"] else place


GO_FILE = r"^(?:vet: )?(?P<file>(?:[A-Za-z]:[\\/])?[^:\s][^:\n]*?\.(?:go|s|c|h)):(?P<line>\d+)(?::(?P<column>\d+))?: "

SIGNATURES = (
    _row(r"no space left on device|There is not enough space on the disk|disk quota exceeded", _disk_full),
    _row(r"requires go >= (?P<wanted>[\w.]+)(?: \(running go (?P<found>[\w.]+))?", _newer_go),
    _row(r"invalid go version '(?P<wanted>[\w.]+)'(?P<found>)", _newer_go),
    _row(r"(?:verifying )?(?P<module>\S+): checksum mismatch", _checksum),
    _row(r"module lookup disabled by GOPROXY=off", _proxy_off),
    _row(r"(?P<place>)(?:x509: [^\n]*|Proxy Authentication Required|proxyconnect tcp)", _hindered),
    _row(r"(?:(?:open|fork/exec|rename|unlinkat|CreateFile) (?P<place>(?:[A-Za-z]:)?[^:\n]+): )?[^\n]*"
         r"(?:contains a virus|文件包含病毒)", _scanner),
    _row(r"terminal prompts disabled|could not read Username|Host key verification failed", _private),
    _row(r'(?:Get|dial tcp)[ :]+"?(?P<place>[^\s"]+)"?.*(?:no such host|connection refused|i/o timeout|unreachable'
         r"|connection reset|server misbehaving|TLS handshake timeout|EOF|forbidden|Service Unavailable"
         r"|connectex: |wsarecv: |wsasend: )", _offline),  # Windows, which tells the rest in its own language
    _row(r"(?P<module>\S+@\S+): (?:reading|invalid version|unknown revision).*", _no_version),
    _row(r"inconsistent vendoring", _vendor),
    _row(r"no required module provides package (?P<package>[^\s;:]+)", _missing_module),
    _row(r"cannot find module providing package (?P<package>[^\s;:]+)", _missing_module),
    _row(r"missing go\.sum entry|updates to go\.(?:mod|sum) needed", _go_sum),
    _row(r"go\.mod file not found|cannot find main module", _no_go_mod),
    _row(r"^(?P<file>\S*go\.(?:mod|work)):(?P<line>\d+)(?::\d+)?: (?P<text>.*)", _bad_go_mod),
    _row(r"import cycle not allowed", _cycle),
    _row(r"package (?P<package>\S+) is not in std", _missing_module),
    _row(r"unsupported GOOS/GOARCH pair (?P<target>\S+)", _unknown_target),
    _row(r"-race (?:requires cgo|is not supported|is only supported)", _race_cgo),
    _row(r'C compiler "(?P<program>[^"]+)" not found|exec: "(?P<other>[^"]+)": executable file not found',
         lambda m, o, t: _no_compiler(re.match(r"(?P<program>.*)", m["program"] or m["other"]) or m, o, t)),
    _row(r"gcc(?:\.exe)?: error: unrecognized command-line option .-(?:marm|m64|m32)|gcc_\w+\.S:.*Error: "
         r"|cgo: inappropriate architecture|unrecognized command.line option .*-m", _cross_compiler),
    _row(r"build constraints exclude all Go files in (?P<package>\S+)", _all_excluded),
    _row(r"no Go files in (?P<place>[^\n]+)", _no_main),
    _row(r"(?:stat (?P<place>[^\n]+): )directory not found", _no_main),
    _row(r"package (?P<place>\S+) is not a main package|(?:go: )?-o \S+ .*(?:non-main|multiple packages)", _no_main),
    _row(r"function main is undeclared in the main package", _no_main_function),
    _row(r"(?:open|mkdir|create|rename|unlinkat|read) (?P<place>(?:[A-Za-z]:)?[^:\n]+):"
         r" (?:permission denied|Access is denied)",
         _permission),
    _row(r"signal: killed", _killed),
    _row(GO_FILE + r"syntax error: (?P<text>.*)", _syntax),
    _row(GO_FILE + r"undefined: (?P<name>(?:syscall|unix|windows|os|signal)\.\w+)", _system_undefined),
    _row(GO_FILE + r"undefined: (?P<name>\S+)", _undefined),
    _row(GO_FILE + r"declared and not used: (?P<name>\S+)", _unused),
    _row(GO_FILE + r'(?P<name>"\S+") imported (?:as \S+ )?and not used', _unused),
    _row(GO_FILE + r"(?P<text>.+)", _compile_error),
)  # fmt: skip
