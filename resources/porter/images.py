# Images: what is here, and how a new one is made of it.
import json
import os


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


def sources(wish, source):
    return [Limited(source, patch["size"]) for patch in wish["patches"]] + [Unpacked(source)]


def rebuilt(wish, incoming):
    """Makes an archive of what is kept, what is made by patches and what arrives, and loads it. Then the image is
    asked for, and only the files that are still of use stay."""
    folder = wish["folder"]
    keeps = ready(folder) and free(folder) > 3 * wish["size"] + SPARE
    if wish["patches"] and not keeps:
        raise Refused("nothing can be kept in " + folder)
    for patch, stream in zip(wish["patches"], incoming):
        patched(folder, patch, stream)
    here = kept(folder)
    for kind, value, size in wish["parts"]:
        if kind == "kept" and here.get(value) != size:
            raise Refused("%s is not here" % value)
    stream = incoming[-1]
    request = Request("POST", "/images/load?quiet=1", wish["size"], "application/x-tar", 900)
    try:
        for kind, value, size in wish["parts"]:
            if kind == "kept":
                from_file(os.path.join(folder, value), size, request)
            else:
                keeper = Keeper(folder, value, keeps) if kind == "file" else None
                from_stream(stream, size, request, keeper)
        stream.finish()
    except BaseException:
        request.drop()
        raise
    said = loaded(request.answer().checked())
    found = ask("GET", "/images/%s/json" % quoted(wish["ref"]))
    if keeps and found.status == 200:
        only(folder, wish["stays"])
    return {"said": said, "image": seen(found.json()) if found.status == 200 else None}


def patched(folder, patch, stream):
    part = os.path.join(folder, "part-%d" % os.getpid())
    digest, _ = apply_patch(os.path.join(folder, patch["old"]), stream.read, part, 0o664)
    if digest != patch["new"]:
        os.unlink(part)
        raise Refused("the patch gives another file")
    os.rename(part, os.path.join(folder, patch["new"]))


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
