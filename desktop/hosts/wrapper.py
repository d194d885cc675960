"""The script that carries a command on a server: everything goes in through standard input, in counted pieces.

Why (libraries.md 3.6, facts-centos.md 4): closing a channel leaves the remote process running; a login shell may be
csh or print a banner; a cut link must never look like the end of the data. So the login shell sees one constant line
that every shell reads alike; the script and the data come as frames `<length>\\n<bytes>`, and `0\\n` ends the data.
Input that ends without it is a cut: the command's process group is ended before the command can see an end of file.
"""

from __future__ import annotations

import re
import secrets

BOOT = 'exec /bin/sh -c \'read -r n && eval "$(head -c "$n")"\''
"""What the login shell gets. No newline and no exclamation mark: csh keeps its hands off."""

END = b"0\n"
FRAME = 1 << 20

_SCRIPT = """\
printf '%s\\n' {marker}
printf '%s\\n' {marker} >&2
exec 3<&0 8>&1 9>&2 2>/dev/null
p= stop=
end() {{
  stop=1
  [ -n "$p" ] || return 0
  kill -s TERM -- "-$p" || kill -s TERM "$p"
  i=0
  while [ "$i" -lt 20 ] && kill -s 0 -- "-$p"; do sleep 0.1; i=$((i+1)); done
  kill -s KILL -- "-$p"
  exit 143
}}
trap end USR1
feed() {{
  trap '' PIPE
  /bin/sh -c 'echo $PPID'
  n=
  while read -r n <&3 && [ "$n" != 0 ]; do head -c "$n" <&3; done
  [ "$n" = 0 ] && exec >/dev/null && cat <&3
  kill -s USR1 $$
  sleep 5
}}
apart=setsid
command -v setsid >/dev/null || apart=
feed 8>&- 9>&- | $apart /bin/sh -c 'read -r f; /bin/sh -c "$1"; r=$?; kill "$f" 2>/dev/null; exit $r' goferry \\
  {command} 3<&- >&8 2>&9 8>&- 9>&- &
p=$!
exec 0<&- 3<&- 8>&- 9>&-
[ -z "$stop" ] || end
wait "$p"
exit $?
"""

_MARKER = re.compile(r"goferry-[0-9a-f]{24}\Z")


def new_marker() -> str:
    """A line nobody can foresee: what comes before it is the login scripts' talk."""
    return f"goferry-{secrets.token_hex(12)}"


def script(line: str, marker: str) -> bytes:
    """The first frame: the wrapper with the command line `line` (quoted by posix_line) in it."""
    if not _MARKER.match(marker):
        raise ValueError("not a marker")
    return _SCRIPT.format(marker=marker, command=_quote(line)).encode()


def _quote(line: str) -> str:
    import shlex

    return shlex.quote(line)


def frame(data: bytes) -> bytes:
    """One counted piece; empty data has no frame, since its length would mean the end."""
    return b"%d\n%s" % (len(data), data) if data else b""


def dial_line(marker: str, program: str) -> str:
    """The login-shell line for a byte stream in both directions (`docker system dial-stdio`): marker, then bytes."""
    if not _MARKER.match(marker) or not re.fullmatch(r"[a-z -]+", program):
        raise ValueError("not a marker, or not a plain program")
    return f"exec /bin/sh -c 'echo {marker}; exec {program}'"


class MarkerFilter:
    """Takes a stream's pieces and gives back what comes after the marker line. `noise` is what came before."""

    LIMIT = 1 << 20

    def __init__(self, marker: str) -> None:
        self._wanted = marker.encode() + b"\n"
        self._held = b""
        self.found = False
        self.flooded = False

    def feed(self, data: bytes) -> bytes:
        if self.found:
            return data
        self._held += data
        before, found, after = self._held.partition(self._wanted)
        if found:
            self.found, self._held = True, before
            return after
        if len(self._held) > self.LIMIT:
            self.flooded = True
        return b""

    @property
    def noise(self) -> bytes:
        """What the login scripts printed, or everything while the marker has not come."""
        return self._held
