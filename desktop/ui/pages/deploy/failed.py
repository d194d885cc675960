"""A failure in two words, for a cell of the lanes; the sentence stands in the banner and in the tooltip."""

from __future__ import annotations

from desktop.base.errors import GoferryError
from desktop.base.words import tr


def short(error: GoferryError | None) -> str:
    """What the failed stage of a host says in its cell."""
    code = error.code if error is not None else ""
    known = {
        "release.never_healthy": tr("not healthy"),
        "release.exited": tr("it exited"),
        "release.not_started": tr("not started"),
        "release.port_taken": tr("port taken"),
        "release.wrong_cpu": tr("other processor"),
        "release.locked": tr("locked"),
        "release.lock_lost": tr("lock lost"),
        "release.changed": tr("has changed"),
        "release.not_restored": tr("not restored"),
        "host.auth_refused": tr("not let in"),
        "host.key_changed": tr("other key"),
    }
    kinds = {
        "disk_full": tr("disk full"),
        "port_taken": tr("port taken"),
        "wrong_cpu": tr("other processor"),
        "not_started": tr("not started"),
        "silent": tr("no answer"),
        "down": tr("engine is down"),
    }
    station, _, kind = code.partition(".")
    stations = {"host": tr("connection lost"), "ship": tr("not sent"), "engine": tr("engine refused")}
    return known.get(code) or kinds.get(kind) or stations.get(station) or tr("failed")
