# The folder of an app, made where it is missing: as the user, by sudo, or through the engine, which can write anywhere.
import base64
import io
import os
import threading
import time
import zlib


def ensure(wish):
    """The shell script that does the same without Python says whether it has done it, or for which group."""
    import subprocess  # a moment that only a new server costs

    words = ["sh", "-c", wish["script"], "sh", wish["folder"]]
    with open(os.devnull, "r+b") as nowhere:
        made = subprocess.Popen(words, stdin=nowhere, stdout=subprocess.PIPE, stderr=nowhere)
        said = made.communicate()[0].decode("utf-8", "replace").split()
    if made.returncode:
        made_through(wish, int(said[1]) if said[:1] == ["gid"] else 0)
    return {}


def made_through(wish, group):
    """By a container that is never started."""
    packed = base64.b64decode(wish["archive"].encode("ascii"))
    loaded(put("POST", "/images/load?quiet=1", zlib.decompress(packed)))
    container = quoted(wish["name"])
    try:
        ask("POST", "/containers/create?name=" + container, wish["body"]).checked()
        put("PUT", "/containers/%s/archive?path=/state" % container, folders(wish["app"], group))
    finally:
        # nobody has to wait for it; this program does not end before it
        threading.Thread(target=taken_away, args=(container, quoted(wish["image"]))).start()


def taken_away(container, image):
    for path in ("/containers/%s?force=1&v=1" % container, "/images/" + image):
        try:
            ask("DELETE", path)
        except (Refused, IOError, OSError):
            pass


def put(method, path, content):
    request = Request(method, path, len(content), "application/x-tar")
    request.send(content)
    return request.answer().checked()


def folders(app, group):
    import tarfile

    out = io.BytesIO()
    tar = tarfile.open(fileobj=out, mode="w")
    for name in (app, app + "/releases"):
        entry = tarfile.TarInfo(str(name))
        entry.type, entry.mode, entry.gid, entry.mtime = tarfile.DIRTYPE, 0o2775, group, int(time.time())
        tar.addfile(entry)
    tar.close()
    return out.getvalue()
