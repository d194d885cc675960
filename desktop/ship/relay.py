"""A server near the others that is sent what they need once, and hands it on to them. No key leaves this computer: the
server listens for one run, with a certificate made for it, and opens to tokens that are good for one fetch each."""

from __future__ import annotations

import asyncio
import datetime
import hashlib
import logging
import secrets
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.base.blocking import CancelToken, Pool
from desktop.base.errors import GoferryError

from .porter import NoPorter

if TYPE_CHECKING:
    from desktop.base.channel import Channel

    from .porter import Porter, Porters

_log = logging.getLogger(__name__)

PAYS = 256 << 10
"""Bytes that must be saved on the uplink: below that the way round takes longer."""
TRIES = 4
"""Fetches of one host, at most."""


@dataclass(frozen=True, slots=True)
class Stock:
    """Something that lies on the relay: its pieces are files here."""

    files: tuple[Path, ...]
    size: int
    sha256: str

    def pieces(self, told: Callable[[int], None]) -> Iterator[bytes]:
        for path in self.files:
            with open(path, "rb") as file:
                while piece := file.read(1 << 18):
                    told(len(piece))
                    yield piece


class Relay:
    """One server as a relay, for one run. What goes wrong with it is in `trouble`: then everybody is sent his own."""

    def __init__(self, channel: Channel, porters: Porters, pool: Pool, port: int, hosts: int) -> None:
        self.host = channel.name
        self._channel, self._porters, self._pool = channel, porters, pool
        self._port, self._hosts = port, hosts
        self._opened: asyncio.Task[tuple[Porter, dict[str, Any]]] | None = None
        self._tokens: list[str] = []
        self._stocked: dict[str, asyncio.Task[Stock | None]] = {}
        self.sent_bytes = 0
        self.trouble = ""

    def pays(self, size: int) -> bool:
        return not self.trouble and size * (self._hosts - 1) >= PAYS

    async def fetch(self, name: str, files: Iterable[Path]) -> dict[str, Any] | None:
        """What a porter needs to fetch these files, one behind the other; None where they are to be sent directly."""
        try:
            if self._opened is None:
                self._opened = asyncio.ensure_future(self._open())
            if name not in self._stocked:
                self._stocked[name] = asyncio.ensure_future(self._stock(name, tuple(files)))
            _, door = await asyncio.shield(self._opened)
            stock = await asyncio.shield(self._stocked[name])
        except (NoPorter, GoferryError, OSError) as error:
            self.fails(str(error))
            return None
        if self.trouble or stock is None or not self._tokens:
            return None
        token = self._tokens.pop()
        return {**door, "name": name, "token": token, "size": stock.size, "sha256": stock.sha256}

    def fails(self, why: str) -> None:
        """Nobody is sent there any more."""
        _log.info("%s: no relay: %s", self.host, why)
        self.trouble = self.trouble or why

    async def _open(self) -> tuple[Porter, dict[str, Any]]:
        porter = await self._porters.take(self._channel)
        try:
            identity, certificate = await self._pool.run(lambda token: make_identity())
            self._tokens = [secrets.token_hex(32) for _ in range(self._hosts * TRIES)]
            hashed = [hashlib.sha256(token.encode()).hexdigest() for token in self._tokens]
            wish = {"do": "relay", "port": self._port, "identity": identity, "tokens": hashed}
            answer = await porter.ask(wish)
        except BaseException:
            await porter.close()
            raise
        return porter, {**answer, "certificate": certificate}

    async def _stock(self, name: str, files: tuple[Path, ...]) -> Stock | None:
        assert self._opened is not None
        porter, _ = await asyncio.shield(self._opened)
        stock = await self._pool.run(_measured, files)

        def sent(size: int) -> None:
            self.sent_bytes += size

        wish = {"do": "stock", "name": name, "size": stock.size, "sha256": stock.sha256}
        await porter.ask(wish, stock.pieces(sent), limit=None)
        return stock

    async def close(self) -> None:
        """What lies there goes with the porter."""
        tasks = [*self._stocked.values(), *([self._opened] if self._opened is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        opened = self._opened
        if opened is not None and not opened.cancelled() and opened.exception() is None:
            await opened.result()[0].close()


def _measured(token: CancelToken, files: tuple[Path, ...]) -> Stock:
    known, size = hashlib.sha256(), 0
    for path in files:
        with open(path, "rb") as file:
            while piece := file.read(1 << 20):
                token.check()
                known.update(piece)
                size += len(piece)
    return Stock(files, size, known.hexdigest())


def make_identity() -> tuple[str, str]:
    """A key and a certificate for one run as PEM, and the certificate's hash. It is known by that hash alone, so it
    bears no name, and its dates are wide: a server's clock may be wrong."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives import serialization as s
    from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "goferry relay")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime.datetime(2000, 1, 1))  # noqa: DTZ001  the builder takes UTC
        .not_valid_after(datetime.datetime(2100, 1, 1))  # noqa: DTZ001
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    der = made.public_bytes(s.Encoding.DER)
    return (pem + made.public_bytes(s.Encoding.PEM)).decode(), hashlib.sha256(der).hexdigest()
