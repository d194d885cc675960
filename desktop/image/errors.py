"""Why an image could not be made. The tree: ImageError <- the classes below."""

from __future__ import annotations

from desktop.base.errors import Fix, GoferryError
from desktop.base.words import Words, msg


class ImageError(GoferryError):
    code = "image.failed"


class BadReference(ImageError):
    code = "image.bad_reference"

    def __init__(self, ref: str, why: Words) -> None:
        super().__init__(
            msg("{ref} cannot be the name of an image.", ref=ref[:200] or "''"),
            why,
            msg("Use small letters, digits, dots and hyphens, and a tag: harbor.example.com/shop/orders:1.9"),
        )


class NotForContainers(ImageError):
    code = "image.not_linux"

    def __init__(self, target: str) -> None:
        super().__init__(
            msg("A program for {target} cannot run in a Linux container.", target=target),
            msg("Containers on CentOS-family servers share the server's Linux."),
            msg("Build for linux/amd64 or linux/arm64."),
        )


class NeedsLibraries(ImageError):
    code = "image.needs_libraries"

    def __init__(self, name: str, libraries: tuple[str, ...]) -> None:
        super().__init__(
            msg("{name} would not start in an empty image.", name=name),
            msg("It needs {libraries}, which an empty image does not have.", libraries=", ".join(libraries)),
            msg("Switch CGO off and build again, or choose a base that has them, such as debian:12-slim."),
            fixes=(Fix(msg("Switch CGO off"), "build.set", "cgo=false"),),
        )


class FileMissing(ImageError):
    code = "image.file_missing"

    def __init__(self, name: str) -> None:
        super().__init__(
            msg("{file} should go into the image, but it is not there.", file=name),
            msg("It is listed under image.files in goferry.yaml."),
            msg("Create it, or take it off the list."),
        )


class FileOutside(ImageError):
    code = "image.file_outside"

    def __init__(self, name: str) -> None:
        super().__init__(
            msg("{file} may not go into the image.", file=name),
            msg("Only plain files and folders inside the project can, not links out of it or special files."),
            msg("Copy it into the project, or take it off the list."),
        )


class CannotWrite(ImageError):
    code = "image.cannot_write"

    def __init__(self, place: str, *, detail: str = "") -> None:
        super().__init__(
            msg("The image cannot be written to {place}.", place=place),
            msg("The system refused it."),
            msg("Free some space, or check who may write there, and try again."),
            detail=detail,
        )


class BadArchive(ImageError):
    code = "image.bad_archive"

    def __init__(self, place: str, why: Words, *, detail: str = "") -> None:
        super().__init__(
            msg("{place} is not an image that can be used.", place=place),
            why,
            msg("Make it again with `docker save` or `goferry image --output`."),
            detail=detail,
        )
