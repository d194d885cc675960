"""`goferry image`: builds a project and makes its image."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_build import build_project, make_image
from desktop.base.blocking import CancelToken
from desktop.base.words import Words, msg, tr
from desktop.image import Image, NotForContainers, docker_archive, write_archive

from .answer import Answer, Output
from .build import add_build_options, build_answer, prepared_from, told

if TYPE_CHECKING:
    from desktop.app import App


def add_commands(commands: Any) -> None:
    parser = commands.add_parser("image", help=tr("build a project's image"))
    add_build_options(parser)
    parser.add_argument(
        "--output", metavar="FILE.tar", type=Path, help=tr("write the image there, for docker load")
    )
    parser.add_argument(
        "--builder", choices=("builtin", "docker"), help=tr("who makes it (default: goferry.yaml)")
    )
    parser.set_defaults(run=run_image)


async def run_image(app: App, args: argparse.Namespace, out: Output) -> Answer:
    prepared = await prepared_from(app, args)
    targets = tuple(target for target in prepared.config.build.targets if target.startswith("linux/"))
    if not targets:
        raise NotForContainers(prepared.config.build.targets[0])
    outcome = await build_project(app, prepared, targets=targets[:1], on_event=told(out))
    if not outcome.ok:
        return build_answer(outcome)
    image = await make_image(app, prepared, outcome.binaries[0], on_event=told(out))
    if args.output is not None:
        await app.pools.files.run(_write, image, args.output.absolute())
    return image_answer(image, args.output)


def _write(token: CancelToken, image: Image, path: Path) -> None:
    write_archive(path, docker_archive(image), token.check)


def image_answer(image: Image, output: Path | None = None) -> Answer:
    layers = [{"digest": layer.digest, "size": layer.size, "what": str(layer.what)} for layer in image.layers]
    values: dict[str, Any] = {"ref": image.ref, "digest": image.digest, "size": image.size, "layers": layers}
    values |= {"platform": image.platform, "config_digest": image.config_digest}
    if output is not None:
        values["output"] = str(output.absolute())
    lines: list[Words] = [
        msg("{ref}  {digest}  {size} bytes", ref=image.ref, digest=image.digest, size=image.size)
    ]
    lines += [msg("    {size} bytes  {what}", size=layer.size, what=layer.what) for layer in image.layers]
    return Answer(values, tuple(lines))
