"""What the Deploy page asks of the program: one value, so that a test can answer in its place."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from desktop.app_build import image_store
from desktop.app_deploy import Prepared, Say, environments_of, prepare_deploy, run_prepared
from desktop.base.blocking import CancelToken
from desktop.base.paths import write_atomically
from desktop.base.secret import Secret
from desktop.base.secret_store import secret_key
from desktop.image import Image, load_image
from desktop.release import Hold, HostResult, Release, RolloutResult, Watch
from desktop.ui.wishes import DeployTo

from .compare import Held

if TYPE_CHECKING:
    from collections.abc import Callable

    from desktop.app import App
    from desktop.app_releases import Overview
    from desktop.base.plans import Recorder


class Deeds:
    """Reads and changes what is deployed, for one project."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def environments(self, folder: Path) -> tuple[str, ...]:
        return await environments_of(self.app, folder)

    async def look(self, folder: Path, name: str) -> Overview:
        from desktop.app_releases import overview

        return await overview(self.app, folder, [name])

    async def plan(self, folder: Path, to: DeployTo, say: Say, without: Sequence[str]) -> Prepared:
        return await prepare_deploy(
            self.app, folder, [to.environment], say=say, only=to.only, without=without, anew=to.anew
        )

    async def images(self, releases: Sequence[Release]) -> dict[str, Held]:
        """The images of releases that this computer still has, by the release's id."""
        store = image_store(self.app)

        def read(token: CancelToken) -> dict[str, Held]:
            found = {}
            for release in releases:
                token.check()
                image = load_image(store, release.image_ref)
                if image is not None and image.config_digest == release.image_digest:
                    found[release.id] = Held(image, _commit_of(image))
            return found

        return await self.app.pools.files.run(read)

    async def save(self, file: Path, text: str) -> None:
        """Write a file that the person named."""
        await self.app.pools.files.run(lambda token: write_atomically(file, text))

    async def plan_back(self, folder: Path, name: str, release: str) -> Prepared:
        from desktop.app_releases import prepare_rollback

        return await prepare_rollback(self.app, folder, [name], release)

    async def run(
        self,
        prepared: Prepared,
        watch: Watch,
        recorder: Callable[[str], Recorder],
        *,
        take_over: bool = False,
        hold: Hold | None = None,
    ) -> RolloutResult:
        return await run_prepared(prepared, take_over=take_over, watch=watch, recorder=recorder, hold=hold)

    async def act(self, folder: Path, name: str, verb: str) -> tuple[HostResult, ...]:
        """`stop`, `start`, `restart`, `remove` or `prune`, on all hosts."""
        from desktop import app_releases as life

        found = await life.overview(self.app, folder, [name])
        if verb == "stop":
            return await life.stop(self.app, found)
        if verb == "remove":
            return await life.remove(self.app, found)
        if verb == "prune":
            return (await life.prune(self.app, found, self.app.settings.now.keep_releases))[0]
        return await life.start(self.app, found, again=verb == "restart")

    async def keep_spread(
        self, folder: Path, environment: str, values: Mapping[str, str | int | None]
    ) -> None:
        """Into the environment's lines of goferry.yaml, where it has some. Raises ConfigError."""
        from desktop.app_choices import Value, save_choices

        project = await self.app.project(folder)
        config = project.config
        if config is None or environment not in config.environments:
            return
        choices: dict[str | tuple[str, ...], Value] = {
            ("environments", environment, key): value for key, value in values.items()
        }

        def save(token: CancelToken) -> None:
            save_choices(folder, config, choices)

        await self.app.pools.files.run(save)

    async def keep_secrets(self, app_name: str, environment: str, values: Mapping[str, Secret]) -> None:
        """Into the credential store. Raises NoSecretStore, SecretTooLong."""

        def put(token: CancelToken) -> None:
            for key, value in values.items():
                self.app.secrets.put(secret_key("env", app_name, environment, key), value)

        await self.app.pools.files.run(put)


def _commit_of(image: Image) -> str:
    labels = json.loads(image.blob(image.config_digest).read_bytes()).get("config", {}).get("Labels") or {}
    return str(labels.get("org.opencontainers.image.revision", ""))
