"""A porter beside a server's engine: the steps of a release in one round trip each.

It does what the shell scripts in `scripts` do, with the same files, so either may go on with what the other began.
Where there is no porter every call raises NoPorter, and the place takes the plain way.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from desktop.base.channel import Channel
from desktop.base.errors import GoferryError
from desktop.base.words import Words, msg
from desktop.engine import Container, parse, split_ref
from desktop.release import front, scripts
from desktop.release.errors import Locked, LockLost, NotStarted
from desktop.release.front import Turn
from desktop.release.health import GOOD_IN_A_ROW, SLICE, judged
from desktop.release.model import Release
from desktop.release.place import Probe
from desktop.release.records import to_record
from desktop.ship import RESTING, NoPorter, Porter, Quick

from .ledger import ServerLedger, while_held
from .sight import Sight

if TYPE_CHECKING:
    from desktop.image import Image

BEATS = 12


@dataclass(frozen=True, slots=True)
class Watched:
    """What a porter saw of a release's health."""

    probes: tuple[Probe, ...]
    container: Container | None
    passed: bool


@dataclass(frozen=True, slots=True)
class Names:
    """Of an image on a host: (source, repository, tag) each, or nothing. Without `before` no container can be made."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @classmethod
    def of(cls, own: str, ref: str, image: Image | None, came: bool) -> Names:
        """An image has come under its release's `own` name, or was there under its usual one."""
        if image is None:
            return cls()
        return cls((), (own, *split_ref(ref))) if came else cls((ref, *split_ref(own)))


@dataclass(frozen=True, slots=True)
class Begun:
    """A swap that was asked for behind an image that is being carried."""

    carrier: Porter
    answer: asyncio.Task[dict[str, Any]]
    watch: asyncio.Task[dict[str, Any]] | None

    @property
    def refusal(self) -> NoPorter | None:
        """Why nothing was done."""
        return self._trouble if self._trouble is not None and self._trouble.refused else None

    @property
    def ended(self) -> bool:
        """The porter is gone, and has not said what it did."""
        return self._trouble is not None and not self._trouble.refused

    @property
    def _trouble(self) -> NoPorter | None:
        error = None if self.answer.cancelled() else self.answer.exception()
        return error if isinstance(error, NoPorter) else None


class Beside:
    """One app's way through a porter on one host. `held` is the porter that has the lock, while it is held.

    What comes next for sure is asked for in the same breath: the look with the lock, the first health with the swap.
    """

    def __init__(self, channel: Channel, quick: Quick) -> None:
        self._channel, self._quick = channel, quick
        self.held: Porter | None = None
        self._early_look: asyncio.Task[dict[str, Any]] | None = None
        self._early_watch: asyncio.Task[dict[str, Any]] | None = None
        self._turn: Turn | None = None
        self._create: dict[str, Any] | None = None
        self._begun: Begun | None = None
        self._ticket = ""
        self._warming: asyncio.Task[None] | None = None
        self.front: dict[str, Any] | None = None
        """`swap` will make this front first."""

    def warm(self, most: int = RESTING) -> None:
        """Has so many porters at hand soon, beside the one that looks."""
        if self._warming is None or self._warming.done():
            self._warming = self._quick.meanwhile(self._quick.porters.warm(self._channel, most))

    async def look(self, app: str, store: str, root: str, before: Sight | None = None) -> Sight:
        """`before`: what was seen before the lock."""
        wish = _look_wish(app, root)
        if self._early_look is not None:
            early, self._early_look = self._early_look, None
            return Sight.of(await early, store, before)
        if self.held is not None:
            return Sight.of(await self.held.ask(wish), store)
        async with self._quick.porters.at(self._channel) as porter:
            return Sight.of(await porter.ask(wish), store)

    @asynccontextmanager
    async def hold(
        self,
        ledger: ServerLedger,
        app: str,
        by: str,
        what: str,
        root: str,
        folder: dict[str, Any] | None = None,
        images: bool = True,
    ) -> AsyncIterator[None]:
        """The lock, held by a porter. `folder`: the wish to make the app's, where it is not there. `images`: whether
        the first look has to see them again. Raises Locked, NoPorter, and LockLost when it is gone."""
        porter = await self._quick.porters.take(self._channel)
        try:
            if folder is not None:
                self._quick.meanwhile(porter.ask(folder))  # where that fails, the lock cannot be had either
            wish = {"do": "hold", "beats": BEATS, **self.under(app, 0)}
            holding = self._quick.meanwhile(porter.ask({**wish, "holder": {"by": by, "what": what}}))
            self._early_look = self._quick.meanwhile(porter.ask(_look_wish(app, root, images)))
            answer = await holding
            if "taken" in answer:
                other = scripts.parse_taken(str(answer["taken"]))
                raise Locked(self._channel.name, other.by, other.what, other.since, other.now)
            self.held = porter
            async with while_held(self._loss(porter), ledger.beat(app, str(answer["held"]))):
                yield
        except BaseException:
            self._let_go()
            await porter.close()
            raise
        self._let_go()
        try:
            await porter.ask({"do": "free"})
        except (NoPorter, GoferryError):
            await porter.close()
        else:
            await self._quick.porters.put_back(self._channel.name, porter)

    def under(self, app: str, seconds: float) -> dict[str, Any]:
        """For a wish that is granted only while this lock is held, or is taken within so many seconds."""
        self._ticket = self._ticket or secrets.token_hex(8)
        return {"folder": scripts.folder_of(app), "ticket": self._ticket, "seconds": seconds}

    def _let_go(self) -> None:
        self.held = self._early_look = self._early_watch = self._turn = self._create = None
        self._begun = self.front = None
        self._ticket = ""

    async def _loss(self, porter: Porter) -> GoferryError:
        await asyncio.wait({porter.ended})
        return porter.link_error or LockLost(self._channel.name)

    async def _ask(self, wish: dict[str, Any]) -> dict[str, Any]:
        if self.held is None:
            raise NoPorter("no lock is held by one")
        return await self.held.ask(wish)

    def prepare(self, release: Release, names: Names, body: dict[str, Any]) -> None:
        """`swap` will make the container first."""
        self._create = {
            "tag": list(names.before),
            "also": list(names.after),
            "name": release.container,
            "anew": bool(release.secret_names),
            "body": body,
        }

    async def make_front(self, wish: dict[str, Any], *, only_network: bool = False) -> None:
        """Now, while something else is waited for. Raises NoPorter."""
        await self._ask({"do": "connect" if only_network else "front", **wish})

    async def leave_nobody_in_front(self, app: str) -> str:
        """Takes away a front that no release came for; the name of its image, where there was one. Raises NoPorter."""
        wish = {
            "do": "alone",
            "app": app,
            "folder": scripts.folder_of(app),
            "names": [front.front_name(app), front.spare_name(app)],
            "network": front.network_name(app),
        }
        return str((await self._ask(wish))["gone"])

    def begin(
        self,
        carrier: Porter,
        meant: dict[str, Any],
        release: Release,
        old: Release | None,
        limit: float,
        address: str = "",
        turn: Turn | None = None,
    ) -> None:
        """Asks for what was prepared, and for `swap`, behind the image that a porter still carries: it is granted when
        the engine has the image that is `meant`."""
        assert self._create is not None
        self._create["meant"] = meant
        wish = {**self._swap_wish(release, old, limit, turn), "under": self.under(release.app, 0)}
        answer = self._quick.meanwhile(carrier.ask(wish, limit=None))
        watch = None
        if not release.health.command:
            wish = self._watch_wish(release, address, SLICE, GOOD_IN_A_ROW)
            watch = self._quick.meanwhile(carrier.ask(wish, limit=None))
        self._begun = Begun(carrier, answer, watch)

    def may_have_begun(self, carrier: Porter | None) -> bool:
        """Whether what `begin` asked for may have been done, in part. `carrier` as for `has_begun`."""
        begun = self._begun
        if begun is None or (begun.answer.done() and begun.refusal is not None):
            return False
        return carrier is begun.carrier or (begun.answer.done() and not begun.ended)

    async def has_begun(self, release: Release, carrier: Porter | None) -> bool:
        """Whether what `begin` asked for was granted: `swap` has the answer then. `carrier`: who has carried the image
        at last. Raises what ended it in the middle."""
        begun = self._begun
        if begun is None:
            return False
        await asyncio.wait({begun.answer})
        # one that has not brought the image was not asked any more what came behind it
        if begun.refusal is not None or (begun.ended and carrier is not begun.carrier):
            self._begun = self._turn = None
            return False
        if begun.ended:
            why = msg("What Goferry ran on the server for it has ended in the middle.")
            raise NotStarted(release.title, self._channel.name, why)
        begun.answer.result()
        self._early_watch = begun.watch
        return True

    async def swap(
        self, release: Release, old: Release | None, limit: float, address: str = "", turn: Turn | None = None
    ) -> tuple[bool, str]:
        """Whether the new one runs, and what was said. `address`: of the host, where its port is asked for health.
        Raises NoPorter when it could not be made, before anything else has changed."""
        begun, self._begun = self._begun, None
        if begun is not None:
            answer = begun.answer.result()
            return bool(answer["started"]), str(answer["said"])
        swapping = self._quick.meanwhile(self._ask(self._swap_wish(release, old, limit, turn)))
        if self.held is not None and not release.health.command:
            self._early_watch = self._quick.meanwhile(
                self._ask(self._watch_wish(release, address, SLICE, GOOD_IN_A_ROW))
            )
        answer = await swapping
        return bool(answer["started"]), str(answer["said"])

    def _swap_wish(
        self, release: Release, old: Release | None, limit: float, turn: Turn | None
    ) -> dict[str, Any]:
        self._turn = turn
        create, self._create, before, self.front = self._create, None, self.front, None
        return {
            "do": "swap",
            "folder": scripts.folder_of(release.app),
            "new": release.container,
            "old": old.container if old is not None else "",
            "old_id": old.id if old is not None else "",
            "record": scripts.record_name(release),
            "limit": limit,
            "front": before,
            "create": create,
            "turn": turn.to_json() if turn is not None else None,
        }

    async def watch(self, release: Release, address: str, seconds: float, good: int) -> Watched:
        """Its health, asked there until it is well `good` times in a row, has ended, or `seconds` are over."""
        early, self._early_watch = self._early_watch, None
        if early is not None:
            answer = await early
        else:
            answer = await self._ask(self._watch_wish(release, address, seconds, good))
        found = answer["container"]
        port = release.port if release.proxied else release.publish
        probes = tuple(probed(told, port) for told in answer["probes"])
        return Watched(probes, parse.container(found) if found is not None else None, bool(answer["passed"]))

    async def confirm(self, release: Release) -> tuple[bool, str]:
        answer = await self._ask(
            {
                "do": "confirm",
                "folder": scripts.folder_of(release.app),
                "new": release.container,
                "record": scripts.record_name(release),
                "text": to_record(release),
                "id": release.id,
                **self._routed(release),
            }
        )
        return bool(answer["kept"]), str(answer.get("said", ""))

    async def settled(self, release: Release) -> tuple[bool, int]:
        """Whether the old release is left, after a moment; and how many requests it has still to answer."""
        wish = {"do": "settled", "folder": scripts.folder_of(release.app), "new": release.container}
        answer = await self._ask({**wish, "seconds": 1.0})
        return bool(answer["settled"]), int(answer["busy"])

    def _routed(self, release: Release) -> dict[str, Any]:
        """Where its front sends requests as soon as it is well."""
        turn = self._turn
        if turn is None or not turn.front:
            return {}
        return {"front": turn.front, "folder": scripts.folder_of(release.app), "route": turn.trial}

    def _watch_wish(self, release: Release, address: str, seconds: float, good: int) -> dict[str, Any]:
        health = release.health
        return {
            "do": "gate",
            "name": release.container,
            "address": front.address(release) if release.proxied else address,
            "port": release.publish,
            "path": _path(health.http) if health.http else "",
            "timeout": health.timeout,
            "seconds": seconds,
            "good": good,
            **self._routed(release),
        }


def _look_wish(app: str, root: str, images: bool = True) -> dict[str, Any]:
    return {
        "do": "look",
        "images": images,
        "app": app,
        "front": front.front_name(app),
        "folder": scripts.folder_of(app),
        "repositories": [f"goferry/{app}", front.REPOSITORY],
        "root": root or "/var/lib/docker",
    }


def _path(path: str) -> str:
    return path if path.startswith("/") else f"/{path}"


def probed(told: dict[str, Any], port: int) -> Probe:
    """What a porter found, in the words of a probe from here."""
    if "line" in told:
        return judged(str(told["line"]).encode("latin-1", "replace"), float(told.get("ms", 0)))
    if "open" in told:
        return Probe(True, msg("port {port} is open", port=port))
    return Probe(False, _trouble(told, port))


def _trouble(told: dict[str, Any], port: int) -> Words:
    if "closed" in told:
        return msg("port {port} is closed inside the container", port=port)
    if "silent" in told:
        return msg("no answer within {seconds} s", seconds=f"{float(told['silent']):g}")
    if "lost" in told:
        return msg("connection lost: {error}", error=str(told["lost"]))
    return msg("port {port}: {error}", port=port, error=str(told.get("refused", "")))
