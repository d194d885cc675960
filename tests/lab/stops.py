"""A porter that stands still at an exact place of its work, so that a test can break something there.

The real porter travels with a few lines behind it. It stops itself (SIGSTOP) when the file /tmp/stops/APP on
its server names the place that it has reached; /tmp/stops/APP.stopped then has its process id.

    python -m tests.lab.stops WORDS     the headless Goferry with such porters: what a test kills
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from desktop.ship import porter

STAGES = (
    "asked",
    "ahead of the lock",
    "patch sent half",
    "decoded half",
    "rebuilt half",
    "loading",
    "before create",
)

FRONT_MADE = "front made"
"""The front of a first release stands, and the release is still on its way."""
STOPS = """
import signal
APP = {"name": "", "sent": 0, "decoded": 0, "rebuilt": 0, "size": 1 << 60, "patch": 1 << 60}

def stop_at(stage):
    at = "/tmp/stops/" + APP["name"]
    if text_of(at) == stage:
        os.unlink(at)
        filed(at + ".stopped", str(os.getpid()))
        os.kill(os.getpid(), signal.SIGSTOP)

def counted(what, size, limit, stage):
    APP[what] += size
    if APP[what] >= APP[limit] // 2:
        stop_at(stage)

real_granted, real_take, real_write, real_send, real_answer, real_under, real_front = (
    granted, Limited.read, write_all, Request.send, Request.answer, under, put_in_front)

def granted(wish, source):
    if "folder" in wish:
        APP["name"] = wish["folder"].replace("/kept", "").rpartition("/")[2]
    if wish["do"] in ("look", "have"):
        stop_at("asked")
    if wish["do"] == "ship":
        APP.update(sent=0, decoded=0, rebuilt=0, size=wish["size"])
        APP["patch"] = sum(patch["size"] for patch in wish["patches"]) or 1 << 60
    if wish["do"] == "swap":  # makes the container, and puts it in the old one's place
        stop_at("before create")
    return real_granted(wish, source)

def under(wish):
    if wish["seconds"]:  # it carries what was sent together with the wish for the lock
        stop_at("ahead of the lock")
    return real_under(wish)

def put_in_front(wish):
    answer = real_front(wish)
    if wish.get("early"):
        stop_at("front made")
    return answer

def limited_read(self, size):
    data = real_take(self, min(size, 4096))
    counted("sent", len(data), "patch", "patch sent half")
    return data

def write_all(out, part):
    real_write(out, part)
    counted("decoded", len(part), "size", "decoded half")

def send(self, data):
    real_send(self, data)
    counted("rebuilt", len(data), "size", "rebuilt half")

def answer(self):
    if APP["rebuilt"] > APP["size"]:
        stop_at("loading")
    return real_answer(self)

Limited.read, Request.send, Request.answer = limited_read, send, answer
WISHES["front"] = put_in_front
"""


@contextmanager
def stopping_porters() -> Iterator[None]:
    whole = porter.library()
    porter.program.cache_clear()
    try:
        with mock.patch.object(porter, "library", return_value=f"{whole}\n{STOPS}"):
            yield
    finally:
        porter.program.cache_clear()


if __name__ == "__main__":
    from desktop.cli.main import main

    with stopping_porters():
        sys.exit(main(sys.argv[1:]))
