"""A registry's HTTP API (OCI distribution): login by challenge, manifests and blobs, each checked by its digest."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken
from desktop.base.secret import Secret
from desktop.base.web import web_session
from desktop.base.words import Words, msg

from .bases_errors import BaseDamaged, LoginRefused, NoSuchBase, RegistryBusy, RegistryUnreachable
from .model import INDEX_TYPE, MANIFEST_TYPE
from .names import HUB, Reference

if TYPE_CHECKING:
    import requests

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
ACCEPTED = ", ".join((INDEX_TYPE, MANIFEST_TYPE, DOCKER_LIST, DOCKER_MANIFEST))
MOST_MANIFEST = 4 << 20
TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two pieces of an answer."""


@dataclass(frozen=True, slots=True)
class Login:
    """Who a registry shall let in."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest or index as it came. `digest` is that of its bytes."""

    content: bytes
    digest: str
    media_type: str


@dataclass
class Distribution:
    """One repository of one registry, for one piece of work. Blocking; every wait ends with the token."""

    session: requests.Session
    token: CancelToken
    reference: Reference
    login: Login | None = None
    plain_http: bool = False
    _authorization: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        return "registry-1.docker.io" if self.reference.registry == HUB else self.reference.registry

    @property
    def address(self) -> str:
        name = self.host.rpartition(":")[0] or self.host
        local = name in ("localhost", "127.0.0.1", "[::1]")
        return f"{'http' if self.plain_http or local else 'https'}://{self.host}"

    def manifest(self, name: str) -> Manifest:
        """The manifest of a tag or digest. Raises the errors of bases_errors."""
        reply = self._get(f"manifests/{name}", {"Accept": ACCEPTED})
        content = reply.raw.read(MOST_MANIFEST + 1, decode_content=True)
        reply.close()
        digest = f"sha256:{hashlib.sha256(content).hexdigest()}"
        if name.startswith("sha256:") and digest != name:
            raise BaseDamaged(str(self.reference), detail=f"{digest} came for {name}")
        return Manifest(content, digest, reply.headers.get("Content-Type", "").partition(";")[0])

    def greet(self) -> bool:
        """Whether the registry lets us in. False: it is there, and wants to know who asks. Raises LoginRefused for a
        login that it does not know, RegistryUnreachable, RegistryBusy."""
        url = f"{self.address}/v2/"
        reply = self._ask(url, {})
        if reply.status_code == 401 and self.login is not None:
            challenge = reply.headers.get("WWW-Authenticate", "")
            reply.close()
            self._answer(challenge)
            reply = self._ask(url, {})
        status, said = reply.status_code, "" if reply.status_code == 200 else reply.text[:2000]
        reply.close()
        if status == 200:
            return True
        if status == 401 and self.login is None:
            return False
        if status == 404:
            raise RegistryUnreachable(
                self.host, msg("It answered with HTTP {code}.", code=status), detail=said
            )
        raise self._refused(status, said)

    @contextmanager
    def blob(self, digest: str) -> Iterator[_Body]:
        """The bytes of a blob as a stream. Whoever reads it to its end calls `check`."""
        reply = self._get(f"blobs/{digest}", {})
        try:
            yield _Body(reply, self.token, digest, str(self.reference))
        finally:
            reply.close()

    def _get(self, path: str, headers: dict[str, str]) -> requests.Response:
        import tenacity

        waits = tenacity.Retrying(
            stop=tenacity.stop_after_attempt(3),
            wait=tenacity.wait_exponential(0.5, max=4),
            retry=tenacity.retry_if_exception_type((RegistryBusy, RegistryUnreachable)),
            sleep=self.token.sleep,
            reraise=True,
        )
        reply: requests.Response = waits(self._once, path, headers)
        return reply

    def _once(self, path: str, headers: dict[str, str]) -> requests.Response:
        url = f"{self.address}/v2/{self.reference.repository}/{path}"
        reply = self._ask(url, headers)
        if reply.status_code == 401:
            challenge = reply.headers.get("WWW-Authenticate", "")
            reply.close()
            self._answer(challenge)
            reply = self._ask(url, headers)
        if reply.status_code == 200:
            return reply
        said = reply.text[:2000]
        reply.close()
        raise self._refused(reply.status_code, said)

    def _ask(self, url: str, headers: dict[str, str]) -> requests.Response:
        import requests

        self.token.check()
        own = {**headers, "Authorization": self._authorization} if self._authorization else headers
        try:
            return self.session.get(url, headers=own, stream=True, timeout=TIMEOUT)
        except requests.exceptions.SSLError as error:
            raise RegistryUnreachable(self.host, _tls_why(str(error)), detail=str(error)) from error
        except requests.RequestException as error:
            self.token.check()
            raise RegistryUnreachable(self.host, msg("It does not answer."), detail=str(error)) from error

    def _answer(self, challenge: str) -> None:
        """Does what WWW-Authenticate asks for: a password with each request, or a token from the registry's office."""
        scheme, _, rest = challenge.partition(" ")
        values = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        if scheme.lower() == "basic":
            if self.login is None or self._authorization:
                raise LoginRefused(self.host, had_login=self.login is not None, detail=challenge)
            self._authorization = _basic(self.login)
        elif scheme.lower() == "bearer" and values.get("realm", "").startswith(("https://", "http://")):
            self._authorization = f"Bearer {self._office(values)}"
        else:
            raise LoginRefused(self.host, had_login=self.login is not None, detail=challenge)

    def _office(self, values: dict[str, str]) -> str:
        import requests

        realm = values["realm"]
        if self.login is not None and realm.startswith("http://") and not self.address.startswith("http://"):
            raise LoginRefused(
                self.host, had_login=True, detail="the registry asks for the password over plain HTTP"
            )
        scope = values.get("scope") or f"repository:{self.reference.repository}:pull"
        headers = {"Authorization": _basic(self.login)} if self.login is not None else {}
        asked = {"service": values.get("service", ""), "scope": scope}
        try:
            reply = self.session.get(realm, params=asked, headers=headers, timeout=TIMEOUT)
        except requests.RequestException as error:
            raise RegistryUnreachable(
                self.host, msg("Its login does not answer."), detail=str(error)
            ) from error
        try:
            body = reply.json() if reply.status_code == 200 else {}
            given = body.get("token") or body.get("access_token")
        except (ValueError, AttributeError):
            given = None
        if not given:
            raise LoginRefused(self.host, had_login=self.login is not None, detail=reply.text[:2000])
        return str(given)

    def _refused(self, status: int, said: str) -> Exception:
        if status in (401, 403):
            return LoginRefused(self.host, had_login=self.login is not None, detail=said)
        if status == 404:
            return NoSuchBase(str(self.reference), self.host, detail=said)
        if status == 429 or status >= 500:
            return RegistryBusy(self.host, status, detail=said)
        return RegistryUnreachable(self.host, msg("It answered with HTTP {code}.", code=status), detail=said)


class _Body:
    """A blob while it is read: bytes as they came, hashed on the way."""

    def __init__(self, reply: requests.Response, token: CancelToken, digest: str, name: str) -> None:
        self._raw, self._token, self._wanted, self._name = reply.raw, token, digest, name
        self._hash = hashlib.sha256()
        self.size = 0

    def read(self, most: int = -1) -> bytes:
        self._token.check()
        piece: bytes = self._raw.read(most if most > 0 else None)
        self._hash.update(piece)
        self.size += len(piece)
        return piece

    def check(self) -> None:
        """Raises BaseDamaged when what came is not what was asked for."""
        while self.read(1 << 20):
            pass
        found = f"sha256:{self._hash.hexdigest()}"
        if found != self._wanted:
            raise BaseDamaged(self._name, detail=f"{found} came for {self._wanted}")


@contextmanager
def open_registry(
    token: CancelToken, reference: Reference, login: Login | None = None, *, plain_http: bool = False
) -> Iterator[Distribution]:
    with web_session(token) as session:
        yield Distribution(session, token, reference, login, plain_http)


def greet_registry(token: CancelToken, registry: str, login: Login | None = None) -> bool:
    """Whether a registry lets `login` in; False where it answers and wants to know who asks. Blocking. Raises as
    Distribution.greet does."""
    with open_registry(token, Reference(registry, "goferry"), login) as found:
        return found.greet()


def _basic(login: Login) -> str:
    import base64

    return "Basic " + base64.b64encode(f"{login.user}:{login.password.reveal()}".encode()).decode()


def _tls_why(said: str) -> Words:
    if "WRONG_VERSION_NUMBER" in said or "wrong version number" in said:
        return msg("It speaks plain HTTP, not HTTPS.")
    return msg("Its certificate is not trusted on this computer.")
