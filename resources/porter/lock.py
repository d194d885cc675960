# The lock of an app.
import fcntl
import json
import os
import threading
import time


class Lock(object):
    """Held by an open file of this process, as the shell script that does the same without Python has it."""

    def __init__(self):
        self.path, self.fd, self.beat, self.turn = "", -1, "", 0

    def hold(self, wish):
        folder = wish["folder"]
        path = os.path.join(folder, "lock")
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o664)
        got = locked(fd, fcntl.LOCK_EX, 1.0)
        while got and not same_file(fd, path):
            # it was taken away with the app while this one waited for it: such a file locks nothing
            os.close(fd)
            fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o664)
            got = locked(fd, fcntl.LOCK_EX, 1.0)
        if not got:
            os.close(fd)
            return {"taken": "taken %f %s" % (time.time(), text_of(os.path.join(folder, "holder")).strip())}
        self.path, self.fd = path, fd
        self.beat = os.path.join(folder, "beat.%d" % os.getpid())
        self.clear(folder)
        holder = dict(wish["holder"], since=time.time(), pid=os.getpid(), ticket=wish.get("ticket", ""))
        filed(os.path.join(folder, "holder"), json.dumps(holder))
        open(self.beat, "w").close()
        self.turn += 1
        watcher = threading.Thread(target=self.watch, args=(self.turn, os.fstat(fd).st_ino, wish["beats"]))
        watcher.daemon = True
        watcher.start()
        return {"held": os.getpid()}

    def clear(self, folder):
        """What earlier holders left: their beats, and the notes of guards that came to their end."""
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if name.startswith("beat."):
                gone(path)
            elif name.startswith("guard.") and ended(text_of(path)):
                gone(path)
                gone(os.path.join(folder, "verdict." + name[len("guard.") :]))

    def watch(self, turn, inode, beats):
        """Ends this program, and the lock with it, when no beat comes any more or somebody has taken the lock."""
        last, same, mine = None, 0, True
        while same < beats:
            time.sleep(2)
            if self.turn != turn:
                return
            try:
                now = os.stat(self.beat).st_mtime
            except (IOError, OSError):
                now = None
            same = same + 1 if now == last else 0
            last = now
            try:
                mine = os.stat(self.path).st_ino == inode
            except (IOError, OSError):
                mine = False
            if not mine:
                break
        if mine:
            unmade_at_last()
        gone(self.beat)
        os._exit(1)

    def let_go(self, wish):
        MADE.clear()
        self.free()
        return {}

    def free(self):
        self.turn += 1
        if self.fd >= 0:
            gone(self.beat)
            os.close(self.fd)
            self.path, self.fd = "", -1


LOCK = Lock()


def under(wish):
    """Returns when the lock is held under this ticket: by the porter of the same Goferry that was asked to take it, at
    the same time perhaps. Raises Refused where it is not after so many seconds."""
    path = os.path.join(wish["folder"], "lock")
    for _ in range(int(wish["seconds"] / 0.002) + 1):
        if ticket(wish["folder"]) == wish["ticket"]:
            if LOCK.path != path and not is_held(path, 0):
                break
            return
        time.sleep(0.002)
    raise Refused("the lock is not held for this")


def ticket(folder):
    try:
        return json.loads(text_of(os.path.join(folder, "holder")))["ticket"]
    except (ValueError, KeyError, TypeError):
        return ""


def same_file(fd, path):
    try:
        return os.fstat(fd).st_ino == os.stat(path).st_ino
    except (IOError, OSError):
        return False


def gone(path):
    try:
        os.unlink(path)
    except (IOError, OSError):
        pass


def filed(path, text):
    """The whole text or the old file."""
    part = path + ".new"
    with open(part, "wb") as file:
        file.write(text.encode("utf-8"))
    os.rename(part, path)
