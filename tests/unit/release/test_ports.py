"""Who listens on a port: tables of Linux and Windows, and a real socket."""

from __future__ import annotations

import os
import socket
import sys

import pytest

from desktop.base.blocking import CancelToken
from desktop.release.ports import is_free, listening_inodes, netstat_pid, owner

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1 0
   1: 0100007F:1F90 0100007F:8F2C 01 00000000:00000000 00:00000000 00000000     0        0 4712 1 0
   2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0
"""
NETSTAT = """\

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1016
  TCP    127.0.0.1:8080         0.0.0.0:0              LISTENING       7728
  TCP    127.0.0.1:8080         127.0.0.1:51022        ESTABLISHED     7728
  TCP    [::]:445               [::]:0                 LISTENING       4
"""


def test_only_listeners_count() -> None:
    assert listening_inodes(TABLE, 8080) == {"4711"}
    assert listening_inodes(TABLE, 8081) == set()


@pytest.mark.parametrize(("port", "pid"), [(8080, 7728), (135, 1016), (445, 4), (51022, 0), (80, 0)])
def test_netstat_names_the_listener(port: int, pid: int) -> None:
    assert netstat_pid(NETSTAT, port) == pid


def test_a_port_is_taken_while_somebody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert not is_free("127.0.0.1", port)
        if sys.platform == "linux":
            assert f"pid {os.getpid()}" in owner(CancelToken(), port)
    assert is_free("127.0.0.1", port)
