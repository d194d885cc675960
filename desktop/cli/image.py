"""`goferry image`: builds a project and makes its image."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from desktop.app_build import build_project
from desktop.app_image import find_base, keep_login, make_image
from desktop.base.blocking import CancelToken
from desktop.base.secret import Secret
from desktop.base.words import Words, msg, tr
from desktop.image import Image, Login, NotForContainers, docker_archive, parse_reference, write_archive

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
    parser.add_argument(
        "--base",
        metavar="IMAGE",
        help=tr("what it starts from: scratch, or an image (default: goferry.yaml)"),
    )
    parser.add_argument("--refresh-base", action="store_true", help=tr("ask the registry for the base again"))
    parser.add_argument(
        "--registry-user", metavar="USER", help=tr("log in to the registry of the base, and remember it")
    )
    parser.add_argument(
        "--password-stdin", action="store_true", help=tr("read the registry's password from standard input")
    )
    parser.set_defaults(run=run_image)


async def run_image(app: App, args: argparse.Namespace, out: Output) -> Answer:
    prepared = await prepared_from(app, args)
    if args.base:
        image_options = replace(prepared.config.image, base=args.base)
        prepared = replace(prepared, config=replace(prepared.config, image=image_options))
    await _log_in(app, args, prepared.config.image.base)
    targets = tuple(target for target in prepared.config.build.targets if target.startswith("linux/"))
    if not targets:
        raise NotForContainers(prepared.config.build.targets[0])
    outcome = await build_project(app, prepared, targets=targets[:1], on_event=told(out))
    if not outcome.ok:
        return build_answer(outcome)
    binary = outcome.binaries[0]
    if args.refresh_base:
        await find_base(app, prepared.config.image.base, binary.target, refresh=True)
    image = await make_image(app, prepared, binary, builder=args.builder or "", on_event=told(out))
    if args.output is not None:
        await app.pools.files.run(_write, image, args.output.absolute())
    return image_answer(image, args.output)


async def _log_in(app: App, args: argparse.Namespace, base: str) -> None:
    if args.registry_user and args.password_stdin and base != "scratch":
        password = Secret(sys.stdin.readline().rstrip("\r\n"))
        await keep_login(app, parse_reference(base).registry, Login(args.registry_user, password))


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
