"""Mode proxy: a small program of ours in front of an app owns its port, and passes requests on to the release that
serves; pure.

Why not nginx: its image must come from a registry, which many of these servers and desktops do not reach (and is ten
times the size of what changes); it cannot tell when a release has no request left to answer; and it takes new routes
at some time after it was told to. `resources/front` answers when new requests go to the new release, counts what the
old one has still to do, and travels like any other image.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from desktop.engine import Container

from .model import Release

PORT = 8080
"""Of the front inside its container."""
PROTOCOL = "1"
"""A front that was made for another is replaced."""
REPOSITORY = "goferry/front"
LABEL = "io.goferry.front"
DRAIN = 30.0
"""Seconds that requests of the old release are waited for, until it is stopped all the same."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")

Targets = tuple[tuple[str, int], ...]
"""Addresses and their shares. One of 0 gets what no other could be reached for."""


def front_name(app: str) -> str:
    return f"goferry-front-{app}"


def spare_name(app: str) -> str:
    """Of a front with another port, while the next one is tried."""
    return f"{front_name(app)}-before"


def network_name(app: str) -> str:
    return f"goferry-{app}"


def alias(release: Release) -> str:
    """Its name in the app's network: it stays when a reboot changes addresses, and fits a label of a host name."""
    return f"release-{release.id}"


def address(release: Release) -> str:
    return f"{alias(release)}:{release.port}"


def fits(front: Container, release: Release) -> bool:
    """Whether a front opens the release's door."""
    wanted = (PORT, release.publish, release.bind or "0.0.0.0")  # noqa: S104  what Docker means by empty
    opens = {(port.container, port.host, port.bind) for port in front.ports}
    return wanted in opens and front.labels.get(f"{LABEL}.protocol") == PROTOCOL


@dataclass(frozen=True, slots=True)
class Turn:
    """How an app comes from one release to the next where one of the two is behind a front. Names of containers."""

    new: str
    old: str = ""
    front: str = ""
    """Through which the new one is reached; empty where the new one owns the port itself."""
    door: str = ""
    """The front, where it has to be started first."""
    owner: str = ""
    """Who has the port, and must give it up before the new owner starts: an old release, or a front."""
    to: str = ""
    """The new one's address at the front."""
    back: str = ""
    """The old one's address at the front that it is behind."""
    drain: float = DRAIN

    @property
    def gap(self) -> bool:
        """Whether nobody has the port for a moment."""
        return bool(self.owner)

    @property
    def trial(self) -> Targets:
        """The new one serves; the old one does where it cannot be reached, so that a reboot costs nothing."""
        return ((self.to, 1), *(((self.back, 0),) if self.back else ()))

    @property
    def kept(self) -> Targets:
        return ((self.to, 1),)

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def words(self) -> tuple[str, ...]:
        """For the shell script that does what the porter does."""
        return (self.front, self.door, self.owner, self.to, self.back, f"{self.drain:g}")


def turn(
    release: Release, old: Release | None, front: Container | None, *, spare: bool = False
) -> Turn | None:
    """None where both are direct. `front`: the app's, which fits a proxied `release`. `spare`: a front with another
    port gives its own up for it."""
    behind = old is not None and old.proxied
    if not release.proxied and not behind:
        return None
    plain = Turn(
        release.container,
        old.container if old is not None else "",
        back=address(old) if old is not None and behind else "",
    )
    if not release.proxied:
        there = front is not None and front.running
        return replace(plain, owner=front_name(release.app) if there else "")
    running = front is not None and front.running
    owner = spare_name(release.app) if spare else ""
    if old is not None and not behind:
        owner = old.container
    return replace(
        plain,
        front=front_name(release.app),
        door="" if running else front_name(release.app),
        owner=owner,
        to=address(release),
    )


def moves(release: Release, old: Release | None) -> bool:
    """Whether the port changes hands, as far as the records tell: nobody answers for a moment."""
    if old is None:
        return False
    if not (release.proxied and old.proxied):
        return True
    return (release.publish, release.bind) != (old.publish, old.bind)
