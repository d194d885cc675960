"""Blocks that are packed side by side, and who waits for whom."""

from __future__ import annotations

import gzip
import random
from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from desktop.ship import blocks
from desktop.ship.blocks import BadBlocks, Clock, Packer, unpacked

CONTENT = random.Random(7).randbytes(1 << 20) + b"much of the same " * 200_000


def pieces(size: int = 100_000) -> list[bytes]:
    return [CONTENT[at : at + size] for at in range(0, len(CONTENT), size)]


@pytest.mark.parametrize("known", [("zlib",), ("zlib", "xz")])
@pytest.mark.parametrize("amd64", [True, False])
def test_what_is_packed_comes_out_again_and_all_of_it_is_counted(known: tuple[str, ...], amd64: bool) -> None:
    told: list[int] = []
    packed = b"".join(Packer.of(known, amd64=amd64).stream(pieces(), told.append))
    assert unpacked(packed) == CONTENT
    assert sum(told) == len(CONTENT)
    assert len(packed) < len(CONTENT) / 3


def test_what_is_packed_once_comes_out_again_too() -> None:
    assert unpacked(b"".join(Packer.best(amd64=True).stream((CONTENT,), lambda size: None))) == CONTENT


def test_blocks_for_an_engine_are_a_gzip_file() -> None:
    packed = b"".join(Packer.gzip().stream(pieces(), lambda size: None))
    assert gzip.decompress(packed) == CONTENT
    assert len(packed) < len(CONTENT) / 3


def test_cut_and_damaged_blocks_are_told_from_whole_ones() -> None:
    packed = b"".join(Packer.of(("xz",), amd64=True).stream(pieces(), lambda size: None))
    middle = len(packed) - 60
    for bad in (b"", packed[:-1], packed[:-9], packed + b"!", packed[:middle] + b"?" + packed[middle + 1 :]):
        with pytest.raises(BadBlocks):
            unpacked(bad)


def test_who_leaves_early_leaves_no_thread_behind() -> None:
    stream = Packer.of(("xz",), amd64=True).stream(pieces(), lambda size: None)
    assert next(stream)
    stream.close()  # type: ignore[attr-defined]


class Work(Future[bytes]):
    """A block for which is waited so long, on a clock of its own."""

    def __init__(self, time: SimpleNamespace, seconds: float) -> None:
        super().__init__()
        self._time, self._seconds = time, seconds

    def result(self, timeout: float | None = None) -> bytes:
        self._time.now += self._seconds
        return b""


def steps(monkeypatch: pytest.MonkeyPatch, packing: float, link: float, *, hasty: bool = False) -> list[int]:
    """What is said after each of eight blocks, where one is waited for so many seconds before and while it is sent."""
    time = SimpleNamespace(now=0.0)
    time.monotonic = lambda: time.now
    monkeypatch.setattr(blocks, "time", time)
    clock, said = Clock(), []
    for _ in range(8):
        clock.packing(Work(time, packing))
        time.now += link
        clock.sent(blocks.JUDGED // 2)
        said.append(clock.step(0, hasty=hasty))
    return said


def test_packing_gets_quicker_where_the_link_waits_and_better_where_it_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert set(steps(monkeypatch, packing=0.05, link=0.01)) == {0, 1}
    assert set(steps(monkeypatch, packing=0.0, link=1.0)) == {0, -1}
    assert set(steps(monkeypatch, packing=0.3, link=1.0)) == {0}
    # a computer that has much else to do
    assert steps(monkeypatch, packing=0.3, link=1.0, hasty=True) == [0, *[1] * 7]
