"""Generated Dockerfiles: the forms, the reasons, and values that try to become instructions."""

from __future__ import annotations

from dataclasses import replace

import pytest

from desktop.image import compose_file, dockerfile, dockerfile_text
from desktop.project import BuildOptions, Config, HealthOptions, ImageOptions

CONFIG = Config(
    "orders",
    main="./cmd/orders",
    port=8080,
    image=ImageOptions(files=("configs/config.yaml",)),
    health=HealthOptions(
        http=None, command=("/app/orders", "health"), interval=5, timeout=2, start=30, retries=3
    ),
)

SCRATCH = """\
# made by Goferry from your choices
FROM scratch
ADD goferry-system.tar /
COPY configs/config.yaml /app/configs/config.yaml
COPY dist/linux_amd64/orders /app/orders
WORKDIR /app
USER 65532:65532
EXPOSE 8080
LABEL "org.opencontainers.image.title"="orders" \\
      "io.goferry.app"="orders" \\
      "org.opencontainers.image.version"="1.9.0" \\
      "io.goferry.version"="1.9.0"
HEALTHCHECK --interval=5s --timeout=2s --start-period=30s --retries=3 \\
  CMD ["/app/orders", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/orders"]
"""


def test_the_one_that_equals_the_built_in_build() -> None:
    assert dockerfile_text(dockerfile("scratch", CONFIG, version="1.9.0")) == SCRATCH


def test_the_single_stage_form_on_centos() -> None:
    text = dockerfile_text(dockerfile("centos", CONFIG))
    assert "FROM centos:7\n" in text
    assert "ADD" not in text


@pytest.mark.parametrize(
    ("kind", "first", "last", "install"),
    [
        (
            "alpine",
            "FROM golang:1.27-alpine AS build",
            "FROM alpine:3.22",
            "apk add --no-cache ca-certificates tzdata",
        ),
        (
            "debian",
            "FROM golang:1.27 AS build",
            "FROM debian:12-slim",
            "apt-get install -y --no-install-recommends",
        ),
    ],
)
def test_the_multi_stage_forms(kind: str, first: str, last: str, install: str) -> None:
    lines = [line.text for line in dockerfile(kind, CONFIG, version="1.9.0")]
    assert lines.index(first) < lines.index(last)
    assert any(install in line for line in lines)
    build = "RUN CGO_ENABLED=0 go build -trimpath -ldflags='-s -w -X main.version=1.9.0' -o /out/orders ./cmd/orders"
    assert build in lines
    assert "COPY --from=build /out/orders /app/orders" in lines
    assert lines.index("RUN go mod download") < lines.index("COPY . .")


@pytest.mark.parametrize("kind", ["scratch", "centos", "alpine", "debian", "single"])
def test_every_instruction_has_its_reason(kind: str) -> None:
    lines = dockerfile(kind, CONFIG, version="1")
    assert [
        line.text for line in lines if line.text and not line.text.startswith("#") and not str(line.why)
    ] == []


def test_reasons_can_be_written_as_comments() -> None:
    text = dockerfile_text(dockerfile("scratch", CONFIG), reasons=True)
    assert "# Not root:" in text


def test_cgo_on_alpine_gets_a_compiler() -> None:
    config = replace(CONFIG, build=BuildOptions(cgo=True))
    lines = [line.text for line in dockerfile("alpine", config)]
    assert "RUN apk add --no-cache build-base" in lines
    assert any("CGO_ENABLED=1" in line for line in lines)


@pytest.mark.parametrize("value", ['x"\nRUN id', "$(id)", "${PATH}", "a\\", "x\r\nUSER root", "`id`"])
def test_a_value_cannot_become_an_instruction(value: str) -> None:
    image = replace(CONFIG.image, labels={value: value}, files=("a b/$x",))
    config = replace(CONFIG, image=image, main=f"./{value}", build=BuildOptions(tags=(value,), ldflags=value))
    for kind in ("scratch", "alpine"):
        for line in dockerfile_text(dockerfile(kind, config)).splitlines():
            assert line.split(" ")[0] in (
                "#", "FROM", "ADD", "ARG", "COPY", "RUN", "WORKDIR", "USER", "EXPOSE", "LABEL", "HEALTHCHECK",
                "STOPSIGNAL", "ENTRYPOINT", "",
            )  # fmt: skip
            assert line not in ("RUN id", "USER root", 'RUN id"')


def test_dollars_are_not_filled_in() -> None:
    config = replace(CONFIG, image=replace(CONFIG.image, labels={"price": "$HOME"}, files=("a b.txt",)))
    text = dockerfile_text(dockerfile("scratch", config))
    assert '"price"="\\$HOME"' in text
    assert 'COPY ["a b.txt", "/app/a b.txt"]' in text


def test_compose_runs_the_image_on_this_computer_only() -> None:
    text = compose_file(CONFIG, "shop/orders:1.9.0")
    assert '"127.0.0.1:8080:8080"' in text
    assert 'image: "shop/orders:1.9.0"' in text
