# A server that hands its neighbours what was sent to it once, and the neighbour that fetches it there. It listens at
# the address at which Goferry reached it, for one run, with a certificate of that run: who fetches knows it by its
# hash, and brings a token that opens once. What is handed on lies in a file without a name, which this program ends.
import hashlib
import json
import os
import socket
import tempfile
import threading

REACHED_WITHIN = 4
SILENT_FOR = 60


def tls(kind):
    """A context of the best version that both have; `kind`: SERVER or CLIENT."""
    try:
        import ssl
    except ImportError:
        raise Refused("its Python has no ssl")
    context = ssl.SSLContext(getattr(ssl, "PROTOCOL_TLS_" + kind, None) or ssl.PROTOCOL_SSLv23)
    if kind == "CLIENT":
        context.check_hostname = False  # it has no name: the hash of its certificate is compared
        context.verify_mode = ssl.CERT_NONE
    return context


class Relay(object):
    def __init__(self):
        self.stocked = {}
        self.tokens = set()
        self.turn = threading.Lock()

    def open(self, wish):
        """Listens from now on, until this program ends."""
        words = os.environ.get("SSH_CONNECTION", "").split()
        if len(words) != 4 or words[2] == "::1" or words[2].startswith("127."):
            raise Refused("its address is not known")
        context = tls("SERVER")
        fd, path = tempfile.mkstemp()
        try:
            os.write(fd, wish["identity"].encode("ascii"))
            context.load_cert_chain(path)
        finally:
            os.close(fd)
            os.unlink(path)
        self.tokens = set(wish["tokens"])
        kind, _, _, _, place = socket.getaddrinfo(words[2], wish["port"], 0, socket.SOCK_STREAM)[0]
        listener = socket.socket(kind, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
        listener.listen(64)
        aside(self.welcome, listener, context)
        return {"address": words[2], "port": listener.getsockname()[1]}

    def welcome(self, listener, context):
        while True:
            # no name for it here: Python 2 ends a connection with the last name that it has
            aside(self.serve, listener.accept()[0], context)

    def serve(self, near, context):
        try:
            near.settimeout(SILENT_FOR)
            near = context.wrap_socket(near, server_side=True)
            asked = json.loads(line_of(near).decode("ascii"))
            token = hashlib.sha256(asked["token"].encode("ascii")).hexdigest()
            with self.turn:
                known = token in self.tokens
                self.tokens.discard(token)
            if known and asked["name"] in self.stocked:
                self.hand_over(near, *self.stocked[asked["name"]])
        except (Refused, IOError, OSError, ValueError, KeyError, TypeError, AttributeError):
            return  # whoever it was gets nothing more, and the next one is welcome
        finally:
            near.close()

    def hand_over(self, near, file, size):
        # a second opening has a position of its own
        with open("/proc/self/fd/%d" % file.fileno(), "rb") as source:
            while size:
                data = source.read(min(size, PIECE))
                size -= len(data)
                near.sendall(data)

    def stock(self, wish, source):
        """Takes in what is handed on later, to its end, whatever happens."""
        incoming = Limited(source, wish["size"])
        try:
            folder = os.path.join("/var", "tmp")  # a disk, where /tmp may be memory
            folder = folder if os.access(folder, os.W_OK) else tempfile.gettempdir()
            if free(folder) < wish["size"] + SPARE:
                raise Refused("there is no room in " + folder)
            file, known = tempfile.TemporaryFile(dir=folder), hashlib.sha256()
            while incoming.left:
                data = incoming.read(PIECE)
                known.update(data)
                file.write(data)
            file.flush()
            if known.hexdigest() != wish["sha256"]:
                raise Refused("what arrived has another hash")
            self.stocked[wish["name"]] = (file, wish["size"])
            return {}
        except (Refused, IOError, OSError):
            incoming.skip()
            raise


RELAY = Relay()


def aside(work, *values):
    thread = threading.Thread(target=work, args=values)
    thread.daemon = True
    thread.start()


def line_of(near):
    line = b""
    while not line.endswith(b"\n"):
        piece = near.recv(1)
        if not piece or len(line) > 1000:
            raise Refused("half a line")
        line += piece
    return line


class Fetched(object):
    """What a neighbour hands on, as an input."""

    def __init__(self, wish):
        self.left, self.wanted, self.known = wish["size"], wish["sha256"], hashlib.sha256()
        try:
            near = socket.create_connection((wish["address"], wish["port"]), REACHED_WITHIN)
            near.settimeout(SILENT_FOR)
            self.near = tls("CLIENT").wrap_socket(near)
            if hashlib.sha256(self.near.getpeercert(True)).hexdigest() != wish["certificate"]:
                raise Refused("the relay shows another certificate")
            asked = json.dumps({"token": wish["token"], "name": wish["name"]}) + "\n"
            self.near.sendall(asked.encode("ascii"))
        except (IOError, OSError) as error:
            raise Refused("the relay: %s" % error)

    def read(self, size):
        try:
            data = self.near.recv(min(size, PIECE, self.left)) if self.left else b""
        except (IOError, OSError) as error:
            raise Refused("the relay: %s" % error)
        if not data:
            raise Refused("the relay ended early")
        self.known.update(data)
        self.left -= len(data)
        if not self.left and self.known.hexdigest() != self.wanted:
            raise Refused("the relay hands on something else")
        return data
