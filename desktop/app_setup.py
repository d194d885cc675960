"""Use cases of server set-up: prepare, look, run, take back; one host or many side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from desktop.base.blocking import CancelToken
from desktop.base.errors import Fix, GoferryError, explained
from desktop.base.plans import Plan, PlanRun, Recorder, StepResult, run_plan
from desktop.base.secret import Secret
from desktop.base.words import msg, tr

if TYPE_CHECKING:
    from desktop.app import App
    from desktop.base.channel import Channel
    from desktop.hosts import Facts, Host, HostKey
    from desktop.hosts.setup import (
        Decision,
        Hands,
        Local,
        Mirror,
        Piece,
        SetupFacts,
        UndoChoice,
        Upload,
        Wish,
    )

AT_ONCE = 8
"""Hosts that are set up side by side; the work is theirs, ours is to wait."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A plan for one host that can be read, looked at and run. An undo has no decision."""

    host: str
    plan: Plan
    pieces: tuple[Piece, ...]
    found: SetupFacts
    hands: Hands
    wish: Wish
    decision: Decision | None = None

    def script(self) -> str:
        """The plan as one POSIX sh file; holds no secret."""
        from desktop.hosts.setup import export_script

        return export_script(self.host, self.pieces)


async def mirrors_of(app: App) -> tuple[Mirror, ...]:
    """A person's own mirrors (mirrors.yaml in the home folder) and those that come along."""
    from desktop.hosts.setup import load_mirrors

    own = app.home.own("mirrors.yaml")

    def read(token: CancelToken) -> tuple[Mirror, ...]:
        return load_mirrors(own)

    return await app.pools.files.run(read)


async def prepare_setup(
    app: App, host: str, wish: Wish | None = None, password: Secret | None = None
) -> Prepared:
    """Asks the server once and decides; changes nothing. Raises what the way to the host raises, and NotSupported,
    DaemonFileBroken, MirrorUnknown."""
    from desktop.hosts import deploy_key_path
    from desktop.hosts.setup import Wish as TheWish
    from desktop.hosts.setup import decide, look, mirror_at, plan_of

    asked = wish or TheWish()
    wish = await _checked(app, host, asked)
    mirrors = await mirrors_of(app)
    if wish.mirror:  # measured with the others, and refused before anybody is asked
        given = mirror_at(wish.mirror, mirrors, wish.mirror_key)
        mirrors = (given, *(mirror for mirror in mirrors if mirror.id != given.id))
    found = await look(await app.channel(host), mirrors)
    if found.facts.group_pending:  # the person is in the group by now, and only a new connection knows it
        app.sessions.drop(host)
        found = await look(await app.channel(host), mirrors)
    local = await _local(app, wish, found.facts)
    decision = decide(found, wish, mirrors, host, local)
    hands = await _hands(app, host, found, password, mirrors)
    notes = decision.notes
    if wish.deploy_user and not asked.deploy_key:
        key = str(deploy_key_path(app.home, wish.deploy_user))
        notes += (msg("{user} signs in with the key {file}", user=wish.deploy_user, file=key),)
    plan = plan_of(decision.pieces, hands, msg("Set up {host}", host=host), notes)
    return Prepared(host, plan, decision.pieces, found, hands, wish, decision)


async def prepare_undo(
    app: App, host: str, password: Secret | None = None, only: Sequence[str] = ()
) -> Prepared:
    """The plan that takes back what is noted on the server, or `only` these steps with what stands on them. Raises
    NothingToUndo."""
    from desktop.hosts.setup import NothingToUndo, Wish, look, undo_pieces, undo_plan_of

    found = await look(await app.channel(host), ())
    pieces = undo_pieces(found.journal, found.daemon, only)
    if not pieces:
        raise NothingToUndo(host)
    hands = await _hands(app, host, found, password)
    return Prepared(host, undo_plan_of(pieces, hands), pieces, found, hands, Wish())


def undo_choices(prepared: Prepared) -> tuple[UndoChoice, ...]:
    """Which steps can be taken back alone, by what is noted on the server."""
    from desktop.hosts.setup import choices

    return choices(prepared.found.journal)


async def look_at(app: App, prepared: Prepared) -> dict[str, bool]:
    """Which steps hold already, by id; runs only their checks. Ends early at what sudo refuses."""
    states: dict[str, bool] = {}
    for step in prepared.plan.steps:
        states[step.id] = step.check is not None and await step.check(Recorder())
    return states


async def run_setup(
    app: App,
    prepared: Prepared,
    recorder: Recorder | None = None,
    watch: Callable[[PlanRun, StepResult], None] = lambda run, result: None,
) -> PlanRun:
    """Carries a plan (or an undo) out. Raises Questions while the plan waits for an answer."""
    from desktop.hosts.setup import Questions

    if prepared.decision is not None and prepared.decision.questions:
        raise Questions(prepared.host, prepared.decision.questions)
    return await run_plan(prepared.plan, recorder=recorder, watch=watch)


def with_fix(wish: Wish, fix: Fix, prepared: Prepared | None = None) -> Wish | None:
    """The wish that a fix's button makes; None for what needs a person's words first (password, folder)."""
    if fix.action == "setup.remove_rivals":
        return replace(wish, remove_rivals=True)
    if fix.action == "setup.allow_restart":
        return replace(wish, restart_allowed=True)
    if fix.action == "setup.clean_images":
        return replace(wish, clean_images=True)
    if fix.action == "setup.offline":
        return replace(wish, offline=True)
    if fix.action == "setup.set_clock":
        return replace(wish, set_clock=True)
    if fix.action == "setup.reboot":
        return replace(wish, reboot_allowed=True)
    if fix.action == "setup.kernel":
        return replace(wish, skip=wish.skip - {"kernel"})
    if fix.action == "setup.next_mirror":
        return replace(wish, mirror=_next_mirror(wish, prepared), mirror_key="")
    return wish if fix.action in ("setup.again", "setup.reconnect") else None


def _next_mirror(wish: Wish, prepared: Prepared | None) -> str:
    if prepared is None or prepared.decision is None or prepared.decision.mirror is None:
        return wish.mirror
    answered = [one.mirror.id for one in prepared.found.measured if one.ms is not None]
    ids = answered if len(answered) > 1 else [one.mirror.id for one in prepared.found.measured]
    now = prepared.decision.mirror.id
    return ids[(ids.index(now) + 1) % len(ids)] if now in ids else wish.mirror


async def _checked(app: App, host: str, wish: Wish) -> Wish:
    """Raises BadHostField for a name that is none, BadKey, and KeysNeeded. A deploy user gets a key of its own unless
    another was given."""
    from desktop.hosts import check_user, deploy_public_key
    from desktop.hosts.setup import KeysNeeded, check_public_key

    if wish.no_password_login and app.inventory.get(host).auth == "password":
        raise KeysNeeded(host)
    if wish.deploy_key:
        wish = replace(wish, deploy_key=check_public_key(wish.deploy_key))
    if not wish.deploy_user:
        return wish
    check_user(wish.deploy_user)

    def read(token: CancelToken) -> str:
        return deploy_public_key(app.home, wish.deploy_user)

    return wish if wish.deploy_key else replace(wish, deploy_key=await app.pools.files.run(read))


async def _local(app: App, wish: Wish, facts: Facts) -> Local:
    """What this computer has for such a server. The folder `offline` of the home is where a person puts files. Raises
    what is wrong with them only where they are wished for."""
    from desktop.hosts.setup import Local, check_sha256, find_local, listed_archive

    folder = app.home.root / "offline" / facts.arch
    sha256 = check_sha256(wish.archive_sha256) if wish.archive_sha256 else ""

    def find(token: CancelToken) -> Local:
        try:
            return find_local(folder, facts.system.family, facts.arch, wish.archive, sha256)
        except GoferryError:
            if wish.offline:
                raise
            return Local(listed_archive(folder, facts.system.family, facts.arch))

    return await app.pools.files.run(find)


async def setup_many(
    app: App,
    hosts: Sequence[str],
    wish: Wish | None = None,
    passwords: Mapping[str, Secret] | None = None,
    watch: Callable[[str, PlanRun, StepResult], None] = lambda host, run, result: None,
) -> dict[str, PlanRun | GoferryError]:
    """Side by side, a result for each; one host's failure does not touch the others."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(host: str) -> PlanRun | GoferryError:
        def tell(run: PlanRun, result: StepResult) -> None:
            watch(host, run, result)

        async with gate:
            try:
                prepared = await prepare_setup(app, host, wish, (passwords or {}).get(host))
                return await run_setup(app, prepared, watch=tell)
            except Exception as error:  # noqa: BLE001  whatever it is, it is this host's result
                return explained(error)

    ended = await asyncio.gather(*(one(host) for host in hosts))
    return dict(zip(hosts, ended, strict=True))


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A host to register and set up. `password` is for the sign-in that places our key, and for sudo."""

    host: Host
    fingerprint: str = ""
    password: Secret | None = None


async def enter_host(app: App, new: Newcomer) -> None:
    """First contact, the confirmed key, sign-in (with the password it places our key), and into the inventory. One
    that is there already is left as it is. Raises KeyUnknown, KeyMismatch, and what signing in raises."""
    from desktop.hosts import add_host, confirmed_key

    if any(host.name == new.host.name for host in app.inventory.hosts()):
        return
    wanted = new.fingerprint or next(iter(new.host.fingerprints), "")
    key = await confirmed_key(app.sessions, new.host, wanted)
    password = new.password if new.host.auth == "password" else None
    await add_host(app.sessions, new.host, key, password=password)


def waits_for_jump(host: str, via: Mapping[str, str]) -> bool:
    """Whether its jump host is among those that are registered now. In a circle nobody waits: it is refused."""
    seen, at = {host}, via[host]
    while at in via and at not in seen:
        seen.add(at)
        at = via[at]
    return via[host] in via and at not in seen


async def enter_many(app: App, newcomers: Sequence[Newcomer]) -> dict[str, GoferryError | None]:
    """`enter_host` for each, side by side, jump hosts first; what refused it, or None."""
    gate = asyncio.Semaphore(AT_ONCE)
    over = {new.host.name: asyncio.Event() for new in newcomers}

    async def enter(new: Newcomer) -> GoferryError | None:
        try:
            if waits_for_jump(new.host.name, {one.host.name: one.host.via for one in newcomers}):
                await over[new.host.via].wait()
            async with gate:
                await enter_host(app, new)
        except Exception as error:  # noqa: BLE001  it is this host's result
            return explained(error)
        finally:
            over[new.host.name].set()
        return None

    refused = await asyncio.gather(*map(enter, newcomers))
    return dict(zip((new.host.name for new in newcomers), refused, strict=True))


async def first_contacts(app: App, newcomers: Sequence[Newcomer]) -> dict[str, HostKey | GoferryError]:
    """The key that each server shows, side by side, before anything is sent to it: for a person to compare."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def ask(new: Newcomer) -> HostKey | GoferryError:
        async with gate:
            try:
                host = new.host
                return await app.sessions.learn_key(host.address, host.port, host.via, name=host.name)
            except Exception as error:  # noqa: BLE001  it is this host's result
                return explained(error)

    shown = await asyncio.gather(*map(ask, newcomers))
    return dict(zip((new.host.name for new in newcomers), shown, strict=True))


async def register_many(
    app: App,
    newcomers: Sequence[Newcomer],
    wish: Wish | None = None,
    watch: Callable[[str, PlanRun, StepResult], None] = lambda host, run, result: None,
) -> dict[str, PlanRun | GoferryError]:
    """First contact, fingerprint, key and set-up for each, side by side. To retry, give those that failed again: what
    is registered already is only set up."""
    refused = await enter_many(app, newcomers)
    entered = [new for new in newcomers if refused[new.host.name] is None]
    passwords = {new.host.name: new.password for new in entered if new.password is not None}
    ended = await setup_many(app, [new.host.name for new in entered], wish, passwords, watch)
    failed = {name: error for name, error in refused.items() if error is not None}
    return {new.host.name: {**ended, **failed}[new.host.name] for new in newcomers}


async def _hands(
    app: App, host: str, found: SetupFacts, password: Secret | None, mirrors: tuple[Mirror, ...] = ()
) -> Hands:
    from desktop.hosts.setup import Hands, fetch_archive

    async def reconnect() -> Channel:
        app.sessions.drop(host)
        return await app.channel(host)

    async def provide(upload: Upload, recorder: Recorder) -> None:
        if not upload.source.is_file():
            recorder.text(tr("Fetching {file} from the mirrors", file=upload.source.name))

        def fetch(token: CancelToken) -> None:
            if upload.source.suffix != ".rpm":
                fetch_archive(upload, found.facts.arch, mirrors, token)

        await app.pools.net.run(fetch)

    facts = found.facts
    return Hands(
        await app.channel(host), facts.user, facts.root, facts.can_sudo, password, reconnect,
        terminal="must have a tty" in found.sudo_said, provide=provide,
    )  # fmt: skip
