"""The image that proves a server: whole, the same every time, and its program answers on both processors."""

from __future__ import annotations

import io
import os
import platform
import shutil
import struct
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from desktop.hosts.setup import trial_archive
from desktop.hosts.setup.trial import trial_program

MACHINES = {"x86_64": 62, "aarch64": 183}
"""Processor -> its number in an ELF header."""


@pytest.mark.parametrize("machine", MACHINES)
def test_the_trial_image_is_whole_small_and_the_same_every_time(machine: str) -> None:
    archive = trial_archive(machine)
    assert archive is not None
    assert len(archive) < 32_000
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        assert "manifest.json" in tar.getnames()
    trial_archive.cache_clear()
    assert trial_archive(machine) == archive


def test_there_is_none_for_other_processors() -> None:
    assert trial_archive("../x") is None
    assert trial_archive("loongarch64") is None


@pytest.mark.parametrize("machine", MACHINES)
def test_the_program_is_static_for_its_processor_and_starts_with_any_page_size(machine: str) -> None:
    program = trial_program(machine)
    assert program is not None
    assert program[:6] == b"\x7fELF\x02\x01"
    assert struct.unpack_from("<H", program, 18)[0] == MACHINES[machine]
    start, size, count = (*struct.unpack_from("<Q", program, 32), *struct.unpack_from("<HH", program, 54))
    headers = [struct.unpack_from("<IIQQ", program, start + n * size) for n in range(count)]
    assert 3 not in [kind for kind, *_ in headers]  # PT_INTERP: a loader of the system
    assert [(at - address) % 0x10000 for kind, _, at, address in headers if kind == 1] == [0]


@pytest.mark.skipif(sys.platform != "linux", reason="the program is for Linux")
@pytest.mark.parametrize("machine", MACHINES)
def test_the_program_answers(machine: str, tmp_path: Path) -> None:
    emulator = [] if platform.machine() == machine else [shutil.which(f"qemu-{machine}-static") or ""]
    if emulator == [""]:
        pytest.skip(f"neither {machine} nor its emulator is here")
    if shutil.which("unshare") is None or os.geteuid() != 0:
        pytest.skip("port 8080 may be taken: it needs a network of its own, which only root can make")
    program = trial_program(machine)
    assert program is not None
    (tmp_path / "trial").write_bytes(program)
    (tmp_path / "trial").chmod(0o755)
    ask = tmp_path / "ask.py"
    ask.write_text(ASK, encoding="utf-8")
    words = ["unshare", "--net", sys.executable, str(ask), *emulator, str(tmp_path / "trial")]
    said = subprocess.run(words, capture_output=True, encoding="utf-8", timeout=250, check=True)
    assert said.stdout == "goferry\ngoferry\n"


ASK = """
import fcntl, http.client, socket, struct, subprocess, sys, time
with socket.socket() as up:  # loopback
    fcntl.ioctl(up, 0x8914, struct.pack("16sh14x", b"lo", 0x49))
child = subprocess.Popen(sys.argv[1:])
try:
    for _ in range(2):
        for _ in range(1200):
            try:
                connection = http.client.HTTPConnection("127.0.0.1", 8080, timeout=120)
                connection.request("GET", "/")
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        print(connection.getresponse().read().decode(), end="", flush=True)
        connection.close()
finally:
    child.kill()
    child.wait()
"""
