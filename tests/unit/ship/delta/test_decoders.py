"""Every decoder makes the same file of a patch, and ends in a clear error on whatever is no patch."""

from __future__ import annotations

import ast
import hashlib
import io
import random
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from desktop.ship.delta import DECODES, decoder_source

from .conftest import Built, Decoder, build_of, decoders, rebuilt

pytestmark = pytest.mark.timeout(900)  # a Go that has never built anything compiles its library first

CODES = {3, 4, 5}
"""How a decoder may end on a patch or an old file that is not right."""
QUICK = settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="session")
def sent() -> ModuleType:
    """The decoder's text as a server runs it, inside this process."""
    module = ModuleType("sent")
    exec(compile(decoder_source(), "sent", "exec"), module.__dict__)  # noqa: S102  our own text, as a server does
    return module


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old").write_bytes(OLD)
    return tmp_path


OLD = build_of(1, 30_000)
NEW = rebuilt(OLD, 2)


@pytest.fixture(scope="session")
def patch(built: Built, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return built.encoded(tmp_path_factory.mktemp("patch"), OLD, NEW)


def apply(sent: ModuleType, folder: Path, patch: bytes) -> int:
    """The code with which it ends; the new file is there only when that is 0."""
    target = folder / "made-here"
    target.unlink(missing_ok=True)
    code = 0
    try:
        sent.apply_patch(str(folder / "old"), io.BytesIO(patch).read, str(target))
    except sent.DeltaError as error:
        code = error.code
    assert target.exists() == (code == 0)
    return code


def ends(decoder: Decoder, folder: Path, patch: bytes) -> tuple[int, bytes]:
    target = folder / "made-there"
    target.unlink(missing_ok=True)
    done = decoder.run(folder / "old", patch, target)
    assert target.exists() == (done.returncode == 0)
    assert done.stderr.count(b"\n") == (done.returncode != 0), done.stderr
    return done.returncode, done.stdout.replace(b"\r\n", b"\n")  # as Python on a Windows ends its lines


def test_every_decoder_makes_the_same_file(built: Built, tmp_path: Path) -> None:
    old = build_of(3, 3_000_000)  # more than a decoder has in memory at a time
    new = rebuilt(rebuilt(old, 4), 5)
    patch = built.encoded(tmp_path, old, new)
    said = f"{hashlib.sha256(new).hexdigest()} {len(new)}\n".encode()
    assert len(patch) < len(new) // 10
    for decoder in decoders(built):
        assert ends(decoder, tmp_path, patch) == (0, said), decoder.name
        assert (tmp_path / "made-there").read_bytes() == new, decoder.name
        if sys.platform != "win32":
            assert (tmp_path / "made-there").stat().st_mode & 0o111, decoder.name


@QUICK
@given(data=st.data())
def test_whatever_two_files_are_the_patch_leads_from_one_to_the_other(
    built: Built, sent: ModuleType, data: st.DataObject
) -> None:
    pieces = st.lists(st.binary(max_size=300) | st.integers(0, 9).map(lambda n: build_of(n, 600)), max_size=4)
    old, new = b"".join(data.draw(pieces)), b"".join(data.draw(pieces))
    if data.draw(st.booleans()):
        new = old[: data.draw(st.integers(0, len(old)))] + new + old
    if data.draw(st.booleans()) and new:
        new = rebuilt(new, data.draw(st.integers(0, 99)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        patch = built.encoded(folder, old, new)
        assert apply(sent, folder, patch) == 0
        assert (folder / "made-here").read_bytes() == new
        assert ends(built.go_decoder(), folder, patch)[0] == 0
        assert (folder / "made-there").read_bytes() == new


@QUICK
@given(data=st.data())
def test_a_damaged_patch_ends_in_an_error_and_the_decoders_agree(
    built: Built, sent: ModuleType, patch: bytes, folder: Path, data: st.DataObject
) -> None:
    damaged = bytearray(patch)
    for _ in range(data.draw(st.integers(1, 4))):
        # the head is where lengths can lie, and gets its share
        place = data.draw(st.integers(0, 147) | st.integers(148, len(patch) - 1))
        damaged[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(damaged))) :]
    whole = bytes(damaged) == patch
    code = apply(sent, folder, bytes(damaged))
    assert code in ({0} if whole else CODES | {0})
    if code == 0:  # a byte of a packed stream may be of no account
        assert (folder / "made-here").read_bytes() == NEW
    other = ends(built.go_decoder(), folder, bytes(damaged))[0]
    assert other in CODES | {0}  # of two faults each may meet another one first
    assert (other == 0) == (code == 0)


def test_of_a_thousand_damaged_patches_none_writes_anything_but_the_new_file(
    sent: ModuleType, patch: bytes, folder: Path
) -> None:
    dice, made = random.Random(7), 0
    for _ in range(1000):
        damaged = bytearray(patch)
        for _ in range(dice.randint(1, 3)):
            damaged[dice.randrange(dice.choice([148, len(patch)]))] ^= 1 << dice.randrange(8)
        code = apply(sent, folder, bytes(damaged))
        assert code in CODES | {0}
        if code == 0:
            made += 1
            assert (folder / "made-here").read_bytes() == NEW
        assert {path.name for path in folder.iterdir()} == {"old", *(["made-here"] if code == 0 else [])}
    assert made < 100
    assert (folder / "old").read_bytes() == OLD


def test_a_patch_that_ends_early_is_an_error_wherever_it_ends(
    sent: ModuleType, patch: bytes, folder: Path
) -> None:
    for length in range(0, len(patch), 7):
        assert apply(sent, folder, patch[:length]) == 4, length


def test_streams_that_lie_about_their_content_are_errors(
    sent: ModuleType, built: Built, patch: bytes, folder: Path
) -> None:
    """Lengths of streams one more and one less, and sizes that no file has."""
    for stream in range(7):
        for change in (1, -1, 4, 1 << 20, -(1 << 20)):
            lie = bytearray(patch)
            length = struct.unpack_from("<I", lie, 92 + 8 * stream)[0]
            struct.pack_into(
                "<I", lie, 92 + 8 * stream, max(0, length + change) if length + change != length else 9
            )
            if bytes(lie) == patch:
                continue
            code = apply(sent, folder, bytes(lie))
            assert code == 4, (stream, change)
            assert ends(built.go_decoder(), folder, bytes(lie))[0] == code
    for place in (4, 12, 20):
        lie = bytearray(patch)
        struct.pack_into("<Q", lie, place, (1 << 64) - 1)
        assert apply(sent, folder, bytes(lie)) == 4


@QUICK
@given(data=st.data())
def test_streams_of_any_content_end_alike_in_both_decoders(
    built: Built, sent: ModuleType, folder: Path, data: st.DataObject
) -> None:
    """A head that holds together, before streams that make no sense: the far end of what damage can do."""
    numbers = st.lists(st.integers(0, 300) | st.integers(0, 1 << 66), max_size=9)
    size = data.draw(st.integers(0, 3000))
    sites = data.draw(st.integers(0, min(8, size // 4 + 1)))
    pieces = b"".join(map(varint, [size, 0, 0] if data.draw(st.booleans()) else data.draw(numbers)))
    streams = [
        pieces[: 15 * (size + 1)],
        data.draw(st.binary(max_size=min(size, 40))),
        bytes(data.draw(st.lists(st.sampled_from([0, 1, 9, 200, 255]), min_size=sites, max_size=sites))),
        b"".join(map(varint, data.draw(numbers)))[: 5 * sites],
        bytes(data.draw(st.lists(st.sampled_from([0, 1, 2, 254, 255]), min_size=sites, max_size=sites))),
        data.draw(st.integers(0, 3).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n))),
        data.draw(st.integers(0, sites).flatmap(lambda n: st.binary(min_size=4 * n, max_size=4 * n))),
    ]
    patch = patch_of(streams, size)
    code = apply(sent, folder, patch)
    assert code in (4, 5)
    assert ends(built.go_decoder(), folder, patch)[0] == code


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def patch_of(streams: list[bytes], size: int) -> bytes:
    packed = [zlib.compress(stream, 6, -15) if stream else b"" for stream in streams]
    lengths = b"".join(struct.pack("<II", len(a), len(b)) for a, b in zip(streams, packed, strict=True))
    total = 148 + sum(map(len, packed))
    head = b"gd2\n" + struct.pack("<QQQ", total, len(OLD), size) + bytes(32) + hashlib.sha256(OLD).digest()
    return head + lengths + b"".join(packed)


def test_another_old_file_is_told_from_a_bad_patch(built: Built, patch: bytes, folder: Path) -> None:
    for decoder in decoders(built):
        (folder / "old").write_bytes(bytes(len(OLD)))
        assert ends(decoder, folder, patch)[0] == 3, decoder.name
        (folder / "old").write_bytes(OLD + b"more")
        assert ends(decoder, folder, patch)[0] == 3, decoder.name
        (folder / "old").unlink()
        assert ends(decoder, folder, patch)[0] == 3, decoder.name
        (folder / "old").mkdir()
        assert ends(decoder, folder, patch)[0] == 3, decoder.name
        (folder / "old").rmdir()


def test_a_file_that_stands_in_the_way_is_left_as_it_is(built: Built, patch: bytes, folder: Path) -> None:
    kept = folder / "kept"
    for decoder in decoders(built):
        kept.write_bytes(b"somebody else's")
        assert decoder.run(folder / "old", patch, kept).returncode == 6, decoder.name
        if sys.platform != "win32":  # there a link needs a right that few people have
            (folder / "link").symlink_to(folder / "elsewhere")
            assert decoder.run(folder / "old", patch, folder / "link").returncode == 6, decoder.name
            (folder / "link").unlink()
        assert kept.read_bytes() == b"somebody else's"
        assert not (folder / "elsewhere").exists()
        assert decoder.run(folder / "old", patch, folder / "no" / "such").returncode == 6, decoder.name


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_disk_is_the_systems_refusal(
    sent: ModuleType, patch: bytes, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new file's place is taken by a device that has no room."""
    import os

    real = os.open

    def full(path: str, flags: int, mode: int = 0o777) -> int:
        made = real(path, flags, mode)
        os.close(made)
        return real("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(os, "open", full)
    assert apply(sent, folder, patch) == 6


def test_what_follows_on_the_stream_is_left_there(sent: ModuleType, patch: bytes, folder: Path) -> None:
    stream = io.BytesIO(patch + b"the next thing")
    slow = lambda size: stream.read(min(size, 100))  # noqa: E731  a pipe gives what it has
    assert sent.apply_patch(str(folder / "old"), slow, str(folder / "new"))[1] == len(NEW)
    assert stream.read() == b"the next thing"


def test_wrong_words_are_told_as_such(built: Built, folder: Path) -> None:
    for decoder in decoders(built):
        done = Decoder(decoder.name, (*decoder.words, "a", "b")).run(folder / "old", b"", folder / "x")
        assert done.returncode == 2, decoder.name
        assert done.stderr.startswith(b"goferry-delta: usage"), decoder.name


def test_the_text_is_one_that_python_2_7_reads() -> None:
    """No annotation, f-string, keyword-only argument, `raise … from`, `nonlocal` or star in a display; only ASCII."""
    text = decoder_source()
    assert text.isascii()
    assert DECODES in text
    newer = (
        ast.JoinedStr, ast.AnnAssign, ast.AsyncFunctionDef, ast.Await, ast.Nonlocal, ast.NamedExpr, ast.YieldFrom,
        ast.MatMult, ast.Starred, ast.Match, ast.TryStar,
    )  # fmt: skip
    for node in ast.walk(ast.parse(text)):
        assert not isinstance(node, newer), ast.dump(node)
        if isinstance(node, ast.Raise):
            assert node.cause is None
        if isinstance(node, ast.ClassDef):
            assert node.bases, f"{node.name} would be an old-style class"
            assert not node.keywords
        if isinstance(node, ast.FunctionDef):
            assert not node.args.kwonlyargs
            assert not node.args.posonlyargs
            assert node.returns is None
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            assert "_" not in (ast.get_source_segment(text, node) or "")


def test_the_programs_need_no_library_but_gos_own() -> None:
    root = Path(__file__).parents[4] / "resources" / "delta"
    assert "require" not in (root / "go.mod").read_text(encoding="utf-8")
    assert not (root / "go.sum").exists()
