"""Why a base image could not be fetched. The tree: ImageError <- BaseError <- the classes below."""

from __future__ import annotations

from desktop.base.errors import Fix
from desktop.base.hindrances import hindrance
from desktop.base.words import Words, msg

from .errors import ImageError


class BaseError(ImageError):
    code = "image.base"


class RegistryUnreachable(BaseError):
    code = "image.registry_unreachable"

    def __init__(self, host: str, why: Words, *, detail: str = "") -> None:
        between = hindrance(detail)
        super().__init__(
            msg("The registry {host} cannot be used.", host=host),
            between.why if between else why,
            between.fix
            if between
            else msg(
                "Check the name and the network, or start from an empty image, which needs no registry."
            ),
            detail=detail,
            fixes=(Fix(msg("Use an empty image"), "image.set", "base=scratch"),),
        )


class LoginRefused(BaseError):
    code = "image.login_refused"

    def __init__(self, host: str, *, had_login: bool, detail: str = "") -> None:
        why = (
            msg("User name or password are not accepted, or may not read this repository.")
            if had_login
            else msg("It asks for a login, and none is kept for it.")
        )
        super().__init__(
            msg("The registry {host} does not let us in.", host=host),
            why,
            msg("Log in to {host}, and try again.", host=host),
            detail=detail,
            fixes=(Fix(msg("Log in to {host}…", host=host), "registry.login", host),),
        )


class NoSuchBase(BaseError):
    code = "image.no_such_base"

    def __init__(self, ref: str, host: str, *, detail: str = "") -> None:
        super().__init__(
            msg("There is no image {ref}.", ref=ref),
            msg("{host} does not have it, or not for those who are not logged in.", host=host),
            msg("Check the name and the tag of the base image."),
            detail=detail,
        )


class NoSuchPlatform(BaseError):
    code = "image.no_such_platform"

    def __init__(self, ref: str, platform: str, there: tuple[str, ...]) -> None:
        super().__init__(
            msg("{ref} does not exist for {platform}.", ref=ref, platform=platform),
            msg("It is there for: {platforms}", platforms=", ".join(there) or "-"),
            msg("Choose another base image, or another target."),
        )


class RegistryBusy(BaseError):
    code = "image.registry_busy"

    def __init__(self, host: str, status: int, *, detail: str = "") -> None:
        why = (
            msg("It allows only so many downloads in a time, and that limit is reached.")
            if status == 429
            else msg("It answered with HTTP {code}.", code=status)
        )
        super().__init__(
            msg("The registry {host} turned us away for now.", host=host),
            why,
            msg("Try again later, log in, or take the base from another registry."),
            detail=detail,
        )


class BaseDamaged(BaseError):
    code = "image.base_damaged"

    def __init__(self, ref: str, *, detail: str = "") -> None:
        super().__init__(
            msg("What came for {ref} is not what was asked for.", ref=ref),
            msg(
                "Its digest is another one: the registry or something on the way is faulty. Nothing of it was kept."
            ),
            msg("Try again; if it stays so, tell those who run the registry."),
            detail=detail,
        )


class BaseNotUsable(BaseError):
    code = "image.base_not_usable"

    def __init__(self, ref: str, why: Words, *, detail: str = "") -> None:
        super().__init__(
            msg("{ref} cannot be used as a base.", ref=ref),
            why,
            msg("Choose another base image."),
            detail=detail,
        )
