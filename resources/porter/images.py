# Images: what is here, and how a new one is made of it.
import hashlib
import json
import os

BROUGHT = {}
"""Images that came by this porter, as the engine has them, by their names."""


def have(wish):
    """What is here to build upon: kept files, and the layers of this app's images."""
    return {"kept": kept(wish["folder"]), "images": images(wish["repositories"])}


def images(repositories):
    path = "/images/json?filters=" + quoted(json.dumps({"reference": repositories}))
    found = [ask("GET", "/images/%s/json" % entry["Id"]) for entry in ask("GET", path).checked().json()]
    return [seen(answer.json()) for answer in found if answer.status == 200]


def seen(image):
    layers = (image.get("RootFS") or {}).get("Layers") or []
    return {"Id": image["Id"], "RepoTags": image.get("RepoTags") or [], "RootFS": {"Layers": layers}}


def ship(wish, source):
    """Takes in what is sent to its end, whatever happens, so that the next wish is found behind it."""
    if wish.get("from"):
        return rebuilt(wish, sources(wish, Fetched(wish["from"])))
    incoming = sources(wish, source)
    try:
        return rebuilt(wish, incoming)
    except (Refused, DeltaError, IOError, OSError, MemoryError):
        for stream in incoming:
            stream.skip()
        raise


STASH = {}
"""Programs in memory, by hash, that were sent ahead for a wish that comes soon."""


def stash(wish, source):
    """Takes a program in before it is wanted. Nothing else of this server knows of it, and it goes with us."""
    stream, parts, known = Blocks(source), [], hashlib.sha256()
    try:
        left = wish["size"]
        while left:
            parts.append(stream.read(min(left, PIECE)))
            known.update(parts[-1])
            left -= len(parts[-1])
        stream.finish()
    except (Refused, MemoryError):
        stream.skip()
        raise
    if known.hexdigest() != wish["name"]:
        raise Refused("what arrived has another hash")
    STASH[wish["name"]] = b"".join(parts)
    return {}


def unstashed(folder, name):
    """Files what a patch is for, where it came ahead."""
    if name in STASH and kept(folder).get(name) != len(STASH[name]):
        keeper = Keeper(folder, name, True)
        keeper.write(STASH[name])
        keeper.done()


def sources(wish, source):
    """The patches' streams, packed or as they are, and the one of the parts behind them."""
    incoming = [Blocks(source) if p.get("packed") else Limited(source, p["size"]) for p in wish["patches"]]
    incoming.append(Blocks(source))
    return incoming


def rebuilt(wish, incoming):
    """Makes an archive of what is kept, what is made by patches and what arrives, and loads it. Then the image is
    asked for, and only the files that are still of use stay."""
    if wish.get("under"):
        under(wish["under"])
    BROUGHT.pop(wish["ref"], None)
    folder = wish["folder"]
    keeps = ready(folder) and free(folder) > 3 * wish["size"] + SPARE
    if wish["patches"] and not keeps:
        raise Refused("nothing can be kept in " + folder)
    for patch in wish["patches"]:
        unstashed(folder, patch["old"])
    works = {}
    try:
        for patch, stream in zip(wish["patches"], incoming):
            works[patch["new"]] = Work(folder, patch, stream)
            if patch.get("packed"):
                stream.finish()
        request = sent_on(wish, folder, incoming[-1], works, keeps)
    finally:
        for work in works.values():
            work.drop()
    said = loaded(request.answer().checked())
    found = ask("GET", "/images/%s/json" % quoted(wish["ref"]))
    if found.status == 200:
        BROUGHT[wish["ref"]] = seen(found.json())
        if keeps and wish["stays"] is not None:
            only(folder, wish["stays"])
            STASH.clear()
    return {"said": said, "image": BROUGHT.get(wish["ref"])}


def sent_on(wish, folder, stream, works, keeps):
    """The request that has the whole archive; what is being made by a patch goes to the engine while it grows."""
    here = kept(folder)
    for kind, value, size in wish["parts"]:
        if kind == "kept" and value not in works and value not in STASH and here.get(value) != size:
            raise Refused("%s is not here" % value)
    request = Request("POST", "/images/load?quiet=1", wish["size"], "application/x-tar", 900)
    try:
        for kind, value, size in wish["parts"]:
            if kind == "kept" and value in works:
                works[value].send(size, request)
            elif kind == "kept" and value in STASH:
                request.send(STASH[value])
            elif kind == "kept":
                from_file(os.path.join(folder, value), size, request)
            else:
                keeper = Keeper(folder, value, keeps) if kind == "file" else None
                from_stream(stream, size, request, keeper)
        stream.finish()
        for work in works.values():
            work.finish()
    except BaseException:
        request.drop()
        raise
    return request


def from_file(path, size, request):
    with open(path, "rb") as file:
        while size:
            data = file.read(min(size, PIECE))
            if not data:
                raise Refused("%s is cut" % path)
            request.send(data)
            size -= len(data)


def from_stream(stream, size, request, keeper):
    try:
        while size:
            data = stream.read(min(size, PIECE))
            size -= len(data)
            request.send(data)
            if keeper is not None:
                keeper.write(data)
    except BaseException:
        if keeper is not None:
            keeper.drop()
        raise
    if keeper is not None:
        keeper.done()


def loaded(answer):
    said = ""
    for line in answer.body.decode("utf-8", "replace").splitlines():
        try:
            part = json.loads(line)
        except ValueError:
            continue
        if part.get("error"):
            raise EngineRefused(part["error"])
        said += part.get("stream") or ""
    return said
