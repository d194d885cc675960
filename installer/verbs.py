"""run, test, bench, hooks: what bootstrap.py does when asked."""

import os
import shutil
import sys
from pathlib import Path

from installer.environment import Environment, Needs, prepare
from installer.words import Speaker, speaks_chinese

PROJECT = Path(__file__).resolve().parent.parent
WITH_VALUE = ("--home", "--lang")  # goferry's global options that take the next word


def main(arguments: list[str]) -> int:
    """The exit code; 1 and three sentences when the set-up failed, 2 for a wrong call, 130 when stopped."""
    verb, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    verbs = {"run": run, "test": test, "bench": bench, "hooks": hooks}
    if verb not in verbs:
        usage = sys.modules["__main__"].__doc__ or "bootstrap.py run | test | bench | hooks"
        print(usage.strip(), file=sys.stdout if verb in ("-h", "--help") else sys.stderr)
        return 0 if verb in ("-h", "--help") else 2
    speaker = Speaker(chinese=speaks_chinese(rest), quiet="--quiet" in rest and verb == "run")
    environment = Environment.of(PROJECT)
    try:
        return verbs[verb](environment, rest, speaker)
    except KeyboardInterrupt:
        speaker.say("Stopped. Nothing half-made is used: the next start goes on from here.")
        return 130
    except Exception as error:
        from installer.troubles import Trouble

        if not isinstance(error, Trouble):
            raise
        return _fail(error, environment, speaker, as_json=verb == "run" and "--json" in rest)


def run(environment: Environment, arguments: list[str], speaker: Speaker) -> int:
    """Goferry with `arguments`, in the folder that the caller is in."""
    needs = Needs(go=not _has_go())
    if not environment.serves(needs):
        prepare(environment, needs, speaker)
    if opens_window(arguments):
        _window_libraries(environment, speaker)
    from installer.programs import hand_over

    # -I: neither a folder that holds a docker.py or a desktop/ of its own, nor PYTHONPATH, is mistaken for ours
    # utf8: what others read from us is the same on a Windows of any language
    words: list[str | Path] = [environment.python, "-I", "-X", "utf8", "-m", "desktop", *arguments]
    return hand_over(words, dict(os.environ))


def test(environment: Environment, arguments: list[str], speaker: Speaker) -> int:
    """The whole suite, or what `arguments` (pytest's) choose of it. The last line is pytest's summary."""
    from installer.programs import hand_over

    outer = _test_environment(environment, speaker)
    arguments = arguments or whole_suite(sys.platform, os.cpu_count() or 1)
    words: list[str | Path] = [environment.python, "-X", "warn_default_encoding", "-m", "pytest", *arguments]
    return hand_over(words, outer, PROJECT)


def whole_suite(platform: str, processors: int) -> list[str]:
    """pytest's arguments for all tests: two processes where the lab's servers run, which one mostly waits for."""
    return ["-n", "2"] if platform == "linux" and processors > 1 else []


def bench(environment: Environment, arguments: list[str], speaker: Speaker) -> int:
    """The measurement `arguments` names, or each: it prints numbers, and fails when a promise about time is broken."""
    import subprocess

    outer = _test_environment(environment, speaker)
    programs = sorted((PROJECT / "tests" / "bench").glob("*.py"))
    every = [path.stem for path in programs if "__main__" in path.read_text(encoding="utf-8")]
    worst = 0
    for name in arguments[:1] or every:
        words = [str(environment.python), "-m", f"tests.bench.{name}", *arguments[1:]]
        worst = max(worst, abs(subprocess.run(words, cwd=PROJECT, env=outer, check=False).returncode))
    return worst


def hooks(environment: Environment, arguments: list[str], speaker: Speaker) -> int:
    """The quick checks before each commit of this clone."""
    import subprocess

    from installer.troubles import NotAClone

    prepare(environment, Needs(tests=True, go=True), speaker)
    words = ["git", "-C", str(PROJECT), "config", "core.hooksPath", "installer/hooks"]
    try:
        subprocess.run(words, check=True, capture_output=True, encoding="utf-8", errors="replace")
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotAClone(getattr(error, "stderr", "") or str(error)) from error
    speaker.say("Commits of this clone are now checked by installer/hooks/pre-commit.")
    return 0


def _test_environment(environment: Environment, speaker: Speaker) -> dict[str, str]:
    """The variables of a program that has everything tests need, which is installed first."""
    from installer import system

    needs = Needs(tests=True, go=True)
    if not environment.serves(needs):
        prepare(environment, needs, speaker)
    system.install((*system.TESTS, *_edition_packages()), speaker, environment.log, for_tests=True)
    outer = dict(os.environ)
    outer["PATH"] = os.pathsep.join((str(environment.scripts), outer.get("PATH", os.defpath)))
    outer.setdefault("QT_QPA_PLATFORM", "offscreen")  # tests of the real window start their own screen
    return outer


def _edition_packages() -> tuple[str, ...]:
    """What the Windows edition is made with under Wine. They are optional, so only root gets them."""
    from installer import system
    from installer.wine import store

    return store.PACKAGES if system.is_root() and store.is_debian_12() else ()


def opens_window(arguments: list[str]) -> bool:
    """Without a subcommand it is the window; the demo ends in one where there is a screen."""
    remaining = iter(arguments)
    for word in remaining:
        if word in WITH_VALUE:
            next(remaining, None)
        elif word in ("--version", "-h", "--help"):
            return False
        elif not word.startswith("-"):
            return word == "demo" and _has_screen()
    return True


def _has_screen() -> bool:
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _has_go() -> bool:
    usual = (r"C:\Program Files\Go\bin\go.exe",) if sys.platform == "win32" else ("/usr/local/go/bin/go",)
    return bool(shutil.which("go")) or any(Path(place).exists() for place in usual)


def _window_libraries(environment: Environment, speaker: Speaker) -> None:
    """On Debian and Ubuntu, what Qt is linked against. Without the rights it is said, and tried all the same."""
    if sys.platform != "linux":
        return
    mark = environment.folder / "window.done"
    if mark.exists():
        return
    from installer import system
    from installer.troubles import SystemPackages

    try:
        system.install(system.WINDOW, speaker, environment.log)
        mark.touch()
    except SystemPackages as error:
        told = error.told(speaker)
        speaker.say("Note: {what} {fix}", what=told["what"], fix=told["fix"])
    except OSError:
        pass  # the mark saves a question of 20 ms; an environment that cannot be written to asks each time


def _fail(error: Exception, environment: Environment, speaker: Speaker, *, as_json: bool) -> int:
    from installer.troubles import Trouble

    assert isinstance(error, Trouble)  # noqa: S101 - said so by the only caller
    told = error.told(speaker)
    if as_json:
        import json

        print(json.dumps({"ok": False, "error": told}))
        return 1
    speaker.write(speaker.words("Goferry could not be started: {what}", what=told["what"]))
    speaker.write("  " + speaker.words("Why: {why}", why=told["why"]))
    speaker.write("  " + speaker.words("What to do: {fix}", fix=told["fix"]))
    if told["detail"] and environment.log.exists():
        speaker.write("  " + speaker.words("The whole output is in {log}", log=environment.log))
    return 1
