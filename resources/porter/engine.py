# One engine, by its socket.
import json
import os
import socket


def engine_socket():
    """The socket that the docker command would use; only a plain local one."""
    address = os.environ.get("DOCKER_HOST", "")
    if address and not address.startswith("unix://"):
        raise Refused("DOCKER_HOST is " + address)
    if not address and os.environ.get("DOCKER_CONTEXT", "default") != "default":
        raise Refused("DOCKER_CONTEXT is set")
    try:
        with open(os.path.expanduser("~/.docker/config.json")) as file:
            context = json.load(file).get("currentContext") or "default"
    except (IOError, OSError, ValueError, AttributeError):
        context = "default"
    if not address and context != "default":
        raise Refused("the docker context is " + context)
    return address[len("unix://") :] or "/var/run/docker.sock"


class Answer(object):
    def __init__(self, status, body):
        self.status, self.body = status, body

    def json(self):
        return json.loads(self.body.decode("utf-8")) if self.body else None

    def checked(self, *allowed):
        if self.status // 100 != 2 and self.status not in allowed:
            try:
                said = self.json()["message"]
            except (ValueError, KeyError, TypeError):
                said = self.body.decode("utf-8", "replace")
            raise EngineRefused(said)
        return self


class Unreached(Refused):
    """Nobody answers at a socket."""

    def __init__(self, error):
        Refused.__init__(self, "the engine cannot be reached: %s" % error)
        self.number = error.errno


class Request(object):
    """One request on a connection of its own; the body goes in by `send`."""

    def __init__(self, method, path, size=0, kind="application/json", timeout=120, at=""):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.settimeout(timeout)
        self.failure = None
        try:
            self.socket.connect(at or engine_socket())
        except (IOError, OSError) as error:
            self.socket.close()
            raise Unreached(error)
        head = "%s %s HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n" % (method, path)
        if size or method == "POST":
            head += "Content-Type: %s\r\nContent-Length: %d\r\n" % (kind, size)
        self.send((head + "\r\n").encode("ascii"))

    def send(self, data):
        if self.failure is None:
            try:
                self.socket.sendall(data)
            except (IOError, OSError) as error:  # it has answered already: the answer says why
                self.failure = error

    def drop(self):
        self.socket.close()

    def answer(self):
        try:
            return self._answer()
        except (IOError, OSError, ValueError) as error:
            raise Refused("the engine: %s" % (self.failure or error))
        finally:
            self.socket.close()

    def _answer(self):
        data = b""
        while True:
            piece = self.socket.recv(65536)
            if not piece:
                break
            data += piece
            head, end, body = data.partition(b"\r\n\r\n")
            if end and b"content-length:" in head.lower():
                wanted = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                if len(body) >= wanted:
                    break
            if end and (head.split()[1:2] in ([b"204"], [b"304"]) or data.endswith(b"\r\n0\r\n\r\n")):
                break
        head, _, body = data.partition(b"\r\n\r\n")
        if b"transfer-encoding: chunked" in head.lower():
            body = unchunked(body)
        return Answer(int(head.split()[1]), body)


def unchunked(body):
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        count = int(size.split(b";")[0] or b"0", 16)
        if not count:
            break
        whole, body = whole + body[:count], body[count + 2 :]
    return whole


def ask(method, path, value=None, timeout=120):
    body = json.dumps(value).encode("utf-8") if value is not None else b""
    request = Request(method, path, len(body), timeout=timeout)
    request.send(body)
    return request.answer()


def quoted(text):
    return "".join(c if c.isalnum() or c in "-_.~" else "%%%02X" % ord(c) for c in text)
