"""Images, however they are made: joins the built-in builder, registries and a local engine, for both faces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken
from desktop.base.errors import GoferryError
from desktop.base.paths import remove_tree
from desktop.base.secret_store import secret_key
from desktop.base.words import Message, msg
from desktop.build import EventFeed, OnEvent
from desktop.image import (
    SCRATCH,
    Base,
    BaseError,
    DockerfileLine,
    Image,
    ImageWish,
    Kind,
    Login,
    base_from_engine,
    build_image,
    dockerfile,
    dockerfile_text,
    fetch_base,
    kind_for,
    load_image,
    parse_reference,
    prune_to,
    read_archive,
    stage_context,
)
from desktop.project import go_is_older

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.app_build import Prepared
    from desktop.build import Binary
    from desktop.engine import BuildStep, Engine

NEWEST_GO = "1.27"
KEPT = 40
"""Images of all projects that stay in the store, the newest ones."""


def image_store(app: App) -> Path:
    """The folder of all images that were made here: an OCI layout."""
    return app.home.folder("images")


async def make_image(
    app: App, prepared: Prepared, binary: Binary, *, builder: str = "", on_event: OnEvent = lambda event: None
) -> Image:
    """The image of a binary under the version's tag, by "builtin" or "docker" (default: as configured).

    Raises the errors of `image`, and those of `engine` when Docker makes it.
    """
    feed = EventFeed(on_event)
    try:
        return await image_into(app, prepared, binary, feed, builder=builder)
    finally:
        feed.close()


async def image_into(
    app: App, prepared: Prepared, binary: Binary, feed: EventFeed, *, builder: str = ""
) -> Image:
    """The same, told through the feed of a build that goes on."""
    target = binary.target
    try:
        feed.say(target, "image", "start")
        if (builder or prepared.config.image.builder) == "docker":
            image = await _by_docker(app, prepared, binary, feed)
        else:
            image = await _built_in(app, prepared, binary, feed)
        feed.say(target, "image", "end", told(image))
    except GoferryError as error:
        feed.say(target, "image", "end", error.what, ok=False)
        raise
    return image


def told(image: Image) -> Message:
    size = f"{image.size / 1e6:.1f}"
    return msg("image {ref}  {n} layers  {size} MB", ref=image.ref, n=len(image.layers), size=size)


async def _built_in(app: App, prepared: Prepared, binary: Binary, feed: EventFeed) -> Image:
    base = await find_base(app, prepared.config.image.base, binary.target, feed=feed)
    revision = prepared.git.commit if prepared.git else ""
    wish = ImageWish(
        binary, prepared.config, prepared.ref, prepared.project.folder, base=base, revision=revision
    )
    store = image_store(app)

    def make(token: CancelToken) -> Image:
        image = build_image(wish, store)
        prune_to(store, KEPT)
        return image

    return await app.pools.files.run(make)


async def find_base(
    app: App, name: str, platform: str, *, refresh: bool = False, feed: EventFeed | None = None
) -> Base:
    """What `image.base` names: nothing, what was fetched before, an image of this computer's engine, or one from its
    registry. Raises the errors of `image` when none has it."""
    if name == "scratch":
        return SCRATCH
    store, login = image_store(app), await registry_login(app, parse_reference(name).registry)

    def told_of(done: int, total: int) -> None:
        if feed is not None and total:
            words = msg(
                "base {ref}  {done} of {total} MB",
                ref=name,
                done=f"{done / 1e6:.0f}",
                total=f"{total / 1e6:.0f}",
            )
            feed.say(platform, "image", "progress", words, fraction=done / total)

    def fetch(token: CancelToken) -> Base:
        return fetch_base(token, name, platform, store, login=login, refresh=refresh, on_progress=told_of)

    try:
        return await app.pools.net.run(fetch)
    except BaseError:
        base = await _from_engine(app, name, platform, store)
        if base is None:
            raise
        return base


async def _from_engine(app: App, name: str, platform: str, store: Path) -> Base | None:
    try:
        engine = await app.engine("local")
        if await engine.image(name) is None:
            return None
        return await app.pools.files.run(
            lambda token: base_from_engine(token, engine.save(name), name, platform, store)
        )
    except GoferryError:
        return None  # the registry's own answer is the one that helps


async def registry_login(app: App, registry: str) -> Login | None:
    """Who to be at a registry, from the credential store: kept as "user" and password."""

    def look(token: CancelToken) -> Login | None:
        user = app.secrets.get(secret_key("registry", registry, "user"))
        password = app.secrets.get(secret_key("registry", registry, "password"))
        return Login(user.reveal(), password) if user is not None and password is not None else None

    return await app.pools.files.run(look)


async def keep_login(app: App, registry: str, login: Login) -> None:
    """Keeps a login in the credential store. Raises NoSecretStore or SecretTooLong."""
    from desktop.base.secret import Secret

    def put(token: CancelToken) -> None:
        app.secrets.put(secret_key("registry", registry, "user"), Secret(login.user))
        app.secrets.put(secret_key("registry", registry, "password"), login.password)

    await app.pools.files.run(put)
    known = app.settings.now.registries
    if registry not in known:
        app.settings.change(registries=(*known, registry))


async def forget_login(app: App, registry: str) -> None:
    """Takes a login out of the credential store."""

    def forget(token: CancelToken) -> None:
        for part in ("user", "password"):
            app.secrets.forget(secret_key("registry", registry, part))

    await app.pools.files.run(forget)
    app.settings.change(registries=tuple(one for one in app.settings.now.registries if one != registry))


async def _by_docker(app: App, prepared: Prepared, binary: Binary, feed: EventFeed) -> Image:
    """Built by this computer's engine from the project's own Dockerfile, else from the one Goferry writes; then read
    into the store, so that a deploy sends it like any other."""
    engine = await app.engine("local")
    own = prepared.project.dockerfile
    text = await _dockerfile_text(app, prepared, binary)
    folder = prepared.project.folder
    if own is None and kind_for(prepared.config.image.base) not in (Kind.ALPINE, Kind.DEBIAN):
        folder = await app.pools.files.run(_staged, prepared, binary, image_store(app))
    try:
        await engine.build(
            folder, text, prepared.ref, _step_teller(feed, binary.target), platform=binary.target
        )
    finally:
        if folder != prepared.project.folder:
            await app.pools.files.run(lambda token: remove_tree(folder))
    return await _into_store(app, engine, prepared.ref)


async def _dockerfile_text(app: App, prepared: Prepared, binary: Binary) -> str:
    own = prepared.project.dockerfile
    if own is not None:
        return await app.pools.files.run(lambda token: own.read_text(encoding="utf-8", errors="replace"))
    return dockerfile_text(dockerfile_of(prepared, binary.target))


def dockerfile_of(prepared: Prepared, target: str) -> tuple[DockerfileLine, ...]:
    """The Dockerfile that Goferry would write for this project, line by line with reasons."""
    wanted = prepared.project.go_version
    go_version = (
        NEWEST_GO if not wanted or go_is_older(wanted, NEWEST_GO) else ".".join(wanted.split(".")[:2])
    )
    kind = kind_for(prepared.config.image.base)
    return dockerfile(kind, prepared.config, version=prepared.version, go_version=go_version, target=target)


def _staged(token: CancelToken, prepared: Prepared, binary: Binary, store: Path) -> Path:
    folder = Path(mkdtemp(prefix="goferry-context-"))
    try:
        stage_context(folder, prepared.project.folder, prepared.config, binary, store)
    except BaseException:
        remove_tree(folder)
        raise
    return folder


def _step_teller(feed: EventFeed, target: str) -> Callable[[BuildStep], None]:
    told: dict[str, str] = {}

    def on_step(step: BuildStep) -> None:
        if told.get(step.id) != step.state:
            told[step.id] = step.state
            words = msg("{step}: {state}", step=step.name, state=_STATES.get(step.state, step.state))
            feed.say(target, "image", "line", words, ok=step.state != "failed")
        elif step.text and not step.total:
            feed.say(target, "image", "line", step.text)

    return on_step


_STATES = {
    "running": msg("running"),
    "done": msg("done"),
    "cached": msg("from the cache"),
    "failed": msg("failed"),
}


async def _into_store(app: App, engine: Engine, ref: str) -> Image:
    store = image_store(app)

    def take(token: CancelToken) -> Image:
        folder = Path(mkdtemp(prefix=".save-", dir=store))
        try:
            with open(folder / "image.tar", "wb") as out:
                for chunk in engine.save(ref):
                    token.check()
                    out.write(chunk)
            image = read_archive(folder / "image.tar", store)
        finally:
            remove_tree(folder)
        return image if image.ref == ref else replace(image, ref=ref)

    return await app.pools.files.run(take)


__all__ = [
    "dockerfile_of",
    "find_base",
    "forget_login",
    "image_store",
    "keep_login",
    "load_image",
    "make_image",
    "registry_login",
]
