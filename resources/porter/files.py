# Files that are kept by their hash.
import hashlib
import os
import stat


def is_hash(name):
    return len(name) == 64 and all(c in "0123456789abcdef" for c in name)


def kept(folder):
    found = {}
    for name in os.listdir(folder) if os.path.isdir(folder) else ():
        state = os.lstat(os.path.join(folder, name))
        if is_hash(name) and stat.S_ISREG(state.st_mode):
            found[name] = state.st_size
    return found


def free(folder):
    while not os.path.isdir(folder):
        folder = os.path.dirname(folder)
    state = os.statvfs(folder)
    return state.f_bavail * state.f_frsize


def ready(folder):
    """Makes the folder, without what an earlier run left half-written; whether files can be kept there."""
    try:
        if not os.path.isdir(folder):
            os.mkdir(folder, 0o2775)
        for name in os.listdir(folder):
            if not is_hash(name):
                os.unlink(os.path.join(folder, name))
        return os.access(folder, os.W_OK | os.X_OK)
    except (IOError, OSError):
        return False


def only(folder, wanted):
    for name in kept(folder):
        if name not in wanted:
            try:
                os.unlink(os.path.join(folder, name))
            except (IOError, OSError):
                pass


class Keeper(object):
    """Takes the bytes of a file and files it under its hash; `at` is empty where nothing is kept."""

    def __init__(self, folder, name, keep):
        self.name, self.at, self.file = name, "", None
        self.hash = hashlib.sha256()
        self.final = os.path.join(folder, name)
        if keep:
            self.at = os.path.join(folder, "part-%d" % os.getpid())
            try:
                self.file = os.fdopen(os.open(self.at, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o664), "wb")
            except (IOError, OSError):
                self.at = ""

    def write(self, data):
        self.hash.update(data)
        if self.file is not None:
            try:
                self.file.write(data)
            except (IOError, OSError):
                self.drop()

    def drop(self):
        if self.file is not None:
            try:
                self.file.close()
            except (IOError, OSError):
                pass
            self.file = None
            os.unlink(self.at)

    def done(self):
        if self.hash.hexdigest() != self.name:
            self.drop()
            raise Refused("what arrived has another hash")
        if self.file is not None:
            try:
                self.file.close()
                self.file = None
                os.rename(self.at, self.final)
            except (IOError, OSError):
                os.unlink(self.at)
