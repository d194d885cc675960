# From one release to the next behind a front: the new one runs beside the old one, and requests change over.
import os
import threading
import time


class TurnGuard(Guard):
    """What a Guard does, where the port belongs to a front: before the verdict, and without one, requests go back."""

    def __init__(self, wish, notes):
        Guard.__init__(self, wish, notes)
        self.turn = wish["turn"]
        self.front = {"folder": self.folder, "front": self.turn["front"] or self.turn["owner"]}

    def run(self):
        if self.begun():
            self.note("started")
            self.wait()
        else:
            self.note("not-started")
            self.back()

    def begun(self):
        turn, owner = self.turn, self.turn["owner"]
        if turn["front"] and turn["door"] and not owner:
            return self.begun_together(turn["door"])
        if turn["front"] and not self.act("start", self.new):
            return False
        if owner and not (self.restarts(owner, "always") and self.act("stop?t=10", owner)):
            return False
        self.note("stopped")
        if turn["door"] and not self.act("start", turn["door"]):
            return False
        return bool(turn["front"]) or self.act("start", self.new)

    def begun_together(self, door):
        """Nobody has the port: the front need not wait until the new one runs."""
        opened = []
        other = threading.Thread(target=lambda: opened.append(self.act("start", door)))
        other.start()
        started = self.act("start", self.new)
        other.join()
        self.note("stopped")
        return started and opened == [True]

    def routed(self, targets):
        """Whether requests go there now."""
        try:
            front_route(self.front, targets)
            return True
        except (Refused, IOError, OSError, ValueError) as error:
            self.note("%s" % error)
            return False

    def keep(self):
        turn, owner = self.turn, self.turn["owner"]
        if turn["front"]:
            self.routed([[turn["to"], 1]])
            self.restarts(turn["front"], "unless-stopped")
        self.restarts(self.new, "unless-stopped")
        if self.old:
            self.restarts(self.old, "no")
        gone(self.verdict)
        self.note("kept")
        self.leave()
        if owner and owner != self.old:
            ask("DELETE", "/containers/%s?force=1&v=1" % quoted(owner))
        self.note("settled")

    def leave(self):
        """Stops the old one when its last request is answered, or after a while."""
        turn, until = self.turn, time.time() + self.turn["drain"]
        if not self.old or self.old == turn["owner"]:
            return
        while turn["back"] and turn["front"] and not turn["owner"]:
            left = until - time.time()
            try:
                busy = front_busy(self.front, turn["back"], max(min(left, 1), 0))
            except (Refused, IOError, OSError, ValueError):
                break
            if not busy or left <= 0:
                break
            self.note("busy %d" % busy)
        # whoever has gone back to it in the meantime decides about it
        again = os.path.exists(os.path.join(self.folder, "guard." + self.old))
        if not again and text_of(os.path.join(self.folder, "current")).strip() != self.old_id:
            self.act("stop?t=10", self.old)

    def back(self):
        turn, owner = self.turn, self.turn["owner"]
        if turn["back"] and turn["front"] and not owner:
            self.routed([[turn["back"], 1]])
        elif turn["door"]:
            self.act("stop?t=5", turn["door"])
        self.act("stop?t=5", self.new)
        gone(os.path.join(self.folder, "releases", self.record))
        if self.old:
            self.name_the_old()
        for name in [self.old] + [owner] * (owner != self.old):
            if name:
                if not self.act("start", name):
                    self.note("old-failed")
                    return
                self.restarts(name, "unless-stopped")
        self.note("restored")


def settled(wish):
    """Whether the old release has been left, after waiting a moment for it; else what it has still to do."""
    notes, busy = os.path.join(wish["folder"], "guard." + wish["new"]), 0
    for _ in range(int(wish["seconds"] / 0.02) + 1):
        words = text_of(notes).split()
        if not words or "settled" in words:
            return {"settled": True, "busy": 0}
        if "busy" in words:
            busy = int(words[len(words) - 1 - words[::-1].index("busy") + 1])
        time.sleep(0.02)
    return {"settled": False, "busy": busy}
