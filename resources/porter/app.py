# An app's containers, and what its folder says.
import fcntl
import os
import time


def look(wish):
    """Everything that a deploy has to know before it begins, at one go. Whoever has just seen the images and is
    sending another one need not see them again: some engines take longer for that than for anything else here."""
    folder = wish["folder"]
    answer = {"kept": kept(os.path.join(folder, "kept")), "images": None}
    if wish["images"]:
        answer["images"] = images(wish["repositories"])
    answer["state"] = state(folder)
    answer["containers"], answer["busy"] = containers(wish["app"])
    answer["front"] = container(wish["front"])
    answer["listens"] = listening()
    answer["free"] = free(wish["root"])
    return answer


def state(folder):
    """What the app's folder says, in the lines of the shell script that does the same without Python."""
    lines = ["now %f" % time.time(), "arch " + os.uname()[4]]
    if not os.path.isdir(os.path.join(folder, "releases")):
        lines.append("absent")
    if not os.path.isdir(folder):
        return "\n".join(lines)
    if not os.access(folder, os.W_OK):
        lines.append("readonly")
    current = text_of(os.path.join(folder, "current"))
    if current:
        lines.append("current " + current.strip())
    releases = os.path.join(folder, "releases")
    for name in sorted(os.listdir(releases)) if os.path.isdir(releases) else ():
        if name.endswith(".json"):
            lines.append("record " + text_of(os.path.join(releases, name)).strip())
    if is_held(os.path.join(folder, "lock")):
        lines.append("holder " + text_of(os.path.join(folder, "holder")).strip())
    return "\n".join(lines)


def text_of(path):
    try:
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "replace")
    except (IOError, OSError):
        return ""


def is_held(path, seconds=0.3):
    if LOCK.path == path:
        return False
    try:
        fd = os.open(path, os.O_RDONLY)
    except (IOError, OSError):
        return False
    try:
        return not locked(fd, fcntl.LOCK_SH, seconds)
    finally:
        os.close(fd)


def locked(fd, kind, seconds):
    for left in range(int(seconds / 0.02), -1, -1):
        try:
            fcntl.flock(fd, kind | fcntl.LOCK_NB)
            return True
        except (IOError, OSError):
            time.sleep(0.02 if left else 0)
    return False


def containers(app):
    """The app's, with what is needed of them; and who has which port."""
    mine, busy = [], []
    for entry in ask("GET", "/containers/json?all=1").checked().json():
        labels = entry.get("Labels") or {}
        for port in entry.get("Ports") or ():
            if port.get("PublicPort"):
                name = (entry.get("Names") or [""])[0].lstrip("/")
                whose = labels.get("io.goferry.app") or labels.get("io.goferry.front", "")
                busy.append([port["PublicPort"], name, whose])
        if labels.get("io.goferry.app") == app:
            found = container(entry["Id"])
            if found is not None:
                mine.append(found)
    return mine, busy


def container(name):
    answer = ask("GET", "/containers/%s/json" % quoted(name))
    if answer.status == 404:
        return None
    found = answer.checked().json()
    config, network = found.get("Config") or {}, found.get("NetworkSettings") or {}
    slim = {key: found.get(key) for key in ("Id", "Name", "Image", "State", "Created", "RestartCount")}
    slim["Config"] = {"Image": config.get("Image"), "Labels": config.get("Labels")}
    slim["HostConfig"] = {"PortBindings": (found.get("HostConfig") or {}).get("PortBindings")}
    slim["NetworkSettings"] = {"Ports": network.get("Ports")}
    return slim


def listening():
    """The kernel tells of those that listen first, with their half-open connections (03). What comes behind them is
    not read: on a server that is busy it is most, and takes long."""
    ports = set()
    for path in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            with open(path) as file:
                file.readline()
                for line in file:
                    words = line.split()
                    if words[3:4] not in (["0A"], ["03"]):
                        break
                    if words[3] == "0A":
                        ports.add(int(words[1].rpartition(":")[2], 16))
        except (IOError, OSError):  # no IPv6 here
            pass
    return sorted(ports)


def create(wish):
    """Names the image for the release and makes its container; one that is there and needs no new values stays."""
    if wish.get("meant"):
        is_meant(**wish["meant"])
    if wish["tag"]:
        named(*wish["tag"])
    found = container(wish["name"])
    if found is not None:
        if not wish["anew"] and not found["State"].get("Running"):
            return {}
        ask("DELETE", "/containers/%s?force=1&v=1" % quoted(wish["name"])).checked(404)
    ask("POST", "/containers/create?name=" + quoted(wish["name"]), wish["body"]).checked()
    return {}


def named(source, repository, tag):
    words = tuple(quoted(word) for word in (source, repository, tag))
    ask("POST", "/images/%s/tag?repo=%s&tag=%s&force=1" % words).checked()


def is_meant(ref, ids, layers):
    """Raises Refused where this porter has not just brought such an image, or it is another one."""
    image = BROUGHT.get(ref)
    if image is None or (image["Id"] not in ids and image["RootFS"]["Layers"] != layers):
        raise Refused("%s is not the image that was meant" % ref)
