"""bootstrap.py on a small clone: it sets up once, starts quickly, and says what is the matter."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from installer import environment as environment_module
from installer.environment import Environment, Needs, prepare
from installer.troubles import NoRoom
from installer.words import Speaker
from tests.too_slow import TooSlow
from tests.unit.installer.clone import ROOT, Clone, uv_folder

OVERHEAD_S = 2.0
NO_NETWORK = {
    "HTTPS_PROXY": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "PIP_CONFIG_FILE": os.devnull,
}
NO_NETWORK |= {
    "PIP_RETRIES": "1",
    "PATH": os.defpath,
    "PIP_FIND_LINKS": "",
    "PIP_NO_CACHE_DIR": "1",
    "UV_HTTP_RETRIES": "0",
}

needs_pip = pytest.mark.skipif(find_spec("ensurepip") is None, reason="this Python brings no pip")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="Git is not installed")


@pytest.fixture
def bare(tmp_path: Path) -> Clone:
    return Clone.at(tmp_path / "a clone 船")


@pytest.fixture
def clone(bare: Clone) -> Clone:
    """A clone that finds uv on PATH, so that nothing has to be downloaded."""
    folder = uv_folder()
    if folder is None:
        pytest.skip("the locked uv is not in this environment: installer/bootstrap.py test brings it")
    path = os.pathsep.join((str(folder), bare.environment.get("PATH", os.defpath)))
    return Clone(bare.folder, {**bare.environment, "PATH": path})


def test_the_words_reach_the_program_as_they_were_typed(clone: Clone, tmp_path: Path) -> None:
    words = ["deploy", "--to", "生产 环境", "--home", str(tmp_path / "h"), "--", "a b", "$HOME", "*"]
    said = clone.call("run", *words)
    assert said.echo["words"] == words
    assert said.code == 0


def test_the_program_runs_in_the_folder_of_the_caller(clone: Clone, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    assert clone.call("run", "inspect", folder=elsewhere).echo["folder"] == str(elsewhere)


def test_opening_a_folder_runs_nothing_from_it(clone: Clone, tmp_path: Path) -> None:
    (tmp_path / "path").mkdir()
    for name in ("docker.py", "desktop.py", "sitecustomize.py", "path/desktop.py"):
        (tmp_path / name).write_text("raise SystemExit('this folder ran')\n", encoding="utf-8")
    said = clone.call("run", "inspect", folder=tmp_path, outer={"PYTHONPATH": str(tmp_path / "path")})
    assert (said.code, said.echo["words"]) == (0, ["inspect"])


def test_the_exit_code_is_the_programs(clone: Clone) -> None:
    assert clone.call("run", "deploy", outer={"EXIT": "3"}).code == 3


def test_a_second_start_costs_little(clone: Clone) -> None:
    assert "Setting Goferry up" in clone.call("run", "doctor").stderr
    through_s, direct_s = [], []
    program = Environment(clone.folder, clone.stamp.parent).python
    for _ in range(3):  # the quickest of three: other work on this computer is not ours
        started = time.monotonic()
        said = clone.call("run", "doctor")
        through_s.append(time.monotonic() - started)
        assert (said.code, said.stderr) == (0, "")
        started = time.monotonic()
        subprocess.run([str(program), "-I", "-m", "desktop"], capture_output=True, check=True)
        direct_s.append(time.monotonic() - started)
    if min(through_s) - min(direct_s) > OVERHEAD_S:
        raise TooSlow(f"{min(through_s):.1f} s instead of {min(direct_s):.1f} s")


def test_a_changed_lock_is_set_up_again(clone: Clone) -> None:
    clone.call("run", "doctor")
    lock = clone.folder / "uv.lock"
    lock.write_text(lock.read_text(encoding="utf-8") + "\n# newer\n", encoding="utf-8")
    assert "Setting Goferry up" in clone.call("run", "doctor").stderr
    assert clone.call("run", "doctor").stderr == ""


def test_a_moved_clone_is_set_up_again(clone: Clone) -> None:
    clone.call("run", "doctor")
    moved = clone.folder.with_name("moved")
    clone.folder.rename(moved)
    said = Clone(moved, clone.environment).call("run", "doctor")
    assert Path(said.echo["python"]).is_relative_to(moved)


def test_quiet_says_nothing_while_it_sets_up(clone: Clone) -> None:
    assert clone.call("run", "doctor", "--quiet").stderr == ""


def test_goferry_env_moves_the_environment(clone: Clone, tmp_path: Path) -> None:
    said = clone.call("run", "doctor", outer={"GOFERRY_ENV": str(tmp_path / "there")})
    assert Path(said.echo["python"]).is_relative_to(tmp_path / "there")
    assert not clone.stamp.exists()


def test_an_environment_that_the_caller_is_in_has_no_say(clone: Clone, tmp_path: Path) -> None:
    elsewhere = {"VIRTUAL_ENV": str(tmp_path / "other"), "UV_PYTHON": "2.7", "PIP_USER": "1"}
    said = clone.call("run", "doctor", outer=elsewhere)
    assert Path(said.echo["python"]).is_relative_to(clone.folder)


def slow_uv(clone: Clone, folder: Path) -> Clone:
    """The same clone with a uv that says that it began to install, and then takes long."""
    real = uv_folder()
    assert real is not None
    folder.mkdir()
    script = f"""#!/bin/sh
        case "$1 $2" in
            "pip sync") touch '{folder}/began'; [ -e '{folder}/go' ] || exec sleep 200 ;;
        esac
        exec '{real}/uv' "$@"
    """
    (folder / "uv").write_text(script, encoding="utf-8")
    (folder / "uv").chmod(0o755)
    return Clone(
        clone.folder, {**clone.environment, "PATH": f"{folder}{os.pathsep}{clone.environment['PATH']}"}
    )


def wait_for(path: Path, limit_s: float = 120) -> None:
    deadline = time.monotonic() + limit_s
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.02)


@pytest.mark.skipif(sys.platform == "win32", reason="the slow uv is a shell script")
@pytest.mark.parametrize("name", ["SIGKILL", "SIGINT"])
def test_an_interrupted_set_up_is_not_taken_for_a_complete_one(
    clone: Clone, tmp_path: Path, name: str
) -> None:
    number = signal.Signals[name]
    slow = slow_uv(clone, tmp_path / "slow")
    process = slow.start("run", "doctor")
    wait_for(tmp_path / "slow" / "began")
    half_done = clone.folder / ".goferry-env" / "python" / "half-done"
    half_done.touch()
    process.send_signal(number)
    stdout, _ = process.communicate(timeout=120)
    assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert stdout == ""
    assert not clone.stamp.exists()
    again = clone.call("run", "doctor")
    assert again.echo["words"] == ["doctor"]
    assert not half_done.exists(), "what the interrupted set-up left is thrown away"


@pytest.mark.skipif(sys.platform == "win32", reason="the slow uv is a shell script")
def test_two_starts_at_once_set_up_once(clone: Clone, tmp_path: Path) -> None:
    slow = slow_uv(clone, tmp_path / "slow")
    (tmp_path / "slow" / "go").touch()
    both = [slow.start("run", name) for name in ("one", "two")]
    said = [process.communicate(timeout=250) for process in both]
    assert [json.loads(stdout)["words"] for stdout, _ in said] == [["one"], ["two"]]
    assert [process.returncode for process in both] == [0, 0]
    assert sum("Ready after" in stderr for _, stderr in said) == 1


@needs_pip
def test_no_network_is_said_with_what_to_do(bare: Clone) -> None:
    said = bare.call("run", "doctor", outer=NO_NETWORK)
    assert said.code == 1
    assert said.stdout == ""
    assert "The packages could not be downloaded." in said.stderr
    assert "127.0.0.1:9 does not answer" in said.stderr
    assert "PIP_INDEX_URL=" in said.stderr
    assert "Traceback" not in said.stderr
    assert not bare.stamp.exists()


@needs_pip
def test_a_failed_set_up_answers_a_json_call_in_json(bare: Clone) -> None:
    said = bare.call("run", "doctor", "--json", "--lang", "zh_CN", outer=NO_NETWORK)
    answer = json.loads(said.stdout)
    assert answer["ok"] is False
    assert answer["error"]["code"] == "setup.no_network"
    assert answer["error"]["what"] == "无法下载软件包。"


def test_a_folder_that_cannot_be_written_is_named(bare: Clone) -> None:
    place = bare.folder / "uv.lock" / "inside-a-file"
    said = bare.call("run", "doctor", outer={"GOFERRY_ENV": str(place)})
    assert said.code == 1
    assert f"Goferry may not write to {place}." in said.stderr
    assert "GOFERRY_ENV" in said.stderr


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_elses_clone_is_set_up_in_ones_own_cache(clone: Clone, tmp_path: Path) -> None:
    nobody = 65534
    own = tmp_path / "own"
    own.mkdir()
    shutil.chown(own, nobody, nobody)
    for folder in (tmp_path, *list(tmp_path.parents)[:3]):
        folder.chmod(folder.stat().st_mode | 0o055)
    uv = tmp_path / "bin"
    uv.mkdir()
    real = uv_folder()
    assert real is not None
    (uv / "uv").write_bytes((real / "uv").read_bytes())
    (uv / "uv").chmod(0o755)
    python = "/usr/bin/python3"
    check = [python, "-c", "import sys; raise SystemExit(sys.version_info < (3, 11))"]
    if not Path(python).exists() or subprocess.run(check, check=False).returncode:
        pytest.skip("nobody can start this Python, and the system has none that is new enough")
    done = subprocess.run(
        [python, str(clone.folder / "installer" / "bootstrap.py"), "run", "doctor"],
        env={
            "PATH": f"{uv}:{os.defpath}",
            "HOME": str(own),
            "XDG_CACHE_HOME": str(own / "cache"),
            "LANG": "C.UTF-8",
        },
        cwd="/",
        user=nobody,
        group=nobody,
        extra_groups=[],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert Path(json.loads(done.stdout)["python"]).is_relative_to(own / "cache" / "goferry")


def test_a_disk_without_room_is_said_before_anything_is_downloaded(
    bare: Clone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(environment_module.NEEDED_MB, "run", 10**9)  # no disk has that
    place = Environment(bare.folder, bare.folder / "env")
    with pytest.raises(NoRoom) as raised:
        prepare(place, Needs(), Speaker(quiet=True))
    told = raised.value.told(Speaker())
    assert "1000000000 MB are needed" in told["why"]
    assert [path.name for path in place.folder.iterdir()] == ["lock"]


def test_a_python_without_pip_and_venv_is_told_which_package_to_install(bare: Clone) -> None:
    script = (
        "import runpy, sys\n"
        "sys.modules['pip'] = sys.modules['ensurepip'] = None\n"
        f"sys.path.insert(0, {str(bare.folder)!r})\n"
        "import installer.system\n"
        "installer.system.is_root = lambda: False\n"
        "sys.argv = ['bootstrap.py', 'run', 'doctor']\n"
        f"runpy.run_path({str(bare.folder / 'installer' / 'bootstrap.py')!r}, run_name='__main__')\n"
    )
    environment = {**bare.environment, "PATH": os.defpath}
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 1
    assert "This Python has neither pip nor venv." in done.stderr
    assert "python3-venv" in done.stderr or "python.org" in done.stderr


@pytest.mark.parametrize(
    ("language", "sentence"), [("en_US.UTF-8", "needs Python 3.11"), ("zh_CN.UTF-8", "需要 Python 3.11")]
)
def test_an_old_python_is_told_so(language: str, sentence: str) -> None:
    script = (
        "import runpy, sys\n"
        "sys.version_info = (3, 8, 18, 'final', 0)\n"
        f"runpy.run_path({str(ROOT / 'installer' / 'bootstrap.py')!r}, run_name='__main__')\n"
    )
    environment = {**os.environ, "LC_ALL": "", "LANG": language, "PYTHONIOENCODING": "utf-8"}
    environment.pop("LC_ALL")
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, encoding="utf-8", check=False
    )
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "3.8.18" in done.stderr


def test_an_incomplete_copy_is_said(clone: Clone) -> None:
    (clone.folder / "uv.lock").unlink()
    said = clone.call("run", "doctor")
    assert said.code == 1
    assert "This copy of Goferry is incomplete." in said.stderr


def test_bench_runs_each_measurement_and_fails_with_the_one_that_fails(clone: Clone) -> None:
    folder = clone.folder / "tests" / "bench"
    folder.mkdir(parents=True)
    for name, code in (("one", 0), ("two", 1)):
        text = f"import sys\nif __name__ == '__main__':\n    print('{name}', sys.argv[1:])\n    sys.exit({code})\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "shared.py").write_text("raise SystemExit('this is no measurement')\n", encoding="utf-8")
    verbs = clone.folder / "installer" / "system.py"
    verbs.write_text(
        verbs.read_text(encoding="utf-8") + "\nTESTS = ()\n", encoding="utf-8"
    )  # nothing of apt's
    every = clone.call("bench")
    assert (every.code, every.stdout.splitlines()) == (1, ["one []", "two []"])
    one = clone.call("bench", "one", "--seconds", "3")
    assert (one.code, one.stdout.strip()) == (0, "one ['--seconds', '3']")


def test_a_wrong_verb_is_a_usage_error(bare: Clone) -> None:
    said = bare.call("fly")
    assert said.code == 2
    assert "installer/bootstrap.py run" in said.stderr


@needs_git
def test_hooks_check_the_commits_of_this_clone(clone: Clone) -> None:
    subprocess.run(["git", "init", "--quiet", str(clone.folder)], check=True)
    assert clone.call("hooks").code == 0
    words = ["git", "-C", str(clone.folder), "config", "core.hooksPath"]
    assert subprocess.check_output(words, encoding="utf-8").strip() == "installer/hooks"


@needs_git
def test_hooks_outside_a_clone_say_what_to_do(clone: Clone) -> None:
    said = clone.call("hooks", outer={"GIT_CEILING_DIRECTORIES": str(clone.folder.parent)})
    assert said.code == 1
    assert "not a Git clone" in said.stderr
