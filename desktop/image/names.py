"""Names of images: taken apart, completed and checked as registries do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from desktop.base.words import msg

from .errors import BadReference

PART = re.compile(r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*")
DOMAIN = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9-]+)*|\[[0-9a-fA-F:]+\])(?::\d+)?"
)
TAG = re.compile(r"\w[\w.-]{0,127}", re.ASCII)
HUB = "docker.io"


@dataclass(frozen=True, slots=True)
class Reference:
    """`harbor.example.com/shop/orders:1.9`: registry, repository, tag, digest."""

    registry: str
    repository: str
    tag: str = "latest"
    digest: str = ""

    def __str__(self) -> str:
        """As people and Docker write it: docker.io and library/ are left out."""
        name = self.repository
        if self.registry == HUB:
            name = name.removeprefix("library/")
        else:
            name = f"{self.registry}/{name}"
        return f"{name}@{self.digest}" if self.digest else f"{name}:{self.tag}"

    @property
    def full(self) -> str:
        """With the registry always, as containerd names images."""
        return f"{self.registry}/{self.repository}:{self.tag}"


def parse_reference(text: str) -> Reference:
    """Raises BadReference with the reason."""
    rest, at, digest = text.strip().partition("@")
    if at and not re.fullmatch(r"sha256:[0-9a-f]{64}", digest):
        raise BadReference(text, msg("What stands after the @ is not a SHA-256 digest."))
    head, slash, tail = rest.partition("/")
    if slash and ("." in head or ":" in head or head == "localhost" or head.startswith("[")):
        registry, name = head, tail
        if not DOMAIN.fullmatch(registry):
            raise BadReference(text, msg("The registry before the first slash is not a host name."))
    else:
        registry, name = HUB, rest
    repository, colon, tag = name.partition(":")
    if colon and not TAG.fullmatch(tag):
        raise BadReference(text, msg("A tag has up to 128 letters, digits, dots, hyphens and underscores."))
    if (
        not repository
        or len(repository) > 255
        or not all(PART.fullmatch(part) for part in repository.split("/"))
    ):
        raise BadReference(
            text, msg("A repository has small letters and digits, with dots, hyphens or slashes between.")
        )
    if registry == HUB and "/" not in repository:
        repository = f"library/{repository}"
    return Reference(
        "docker.io" if registry == "index.docker.io" else registry, repository, tag or "latest", digest
    )


def tag_for(version: str) -> str:
    """A version as a tag: `1.9.0+3` has a plus, which no tag may have."""
    tag = re.sub(r"[^\w.-]", "-", version, flags=re.ASCII).lstrip(".-")[:128]
    return tag or "latest"
