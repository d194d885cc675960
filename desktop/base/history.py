"""What jobs ran, on this computer, over the last 30 days: one line of JSON when a job starts, one when it ends.

Lines are only ever appended, so that a crash or a full disk loses the last one at most. A start without an end is what
was under way when the program ended by force.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .jobs import Job, Jobs, JobState
from .paths import write_atomically
from .words import Message, Said, Words

KEPT_DAYS = 30
KEPT_RECORDS = 2000

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job of the past. `state` "interrupted": the program ended before the job did. Times are UNIX seconds."""

    key: str
    kind: str
    title: Words
    subject: str
    page: str
    state: str
    stage: Words
    started: float
    ended: float | None

    @property
    def seconds(self) -> float:
        return (self.ended or self.started) - self.started


class History:
    """Writes down the jobs of a `Jobs`, and gives back those of earlier runs."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._run = f"{time.time():.3f}"
        self._written: dict[int, str] = {}
        self.past = self._read()
        """Newest first."""

    def follow(self, jobs: Jobs) -> None:
        jobs.listen(self._note)

    def _note(self, job: Job[Any]) -> None:
        phase = "end" if job.state.over else "start"
        if job.state is JobState.WAITING or self._written.get(job.id) == phase:
            return
        self._written[job.id] = phase
        entry = {
            "key": f"{self._run}-{job.id}",
            "kind": job.kind,
            "title": _frozen(job.title),
            "subject": job.subject,
            "page": job.page,
            "state": str(job.state),
            "stage": _frozen(job.stage),
            "started": job.started,
            "ended": job.ended,
        }
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps(entry, ensure_ascii=False) + "\n")
        except OSError as error:
            _log.info("the history could not be written: %s", error)

    def _read(self) -> list[JobRecord]:
        try:
            lines = self._file.read_text(encoding="utf-8", errors="replace").splitlines()
        except OSError:
            return []
        records: dict[str, JobRecord] = {}
        for line in lines:
            record = _record(line)
            if record is not None:
                records[record.key] = record
        oldest = time.time() - KEPT_DAYS * 86400
        kept = [r for r in records.values() if r.started >= oldest][-KEPT_RECORDS:]
        if len(lines) > 4 * KEPT_RECORDS:
            self._shorten(lines[-2 * KEPT_RECORDS :])
        return sorted(kept, key=lambda r: r.started, reverse=True)

    def _shorten(self, lines: list[str]) -> None:
        try:
            write_atomically(self._file, "\n".join(lines) + "\n")
        except OSError as error:
            _log.info("the history could not be shortened: %s", error)


def _frozen(words: Words) -> Any:
    """Words as JSON: the English and its values, so that a later reader sees them in its own language."""
    if type(words) is Said:
        words = words.message
    if isinstance(words, str):
        return words
    values = {key: _frozen(v) if isinstance(v, Message | Said) else v for key, v in words.values.items()}
    values = {
        k: v if isinstance(v, (str, int, float, dict)) or v is None else str(v) for k, v in values.items()
    }
    return {"english": words.english, "plural": words.plural, "values": values}


def _thawed(value: Any) -> Words:
    if isinstance(value, dict) and isinstance(value.get("english"), str):
        values = {
            str(key): _thawed(v) if isinstance(v, dict) else v for key, v in value.get("values", {}).items()
        }
        return Message(value["english"], values, plural=str(value.get("plural", "")))
    return str(value)


def _record(line: str) -> JobRecord | None:
    try:
        entry = json.loads(line)
        over = entry["ended"] is not None
        return JobRecord(
            key=str(entry["key"]),
            kind=str(entry["kind"]),
            title=_thawed(entry["title"]),
            subject=str(entry["subject"]),
            page=str(entry["page"]),
            state=str(entry["state"]) if over else "interrupted",
            stage=_thawed(entry["stage"]),
            started=float(entry["started"]),
            ended=float(entry["ended"]) if over else None,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
