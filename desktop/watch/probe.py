"""One health check from outside, through the host's own connection: works for images without a shell. Blocking."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError

from .model import HealthSample
from .plain import name_of, visible

if TYPE_CHECKING:
    from desktop.base.channel import Channel

_BODY = 2_000
_ANSWER = 16_384


@dataclass(frozen=True, slots=True)
class Check:
    """What to ask of a container: HTTP on `path`, or a TCP connection alone where `path` is None."""

    host: str
    source: str
    port: int
    address: str = "127.0.0.1"
    """As seen from the host."""
    path: str | None = "/health"
    interval: float = 5.0
    timeout: float = 2.0


def probe(token: CancelToken, check: Check, channel: Channel) -> HealthSample:
    """Ask once. A refused or broken connection is an answer (bad); a host out of reach is a missed check."""
    started = time.monotonic()
    try:
        connection = channel.dial(check.address, check.port)
    except GoferryError as error:
        return _sample(check, said=str(error.what), missed=True)
    except OSError as error:
        return _sample(check, said=_why(error))
    forget = token.on_cancel(connection.close)
    try:
        connection.settimeout(check.timeout)
        if check.path is None:
            return _sample(check, ok=True, latency=time.monotonic() - started, said="TCP")
        connection.sendall(request(check))
        answer = _answer(connection, started + check.timeout)
        return read_answer(check, answer, time.monotonic() - started)
    except TimeoutError:
        return _sample(check, said=f"no answer within {check.timeout:g} s")
    except (OSError, EOFError) as error:
        return _sample(check, said=_why(error))
    finally:
        forget()
        connection.close()


def request(check: Check) -> bytes:
    """The bytes of the question. Closing at the end is what tells us that the answer is whole."""
    path = "".join(c for c in (check.path or "/") if c.isprintable() and c != " ")
    host = f"{check.address}:{check.port}"
    lines = (
        f"GET {path} HTTP/1.1",
        f"Host: {host}",
        "User-Agent: goferry",
        "Accept: */*",
        "Connection: close",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8")


def read_answer(check: Check, answer: bytes, latency: float) -> HealthSample:
    """What an HTTP answer means: 2xx and 3xx are healthy."""
    head, _, body = answer.partition(b"\r\n\r\n")
    first = head.split(b"\r\n", 1)[0].decode("latin-1")
    words = first.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdigit():
        said = name_of(first) or "closed without an answer"
        return _sample(check, said=said, latency=latency if answer else None)
    ok = 200 <= int(words[1]) < 400
    text = "" if ok else visible(body[:_BODY].decode("utf-8", "backslashreplace").replace("\n", " "))
    said = name_of(" ".join(words[1:]))
    return _sample(check, ok=ok, latency=latency, said=said, body=text)


def _answer(connection: object, deadline: float) -> bytes:
    answer = bytearray()
    while len(answer) < _ANSWER:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        connection.settimeout(left)  # type: ignore[attr-defined]  # a channel's socket-like object
        piece = connection.recv(4096)  # type: ignore[attr-defined]
        if not piece:
            break
        answer += piece
        if b"\r\n\r\n" in answer and len(answer) > _BODY:
            break
    return bytes(answer)


def _why(error: BaseException) -> str:
    return name_of(getattr(error, "strerror", None) or str(error) or type(error).__name__)


def _sample(
    check: Check,
    *,
    ok: bool = False,
    latency: float | None = None,
    said: str = "",
    missed: bool = False,
    body: str = "",
) -> HealthSample:
    return HealthSample(time.time(), check.host, check.source, ok, latency, said, missed, body)
