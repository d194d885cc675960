"""The script that carries a command, run by real shells."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import IO

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop.base.commands import Command, posix_line, sh
from desktop.hosts import wrapper

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs a POSIX shell")
SHELLS = [
    path for name in ("dash", "bash", "csh", "tcsh", "fish", "zsh", "busybox") if (path := shutil.which(name))
]


class Remote:
    """The far end, as sshd starts it: the login shell in a session of its own. Its output goes to files."""

    def __init__(self, login_shell: str, command: Command) -> None:
        self.marker = wrapper.new_marker()
        self._out, self._err = tempfile.TemporaryFile(), tempfile.TemporaryFile()  # noqa: SIM115  closed at the end
        shell = [login_shell, "sh"] if login_shell.endswith("busybox") else [login_shell]
        self.process = subprocess.Popen(
            [*shell, "-c", wrapper.BOOT],
            stdin=subprocess.PIPE, stdout=self._out, stderr=self._err, start_new_session=True,
        )  # fmt: skip
        self.send(wrapper.frame(wrapper.script(posix_line(command), self.marker)))

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def cut(self) -> int:
        """The link is gone in the middle: the input ends. The exit code."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        with self._out, self._err:
            return self.process.wait(120)

    def finish(self) -> tuple[int, bytes, bytes]:
        code = self.process.wait(120)
        assert self.process.stdin is not None
        self.process.stdin.close()
        with self._out, self._err:
            return code, self.output(), self._after(self._err)

    def output(self) -> bytes:
        """What it has written so far."""
        return self._after(self._out)

    def _after(self, file: IO[bytes]) -> bytes:
        file.flush()
        text = os.pread(file.fileno(), 1 << 24, 0)
        return wrapper.MarkerFilter(self.marker).feed(text)


def run(shell: str, command: Command, data: bytes = b"") -> tuple[int, bytes, bytes]:
    remote = Remote(shell, command)
    for start in range(0, len(data), 100_000):
        remote.send(wrapper.frame(data[start : start + 100_000]))
    remote.send(wrapper.END)
    return remote.finish()


@pytest.mark.parametrize("shell", SHELLS)
def test_code_and_both_outputs_come_back(shell: str) -> None:
    assert run(shell, sh("echo out; echo err >&2; exit 7")) == (7, b"out\n", b"err\n")


@pytest.mark.parametrize("shell", SHELLS)
def test_input_arrives_byte_for_byte(shell: str) -> None:
    data = bytes(range(256)) * 4000
    code, out, _ = run(shell, Command(("cat",)), data)
    assert (code, out) == (0, data)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=1, max_size=4
    )
)
def test_words_arrive_as_they_were_sent(words: list[str]) -> None:
    script = 'for word in "$@"; do printf "%s\\0" "$word"; done'
    for shell in SHELLS:
        _, out, _ = run(shell, sh(script, *words))
        assert out == b"".join(word.encode() + b"\0" for word in words)


@pytest.mark.parametrize("shell", SHELLS)
def test_input_that_is_cut_ends_the_command_before_it_sees_an_end(shell: str, tmp_path: Path) -> None:
    done = tmp_path / "done"
    remote = Remote(shell, sh('cat > "$1.part" && mv "$1.part" "$1"', str(done)))
    remote.send(wrapper.frame(b"the first half"))
    assert remote.cut() != 0
    assert not done.exists()


@pytest.mark.parametrize("shell", SHELLS)
def test_a_cut_ends_the_whole_process_group(shell: str) -> None:
    # one that has its own subshell and does not listen to TERM, and one that does
    script = '(trap "" TERM; exec sleep 300) & echo $!; echo $$; sleep 301'
    remote = Remote(shell, sh(script))
    remote.send(wrapper.END)
    deadline = time.monotonic() + 120
    while len(pids := remote.output().split()) < 2:
        assert time.monotonic() < deadline, "the command has not begun"
        time.sleep(0.02)
    assert all(_alive(int(pid)) for pid in pids)
    remote.cut()
    while any(_alive(int(pid)) for pid in pids):
        assert time.monotonic() < deadline, "the command is still there"
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, signal.SIGCONT)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").split()[2] != "Z"


def test_what_login_scripts_print_stays_out() -> None:
    seen = wrapper.MarkerFilter("goferry-" + "0" * 24)
    assert seen.feed(b"Welcome!\ngoferry-") == b""
    assert seen.feed(b"0" * 24 + b"\nreal") == b"real"
    assert seen.noise == b"Welcome!\n"


def test_a_flood_before_the_first_answer_is_noticed() -> None:
    seen = wrapper.MarkerFilter("goferry-" + "0" * 24)
    for _ in range(20):
        seen.feed(b"x" * 100_000)
    assert seen.flooded


def test_a_nul_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        posix_line(Command(("a\0b",)))
