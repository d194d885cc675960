"""How a release can fail.

GoferryError <- Locked, LockLost, NeverHealthy, ExitedAtOnce, WrongCpu, PortBusy, UnknownRelease, NothingToRollBackTo,
                NothingReleased, SecretMissing, ChangedSinceSeen, StateUnwritable, OldDidNotComeBack, NotStarted,
                NoFront
"""

from __future__ import annotations

from datetime import UTC, datetime

from desktop.base.errors import Fix, GoferryError
from desktop.base.words import Words, msg


class Locked(GoferryError):
    code = "release.locked"

    def __init__(self, host: str, by: str, what: str, since: float, now: float) -> None:
        self.by, self.since = by, since
        super().__init__(
            msg("Someone else is changing this app on {host}.", host=host),
            msg(
                "{by} holds the lock since {since} ({seconds} s, by the clock of {host}), for: {what}.",
                by=by or "?",
                since=clock(since),
                seconds=max(0, round(now - since)),
                host=host,
                what=what or "?",
            ),
            msg(
                "Wait until it is over and try again. The lock is freed by itself when their connection ends."
            ),
            fixes=(Fix(msg("Take it over"), "take_over", host),),
        )


class LockLost(GoferryError):
    code = "release.lock_lost"

    def __init__(self, host: str) -> None:
        super().__init__(
            msg("The lock on {host} was lost.", host=host),
            msg("Someone took it over, or the connection ended."),
            msg("Look at what serves now, then deploy again."),
        )


class NeverHealthy(GoferryError):
    code = "release.never_healthy"

    def __init__(self, release: str, host: str, seconds: float, said: Words, *, detail: str = "") -> None:
        super().__init__(
            msg("{release} never became healthy on {host}.", release=release, host=host),
            msg("For {seconds} s its health check said: {said}.", seconds=f"{seconds:.0f}", said=said),
            msg("Read its last lines below; check the health path, the port and the configuration."),
            detail=detail,
            fixes=(Fix(msg("Open the log"), "live", release),),
        )


class ExitedAtOnce(GoferryError):
    code = "release.exited"

    def __init__(
        self, release: str, host: str, exit_code: int | None, why: Words = "", *, detail: str = ""
    ) -> None:
        super().__init__(
            msg("{release} ended right after its start on {host}.", release=release, host=host),
            why or msg("Its exit code is {code}.", code="?" if exit_code is None else exit_code),
            msg("Its last lines are below. Correct the program or its configuration, and deploy again."),
            detail=detail,
            fixes=(Fix(msg("Open the log"), "live", release),),
        )


class WrongCpu(GoferryError):
    code = "release.wrong_cpu"

    def __init__(self, host: str, built: str, wanted: str) -> None:
        super().__init__(
            msg("The image does not fit the processor of {host}.", host=host),
            msg("It was built for {built}; {host} is {wanted}.", built=built, wanted=wanted, host=host),
            msg("Build for {wanted} and deploy again.", wanted=wanted),
            fixes=(Fix(msg("Build for {wanted}", wanted=wanted), "build", wanted),),
        )


class PortBusy(GoferryError):
    code = "release.port_taken"

    def __init__(self, host: str, port: int, owner: str, *, detail: str = "") -> None:
        super().__init__(
            msg("Port {port} on {host} is taken.", port=port, host=host),
            msg("It belongs to {owner}.", owner=owner)
            if owner
            else msg("Another program listens on it; which one could not be told."),
            msg("Stop that program, or publish another port in goferry.yaml."),
            detail=detail,
        )


class UnknownRelease(GoferryError):
    code = "release.unknown"

    def __init__(self, wanted: str, known: tuple[str, ...]) -> None:
        super().__init__(
            msg("There is no release {wanted}.", wanted=wanted),
            msg("Known here: {known}.", known=", ".join(known) or "-"),
            msg("Choose one of these."),
        )


class NothingToRollBackTo(GoferryError):
    code = "release.no_earlier"

    def __init__(self, app: str, host: str) -> None:
        super().__init__(
            msg("There is nothing to roll back to on {host}.", host=host),
            msg("{app} has no earlier release there that was healthy.", app=app),
            msg("Deploy a corrected version instead."),
        )


class NothingReleased(GoferryError):
    code = "release.none"

    def __init__(self, app: str, host: str) -> None:
        super().__init__(
            msg("{app} was never released on {host}.", app=app, host=host),
            msg("No container and no record of it is there."),
            msg("Deploy it first."),
        )


class SecretMissing(GoferryError):
    code = "release.secret_missing"

    def __init__(self, names: tuple[str, ...], environment: str, app: str = "") -> None:
        self.names, self.environment, self.app = names, environment, app
        super().__init__(
            msg("A secret has no value: {names}.", names=", ".join(names)),
            msg(
                "{environment} needs it, and the credential store here does not have it.",
                environment=environment,
            ),
            msg("Enter it on the Deploy page, or give it with --secrets-stdin as NAME=VALUE lines."),
            fixes=(Fix(msg("Enter the secret"), "secret", names[0] if names else ""),),
        )


class ChangedSinceSeen(GoferryError):
    code = "release.changed"

    def __init__(self, host: str, expected: str, found: str) -> None:
        super().__init__(
            msg("{host} changed since you looked.", host=host),
            msg(
                "The plan was made while {expected} served; now it is {found}.",
                expected=expected,
                found=found,
            ),
            msg("Look at the new plan, and deploy again."),
            fixes=(Fix(msg("Plan again"), "plan"),),
        )


class StateUnwritable(GoferryError):
    code = "release.state_dir"

    def __init__(self, host: str, folder: str, *, detail: str = "") -> None:
        super().__init__(
            msg("The folder for releases cannot be made on {host}.", host=host),
            msg(
                "{folder} is not writable for you, and neither sudo nor the engine could make it.",
                folder=folder,
            ),
            msg(
                "Make it once as an administrator: mkdir -p {folder} and give it to the group docker.",
                folder=folder,
            ),
            detail=detail,
        )


class OldDidNotComeBack(GoferryError):
    code = "release.not_restored"

    def __init__(self, host: str, release: str, failure: Words, *, detail: str = "") -> None:
        super().__init__(
            msg(
                "{host} does not serve now: {release} could not be started again.", host=host, release=release
            ),
            failure,
            msg("Look at {host}, then run the deploy again: it goes on from what it finds.", host=host),
            detail=detail,
        )


class NotStarted(GoferryError):
    code = "release.not_started"

    def __init__(self, release: str, host: str, why: Words, *, detail: str = "") -> None:
        super().__init__(
            msg("{release} could not be started on {host}.", release=release, host=host),
            why,
            msg("Read what the system said below, and deploy again."),
            detail=detail,
        )


def clock(at: float) -> str:
    """A host's time for people, marked as UTC because hosts and people may be in different zones."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


class NoFront(GoferryError):
    code = "release.no_front"

    def __init__(self, host: str, arch: str) -> None:
        super().__init__(
            msg("Mode proxy cannot be used on {host}.", host=host),
            msg(
                "The program that stands in front of the app could not be made for linux/{arch}: it is there for amd64 "
                "and arm64, and without Goferry's own edition a Go on this computer makes it.",
                arch=arch,
            ),
            msg("Install Go on this computer, or set mode: direct in goferry.yaml."),
        )
