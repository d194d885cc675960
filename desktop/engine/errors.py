"""Every way an engine can refuse, recognised from its own words in one table (facts-centos.md 5 and 6).

GoferryError <- EngineError <- NoEngine, EngineDown, EngineTooOld, NoPermission, PortTaken, DiskFull, ...
"""

from __future__ import annotations

import re
from collections.abc import Callable

from desktop.base.errors import START_ENGINE, Fix, GoferryError
from desktop.base.words import Words, msg


class EngineError(GoferryError):
    """A failure of the engine at `where` (a host's name, "local" for this computer)."""

    code = "engine.error"

    def __init__(
        self,
        where: str,
        what: Words,
        why: Words = "",
        fix: Words = "",
        *,
        detail: str = "",
        fixes: tuple[Fix, ...] = (),
    ) -> None:
        super().__init__(what, why, fix, detail=detail, fixes=fixes)
        self.where = where


def place_name(where: str) -> Words:
    """How a sentence names the place of an engine."""
    return msg("this computer") if where == "local" else where


class EngineRefused(EngineError):
    """Something the engine said that has no class of its own; shown whole."""

    code = "engine.refused"

    def __init__(self, where: str, detail: str) -> None:
        first = detail.strip().splitlines()[0][:300] if detail.strip() else "–"
        super().__init__(
            where,
            msg("Docker on {place} refused.", place=place_name(where)),
            msg("It said: {text}", text=first),
            msg("Read the details; the engine's journal on that machine says more."),
            detail=detail,
        )


def start_offer(app: str) -> tuple[Fix, ...]:
    return (Fix(msg("Start {app}", app=app), START_ENGINE),) if app else ()


class NoEngine(EngineError):
    """`app`: the program that would bring one, where it is installed on this computer."""

    code = "engine.none"

    def __init__(self, where: str, *, looked: tuple[str, ...] = (), detail: str = "", app: str = "") -> None:
        places = ", ".join(looked)
        what: Words = msg("There is no Docker Engine on {place}.", place=place_name(where))
        why: Words = msg("The docker program was not found there.")
        fix: Words = msg("Set the host up for Docker, or install Docker Engine there.")
        if where == "local":
            why = msg("Nothing answers at {places}.", places=places or "–")
            fix = msg(
                "Start Docker Desktop or the docker service, or choose an engine in Settings. Builds, images and "
                "deploys to servers need none."
            )
        if app:
            what = msg("{app} is not running.", app=app)
            fix = msg("Start {app}. Builds, images and deploys to servers need none.", app=app)
        settings = (Fix(msg("Open Settings"), "settings.engine"),) if where == "local" else ()
        super().__init__(where, what, why, fix, detail=detail, fixes=(*start_offer(app), *settings))


class EngineDown(EngineError):
    """`app` as for NoEngine."""

    code = "engine.down"

    def __init__(self, where: str, *, detail: str = "", app: str = "") -> None:
        fix: Words = msg(
            "Start it: sudo systemctl start docker. Its journal says why it ended: journalctl -u docker -n 50"
        )
        if where == "local":
            fix = msg("Start Docker Desktop or the docker service.")
        super().__init__(
            where,
            msg("Docker on {place} is not running.", place=place_name(where)),
            msg("The docker program is there, but its service does not answer."),
            fix,
            detail=detail,
            fixes=start_offer(app),
        )


class EngineSilent(EngineError):
    code = "engine.silent"

    def __init__(self, where: str, seconds: float, *, detail: str = "") -> None:
        fix: Words = msg(
            "Look at the load and the disks of that machine; restart the docker service when it stays so."
        )
        if where == "local":
            fix = msg(
                "Restart Docker Desktop or the docker service. Builds, images and deploys to servers need none."
            )
        super().__init__(
            where,
            msg("Docker on {place} does not answer.", place=place_name(where)),
            msg("It took the request and said nothing for {seconds} s.", seconds=round(seconds)),
            fix,
            detail=detail,
        )


class EngineCut(EngineError):
    code = "engine.cut"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("The connection to Docker on {place} was cut.", place=place_name(where)),
            msg("The engine was restarted or ended, or the network went away."),
            msg("Try again: Goferry looks first at what is really there."),
            detail=detail,
        )


class EngineTooOld(EngineError):
    code = "engine.too_old"

    def __init__(self, where: str, version: str, api: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("Docker on {place} is too old.", place=place_name(where)),
            msg(
                "It is {version} with API {api}; Goferry speaks 1.39 (Docker 18.09) and newer.",
                version=version or "–",
                api=api or "–",
            ),
            msg("Update Docker Engine there."),
            detail=detail,
        )


class EngineTooNew(EngineError):
    code = "engine.too_new"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("Docker on {place} is newer than what is installed to talk to it.", place=place_name(where)),
            msg("The two sides have no API version in common."),
            msg("Update Goferry, and the docker program beside the engine."),
            detail=detail,
        )


class NoPermission(EngineError):
    code = "engine.permission"

    def __init__(self, where: str, *, detail: str = "") -> None:
        why: Words = msg(
            "Its socket belongs to root and the group docker; a new group counts only from the next login."
        )
        fix: Words = msg("Add the user to the group (sudo usermod -aG docker USER), then connect again.")
        if "CreateFile" in detail:
            why = msg("Windows lets only members of the group docker-users open its pipe.")
            fix = msg(
                "Ask an administrator to add you to the group docker-users, then sign in to Windows again."
            )
        super().__init__(
            where,
            msg("This user may not use Docker on {place}.", place=place_name(where)),
            why,
            fix,
            detail=detail,
            fixes=(Fix(msg("Connect again"), "host.reconnect", where),),
        )


class PortTaken(EngineError):
    code = "engine.port_taken"

    def __init__(self, where: str, port: int, *, owner: str = "", detail: str = "") -> None:
        why: Words = msg("Another program or container has it.")
        if owner:
            why = msg("{owner} has it.", owner=owner)
        super().__init__(
            where,
            msg("Port {port} on {place} is taken.", port=port or "–", place=place_name(where)),
            why,
            msg("Publish another port, or stop the other one."),
            detail=detail,
        )
        self.port = port


class DiskFull(EngineError):
    code = "engine.disk_full"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("The disk of {place} is full.", place=place_name(where)),
            msg("Docker has no room left for the image or the container (space or inodes)."),
            msg("Remove old releases (goferry prune), or free space under /var/lib/docker."),
            detail=detail,
        )


class ImageMissing(EngineError):
    code = "engine.no_image"

    def __init__(self, where: str, image: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("The image {image} is not on {place}.", image=image or "–", place=place_name(where)),
            msg("It was never sent there, or it was removed."),
            msg("Deploy again: what is missing is sent."),
            detail=detail,
        )


class ContainerMissing(EngineError):
    code = "engine.no_container"

    def __init__(self, where: str, container: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("There is no container {name} on {place}.", name=container or "–", place=place_name(where)),
            msg("It was removed since it was last looked at."),
            msg("Look again at what runs there."),
            detail=detail,
        )


class NameTaken(EngineError):
    code = "engine.name_taken"

    def __init__(self, where: str, name: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("A container named {name} is already on {place}.", name=name or "–", place=place_name(where)),
            msg("An earlier release left it, or somebody else made it."),
            msg("Remove it, or release again under a new number."),
            detail=detail,
        )


class WrongCpu(EngineError):
    code = "engine.wrong_cpu"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg(
                "The program in the image is for another processor than that of {place}.",
                place=place_name(where),
            ),
            msg("The kernel said: exec format error."),
            msg("Build for the target of that machine (linux/amd64 or linux/arm64) and deploy again."),
            detail=detail,
            fixes=(Fix(msg("Build for its processor"), "build.target"),),
        )


class ProgramMissingInImage(EngineError):
    code = "engine.no_program"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("The program in the image cannot be started."),
            msg(
                "It is not there, or it is a dynamic binary in an image without its libraries (CGO), or a script with "
                "Windows line ends."
            ),
            msg("Build with CGO off, or choose a base image with the libraries."),
            detail=detail,
        )


class NotExecutable(EngineError):
    code = "engine.not_executable"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("The program in the image may not be run."),
            msg("It has no execute bit, or the user of the image may not read it."),
            msg("Build the image anew; for a script set its mode to 755."),
            detail=detail,
        )


class ArchiveBroken(EngineError):
    code = "engine.archive"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("Docker on {place} could not read the image.", place=place_name(where)),
            msg("The archive ended too early or is not one it knows; nothing was stored."),
            msg("Try again; when it fails again, build the image anew."),
            detail=detail,
        )


class FirewallDropped(EngineError):
    code = "engine.firewall"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("The firewall of {place} has dropped Docker's rules.", place=place_name(where)),
            msg("It was reloaded after Docker had started."),
            msg("Restart Docker there: sudo systemctl restart docker"),
            detail=detail,
        )


class NetworkBroken(EngineError):
    code = "engine.network"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("Docker on {place} has lost its network.", place=place_name(where)),
            msg("The bridge that containers hang on (docker0) is gone."),
            msg("Restart Docker there: sudo systemctl restart docker"),
            detail=detail,
        )


class RegistryUnreachable(EngineError):
    code = "engine.registry"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("{place} cannot fetch the image from its registry.", place=place_name(where)),
            msg("The registry does not answer, refuses, or limits how often it is asked."),
            msg("Send the image over SSH instead, or set up a mirror."),
            detail=detail,
        )


class RegistryDistrusted(EngineError):
    code = "engine.registry_trust"

    def __init__(self, where: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("{place} does not trust the registry.", place=place_name(where)),
            msg(
                "It speaks HTTP without TLS, or its certificate names no host (an old Common Name) or comes from an "
                "unknown authority."
            ),
            msg(
                "Give the registry a certificate with its name in the subject alternative names, or send the image "
                "over SSH instead."
            ),
            detail=detail,
        )


class ContextUnknown(EngineError):
    code = "engine.context"

    def __init__(self, name: str, known: tuple[str, ...]) -> None:
        super().__init__(
            "local",
            msg("There is no Docker context named “{name}”.", name=name),
            msg("Known are: {names}.", names=", ".join(known) or "–"),
            msg("Choose one of them in Settings, or give an address."),
        )


class AddressUnusable(EngineError):
    code = "engine.address"

    def __init__(self, address: str, why: Words) -> None:
        super().__init__(
            "local",
            msg("“{address}” cannot be used as the address of a Docker Engine.", address=address[:200]),
            why,
            msg("Give npipe://, unix:// or tcp://, or the name of a Docker context."),
        )


class BuildFailed(EngineError):
    code = "engine.build"

    def __init__(self, where: str, step: str, *, detail: str = "") -> None:
        super().__init__(
            where,
            msg("The image build failed."),
            msg("This step ended with an error: {step}", step=step or "–"),
            msg("Read the last lines of the build."),
            detail=detail,
        )


_Maker = Callable[[str, "re.Match[str]", str], EngineError]

_SIGNATURES: tuple[tuple[str, _Maker], ...] = (
    (r"address already in use|port is already allocated", lambda w, m, d: PortTaken(w, _port(d), detail=d)),
    (r"no space left on device|disk quota exceeded", lambda w, m, d: DiskFull(w, detail=d)),
    (r"exec format error", lambda w, m, d: WrongCpu(w, detail=d)),
    (r"No such container: ?(\S*)", lambda w, m, d: ContainerMissing(w, m[1], detail=d)),
    (
        r"No such image: ?(\S*)|image .* not found|reference does not exist",
        lambda w, m, d: ImageMissing(w, (m[1] or "").rstrip(".,"), detail=d),
    ),
    (r'container name "?/?([^" ]*)"? is already in use', lambda w, m, d: NameTaken(w, m[1], detail=d)),
    (
        r"(exec|starting container process)[^\n]*no such file or directory",
        lambda w, m, d: ProgramMissingInImage(w, detail=d),
    ),
    (r"(exec|starting container process)[^\n]*permission denied", lambda w, m, d: NotExecutable(w, detail=d)),
    (r"No chain/target/match by that name", lambda w, m, d: FirewallDropped(w, detail=d)),
    (r"could not find bridge", lambda w, m, d: NetworkBroken(w, detail=d)),
    (
        r"server gave HTTP response to HTTPS client|legacy Common Name|certificate signed by unknown authority",
        lambda w, m, d: RegistryDistrusted(w, detail=d),
    ),
    (
        r"request canceled while waiting for connection|toomanyrequests|dial tcp[^\n]*(i/o timeout|connection refused)",
        lambda w, m, d: RegistryUnreachable(w, detail=d),
    ),
    (
        r"client version [\d.]+ is too old|client is newer than server|client version [\d.]+ is too new",
        lambda w, m, d: EngineTooNew(w, detail=d) if "too old" in d else EngineTooOld(w, "", "", detail=d),
    ),
    (
        r"unexpected EOF|invalid tar header|archive/tar|invalid archive|invalid diffID",
        lambda w, m, d: ArchiveBroken(w, detail=d),
    ),
    (
        r"permission denied while trying to connect|dial unix[^\n]*permission denied|PermissionError|Errno 13\b|"
        r"\(5, 'CreateFile'",
        lambda w, m, d: NoPermission(w, detail=d),
    ),
    (
        r"docker: (command )?not found|docker: No such file|command not found: docker|(exec|not found)[^\n]*: docker|"
        r"docker: inaccessible",
        lambda w, m, d: NoEngine(w, detail=d),
    ),
    (
        r"Cannot connect to the Docker daemon|Is the docker daemon running|docker\.sock: connect: |"
        r"error during connect|failed to connect to the docker API",
        lambda w, m, d: EngineDown(w, detail=d),
    ),
)


def _port(text: str) -> int:
    found = re.search(r"(?:Bind for|host port(?: for)?|listen tcp[46]?) \S*?:(\d{1,5})\b", text)
    return int(found[1]) if found else 0


def recognise(where: str, text: str) -> EngineError | None:
    """The explained failure behind what docker said, or None for words that are not known."""
    for pattern, make in _SIGNATURES:
        if found := re.search(pattern, text, re.IGNORECASE):
            return make(where, found, text)
    return None


def explained(where: str, text: str) -> EngineError:
    """`recognise`, with what is new shown whole."""
    return recognise(where, text) or EngineRefused(where, text)
