"""The composition root: makes stores, sessions, engines and jobs, and joins stations that do not know each other.

No Qt here: a build machine needs none. Heavy members are made when they are first asked for, so that the window can
paint before paramiko and docker are imported.
"""

from __future__ import annotations

import asyncio
import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Self

from desktop.base.blocking import CancelToken, Pool
from desktop.base.errors import GoferryError
from desktop.base.history import History
from desktop.base.jobs import Jobs
from desktop.base.paths import Home
from desktop.base.secret_store import KeyringStore, SecretStore
from desktop.base.settings import SettingsStore
from desktop.base.words import Words, msg

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from desktop.app_doctor import Check
    from desktop.app_on_save import OnSaves
    from desktop.app_updates import Updates
    from desktop.base.channel import Channel
    from desktop.build import Toolchain
    from desktop.engine import Engine
    from desktop.hosts import Inventory, Sessions
    from desktop.project import Project
    from desktop.ship import Quick


class Pools:
    """Threads, one pool per kind of resource: a hung host cannot starve a build."""

    def __init__(self) -> None:
        self.build = Pool("build", 4)
        self.files = Pool("files", 4)
        self.net = Pool("net", 8)
        self.engine = Pool("engine", 16)
        self.watch = Pool("watch", 16)
        """Each folder that is watched has one of these threads for as long as that goes on."""

    def close(self) -> None:
        for pool in (self.build, self.files, self.net, self.engine, self.watch):
            pool.close()


class App:
    """Everything one running Goferry owns. Use it as an async context manager, or call `close`."""

    def __init__(self, home: Home, *, secrets: SecretStore | None = None) -> None:
        self.home = home
        self.settings = SettingsStore(home)
        self.jobs = Jobs()
        self.history = History(home.root / "history.jsonl")
        self.history.follow(self.jobs)
        self.secrets: SecretStore = secrets or KeyringStore()
        self.pools = Pools()
        self._engines: dict[str, Engine] = {}
        self._toolchain: tuple[str, Toolchain] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @cached_property
    def inventory(self) -> Inventory:
        from desktop.hosts import Inventory

        return Inventory(self.home)

    @cached_property
    def sessions(self) -> Sessions:
        from desktop.hosts import Sessions

        return Sessions(self.inventory, self.secrets, self.home)

    def check_connections(self) -> None:
        """After a sleep of this computer: dead connections end before somebody needs them. Does not wait."""
        if "sessions" in self.__dict__:
            self.sessions.check_now()

    async def toolchain(self) -> Toolchain:
        """The Go toolchain in force. Raises NoGo where there is none. Found once per choice in Settings."""
        from desktop.build import find_toolchain

        wanted = self.settings.now.go
        if self._toolchain is None or self._toolchain[0] != wanted:
            self._toolchain = (wanted, await find_toolchain(self.pools.build, wanted, self.home))
        return self._toolchain[1]

    def forget_toolchain(self) -> None:
        """Look for it again at the next use."""
        self._toolchain = None

    async def project(self, folder: Path) -> Project:
        """What is in a folder; runs nothing from it."""
        from desktop.project import inspect_folder

        def look(token: CancelToken) -> Project:
            return inspect_folder(folder)

        return await self.pools.files.run(look)

    async def channel(self, host: str) -> Channel:
        """The way to a host of the inventory; connects at its first use. Raises UnknownHost."""
        return self.sessions.channel(host)

    async def engine(self, host: str) -> Engine:
        """The Docker Engine of a host ("local": this computer's). Raises NoEngine and its kin where none answers."""
        from desktop.engine import Engine, local_engine

        if host not in self._engines:
            if host == "local":
                self._engines[host] = await local_engine(self.pools.engine, self.settings.now.engine)
            else:
                self._engines[host] = Engine.over(await self.channel(host), self.pools.engine)
        return self._engines[host]

    def use_engine(self, host: str, engine: Engine) -> None:
        """The engine of a host from now on."""
        self._engines[host] = engine

    @cached_property
    def quick(self) -> Quick:
        """The quick way to servers: what is kept there and here, so that only changes are sent."""
        from desktop.ship import Quick

        quick = Quick(self.home, self.pools.files, self._toolchain_or_none)
        quick.programs.wants_helper = lambda: self.settings.now.helper
        return quick

    async def _toolchain_or_none(self) -> Toolchain | None:
        try:
            return await self.toolchain()
        except GoferryError:
            return None

    @cached_property
    def on_save(self) -> OnSaves:
        """Projects whose saves are deployed."""
        from desktop.app_on_save import OnSaves

        return OnSaves(self)

    @cached_property
    def updates(self) -> Updates:
        """Newer versions of Goferry itself."""
        from desktop.app_updates import Updates

        return Updates(self)

    async def doctor(self) -> list[Check]:
        """What this computer has and lacks; changes nothing."""
        from desktop.app_doctor import doctor

        return await doctor(self)

    def remember_project(self, folder: Path) -> None:
        """Puts a folder first among those opened."""
        path = str(folder.absolute())
        same = os.path.normcase(path)  # Windows asks nobody for capitals
        others = tuple(p for p in self.settings.now.projects if os.path.normcase(p) != same)
        self.settings.change(projects=(path, *others)[:200])

    async def finish(self, say: Callable[[Words], None]) -> None:
        """Returns when what was begun for the next time is done: a window has time, a command waits at its end."""
        if "quick" in self.__dict__ and self.quick.programs.making:
            say(msg("Making the helper for servers without Python, once"))
            await self.quick.programs.made()

    async def close(self) -> None:
        """Ends jobs, connections and threads, in that order."""
        if "on_save" in self.__dict__:
            await self.on_save.close()
        await self.jobs.close()
        if "quick" in self.__dict__:
            await self.quick.close()
        if "sessions" in self.__dict__:
            await self.sessions.close()
        self.pools.close()
        await asyncio.sleep(0)
