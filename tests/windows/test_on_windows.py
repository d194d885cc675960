"""Windows' own ways, on a Windows Python: here on Windows itself, or through `test_edition.py` under Wine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from desktop.app import App
from desktop.base.blocking import Cancelled, CancelToken
from desktop.base.commands import Command
from desktop.base.paths import Home, remove_tree, write_atomically
from desktop.base.processes import ProgramMissing, console_encoding, decoded, find_program, run_process
from desktop.base.secret import Secret
from desktop.base.secret_store import KeyringStore, secret_key
from desktop.base.settings import SettingsStore

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
    return any(holds() or pause.wait(0.1) for _ in range(1200))


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


def test_a_program_gets_no_console_that_could_flash_up() -> None:
    script = "import ctypes; print(ctypes.windll.kernel32.GetConsoleWindow())"
    assert run_process(CancelToken(), python(script)).text().strip() == "0"


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


@pytest.mark.parametrize(
    ("page", "encoding", "said"), [(936, "gbk", "找不到文件"), (850, "cp850", "Größe nicht verfügbar")]
)
def test_a_console_is_read_as_what_it_says(
    page: int, encoding: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "desktop.base.processes.console_encoding", lambda: "gb18030" if page == 936 else encoding
    )
    assert decoded(said.encode(encoding)) == said
    assert decoded(said.encode()) == said


def test_a_console_program_s_own_words_arrive() -> None:
    word = "文件夹" if console_encoding() == "gb18030" else "cafe"
    assert run_process(CancelToken(), Command(("cmd", "/c", "echo", word))).text().strip() == word


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


def test_choices_roam_and_the_rest_stays_on_this_computer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert Home.find().roaming is None, "--home and GOFERRY_HOME hold all of it"
    monkeypatch.delenv("GOFERRY_HOME")
    home = Home.find()
    assert home.root.name == "Goferry"
    assert home.root.parent.name == "Local"
    assert home.roaming is not None
    assert home.roaming.parent.name == "Roaming"
    assert home.roaming.name == "Goferry"


def test_choices_of_an_older_goferry_are_taken_over(tmp_path: Path) -> None:
    home = Home(tmp_path / "Local" / "Goferry", tmp_path / "Roaming" / "Goferry")
    home.file("settings.yaml").write_text("theme: dark\n", encoding="utf-8")
    store = SettingsStore(home)
    assert store.now.theme == "dark"
    store.change(theme="light")
    assert [path.name for path in home.root.iterdir()] == []
    assert "light" in (tmp_path / "Roaming" / "Goferry" / "settings.yaml").read_text(encoding="utf-8")


def test_a_folder_with_read_only_files_is_removed(tmp_path: Path) -> None:
    folder = tmp_path / "模块 cache"
    (folder / "a" / "b").mkdir(parents=True)
    (folder / "a" / "b" / "go.mod").write_text("module x\n", encoding="utf-8")
    (folder / "a" / "b" / "go.mod").chmod(0o444)
    held = open(folder / "a" / "held", "w", encoding="utf-8")  # noqa: SIM115  a scanner lets go in a moment
    threading.Timer(0.3, held.close).start()
    remove_tree(folder)
    assert not folder.exists()


def test_a_project_in_other_capitals_is_the_same_one(tmp_path: Path) -> None:
    app = App(Home(tmp_path / "home"))
    (tmp_path / "Orders").mkdir()
    app.remember_project(tmp_path / "Orders")
    app.remember_project(Path(str(tmp_path / "Orders").upper()))
    assert len(app.settings.now.projects) == 1
    app.pools.close()


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


def offspring() -> dict[int, str]:
    """The programs that this process started, and that those started: number and name."""
    if sys.platform != "win32":
        return {}
    import ctypes
    from ctypes import wintypes

    class Entry(ctypes.Structure):
        _fields_ = [
            ("size", wintypes.DWORD),
            ("usage", wintypes.DWORD),
            ("pid", wintypes.DWORD),
            ("heap", ctypes.c_void_p),
            ("module", wintypes.DWORD),
            ("threads", wintypes.DWORD),
            ("parent", wintypes.DWORD),
            ("priority", wintypes.LONG),
            ("flags", wintypes.DWORD),
            ("name", wintypes.WCHAR * 260),
        ]

    kernel, all_processes = ctypes.windll.kernel32, 2
    kernel.CreateToolhelp32Snapshot.restype = wintypes.HANDLE
    snapshot = wintypes.HANDLE(kernel.CreateToolhelp32Snapshot(all_processes, 0))
    entry, found = Entry(ctypes.sizeof(Entry)), list[tuple[int, int, str]]()
    more = kernel.Process32FirstW(snapshot, ctypes.byref(entry))
    while more:
        found.append((entry.pid, entry.parent, entry.name))
        more = kernel.Process32NextW(snapshot, ctypes.byref(entry))
    kernel.CloseHandle(snapshot)
    ours, names = {os.getpid()}, dict[int, str]()
    while new := {pid: name for pid, parent, name in found if parent in ours and pid not in ours}:
        ours |= set(new)
        names |= new
    return names


GO = {"go.exe", "compile.exe", "asm.exe", "cgo.exe", "link.exe", "buildid.exe", "vet.exe"}
"""What go runs. Services of Wine come with the first program that asks for one, and stay."""


@pytest.mark.timeout(900)
def test_a_cancelled_compile_leaves_no_process_and_no_program_behind(tmp_path: Path) -> None:
    """go.exe starts a compiler for each package; none of them outlives a cancel."""
    go = find_program("go")
    if go is None:
        pytest.skip("no go.exe on PATH")
    (tmp_path / "go.mod").write_text("module cancelled\n\ngo 1.21\n", encoding="utf-8")
    source = 'package main\n\nimport "net/http"\n\nfunc main() { http.ListenAndServe("", nil) }\n'
    (tmp_path / "main.go").write_text(source, encoding="utf-8")
    output, cache = tmp_path / "out.exe", str(tmp_path / "cache")  # an empty cache: there is a lot to compile
    env = (("GOCACHE", cache), ("GOFLAGS", " "), ("GOTOOLCHAIN", "local"), ("CGO_ENABLED", "0"))
    command = Command((str(go), "build", "-o", str(output), "."), env, cwd=tmp_path)
    token, seen, before = CancelToken(), dict[int, str](), offspring()

    def cancel_when_it_compiles() -> None:
        def compiles() -> bool:
            seen.update({pid: name for pid, name in offspring().items() if pid not in before})
            return "compile.exe" in {name.lower() for name in seen.values()}

        until(compiles)
        token.cancel()

    watcher = threading.Thread(target=cancel_when_it_compiles)
    watcher.start()
    with pytest.raises(Cancelled):
        run_process(token, command)
    watcher.join()
    assert {"go.exe", "compile.exe"} <= {name.lower() for name in seen.values()}
    ours = [pid for pid, name in seen.items() if name.lower() in GO]
    assert until(lambda: not any(alive(pid) for pid in ours)), [seen[pid] for pid in ours if alive(pid)]
    assert not output.exists()


_NATIVE = """
import ctypes, json
from PySide6.QtWidgets import QApplication, QWidget
from PySide6.QtCore import QEvent, QObject, Qt
from desktop.ui.native import make_native

application = QApplication([])
user = ctypes.windll.user32
plain, ours, large = QWidget(), QWidget(), QWidget()
for window in (plain, ours, large):
    window.setGeometry(100, 100, 500, 300)
made_as = []

class Watch(QObject):
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.WinIdChange:
            made_as.append(watched.windowType().name)
        return False

watch = Watch()
for window in (ours, large, plain):
    window.installEventFilter(watch)
    if window is not plain:
        make_native(window)
    if window is large:
        window.setWindowState(Qt.WindowState.WindowMaximized)
    window.show()
told = [
    [user.GetWindowLongW(ctypes.c_void_p(int(window.winId())), which) for which in (-16, -20)]
    + [window.windowFlags().value, window.windowHandle().flags().value, window.frameGeometry().getRect()]
    for window in (plain, ours)
]
print(json.dumps([made_as, *told, large.isMaximized(), user.IsZoomed(ctypes.c_void_p(int(large.winId())))]))
"""


def test_a_window_is_made_without_a_word_to_the_graphics_card_and_is_like_any_other() -> None:
    done = run_process(CancelToken(), python(_NATIVE))
    made_as, plain, ours, *maximized = json.loads(done.text())
    assert made_as == ["Dialog", "Dialog", "Window"]  # Qt asks the card for the last kind alone
    assert ours == plain
    assert all(maximized)
