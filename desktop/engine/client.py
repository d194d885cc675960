"""The docker SDK's client, whatever carries it. Blocking; the SDK is imported here and at the first use only.

Over SSH each HTTP connection is a `docker system dial-stdio` on the host's shared connection. The SDK's own ssh://
is not used: it has a second trust store and cannot follow logs (libraries.md 2).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import docker
import docker.errors
import docker.transport.basehttpadapter
import requests
import urllib3
import urllib3.connection

from desktop.base.errors import GoferryError

from .desktop_app import desktop_app
from .errors import EngineCut, EngineDown, EngineSilent, EngineTooOld, explained, recognise

if TYPE_CHECKING:
    from desktop.base.channel import Channel

    from .model import EnginePlace

P = ParamSpec("P")
T = TypeVar("T")
Client = Any
"""docker.APIClient, of which the type stubs know only half."""

TIMEOUT = 60
CONNECTIONS = 2
"""HTTP connections to one server at a time: each is an SSH session, and there are eight of those."""
OLDEST_API = (1, 39)


class _ChannelConnection(urllib3.connection.HTTPConnection):
    def __init__(self, dial: Callable[[], Any], timeout: int) -> None:
        super().__init__("localhost", timeout=timeout)
        self._dial = dial

    def connect(self) -> None:
        self.sock = self._dial()
        self.sock.settimeout(self.timeout)

    @property
    def is_connected(self) -> bool:
        return self.sock is not None and not getattr(self.sock, "closed", False)


class _ChannelPool(urllib3.connectionpool.HTTPConnectionPool):
    def __init__(self, dial: Callable[[], Any], timeout: int) -> None:
        super().__init__("localhost", timeout=timeout, maxsize=CONNECTIONS, block=True)
        self._dial, self._limit = dial, timeout

    def _new_conn(self) -> Any:
        return _ChannelConnection(self._dial, self._limit)


class ChannelAdapter(docker.transport.basehttpadapter.BaseHTTPAdapter):
    """Carries the SDK's requests over whatever `dial` gives."""

    def __init__(self, dial: Callable[[], Any], timeout: int = TIMEOUT) -> None:
        self._connections = _ChannelPool(dial, timeout)
        super().__init__()

    def get_connection(self, url: Any, proxies: Any = None) -> Any:
        return self._connections

    def get_connection_with_tls_context(
        self, request: Any, verify: Any, proxies: Any = None, cert: Any = None
    ) -> Any:
        return self._connections

    def request_url(self, request: Any, proxies: Any) -> str:
        # the path alone, as to a unix socket
        return str(request.path_url)

    def close(self) -> None:
        self._connections.close()


def over_channel(channel: Channel) -> Client:
    """A client over a server's SSH connection, its API version agreed on."""
    client: Client = docker.APIClient(base_url="http://goferry:2375", version="1.39", timeout=TIMEOUT)
    client.trust_env = False  # no proxy of this computer between the server's engine and us
    client.mount("http://", ChannelAdapter(channel.dial_engine))
    return _negotiated(client, channel.name)


def at_place(place: EnginePlace, *, timeout: int = TIMEOUT, streams: bool = False) -> Client:
    """A client to an engine of this computer. `streams`: one for endless answers, which hold a connection each."""
    from docker.tls import TLSConfig

    with_errors("local", _meet, place.address)
    tls: Any = False
    if place.tls:
        folder = place.tls
        tls = TLSConfig((f"{folder}/cert.pem", f"{folder}/key.pem"), ca_cert=f"{folder}/ca.pem", verify=True)
    client: Client = docker.APIClient(
        base_url=place.address, version="1.39", timeout=timeout, tls=tls, max_pool_size=64 if streams else 16
    )
    return _negotiated(client, "local")


def _meet(address: str) -> None:
    """Raises FileNotFoundError where no socket is: the SDK would leave its own end of one open."""
    path = address.removeprefix("unix://")
    if path != address and not os.path.exists(path):
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def one_call(client: Client) -> Client:
    """For one long call: `close_all` then also ends an answer that is still being read."""
    client.goferry_answers = []
    client.hooks["response"].append(lambda answer, *args, **kwargs: client.goferry_answers.append(answer))
    return client


def close_all(client: Client) -> None:
    """Closes a client and what it was reading."""
    for answer in getattr(client, "goferry_answers", ()):
        answer.close()
    client.close()


def _negotiated(client: Client, where: str) -> Client:
    # the SDK's own way of asking, after our adapter is in
    found: str = with_errors(where, client._retrieve_server_version)
    numbers = tuple(int(part) for part in found.split(".")[:2])
    if numbers < OLDEST_API:
        server = client.version(api_version=False).get("Version", "")
        client.close()
        raise EngineTooOld(where, server, found)
    client._version = found
    return client


def with_errors(where: str, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
    """`call`, with the SDK's failures turned into explained ones."""
    try:
        return call(*args, **kwargs)
    except GoferryError:
        raise
    except docker.errors.APIError as error:
        raise explained(where, str(error.explanation or error)) from error
    except (docker.errors.InvalidArgument, docker.errors.InvalidVersion) as error:
        raise explained(where, str(error)) from error
    except (
        docker.errors.DockerException,
        requests.RequestException,
        OSError,
        EOFError,  # what a channel says when its link ends in the midst of a write
        urllib3.exceptions.HTTPError,
    ) as error:
        raise _transport_failure(where, error) from error
    except Exception as error:
        if type(error).__module__ != "pywintypes":  # what a named pipe fails with is no OSError
            raise
        raise _transport_failure(where, error) from error


def _transport_failure(where: str, error: BaseException) -> GoferryError:
    inner = error
    while inner is not None:
        if isinstance(inner, GoferryError):
            return inner
        inner = inner.__cause__ or inner.__context__ or (inner.args[0] if _wraps(inner) else None)  # type: ignore[assignment]
    text = _said(error)
    if known := recognise(where, text):
        return known
    if "timed out" in text.lower() or "TimeoutError" in text:
        return EngineSilent(where, TIMEOUT, detail=text)
    if any(
        sign in text for sign in ("No such file", "Connection refused", "CreateFile", "Errno 2", "Errno 111")
    ):
        app = desktop_app() if where == "local" else None
        return EngineDown(where, detail=text, app=app.name if app else "")
    return EngineCut(where, detail=text)


def _wraps(error: BaseException) -> bool:
    return bool(error.args) and isinstance(error.args[0], BaseException)


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"
