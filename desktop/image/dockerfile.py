"""Dockerfiles with the reason for each line: the one that equals the built-in build, and the classic forms."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from desktop.base.words import Words, msg
from desktop.build import Target, linker_flags
from desktop.project import Config

from .layers import APP

SYSTEM_TAR = "goferry-system.tar"
"""The first layer as a file beside the Dockerfile: certificates, time zones, users."""


class Kind(StrEnum):
    """`SCRATCH` equals the built-in build; `SINGLE` copies a finished binary onto a base; the others compile inside."""

    SCRATCH = "scratch"
    CENTOS = "centos"
    ALPINE = "alpine"
    DEBIAN = "debian"
    SINGLE = "single"


BASES = {Kind.CENTOS: "centos:7", Kind.ALPINE: "alpine:3.22", Kind.DEBIAN: "debian:12-slim"}


@dataclass(frozen=True, slots=True)
class DockerfileLine:
    text: str
    why: Words = ""


def kind_for(base: str) -> Kind:
    """The form that suits image.base: empty stays empty, alpine and debian compile inside (`golang` first), any other
    base gets the finished binary."""
    name = base.partition(":")[0]
    known = {"scratch": Kind.SCRATCH, "centos": Kind.CENTOS, "alpine": Kind.ALPINE, "debian": Kind.DEBIAN}
    return known.get(name, Kind.SINGLE)


def dockerfile(
    kind: str, config: Config, *, version: str = "", go_version: str = "1.27", target: str = "linux/amd64"
) -> tuple[DockerfileLine, ...]:
    """The Dockerfile of that kind, line by line. Values from the project are quoted, so that none can become an
    instruction."""
    form = Kind(kind)
    writer = _Writer(config, version, go_version, Target.parse(target))
    if form in (Kind.ALPINE, Kind.DEBIAN):
        return tuple(writer.multi_stage(form))
    return tuple(writer.single_stage(form))


def dockerfile_text(lines: tuple[DockerfileLine, ...], *, reasons: bool = False) -> str:
    """The file's text, with the reasons as comments if wished."""
    texts = []
    for line in lines:
        if reasons and str(line.why):
            texts.append(f"# {line.why}")
        texts.append(line.text)
    return "\n".join(texts) + "\n"


@dataclass(frozen=True, slots=True)
class _Writer:
    config: Config
    version: str
    go_version: str
    target: Target

    def single_stage(self, form: Kind) -> Iterator[DockerfileLine]:
        yield DockerfileLine("# made by Goferry from your choices")
        if form is Kind.SCRATCH:
            yield DockerfileLine(
                "FROM scratch", msg("Nothing but what the program needs: small, and nothing to patch.")
            )
            yield DockerfileLine(
                f"ADD {SYSTEM_TAR} /",
                msg(
                    "CA certificates for HTTPS, time zones, users, and /tmp: an empty image has none of them."
                ),
            )
        elif form is Kind.CENTOS:
            why = msg(
                "The same system as on the servers. CentOS 7 gets no updates since June 2024: prefer an empty base."
            )
            yield DockerfileLine(f"FROM {self._base(form)}", why)
        else:
            yield DockerfileLine(
                f"FROM {self._base(form)}", msg("The base that was chosen; it brings its own libraries.")
            )
        binary = f"dist/{self.target.folder}/{self.config.name}"
        yield from self._files()
        yield DockerfileLine(
            _copy(binary, f"/{APP}/{self.config.name}"),
            msg("The program last: it changes most often, and all layers before it stay as they are."),
        )
        yield from self._end()

    def _base(self, form: Kind) -> str:
        """The base that was chosen when it is of that form, else the form's own."""
        chosen = self.config.image.base
        return _word(chosen if kind_for(chosen) is form or form not in BASES else BASES[form])

    def multi_stage(self, form: Kind) -> Iterator[DockerfileLine]:
        yield DockerfileLine("# made by Goferry from your choices")
        yield from self._compile(alpine=form is Kind.ALPINE)
        yield DockerfileLine("")
        yield DockerfileLine(
            f"FROM {self._base(form)}", msg("The final image starts anew: compiler and source stay behind.")
        )
        if form is Kind.ALPINE:
            install = "RUN apk add --no-cache ca-certificates tzdata"
        else:
            install = (
                "RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates tzdata"
                " && rm -rf /var/lib/apt/lists/*"
            )
        yield DockerfileLine(install, msg("For HTTPS to other servers, and for local time."))
        yield from self._files()
        yield DockerfileLine(
            f"COPY --from=build /out/{self.config.name} /{APP}/{self.config.name}",
            msg("Only the finished program is taken from the first stage."),
        )
        yield from self._end()

    def _compile(self, *, alpine: bool) -> Iterator[DockerfileLine]:
        image = f"golang:{self.go_version}-alpine" if alpine else f"golang:{self.go_version}"
        options, cgo = self.config.build, self.config.build.cgo
        yield DockerfileLine(
            f"FROM {image} AS build", msg("A stage with the Go compiler, for building only.")
        )
        if alpine and cgo:
            yield DockerfileLine("RUN apk add --no-cache build-base", msg("CGO needs a C compiler."))
        yield DockerfileLine(
            "ARG GOPROXY=https://proxy.golang.org,direct",
            msg(
                "Where modules come from; in China build with --build-arg GOPROXY=https://goproxy.cn,direct."
            ),
        )
        yield DockerfileLine("WORKDIR /src", msg("The folder of the source in this stage."))
        yield DockerfileLine(
            "COPY go.* ./",
            msg("First only go.mod and go.sum: modules are fetched again only when they change."),
        )
        yield DockerfileLine("RUN go mod download", msg("Fetches the modules into a layer that is kept."))
        yield DockerfileLine("COPY . .", msg("Then the source."))
        words = ["go", "build", *(["-trimpath"] if options.trimpath else [])]
        if options.tags:
            words.append("-tags=" + _shell(",".join(options.tags)))
        if flags := linker_flags(options, self.version):
            words.append(f"-ldflags={_shell(flags)}")
        words += ["-o", f"/out/{self.config.name}", _shell(self.config.main)]
        why = (
            msg("With CGO off the program needs no library of the final image.")
            if not cgo
            else msg("With CGO on the program needs the C library that the final image has.")
        )
        yield DockerfileLine(f"RUN CGO_ENABLED={int(cgo)} {' '.join(words)}", why)

    def _files(self) -> Iterator[DockerfileLine]:
        for name in self.config.image.files:
            place = PurePosixPath(name)
            yield DockerfileLine(
                _copy(str(place), f"/{APP}/{place}"),
                msg("A file of the project, in its place beside the program."),
            )

    def _end(self) -> Iterator[DockerfileLine]:
        config, image = self.config, self.config.image
        yield DockerfileLine(
            f"WORKDIR /{APP}", msg("Relative paths such as configs/config.yaml are found from here.")
        )
        yield DockerfileLine(
            f"USER {image.user}:{image.user}",
            msg("Not root: a break-in into the program is no break-in into the server.")
            if image.user
            else msg("Root: only where the program really needs it."),
        )
        if config.port:
            yield DockerfileLine(
                f"EXPOSE {config.port}", msg("For people and tools: the port that the program listens on.")
            )
        labels = {"org.opencontainers.image.title": config.name, "io.goferry.app": config.name}
        if self.version:
            labels["org.opencontainers.image.version"] = self.version
            labels["io.goferry.version"] = self.version
        text = " \\\n      ".join(
            f"{_quoted(key)}={_quoted(str(value))}" for key, value in {**labels, **image.labels}.items()
        )
        yield DockerfileLine(
            f"LABEL {text}", msg("Tells what is inside, and lets Goferry find its containers.")
        )
        if command := config.health.command:
            health = config.health
            yield DockerfileLine(
                f"HEALTHCHECK --interval={_seconds(health.interval)} --timeout={_seconds(health.timeout)}"
                f" --start-period={_seconds(health.start)} --retries={health.retries} \\\n"
                f"  CMD {_json(list(command))}",
                msg("Docker asks the program itself whether it is well."),
            )
        yield DockerfileLine(
            "STOPSIGNAL SIGTERM", msg("Docker asks the program to end before it makes it end.")
        )
        yield DockerfileLine(
            f"ENTRYPOINT {_json([f'/{APP}/{config.name}'])}",
            msg("As a list: no shell in between, so that the stop signal reaches the program."),
        )


def compose_file(config: Config, ref: str) -> str:
    """A compose.yaml that runs the image alone, for `docker compose up`."""
    lines = ["services:", f"  {config.name}:", f"    image: {_json(ref)}", "    restart: unless-stopped"]
    if config.port:
        lines += ["    ports:", f'      - "127.0.0.1:{config.port}:{config.port}"']
    lines += [
        "    read_only: true",
        "    tmpfs:",
        "      - /tmp",
        "    security_opt:",
        "      - no-new-privileges:true",
    ]
    return "\n".join(lines) + "\n"


def _copy(source: str, target: str) -> str:
    """COPY, as a list where a name has something that Docker would take apart or fill in."""
    if all(c.isalnum() or c in "-_./" for c in source + target):
        return f"COPY {source} {target}"
    return f"COPY {_json([_escaped(source), _escaped(target)])}"


def _escaped(name: str) -> str:
    return name.replace("\\", "\\\\").replace("$", "\\$").replace("[", "[[]")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _quoted(text: str) -> str:
    """A double-quoted word of a Dockerfile: `$` is not filled in, a line end cannot end the instruction."""
    plain = text.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$")
    return '"' + " ".join(plain.splitlines()) + '"'


def _word(text: str) -> str:
    return "".join(c for c in text if c.isalnum() or c in "-_./:@")


def _shell(text: str) -> str:
    import shlex

    return shlex.quote(" ".join(text.splitlines()))


def _seconds(value: float) -> str:
    return f"{value:g}s"
