"""What commands of a face say that the base's own would not: its kernel's name, its C library, a module that lacks.

The originals stay in `/usr/libexec/lab/` and do the work.
"""

from __future__ import annotations

from pathlib import Path

from tests.lab.machine.faces import Face
from tests.lab.machine.trees import put

_KEPT = "/usr/libexec/lab"
_MODULE = "xt_addrtype"


def module_of(kernel: str) -> str:
    """Where the kernel's package puts the module that Docker's network needs."""
    return f"/usr/lib/modules/{kernel}/extra/{_MODULE}.ko.xz"


def before(face: Face) -> str:
    """The script that puts the originals aside, once."""
    lines = [f"mkdir -p {_KEPT}"]
    for name in _programs(face):
        kept = f"{_KEPT}/{Path(name).name}"
        lines.append(f"[ -e {kept} ] || cp -L --remove-destination {name} {kept}")
    return "\n".join(lines)


def fill(tree: Path, face: Face) -> None:
    """Add to the tree of the face's release package what it says instead."""
    for name, text in _programs(face).items():
        put(tree, text, name, 0o755)
    if face.kernel:
        units = tree / "usr/lib/systemd/system"
        put(tree, _HIDING, f"/usr/lib/systemd/system/{_HIDDEN}")
        (units / "multi-user.target.wants").mkdir()
        (units / "multi-user.target.wants" / _HIDDEN).symlink_to(f"../{_HIDDEN}")


def _programs(face: Face) -> dict[str, str]:
    found = {}
    if face.libc:
        found["/usr/bin/getconf"] = _answering("getconf", "GNU_LIBC_VERSION", f"glibc {face.libc}")
    if face.kernel:
        found["/usr/bin/uname"] = _answering("uname", "-r", face.kernel)
        found["/usr/sbin/modprobe"] = _modprobe(face.kernel)
        found["/usr/sbin/iptables"] = _iptables(face.kernel)
    return found


_HIDDEN = "sys-module.mount"
_HIDING = """[Unit]
Description=The modules of the computer below are not this kernel's
[Mount]
What=tmpfs
Where=/sys/module
Type=tmpfs
"""


def _answering(tool: str, question: str, answer: str) -> str:
    return f"""#!/bin/sh
[ "$*" != {question} ] || {{ echo '{answer}'; exit 0; }}
exec {_KEPT}/{tool} "$@"
"""


def _modprobe(kernel: str) -> str:
    """There is no more to load than what the packages brought."""
    return f"""#!/bin/sh
for word; do case $word in -*) ;; *) name=$word; break ;; esac; done
[ "$name" != {_MODULE} ] || [ -e {module_of(kernel)} ] || {{
    echo "modprobe: FATAL: Module $name not found in directory /lib/modules/{kernel}" >&2
    exit 1
}}
"""


def _iptables(kernel: str) -> str:
    return f"""#!/bin/bash
case " $* " in *" addrtype "*)
    [ -e {module_of(kernel)} ] || {{
        echo "Warning: Extension addrtype revision 0 not supported, missing kernel module?" >&2
        echo "iptables v1.8.11 (nf_tables):  RULE_APPEND failed (No such file or directory): rule in chain X" >&2
        exit 4
    }} ;;
esac
exec -a iptables {_KEPT}/iptables "$@"
"""
