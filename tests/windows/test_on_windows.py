"""Windows' own ways, on a Windows Python: here on Windows itself, or through `test_edition.py` under Wine."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.base.blocking import Cancelled, CancelToken
from desktop.base.commands import Command
from desktop.base.paths import Home, write_atomically
from desktop.base.processes import ProgramMissing, decoded, find_program, run_process
from desktop.base.secret import Secret
from desktop.base.secret_store import KeyringStore, secret_key

if sys.platform != "win32":
    pytest.skip("needs a Windows Python: test_edition.py starts one", allow_module_level=True)


def python(script: str, *words: str, stdin: Secret | None = None) -> Command:
    return Command((sys.executable, "-X", "utf8", "-c", script, *words), stdin=stdin)


def alive(pid: int) -> bool:
    if sys.platform != "win32":
        return False
    import win32api
    import win32con
    import win32process

    try:
        handle = win32api.OpenProcess(win32con.PROCESS_QUERY_INFORMATION, False, pid)
    except win32api.error:
        return False
    code = win32process.GetExitCodeProcess(handle)
    win32api.CloseHandle(handle)
    return bool(code == win32con.STILL_ACTIVE)


def until(holds: Callable[[], object]) -> bool:
    pause = threading.Event()
    return any(holds() or pause.wait(0.1) for _ in range(300))


@pytest.mark.parametrize(
    "word", ["a b", 'a"b', "a\\", "a b\\", "%PATH%", "a&b|c>d", "$(x)", "", "中文 ü", "-v", "a\tb", "!x!"]
)
def test_words_arrive_as_they_were_sent(word: str) -> None:
    done = run_process(CancelToken(), python("import sys; print(ascii(sys.argv[1]))", word))
    assert done.text().strip() == ascii(word)


def test_exit_code_output_and_a_secret_by_standard_input() -> None:
    command = python(
        "import sys; print(sys.stdin.read()); sys.stderr.write('err'); sys.exit(3)", stdin=Secret("密码")
    )
    done = run_process(CancelToken(), command)
    assert (done.code, done.text().strip(), done.errors()) == (3, "密码", "err")


def test_a_cancel_ends_the_grandchildren_too(tmp_path: Path) -> None:
    """Job objects see to it, where Unix has process groups."""
    told = tmp_path / "pid"
    inner = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    token = CancelToken()

    def end_when_it_runs() -> None:
        until(lambda: told.exists() and told.read_text(encoding="utf-8"))
        token.cancel()

    watcher = threading.Thread(target=end_when_it_runs)
    watcher.start()
    with pytest.raises(Cancelled):
        run_process(token, python(outer))
    watcher.join()
    pid = int(told.read_text(encoding="utf-8"))
    assert until(lambda: not alive(pid))


def test_what_a_program_leaves_behind_ends_with_it(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    inner = f"import os, time; open({str(told)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    outer = (
        f"import os, subprocess, sys, time; subprocess.Popen([sys.executable, '-c', {inner!r}])\n"
        f"while not os.path.exists({str(told)!r}) or not os.path.getsize({str(told)!r}): time.sleep(0.05)"
    )
    assert run_process(CancelToken(), python(outer)).ok
    pid = int(told.read_text(encoding="utf-8"))
    assert until(lambda: not alive(pid))


def test_a_batch_file_is_no_program_and_the_folder_we_are_in_is_not_searched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tool.bat").write_text("@echo off", encoding="ascii")
    (tmp_path / "docker.exe").write_bytes(b"MZ")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".;")
    assert find_program("docker") is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_program("docker") == tmp_path / "docker.exe"
    assert find_program("tool") is None
    with pytest.raises(ProgramMissing):
        run_process(CancelToken(), Command(("no-such-program-here",)))


def test_a_gbk_console_is_read_as_what_it_says() -> None:
    assert decoded("找不到文件".encode("gbk")) == "找不到文件"
    assert decoded("找不到文件".encode()) == "找不到文件"


def test_credential_manager_keeps_chinese_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring
    from keyring.backends.Windows import WinVaultKeyring

    before = keyring.get_keyring()
    keyring.set_keyring(WinVaultKeyring())
    store, key = KeyringStore(), secret_key("env", "测试", "prod", "密码")
    try:
        store.put(key, Secret("秘 密"))
        kept = store.get(key)
        assert kept is not None
        assert kept.reveal() == "秘 密"
        long = "-----BEGIN 密钥-----\n" * 400  # more than one entry of it takes
        store.put(key, Secret(long))
        kept = store.get(key)
        assert kept is not None
        assert kept.reveal() == long
        store.forget(key)
        assert store.get(key) is None
    finally:
        keyring.set_keyring(before)


def test_a_file_that_a_scanner_holds_for_a_moment_is_replaced(tmp_path: Path) -> None:
    place = tmp_path / "设置 1.yaml"
    write_atomically(place, "old")
    held = open(place, "rb")  # noqa: SIM115  the other program closes it in a moment
    threading.Timer(0.4, held.close).start()
    write_atomically(place, "new")
    assert place.read_text(encoding="utf-8") == "new"
    assert [path.name for path in tmp_path.iterdir()] == [place.name]


def test_state_lies_in_the_person_s_local_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GOFERRY_HOME")
    assert Home.find().root.name == "Goferry"
    assert "AppData" in Home.find().root.parts


def test_an_open_lock_is_seen_by_another_process(tmp_path: Path) -> None:
    from desktop.release.filelock import FileLock

    script = "import sys; from pathlib import Path; from desktop.release.filelock import FileLock\n"
    script += "with FileLock(Path(sys.argv[1])) as lock: print(lock.held)"
    words = [sys.executable, "-c", script, str(tmp_path / "lock")]
    with FileLock(tmp_path / "lock") as lock:
        assert lock.held
        other = subprocess.run(words, capture_output=True, encoding="utf-8", check=True, env=dict(os.environ))
        assert other.stdout.strip() == "False"
    other = subprocess.run(words, capture_output=True, encoding="utf-8", check=True, env=dict(os.environ))
    assert other.stdout.strip() == "True"
