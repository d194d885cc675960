# What Goferry runs beside a Docker Engine while it deploys: it takes wishes as lines of JSON on its standard input,
# and answers each with a line. It travels with the command, needs Python 2.7 or 3 and nothing else, and leaves
# nothing behind but the files that it is told to keep. It stands behind the decoder, whose apply_patch it uses.
import os
import struct
import zlib

try:
    import lzma
except ImportError:
    lzma = None

PIECE = 1 << 18
LONGEST_LINE = 1 << 22
SPARE = 64 << 20


class Refused(Exception):
    """This cannot be done here."""


class EngineRefused(Refused):
    """The engine has said no, in these words."""


class LinkEnded(Exception):
    """Nobody speaks to us any more."""


class Input(object):
    def __init__(self, fd):
        self.fd = fd
        self.held = b""

    def read(self, size):
        if self.held:
            taken, self.held = self.held[:size], self.held[size:]
            return taken
        return os.read(self.fd, min(size, PIECE))

    def line(self):
        while b"\n" not in self.held:
            if len(self.held) > LONGEST_LINE:
                raise Refused("a wish without an end")
            piece = os.read(self.fd, PIECE)
            if not piece:
                return b""
            self.held += piece
        line, _, self.held = self.held.partition(b"\n")
        return line


class Limited(object):
    """The next `size` bytes of an input."""

    def __init__(self, source, size):
        self.source, self.left = source, size

    def read(self, size):
        if not self.left:
            return b""
        data = self.source.read(min(size, self.left))
        if not data:
            raise LinkEnded
        self.left -= len(data)
        return data

    def skip(self):
        while self.left:
            self.read(PIECE)


class Blocks(object):
    """The bytes of blocks that are packed each by itself; their format is in desktop/ship/blocks.py."""

    HEAD = struct.Struct(">cII")

    def __init__(self, source):
        self.source, self.held, self.at = source, b"", 0
        self.left, self.over = 0, False

    def read(self, size):
        while self.at >= len(self.held):
            if not self.next():
                raise Refused("the stream ended early")
        data = self.held[self.at : self.at + size]
        self.at += len(data)
        return data

    def next(self):
        """Whether there is another block, which is unpacked then."""
        kind, packed, size = self.head()
        if self.over:
            return False
        data = self.taken(packed)
        if kind == b"z":
            data = unpacked_by(zlib.decompress, zlib.error, data)
        elif kind == b"x" and lzma is not None:
            data = unpacked_by(lzma.decompress, lzma.LZMAError, data)
        elif kind != b"p":
            raise Refused("a block of an unknown kind")
        if len(data) != size:
            raise Refused("a block of another length")
        self.held, self.at = data, 0
        return True

    def head(self):
        """Of the next block; its bytes are what is `left` then."""
        kind, packed, size = self.HEAD.unpack(self.exactly(self.HEAD.size))
        self.left, self.over = packed, kind == b"."
        return kind, packed, size

    def taken(self, size):
        data = self.exactly(size)
        self.left = 0
        return data

    def exactly(self, size):
        parts = []
        while size:
            part = self.source.read(min(size, PIECE))
            if not part:
                raise LinkEnded
            size -= len(part)
            parts.append(part)
        return b"".join(parts)

    def finish(self):
        if self.at < len(self.held) or self.next():
            raise Refused("the stream is too long")

    def skip(self):
        """To the end, without looking."""
        while not self.over:
            self.exactly(self.left)
            self.head()


def unpacked_by(unpack, error, data):
    try:
        return unpack(data)
    except error as reason:
        raise Refused("a block is damaged: %s" % reason)
