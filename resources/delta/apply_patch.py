"""Makes a new file from an old one and a gd2 patch (format.go describes it). Python 2.7 and 3, standard library."""

import hashlib
import mmap
import os
import stat
import struct
import sys
import zlib

HEAD = 148
CHUNK = 1 << 20
LARGEST = 1 << 30


class DeltaError(Exception):
    def __init__(self, code, reason):
        Exception.__init__(self, reason)
        self.code = code


def malformed(reason):
    return DeltaError(4, "the patch is malformed: " + reason)


class Cursor(object):
    """Reads varints from one stream."""

    def __init__(self, stream):
        self.stream, self.at = stream, 0

    def number(self, largest):
        value = shift = 0
        while True:
            byte = self.stream[self.at]
            self.at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                break
            if shift > 63:
                raise malformed("a number")
        if value > largest:
            raise malformed("a number")
        return value


class Patch(object):
    """The header and the streams, read from `read`: exactly the bytes that belong to the patch."""

    def __init__(self, read):
        head = take(read, HEAD)
        if head[:4] != b"gd2\n":
            raise malformed("it does not begin as one")
        self.size, self.old_size, self.new_size = struct.unpack("<QQQ", head[4:28])
        self.new, self.old = head[28:60], head[60:92]
        lengths = struct.unpack("<14I", head[92:])
        raw, packed = lengths[0::2], lengths[1::2]
        if max(self.size, self.old_size, self.new_size) > LARGEST or HEAD + sum(packed) != self.size:
            raise malformed("its lengths")
        if any(inside > length + length // 256 + 64 for length, inside in zip(raw, packed)):
            raise malformed("a stream that packing made longer")
        pieces, extra, gaps, wide, marks, table, literal = raw
        if (
            extra > self.new_size
            or marks > self.new_size // 4 + 1
            or gaps != marks
            or wide > 5 * marks
            or literal > 4 * marks
            or literal % 4
            or table > 4 * 255
            or table % 4
            or pieces > 15 * (self.new_size + 1)
        ):
            raise malformed("its parts")
        streams = [take(read, length) for length in packed]
        self.extra = Extra(streams[1], extra)
        self.pieces, self.gaps, self.wide, self.marks, table, self.literal = [
            unpacked(streams[i], raw[i]) for i in (0, 2, 3, 4, 5, 6)
        ]
        self.table = struct.unpack("<%dI" % (len(table) // 4), bytes(table))


class Extra(object):
    """Unpacks the extra bytes as they are needed."""

    def __init__(self, packed, left):
        self.tail, self.left, self.inflate = packed, left, zlib.decompressobj(-15)

    def take(self, count):
        if count > self.left:
            raise malformed("a stream is too short")
        self.left -= count
        parts = []
        while count:
            part = self.inflate.decompress(self.tail, count)
            self.tail = self.inflate.unconsumed_tail
            if not part:
                raise malformed("a stream is too short")
            count -= len(part)
            parts.append(part)
        return b"".join(parts)


def unpacked(packed, length):
    out = zlib.decompressobj(-15).decompress(packed, length) if length else b""
    if len(out) != length:
        raise malformed("a stream is too short")
    return bytearray(out)


def take(read, count):
    parts = []
    while count:
        part = read(min(count, CHUNK))
        if not part:
            raise malformed("it ends too early")
        count -= len(part)
        parts.append(part)
    return b"".join(parts)


class Writer(object):
    """Assembles the new file in a buffer; what no site can change any more goes out."""

    def __init__(self, patch, old, write):
        self.patch, self.old, self.write = patch, old, write
        self.pieces = Cursor(patch.pieces)
        self.buffer, self.base = bytearray(), 0
        self.copy = self.add = self.off = 0

    def reach(self, to):
        while self.base + len(self.buffer) < to:
            done = min(to - 4 - self.base, len(self.buffer))
            if done >= CHUNK:
                self.write(self.buffer[:done])
                del self.buffer[:done]
                self.base += done
            self.assemble(self.base + len(self.buffer))

    def assemble(self, end):
        if not self.copy and not self.add:
            if end >= self.patch.new_size:
                self.buffer += b"\0\0\0\0"
                return
            self.piece(end)
        if self.copy:
            count = min(self.copy, CHUNK)
            self.copy -= count
            self.buffer += self.old[end + self.off : end + self.off + count]
        else:
            count = min(self.add, CHUNK)
            self.add -= count
            self.buffer += self.patch.extra.take(count)

    def piece(self, end):
        self.copy = self.pieces.number(1 << 40)
        off = self.pieces.number(1 << 64)
        self.add = self.pieces.number(1 << 40)
        self.off += (off >> 1) ^ -(off & 1)
        start = end + self.off
        if not 0 < self.copy + self.add <= self.patch.new_size - end:
            raise malformed("a piece that is too long")
        if abs(self.off) > LARGEST or (self.copy and not 0 <= start <= self.patch.old_size - self.copy):
            raise malformed("a piece from outside the old file")

    def run(self):
        patch, buffer = self.patch, self.buffer
        table, literal, wide = patch.table, patch.literal, Cursor(patch.wide)
        # what a site grows by when that is one byte; 256 leads to the long way, a carry does too
        short = [grew if grew < 256 else 256 for grew in table] + [256] * (256 - len(table))
        at = used = 0
        last = -1
        for gap, mark in zip(patch.gaps, patch.marks):
            at += gap
            if gap == 255:
                at += wide.number(1 << 40)
            if at > last:
                at += self.base
                if at >= patch.new_size:
                    raise malformed("a site past the end")
                self.reach(at + 4)
                at -= self.base
                last = min(len(buffer) - 4, patch.new_size - 1 - self.base)
            low = buffer[at] + short[mark]
            if low < 256:
                buffer[at] = low
            elif mark == 255:
                if used == len(literal):
                    raise malformed("a stream is too short")
                buffer[at : at + 4] = literal[used : used + 4]
                used += 4
            else:
                low = table[mark] + (
                    buffer[at] | buffer[at + 1] << 8 | buffer[at + 2] << 16 | buffer[at + 3] << 24
                )
                buffer[at] = low & 255
                buffer[at + 1] = low >> 8 & 255
                buffer[at + 2] = low >> 16 & 255
                buffer[at + 3] = low >> 24 & 255
            at += 4
        self.reach(patch.new_size)
        self.write(buffer[: patch.new_size - self.base])
        if (
            used != len(literal)
            or wide.at != len(patch.wide)
            or self.pieces.at != len(patch.pieces)
            or patch.extra.left
        ):
            raise malformed("something is left over")


def decode(old, patch, write):
    """`old`: bytes or a map of them. Raises DeltaError when what was written is not what was meant."""
    total = hashlib.sha256()

    def both(part):
        total.update(part)
        write(part)

    try:
        Writer(patch, old, both).run()
    except IndexError:
        raise malformed("a stream is too short")
    if total.digest() != patch.new:
        if hashlib.sha256(old).digest() != patch.old:
            raise DeltaError(3, "the old file is another one")
        raise DeltaError(5, "the result is not what was meant")
    return total.hexdigest()


def opened(path, size):
    """The old file as a map; the file itself may be closed then."""
    try:
        with open(path, "rb") as source:
            about = os.fstat(source.fileno())
            if not stat.S_ISREG(about.st_mode) or about.st_size != size:
                raise DeltaError(
                    3, "the old file is another one: it has %d bytes, not %d" % (about.st_size, size)
                )
            return mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) if size else b""
    except EnvironmentError as error:
        raise DeltaError(3, "the old file is another one: %s" % error)


def apply_patch(old_path, read, new_path, mode=0o755, count=1):
    """Makes new_path, which must not exist. Gives (SHA-256, size). On any failure new_path does not exist.
    So many patches of one old file may come one behind the other: each makes the next stretch of the new one."""
    total, size, digest = hashlib.sha256(), 0, ""
    try:
        patch = Patch(read)
        old = opened(old_path, patch.old_size)
        try:
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
            target = os.open(new_path, flags, mode)
            try:
                with os.fdopen(target, "wb", 0) as out:

                    def write(part):
                        if count > 1:
                            total.update(part)
                        write_all(out, part)

                    for left in range(count - 1, -1, -1):
                        digest = decode(old, patch, write)
                        size += patch.new_size
                        if left:
                            patch = Patch(read)
                return total.hexdigest() if count > 1 else digest, size
            except BaseException:
                os.unlink(new_path)
                raise
        finally:
            if old:
                old.close()
    except zlib.error:
        raise malformed("a stream cannot be unpacked")
    except (EnvironmentError, MemoryError) as error:
        raise DeltaError(6, "the system refused: %s" % (error or "memory"))


def write_all(out, part):
    """An unbuffered file of Python 3 may take a part only; Python 2 takes all and gives None."""
    while part:
        count = out.write(part)
        if count is None or count == len(part):
            return
        part = part[count:]


def main(words):
    if len(words) not in (2, 3):
        sys.stderr.write("goferry-delta: usage: OLD NEW [PATCH]\n")
        return 2
    source = getattr(sys.stdin, "buffer", sys.stdin)
    try:
        if len(words) == 3 and words[2] != "-":
            source = open(words[2], "rb")
        digest, size = apply_patch(words[0], source.read, words[1])
    except DeltaError as error:
        sys.stderr.write("goferry-delta: %s\n" % " ".join(str(error).split()))
        return error.code
    except EnvironmentError as error:
        sys.stderr.write("goferry-delta: %s\n" % error)
        return 6
    sys.stdout.write("%s %d\n" % (digest, size))
    return 0
