# ruff: noqa: E501  shell lines are read as they run
"""Carries pieces out over a channel: as root where they say so, the password through standard input alone."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace

from desktop.base.channel import Channel
from desktop.base.commands import Command, posix_line, sh
from desktop.base.errors import GoferryError
from desktop.base.plans import Plan, Recorder, Step
from desktop.base.processes import Completed
from desktop.base.secret import Secret
from desktop.base.words import Words, msg
from desktop.hosts.errors import Cut

from .decide import NOW
from .errors import NoArchive, NoSudoRight, SudoNeedsPassword, SudoWrongPassword
from .failures import explain_failure
from .model import Piece, Script, Upload
from .scripts import PRELUDE
from .told import run_told

ASK_LIMIT, CHECK_LIMIT, APPLY_LIMIT = 30.0, 180.0, 1800.0
"""Seconds. Installing over a slow line takes its time, and shows that it goes on."""
DETACHED = frozenset({"packages", "kernel", "time"})
"""Steps that go on to their end on the server when the link is lost: half a package transaction is a broken server."""

_DETACH = """\
R=/run/goferry-setup
mkdir -p "$R" && chmod 700 "$R" || exit 1
exec 9>>"$R/lock"
if ! flock -n 9; then echo "A set-up that was cut off is still at work; waiting for its end."; flock -w 900 9 || exit 75; fi
rm -f "$R/code"; : > "$R/log"
setsid /bin/sh -c 'r=$1; s=$2; shift 2; /bin/sh -c "$s" goferry "$@" 9<&-; c=$?; echo $c > "$r/code.new"; mv -f "$r/code.new" "$r/code"' \\
  goferry "$R" "$@" </dev/null >"$R/log" 2>&1 &
p=$!
tail -n +1 -s 0.2 -f "--pid=$p" "$R/log" 9<&-
wait "$p"
[ -f "$R/code" ] && exit "$(cat "$R/code")"
exit 76
"""
_PTY = 'exec 3<&0 4>&1 5>&2; SHELL=/bin/sh; export SHELL; exec script -qec "$1 <&3 >&4 2>&5" /dev/null </dev/null >/dev/null'
_STDERR_OF_SUDO = re.compile(
    r"sudo: .*password is required|sudo: no password was provided|no tty present and no askpass"
)


async def _there(upload: Upload, recorder: Recorder) -> None:
    if not upload.source.is_file():
        raise NoArchive(str(upload.source))


@dataclass(slots=True)
class Hands:
    """The way to act on one server. `reconnect` gives a channel over a new connection."""

    channel: Channel
    user: str
    root: bool
    sudo_free: bool
    """sudo asks for no password."""
    password: Secret | None
    reconnect: Callable[[], Awaitable[Channel]]
    terminal: bool = False
    """sudo wants a terminal (requiretty)."""
    provide: Callable[[Upload, Recorder], Awaitable[None]] = _there
    """Makes sure that a file which is to be sent is on this computer."""

    async def run(
        self,
        step: str,
        script: Script,
        *,
        as_root: bool,
        limit: float,
        tell: Callable[[str], None] | None = None,
    ) -> Completed:
        """The script's end, whatever its code; `tell` gets each line as it comes. Raises what the channel raises, and
        what sudo refuses."""
        command = _command(step, script)
        shown = shown_command(script)
        if as_root and not self.root:
            command = self._sudo(command)
            shown = Command(("sudo", *shown.argv))
        ended = await run_told(self.channel, command, limit, tell)
        if as_root and not self.root:
            if "must have a tty" in ended.errors() and not self.terminal:
                self.terminal = True
                return await self.run(step, script, as_root=as_root, limit=limit, tell=tell)
            self._refused(ended)
        return replace(ended, command=shown)

    def _sudo(self, command: Command) -> Command:
        if self.sudo_free:
            words, stdin = ("sudo", "-n", "--", *command.argv), None
        elif self.password is not None:
            words = ("sudo", "-k", "-S", "-p", "", "--", *command.argv)
            stdin = Secret(self.password.reveal() + "\n")
        else:
            raise SudoNeedsPassword(self.channel.name, self.user)
        whole = Command(words, stdin=stdin)
        return sh(_PTY, posix_line(whole), stdin=stdin) if self.terminal else whole

    def _refused(self, ended: Completed) -> None:
        """Only sudo's own words count: a script may fail with the same code."""
        said = ended.errors()
        if "not in the sudoers file" in said or "not allowed to run sudo" in said or "not allowed to execute" in said \
                or "may not run sudo" in said or "sudo: not found" in said or "sudo: command not found" in said:  # fmt: skip
            raise NoSudoRight(self.channel.name, self.user, said)
        if ended.code == 0:
            return
        if "incorrect password attempt" in said or "Sorry, try again" in said:
            raise SudoWrongPassword(self.channel.name, self.user)
        if _STDERR_OF_SUDO.search(said):
            raise SudoNeedsPassword(self.channel.name, self.user)


def shown_command(script: Script) -> Command:
    """What a person reads: the script with its values, without the common beginning."""
    return Command(("/bin/sh", "-c", script.text, "goferry", *(_value(word) for word in script.arguments)))


def _value(word: str) -> str:
    return str(int(time.time())) if word == NOW else word


def _command(step: str, script: Script) -> Command:
    text = f"STEP={step}\n{PRELUDE}{script.text}\n"
    values = tuple(_value(word) for word in script.arguments)
    return sh(_DETACH, text, *values) if step in DETACHED and "note " in script.text else sh(text, *values)


def plan_of(pieces: tuple[Piece, ...], hands: Hands, title: Words, notes: tuple[Words, ...] = ()) -> Plan:
    """The pieces as the steps that the plan runner knows."""
    return Plan(title, hands.channel.name, tuple(_step(piece, hands) for piece in pieces), notes)


def undo_plan_of(pieces: tuple[Piece, ...], hands: Hands) -> Plan:
    """The pieces of `undo_pieces`: they have no check, each says by its journal what there is to do."""
    steps = tuple(replace(_step(piece, hands), check=None, verify=None) for piece in pieces)
    return Plan(msg("Take back the set-up of {host}", host=hands.channel.name), hands.channel.name, steps)


def _step(piece: Piece, hands: Hands) -> Step:
    async def check(recorder: Recorder) -> bool:
        ended = await hands.run(piece.id, piece.check, as_root=piece.as_root, limit=CHECK_LIMIT)
        return ended.ok

    async def apply(recorder: Recorder) -> None:
        for upload in piece.uploads:
            await hands.provide(upload, recorder)
            await _send(upload, hands.channel, recorder)
        for script in piece.apply:
            ended = await hands.run(
                piece.id, script, as_root=piece.as_root, limit=APPLY_LIMIT, tell=recorder.text
            )
            recorder.command(ended)
            if not ended.ok:
                raise await _why(piece, ended, hands.channel)
        if piece.reconnect:
            recorder.reconnecting(True)
            hands.channel = await hands.reconnect()
            recorder.reconnecting(False)

    async def verify(recorder: Recorder) -> None:
        ended = await hands.run(piece.id, piece.check, as_root=piece.as_root, limit=CHECK_LIMIT)
        if not ended.ok:
            raise await _why(piece, ended, hands.channel)

    commands = tuple(shown_command(script) for script in piece.apply)
    if piece.as_root and not hands.root:
        commands = tuple(Command(("sudo", *command.argv)) for command in commands)
    return Step(piece.id, piece.title, piece.why, apply, commands, check, None if piece.proves else verify)


async def _send(upload: Upload, channel: Channel, recorder: Recorder) -> None:
    """Whole or not at all; what is there already with the right checksum is not sent again."""
    there = await channel.run(sh('sha256sum < "$1" | cut -d" " -f1', upload.target))
    if there.text().strip() == upload.sha256:
        return
    size = upload.source.stat().st_size
    loop = asyncio.get_running_loop()

    def chunks() -> Iterator[bytes]:
        sent = 0
        with upload.source.open("rb") as file:
            while part := file.read(1 << 20):
                yield part
                sent += len(part)
                # the chunks are read by a worker thread
                loop.call_soon_threadsafe(recorder.progress, sent / size)

    ended = await channel.send(
        sh('umask 077; t=$(mktemp "$1.XXXXXX") && if cat > "$t"; then mv -f "$t" "$1"; else rm -f "$t"; exit 1; fi', upload.target),
        chunks(), timeout=APPLY_LIMIT,
    )  # fmt: skip
    recorder.progress(None)
    if not ended.ok:
        raise explain_failure(ended.said(), channel.name, msg("Docker from this computer"))


async def _why(piece: Piece, ended: Completed, channel: Channel) -> GoferryError:
    """As `failure`. A server that goes down says odd things of what it ends, and will be back: that is a cut. Raises
    what asking it raises."""
    state = await channel.run(sh("systemctl is-system-running"), timeout=ASK_LIMIT)
    if state.text().strip() == "stopping":
        return Cut(channel.name, detail=ended.said())
    return failure(piece, ended, channel.name)


def failure(piece: Piece, ended: Completed, host: str) -> GoferryError:
    """Why a step failed, from what it said."""
    return explain_failure(ended.said() or f"exit code {ended.code}", host, piece.title)
