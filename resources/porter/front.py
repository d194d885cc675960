# The front of an app: by its socket in the app's folder, or through the engine where that cannot be opened.
import errno
import json
import os
import signal
import threading
import time

MADE = {}
"""What was made for a release that is still on its way; it goes when nobody is left to bring that one."""
MAKING = threading.Lock()
"""Held while something is made that is to go, or a guard that sees to it: who takes it away waits for that."""


def connect(wish):
    """Makes an app's network where there is none."""
    name = wish["network"]["Name"]
    if ask("GET", "/networks/" + quoted(name)).status == 404:
        with MAKING:
            if wish.get("early"):
                minded(wish["folder"], "/networks/" + quoted(name))
            ask("POST", "/networks/create", wish["network"]).checked()
    return {}


def minded(folder, path):
    MADE.setdefault(path, folder)
    signal.signal(signal.SIGTERM, lambda *_: (unmade(), os._exit(143)))


def unmade():
    """Where a guard has come to see to it, it stays."""
    made = sorted(MADE.items())  # a container before its network
    MADE.clear()
    for path, folder in made:
        try:
            if not any(name.startswith("guard.") for name in os.listdir(folder)):
                ask("DELETE", path, timeout=5)
        except (Refused, IOError, OSError):
            pass


def unmade_at_last():
    """As the last thing that this program does: nothing is made any more then. A silent engine is not waited for."""
    for _ in range(1000):
        if MAKING.acquire(False):
            break
        time.sleep(0.01)
    unmade()


def put_in_front(wish):
    """Makes an app's front where there is none; who it is, is who has the folder that its socket is opened in. One
    that comes `early`, before the app, opens the door already."""
    for name in (wish["name"], wish["spare"]):
        if container(name) is not None:
            raise Refused("there is a front: " + name)
    connect(wish)
    folder = os.path.join(wish["folder"], "front")
    if not os.path.isdir(folder):
        os.mkdir(folder)
    state, body = os.stat(folder), dict(wish["body"])
    body["User"] = body.get("User") or "%d:%d" % (state.st_uid, state.st_gid)
    container_path = "/containers/%s" % quoted(wish["name"])
    with MAKING:
        if wish.get("early"):
            minded(wish["folder"], container_path + "?force=1&v=1")
        ask("POST", "/containers/create?name=" + quoted(wish["name"]), body).checked()
        if wish.get("early"):
            ask("POST", container_path + "/start").checked(304)
    return {}


def leave_nobody_in_front(wish):
    """Takes away a front that no release came for, with its network: only under this program's own lock, and only
    where nothing of the app is there or is coming back. Tells of what image it was."""
    folder, image = wish["folder"], ""
    if LOCK.path != os.path.join(folder, "lock"):
        raise Refused("the lock is not held here")
    guards = [name for name in os.listdir(folder) if name.startswith("guard.")]
    at_work = not all(ended(text_of(os.path.join(folder, name))) for name in guards)
    if at_work or text_of(os.path.join(folder, "current")).strip() or containers(wish["app"])[0]:
        return {"gone": ""}
    for name in wish["names"]:
        there = container(name)
        if there is not None:
            image = there["Config"]["Image"]
            ask("DELETE", "/containers/%s?force=1&v=1" % quoted(name)).checked(404)
    ask("DELETE", "/networks/" + quoted(wish["network"])).checked(404)
    MADE.clear()
    return {"gone": image}


def fronted(wish, method, path, value, words):
    """The front's answer. `words` ask for the same when its program is run beside it."""
    body = json.dumps(value).encode("utf-8")
    at = os.path.join(wish["folder"], "front", "control")
    for _ in range(40):
        try:
            request = Request(method, path, len(body), at=at)
        except Unreached as error:
            if error.number not in (errno.ENOENT, errno.ECONNREFUSED):
                break
            time.sleep(0.01)  # it is being started
            continue
        request.send(body)
        return understood(request.answer().checked().body)
    return understood(executed(wish["front"], words))


def understood(answer):
    try:
        return json.loads(answer.decode("utf-8"))
    except ValueError:
        raise Refused("the front says %r" % answer[:200])


def executed(name, words):
    """What the front's program writes when it is run beside it. Raises Refused with its words when it fails."""
    cmd = ["/front"]
    cmd.extend(words)
    wish = {"AttachStdout": True, "AttachStderr": True, "Cmd": cmd}
    made = ask("POST", "/containers/%s/exec" % quoted(name), wish).checked().json()["Id"]
    body = ask("POST", "/exec/%s/start" % made, {"Detach": False, "Tty": False}).checked().body
    said = {1: b"", 2: b""}
    while len(body) >= 8:
        kind, size = struct.unpack(">BxxxI", body[:8])
        said[kind], body = said.get(kind, b"") + body[8 : 8 + size], body[8 + size :]
    if ask("GET", "/exec/%s/json" % made).checked().json().get("ExitCode"):
        raise Refused((said[2] or said[1]).decode("utf-8", "replace"))
    return said[1]


def front_route(wish, targets):
    """Returns when all new requests go there."""
    value = [{"address": address, "weight": weight} for address, weight in targets]
    fronted(wish, "PUT", "/routes", value, ["route"] + ["%s=%d" % tuple(target) for target in targets])


def front_probe(wish):
    question = {"address": wish["address"], "path": wish["path"], "timeout": wish["timeout"]}
    words = ["probe", wish["address"], wish["path"], "%g" % wish["timeout"]]
    return fronted(wish, "POST", "/probe", question, words)


def front_busy(wish, address, seconds):
    """How many requests a release has still to answer, after waiting for none."""
    words = ["drain", address, "%g" % seconds]
    return fronted(wish, "POST", "/drain", {"address": address, "seconds": seconds}, words)["busy"]
