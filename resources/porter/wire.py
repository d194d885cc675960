# What Goferry runs beside a Docker Engine while it deploys: it takes wishes as lines of JSON on its standard input,
# and answers each with a line. It travels with the command, needs Python 2.7 or 3 and nothing else, and leaves
# nothing behind but the files that it is told to keep. It stands behind the decoder, whose apply_patch it uses.
import os
import struct
import zlib

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


class Unpacked(object):
    """The bytes of a zlib stream that comes in packets, each behind its length; one of no length ends it."""

    def __init__(self, source):
        self.source = source
        self.inflater = zlib.decompressobj()
        self.left = 0
        self.over = False

    def next_packet(self):
        head = b""
        while len(head) < 4:
            head += self.arrived(4 - len(head))
        self.left = struct.unpack(">I", head)[0]
        return self.left > 0

    def arrived(self, size):
        data = self.source.read(size)
        if not data:
            raise LinkEnded
        return data

    def piece(self):
        if not self.left and not self.next_packet():
            raise Refused("the stream ended early")
        data = self.arrived(min(self.left, PIECE))
        self.left -= len(data)
        return data

    def read(self, size):
        data = b""
        while not data:
            data = self.inflater.decompress(self.inflater.unconsumed_tail or self.piece(), size)
        return data

    def finish(self):
        while self.left or self.next_packet():
            if self.inflater.decompress(self.piece(), 1):
                raise Refused("the stream is too long")
        self.over = True

    def skip(self):
        """To the end, without looking."""
        while not self.over and (self.left or self.next_packet()):
            self.piece()
