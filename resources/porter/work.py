# A file that is made of an old one by a patch, in a process beside this one, and can be read while it grows.
import io
import os
import select
import signal
import time


class Work(object):
    """`send` and `finish` raise Refused when the patch does not give the file that was meant."""

    def __init__(self, folder, patch, stream):
        self.final = os.path.join(folder, patch["new"])
        self.part = os.path.join(folder, "part-%d-patch" % os.getpid())
        self.name, self.said, self.over = patch["new"], b"", False
        old, count, left, held = os.path.join(folder, patch["old"]), patch.get("count", 1), patch["size"], []
        while count == 1 and left:
            held.append(stream.read(min(left, PIECE)))
            left -= len(held[-1])
        self.answer, writing = os.pipe()
        source, sending = os.pipe() if left else (-1, -1)
        self.child = os.fork()
        if not self.child:
            if left:
                os.close(sending)
            read = (lambda size: os.read(source, size)) if left else io.BytesIO(b"".join(held)).read
            self.make(old, read, count, writing)
        os.close(writing)
        if left:
            os.close(source)
            try:
                self.feed(stream, left, sending)
            except BaseException:
                self.drop()
                raise
            finally:
                os.close(sending)

    def feed(self, stream, left, sending):
        """What makes the first stretch is worked at while the rest arrives. All of it is taken in, whatever happens."""
        while left:
            data = stream.read(min(left, PIECE))
            left -= len(data)
            while data and sending >= 0:
                try:
                    data = data[os.write(sending, data) :]
                except (IOError, OSError):  # it has ended: `finish` tells why
                    sending = -1

    def make(self, old, read, count, writing):
        """The other process; it does not come back, holds no lock, and what is to be unmade is not its business."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            if LOCK.fd >= 0:
                os.close(LOCK.fd)
            digest, _ = apply_patch(old, read, self.part, 0o664, count)
            os.write(writing, digest.encode("ascii"))
        except (DeltaError, IOError, OSError, MemoryError) as error:
            os.write(writing, ("the patch: %s" % error).encode("utf-8", "replace")[:4000])
        finally:
            os._exit(0)

    def send(self, size, request):
        """The last byte goes only when all are known to be right: what is cut off is nothing to the engine."""
        file, sent = self.opened(), 0
        try:
            while sent < size:
                over = self.ended(0)
                data = file.read(min(PIECE, size - sent - (0 if over else 1)))
                sent += len(data)
                if data:
                    request.send(data)
                elif over:
                    raise Refused("the patch gives a shorter file")
                else:
                    self.ended(0.005)
        finally:
            file.close()

    def opened(self):
        while True:
            over = self.ended(0)
            try:
                return open(self.final if over else self.part, "rb")
            except (IOError, OSError):
                if over:
                    raise
                time.sleep(0.002)

    def ended(self, wait):
        """Whether the file is there, whole; after so many seconds at most."""
        while not self.over and select.select([self.answer], [], [], wait)[0]:
            data = os.read(self.answer, 4096)
            self.said += data
            if not data:
                self.end()
        return self.over

    def end(self):
        self.over = True
        os.waitpid(self.child, 0)
        if self.said != self.name.encode("ascii"):
            gone(self.part)
            other = len(self.said) == 64
            raise Refused("the patch gives another file" if other else self.said.decode("utf-8", "replace"))
        os.rename(self.part, self.final)

    def finish(self):
        while not self.ended(1):
            pass

    def drop(self):
        if not self.over:
            self.over = True
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
            gone(self.part)
        os.close(self.answer)
