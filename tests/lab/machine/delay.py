"""delay.py QUEUE 30ms: hold each packet of a netfilter queue for that long, then let it go.

For kernels without netem. Runs by itself in a host's network namespace; speaks to the kernel's nfnetlink_queue
over a netlink socket, takes no packet contents and keeps the order.
"""

from __future__ import annotations

import collections
import contextlib
import select
import socket
import struct
import sys
import time
from collections.abc import Iterator

_AF_NETLINK, _NETLINK_NETFILTER = 16, 12
_QUEUE_SUBSYSTEM = 3
_PACKET, _VERDICT, _CONFIG, _VERDICT_BATCH = (_QUEUE_SUBSYSTEM << 8 | number for number in range(4))
_LONGEST_QUEUE = 20_000
_BUFFER = 8 << 20


def _message(kind: int, queue: int, attribute: int, payload: bytes) -> bytes:
    body = struct.pack("=BBH", socket.AF_UNSPEC, 0, socket.htons(queue))
    body += struct.pack("=HH", 4 + len(payload), attribute) + payload + b"\0" * (-len(payload) % 4)
    return struct.pack("=IHHII", 16 + len(body), kind, 1, 0, 0) + body


def _packet_ids(received: bytes) -> Iterator[int]:
    """The ids of the packets that one datagram of the kernel announces."""
    position = 0
    while position + 16 <= len(received):
        length, kind = struct.unpack_from("=IH", received, position)
        if kind == _PACKET:
            yield _packet_id(received[position : position + length])
        position += (length + 3) & ~3


def _packet_id(message: bytes) -> int:
    position = 20
    while position + 4 <= len(message):
        length, attribute = struct.unpack_from("=HH", message, position)
        if attribute & 0x7FFF == 1:  # the packet's header
            return int(struct.unpack_from("!I", message, position + 4)[0])
        position += (length + 3) & ~3
    raise ValueError("a packet message without a header")


def _open(queue: int) -> socket.socket:
    kernel = socket.socket(_AF_NETLINK, socket.SOCK_RAW, _NETLINK_NETFILTER)
    kernel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
    kernel.bind((0, 0))
    bind, meta_data_only = struct.pack("=BBH", 1, 0, 0), struct.pack("!IB", 0, 1)
    let_pass_when_full, large_segments_whole = 1, 1 << 2
    flags = let_pass_when_full | large_segments_whole
    settings = (
        (1, bind),
        (2, meta_data_only),
        (3, struct.pack("!I", _LONGEST_QUEUE)),
        (5, struct.pack("!I", flags)),
    )
    for attribute, payload in settings:
        kernel.send(_message(_CONFIG, queue, attribute, payload))
    return kernel


def hold(queue: int, seconds: float) -> None:
    """Delay the queue's packets until this process is ended."""
    kernel = _open(queue)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    held: collections.deque[tuple[float, int]] = collections.deque()
    while True:
        wait = max(0.0, held[0][0] - time.monotonic()) if held else None
        if select.select([kernel], [], [], wait)[0]:
            with contextlib.suppress(OSError):  # the socket's buffer ran over
                due = time.monotonic() + seconds
                held.extend((due, packet) for packet in _packet_ids(kernel.recv(65536)))
        last = None
        while held and held[0][0] <= time.monotonic():
            last = held.popleft()[1]
        if last is not None:  # accept all up to this one
            kernel.send(_message(_VERDICT_BATCH, queue, 2, struct.pack("!II", 1, last)))


def _seconds(text: str) -> float:
    return float(text[:-2]) / 1000 if text.endswith("ms") else float(text.rstrip("s"))


if __name__ == "__main__":
    hold(int(sys.argv[1]), _seconds(sys.argv[2]))
