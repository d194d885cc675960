# The conversation.
import json
import os
import sys


def say(value):
    data = json.dumps(value).encode("ascii") + b"\n"
    while data:
        data = data[os.write(1, data) :]


WISHES = {"have": have, "look": look, "swap": swap, "confirm": confirm, "settled": settled, "gate": gate}
WISHES.update(
    alone=leave_nobody_in_front,
    ensure=ensure,
    connect=connect,
    front=put_in_front,
    hold=LOCK.hold,
    free=LOCK.let_go,
    relay=RELAY.open,
)
LADEN = {"ship": ship, "stash": stash, "stock": RELAY.stock}
"""Wishes that a payload comes behind."""


def granted(wish, source):
    """The answer to one wish: what was asked for, or why not."""
    try:
        if wish["do"] in LADEN:
            return LADEN[wish["do"]](wish, source)
        return WISHES[wish["do"]](wish)
    except EngineRefused as error:
        return {"error": "%s" % error, "engine": True}
    except Refused as error:
        return {"error": "%s" % error}
    except DeltaError as error:
        return {"error": "the patch: %s" % error}
    except (IOError, OSError) as error:
        return {"error": "%s" % error}
    except MemoryError:
        return {"error": "not enough memory"}


def start():
    os.umask(0o002)
    source = Input(0)
    try:
        version, packs = "%d.%d" % sys.version_info[:2], ["zlib"] + ["xz"] * (lzma is not None)
        say({"python": version, "socket": engine_socket(), "packs": packs})
    except Refused as error:
        say({"error": "%s" % error})
        return
    try:
        while True:
            line = source.line()
            if not line:
                break
            say(granted(json.loads(line.decode("utf-8")), source))
    except LinkEnded:
        pass
    unmade()
    LOCK.free()
