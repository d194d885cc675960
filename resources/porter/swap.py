# From the old container to the new one, and back by itself where nobody confirms.
import fcntl
import os
import sys
import time


def ended(notes):
    return any(word in notes.split() for word in ("kept", "restored", "old-failed"))


def swap(wish):
    """Stops the old container and starts the new one, by a guard that outlives this program and the link. What
    cannot be made is not begun."""
    if wish.get("under"):
        under(wish["under"])
    folder, new = wish["folder"], wish["new"]
    if wish.get("front"):
        put_in_front(wish["front"])
    if wish.get("create"):
        create(wish["create"])
    notes = os.path.join(folder, "guard." + new)
    gone(os.path.join(folder, "verdict." + new))
    with MAKING:
        room_for(notes)
        guarded(wish, notes)
    if wish.get("create") and wish["create"].get("also"):
        also_named(wish["create"]["also"])
    for _ in range(30000):
        said = text_of(notes)
        words = said.split("\n")
        if "started" in words:
            return {"started": True, "said": said}
        if ended(said) or "not-begun" in words:
            return {"started": False, "said": said}
        time.sleep(0.002)
    return {"started": False, "said": said}


def guarded(wish, notes):
    """By a process that is nobody's child."""
    sys.stdout.flush()
    child = os.fork()
    if not child:
        try:
            os.setsid()
            if not os.fork():
                (TurnGuard if wish.get("turn") else Guard)(wish, notes).run()
        finally:
            os._exit(0)
    os.waitpid(child, 0)


def also_named(words):
    """The image's usual name, while the container starts: for people, and for a later deploy of the same image."""
    try:
        named(*words)
    except Refused:
        pass


def room_for(notes):
    """What the guard will note takes its room on the disk now: on a full one nothing is begun."""
    try:
        with open(notes, "wb") as file:
            file.write(b"begun\n")
    except (IOError, OSError):
        gone(notes)
        raise


class Guard(object):
    """Without a verdict (the link was cut, Goferry was killed) it brings the old one back by itself; a reboot does the
    same, since until the verdict the old one is `always` and the new one `no`."""

    def __init__(self, wish, notes):
        self.folder, self.new, self.old = wish["folder"], wish["new"], wish["old"]
        self.old_id, self.record, self.limit = wish["old_id"], wish["record"], wish["limit"]
        self.notes = os.open(notes, os.O_WRONLY | os.O_APPEND)
        self.verdict = os.path.join(self.folder, "verdict." + self.new)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for fd in (0, 1, 2):
            os.dup2(nowhere, fd)
        if LOCK.fd >= 0:
            os.close(LOCK.fd)

    def note(self, text):
        try:
            os.write(self.notes, (text + "\n").encode("utf-8"))
        except (IOError, OSError):  # no reason to leave things half done
            pass

    def act(self, verb, name, value=None):
        """Whether the engine did it; its words are noted when not."""
        try:
            ask("POST", "/containers/%s/%s" % (quoted(name), verb), value).checked(304)
            return True
        except Refused as error:
            self.note("Error response from daemon: %s" % error)
            return False

    def restarts(self, name, policy):
        return self.act("update", name, {"RestartPolicy": {"Name": policy, "MaximumRetryCount": 0}})

    def run(self):
        if self.old:
            if not self.restarts(self.old, "always"):
                self.note("not-begun")
                return
            if not self.act("stop?t=10", self.old):
                self.act("start", self.old)
                self.note("not-begun")
                return
        self.note("stopped")
        if self.act("start", self.new):
            self.note("started")
            self.wait()
        else:
            self.note("not-started")
            self.back()

    def wait(self):
        waited, looked = 0.0, 0.0
        while waited < self.limit:
            verdict = text_of(self.verdict)
            if verdict == "keep":
                self.keep()
                return
            if verdict == "back":
                break
            if waited - looked >= 1:
                looked = waited
                if self.alone():
                    self.note("alone")
                    break
            pause = 0.01 if waited < 10 else 0.1
            time.sleep(pause)
            waited += pause
        else:
            self.note("late")
        gone(self.verdict)
        self.back()

    def alone(self):
        """Whether nobody holds the lock any more, and no verdict came in that moment."""
        try:
            fd = os.open(os.path.join(self.folder, "lock"), os.O_RDONLY)
        except (IOError, OSError):
            return True
        try:
            return locked(fd, fcntl.LOCK_EX, 0) and text_of(self.verdict) != "keep"
        finally:
            os.close(fd)

    def keep(self):
        self.restarts(self.new, "unless-stopped")
        if self.old:
            self.restarts(self.old, "no")
        gone(self.verdict)
        self.note("kept")

    def name_the_old(self):
        """As the one that serves; it has to serve, whatever the disk says."""
        try:
            filed(os.path.join(self.folder, "current"), self.old_id)
        except (IOError, OSError):
            pass

    def back(self):
        self.act("stop?t=5", self.new)
        gone(os.path.join(self.folder, "releases", self.record))
        if self.old:
            self.name_the_old()
            if not self.act("start", self.old):
                self.note("old-failed")
                return
            self.restarts(self.old, "unless-stopped")
        self.note("restored")


def confirm(wish):
    """Records the release as the one that serves, gives the guard its verdict and waits for its word."""
    folder, new = wish["folder"], wish["new"]
    if wish.get("route"):
        front_route(wish, wish["route"])
    filed(os.path.join(folder, "releases", wish["record"]), wish["text"])
    filed(os.path.join(folder, "current"), wish["id"])
    filed(os.path.join(folder, "verdict." + new), "keep")
    notes = os.path.join(folder, "guard." + new)
    for _ in range(1500):
        said = text_of(notes)
        if "kept" in said.split():
            return {"kept": True}
        if ended(said):
            break
        time.sleep(0.005)
    return {"kept": False, "said": said}
