"""Programs end with all that they started, and what they said is kept as they said it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from pathlib import Path

import pytest

from desktop.base.blocking import CancelToken, Pool
from desktop.base.commands import Command, posix_line, sh
from desktop.base.processes import Completed, ProgramMissing, find_program, run_process
from desktop.base.secret import Secret

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="uses a POSIX shell")


def run(command: Command, **options: object) -> Completed:
    return run_process(CancelToken(), command, **options)  # type: ignore[arg-type]  # passed on as they are


@posix_only
def test_the_exit_code_and_both_streams_come_back() -> None:
    done = run(sh("echo out; echo err >&2; exit 3"))
    assert (done.code, done.text(), done.errors()) == (3, "out\n", "err\n")


@posix_only
def test_a_secret_goes_in_by_stdin_and_shows_as_dots() -> None:
    command = sh("cat", stdin=Secret("hunter2"))
    assert run(command).text() == "hunter2"
    assert "hunter2" not in repr(command) + command.shown()


@posix_only
def test_lines_are_handed_over_while_the_program_runs() -> None:
    lines: list[tuple[str, bytes]] = []
    run(sh("printf 'one\\r\\ntwo\\nrest'"), on_line=lambda stream, text: lines.append((stream, text)))
    assert lines == [("out", b"one"), ("out", b"two"), ("out", b"rest")]


@posix_only
def test_a_cancel_ends_the_grandchildren_too(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    async def scenario() -> int:
        pool = Pool("test", 1)
        script = 'sleep 600 & echo $! > "$1.part"; mv "$1.part" "$1"; wait'
        task = asyncio.create_task(pool.run(run_process, sh(script, str(pid_file))))
        while not pid_file.exists():
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        pool.close()
        return int(pid_file.read_text(encoding="utf-8"))

    pid = asyncio.run(scenario())
    wait_until_gone(pid)


@posix_only
def test_what_a_program_leaves_behind_ends_with_it() -> None:
    done = run(sh("sleep 600 & echo $!"), timeout=250)
    wait_until_gone(int(done.text()))


@posix_only
def test_a_program_that_takes_too_long_is_ended() -> None:
    with pytest.raises(TimeoutError, match="did not end"):
        run(sh("sleep 600"), timeout=0.2)


def test_a_missing_program_is_named() -> None:
    with pytest.raises(ProgramMissing) as caught:
        run(Command(("goferry-no-such-program",)))
    assert "goferry-no-such-program" in str(caught.value.what)


def test_programs_are_not_taken_from_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = tmp_path / ("tool.exe" if sys.platform == "win32" else "tool")
    fake.write_text("", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([".", ""]))
    assert find_program("tool") is None
    assert find_program("tool", (tmp_path,)) == fake


@posix_only
@pytest.mark.parametrize(
    "word", ["a b", "$(id)", "`id`", "x;id", "'", '"', "\\", "!x!", "-v", "a\nb", "\x1b[2J", "", "ü中"]
)
def test_words_arrive_as_they_were_sent(word: str) -> None:
    line = posix_line(Command(("printf", "%s", word)))
    assert run(Command(("/bin/sh", "-c", line))).text() == word


def test_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        posix_line(Command(("echo", "a\0b")))


def wait_until_gone(pid: int) -> None:
    """A killed process is gone a moment later, when the kernel has come round to it."""
    end = time.monotonic() + 120
    while is_alive(pid):
        assert time.monotonic() < end, f"process {pid} goes on"


def is_alive(pid: int) -> bool:
    """Whether a process runs; a zombie that nobody reaped in this container does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@posix_only
def test_gentle_work_leaves_the_processor_to_the_others() -> None:
    words = (sys.executable, "-c", "import os; print(os.nice(0))")
    before, gentle = (run(Command(words), gently=gently).text() for gently in (False, True))
    assert (int(before), int(gentle)) == (os.nice(0), 19)
