"""What the Build page says, from events and results; no widget here."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from desktop.base.commands import Command
from desktop.base.errors import GoferryError
from desktop.base.words import ntr, sentences, tr
from desktop.build import ALL, Binary, Problem
from desktop.image import Image
from desktop.project import Config, GitState
from desktop.ui.environments import environment_words
from desktop.ui.widgets.gantt import Bar, Lane
from desktop.ui.widgets.lists import Row, RowButton

from .look import There
from .runs import Run, Stage

SYSTEMS = ("linux", "windows", "darwin")
PROCESSORS = ("amd64", "arm64", "386", "loong64")
CENTOS = ("linux/amd64", "linux/arm64")
ALL_LINUX = tuple(f"linux/{processor}" for processor in PROCESSORS)
SHORTEST_BAR = 0.4
"""Seconds: a stage from the cache is still to be seen."""
BASES = ("scratch", "debian:12-slim", "alpine:3.22", "centos:7")


def lanes(
    run: Run | None, targets: Sequence[str], now: float, *, vet: bool, test: bool, images: bool
) -> list[Lane]:
    """The timeline: what ran, what runs, and dashed what comes."""
    shown = run.targets if run is not None else tuple(targets)
    first = (
        []
        if not (vet or test or (run is not None and run.stages_before))
        else [_lane(run, ALL, tr("All targets"), now)]
    )
    made = [*first, *(_lane(run, target, target, now) for target in shown)]
    planned = [_with_plan(lane, run, 0.0, vet=vet, test=test, images=images) for lane in made[: len(first)]]
    start = max((bar.start + bar.length for lane in planned for bar in lane.bars), default=0.0)
    start = max(start, now if run is not None else 0.0)
    return [
        *planned,
        *(_with_plan(lane, run, start, vet=vet, test=test, images=images) for lane in made[len(first) :]),
    ]


def _lane(run: Run | None, key: str, title: str, now: float) -> Lane:
    if run is None:
        return Lane(key, title, None if key == ALL else "wait")
    bars = tuple(_bar(name, stage, run, now) for (target, name), stage in run.stages.items() if target == key)
    return Lane(key, title, None if key == ALL else state_of(run, key), bars)


def _bar(name: str, stage: Stage, run: Run, now: float) -> Bar:
    open_end = run.last if run.over else max(now, stage.started)
    end = stage.ended if stage.ended is not None else open_end
    if stage.ended is None:
        state = "off" if run.cancelled else "busy"
    else:
        state = "ok" if stage.ok else ("warn" if name == "vet" else "fail")
    return Bar(name, stage_text(name, stage), stage.started, max(SHORTEST_BAR, end - stage.started), state)


def stage_text(name: str, stage: Stage) -> str:
    words = {"vet": tr("Vet"), "test": tr("Test"), "compile": tr("Compile"), "image": tr("Image")}
    text = words.get(name, name)
    if stage.ended is None and stage.fraction:
        return tr("{stage} {percent} %", stage=text, percent=f"{stage.fraction * 100:.0f}")
    if stage.ended is None and name == "test" and stage.done:
        return tr("{stage} {n}", stage=text, n=stage.done)
    return text


def _with_plan(lane: Lane, run: Run | None, start: float, *, vet: bool, test: bool, images: bool) -> Lane:
    """Adds the stages still to come, dashed, as long as something is to come."""
    if run is not None and run.over:
        return lane
    wanted = [name for name, on in (("vet", vet), ("test", test)) if on] if lane.key == ALL else ["compile"]
    if lane.key.startswith("linux/") and images:
        wanted.append("image")
    if lane.state == "fail":
        return lane
    there = {bar.key for bar in lane.bars}
    at = max((bar.start + bar.length for bar in lane.bars), default=start if lane.key != ALL else 0.0)
    bars = list(lane.bars)
    for name in wanted:
        if name not in there:
            bars.append(Bar(name, stage_text(name, Stage(0.0, 0.0)), at, 1.6, "wait", estimated=True))
            at += 1.7
    return Lane(lane.key, lane.title, lane.state, tuple(bars))


def state_of(run: Run, target: str) -> str:
    """ok, fail, busy, wait, or off when it was cancelled before its end."""
    if target in run.failed_targets():
        return "fail"
    if run.built is not None and any(b.target == target for b in run.built.outcome.binaries):
        return "ok"
    stages = [stage for (name, _), stage in run.stages.items() if name == target]
    if run.over:
        done = bool(stages) and all(stage.ended is not None for stage in stages)
        return "ok" if done else "off"
    if not stages:
        return "wait"
    # the image follows the binary, for the systems that have containers
    to_come = run.images and target.startswith("linux/") and (target, "image") not in run.stages
    return "busy" if to_come or any(stage.ended is None for stage in stages) else "ok"


def headline(run: Run | None, now: float) -> tuple[str, str, str]:
    """(state, text, note) over the timeline."""
    if run is None:
        return "wait", tr("Not built yet"), ""
    if run.cancelled:
        return "off", tr("Cancelled after {time}", time=clock(run.last)), ""
    if run.error is not None:
        return "fail", str(run.error.what), ""
    if run.built is None:
        usual = tr("usually {time}", time=clock(run.expected)) if run.expected else ""
        return "busy", tr("Running, {time}", time=clock(now)), usual
    outcome = run.built.outcome
    if outcome.ok:
        text = ntr("Built {n} target in {time}", "Built {n} targets in {time}", len(outcome.binaries),
                   time=took(outcome.seconds))  # fmt: skip
        return "ok", text, ""
    if not outcome.binaries:
        return "fail", tr("Failed after {time}", time=took(outcome.seconds)), ""
    return "warn", tr("Ended after {time}", time=took(outcome.seconds)), ""


def failed_note(run: Run | None) -> str:
    """What stands at the right over the timeline while others go on."""
    count = len([target for target in run.failed_targets() if target != ALL]) if run is not None else 0
    if not count or run is None:
        return ""
    if run.over:
        return ntr("{n} target failed", "{n} targets failed", count)
    return ntr("{n} target failed, the others go on", "{n} targets failed, the others go on", count)


def took(seconds: float) -> str:
    """How long something was, when it is over: 4.6 s, and minutes from ten seconds on."""
    return tr("{seconds} s", seconds=f"{seconds:.1f}") if seconds < 10 else clock(seconds)


def clock(seconds: float) -> str:
    return f"{int(seconds // 60)}:{int(seconds % 60):02d}"


@dataclass(frozen=True, slots=True)
class BannerText:
    """What the banner over the output says; `actions` are (key, label)."""

    kind: str
    title: str
    why: str
    actions: tuple[tuple[str, str], ...] = ()


def error_banner(error: GoferryError) -> BannerText:
    """An explained failure, with at most three things to do about it."""
    actions = tuple((f"{fix.action}|{fix.argument}", str(fix.label)) for fix in error.fixes[:3])
    why = str(sentences(error.why, error.fix))
    return BannerText("fail", str(error.what), why, actions)


def banner(run: Run | None) -> BannerText | None:
    """The one thing to say about the run, if any."""
    if run is None:
        return None
    if run.error is not None:
        return error_banner(run.error)
    if run.cancelled:
        return BannerText(
            "info",
            tr("The build was cancelled."),
            tr("What was finished before stays; nothing half-made is left."),
        )
    if run.built is None:
        return None
    outcome = run.built.outcome
    if outcome.failures:
        target, error = next(iter(outcome.failures.items()))
        said = error_banner(error)
        several = len(outcome.binaries) + len(outcome.failures) > 1 and target != ALL
        title = said.title if not several or target in said.title else f"{target}: {said.title}"
        return BannerText("fail", title, said.why, said.actions)
    vetted = [problem for problem in outcome.problems if problem.stage == "vet"]
    if vetted:
        text = ntr("go vet found {n} thing to look at", "go vet found {n} things to look at", len(vetted))
        return BannerText(
            "warn", text, tr("The build works all the same."), (("problems|", tr("Show problems")),)
        )
    if run.on_save:
        return None  # the row of deploys on save says more
    text = ntr("Built {n} target in {time}", "Built {n} targets in {time}", len(outcome.binaries),
               time=took(outcome.seconds))  # fmt: skip
    return BannerText("ok", text, "", (("deploy|", tr("Deploy…")),))


def artifact_rows(run: Run | None, name: str) -> list[Row]:
    """Binaries and images: made, being made, or not."""
    if run is None:
        return []
    rows: list[Row] = []
    binaries = {b.target: b for b in run.built.outcome.binaries} if run.built is not None else {}
    images = run.built.images if run.built is not None else {}
    for target in run.targets:
        file = name + (".exe" if target.startswith("windows/") else "")
        if target in binaries:
            rows.append(_binary_row(binaries[target], file))
            if target in images:
                rows.append(_image_row(images[target]))
            elif target in run.failed_targets():
                rows.append(
                    Row(tr("Image"), tr("{target} not built", target=target), "fail", mono_second=True)
                )
            continue
        state = state_of(run, target)
        if state == "ok" and run.over:
            state = "off"
        second = tr("{target} not built", target=target) if state in ("fail", "off") else target
        rows.append(Row(file, second, state, mono_second=True))
    return rows


COPY = RowButton("copy", "", "plain", "copy")


def _binary_row(binary: Binary, file: str) -> Row:
    kind = "" if binary.static else " " + tr("needs {libraries}", libraries=", ".join(binary.libraries))
    second = f"{binary.target} sha256 {short_hash(binary.sha256)}{kind}"
    tip = f"{binary.path}\nsha256 {binary.sha256}\nGOARCH {binary.arch}"
    return Row(
        file, second, "ok", megabytes(binary.size), mono_second=True, buttons=(COPY,), tip=tip, payload=binary
    )


def _image_row(image: Image) -> Row:
    second = f"{tr('image')} {short_hash(image.digest.removeprefix('sha256:'))}"
    tip = f"{image.ref}\n{image.digest}\n{image.platform}"
    title = image.ref.rpartition("/")[2]
    return Row(
        title, second, "ok", megabytes(image.size), mono_second=True, buttons=(COPY,), tip=tip, payload=image
    )


def short_hash(text: str) -> str:
    return f"{text[:4]}…{text[-4:]}"


def megabytes(size: int) -> str:
    if size < 100_000:
        return tr("{n} KB", n=f"{size / 1000:.1f}")
    return tr("{n} MB", n=f"{size / 1e6:.1f}")


def will_send(image: Image, before: Image | None, there: There | None = None) -> str:
    """What a deploy sends, told from what serves where a person deploys to, else from the image before this one."""
    if there is not None:
        held = {layer.diff_id for layer in there.image.layers}
        missing = [layer for layer in image.layers if layer.diff_id not in held]
        where = environment_words(there.environment)
        if not missing:
            return tr("{environment} has all of it: a deploy sends nothing.", environment=where)
        return tr(
            "{environment} serves {version}. A deploy there sends {size} at most: {n} of {all} layers.",
            environment=where,
            version=there.version,
            size=megabytes(sum(layer.size for layer in missing)),
            n=len(missing),
            all=len(image.layers),
        )
    known = {layer.diff_id for layer in before.layers} if before is not None else set()
    new = [layer for layer in image.layers if layer.diff_id not in known]
    size = megabytes(sum(layer.size for layer in new))
    if not known:
        return tr("The first deploy to a host sends all of it, compressed; later ones only what changed.")
    if not new:
        return tr("Nothing has changed since the last image: a host that has that one gets nothing sent.")
    same = len(image.layers) - len(new)
    return ntr(
        "{n} layer is as in the last image. A deploy to a host that has it sends {size}.",
        "{n} layers are as in the last image. A deploy to a host that has them sends {size}.",
        same,
        size=size,
    )


def problem_rows(problems: Iterable[Problem]) -> list[Row]:
    rows = []
    for problem in problems:
        place = f"{problem.file}:{problem.line}" + (f":{problem.column}" if problem.column else "")
        tone = ("vet", "warn") if problem.stage == "vet" else (problem.target, "fail")
        state = "warn" if problem.stage == "vet" else "fail"
        chips = () if problem.target == ALL and problem.stage != "vet" else ((tone[0], tone[1]),)
        rows.append(
            Row(
                problem.text,
                place,
                state,
                mono_second=True,
                second_role="text.link",
                chips=chips,
                payload=problem,
            )
        )
    return rows


def command_text(commands: Sequence[tuple[str, str, Command]], *, powershell: bool) -> str:
    """The exact commands, to copy into a shell."""
    lines = []
    for target, stage, command in commands:
        lines.append(f"# {target}, {stage}")
        if command.cwd is not None:
            lines.append(
                f"cd {shlex.quote(str(command.cwd))}" if not powershell else f"Set-Location '{command.cwd}'"
            )
        lines.append(command.shown_powershell() if powershell else command.shown())
        lines.append("")
    return "\n".join(lines)


def git_chips(git: GitState | None) -> tuple[str, str, str]:
    """(branch, commit, "2 files not committed"), each empty when there is nothing to say."""
    if git is None:
        return "", "", ""
    dirty = ntr("{n} file not committed", "{n} files not committed", git.dirty) if git.dirty else ""
    return git.branch, git.commit[:7], dirty


def matrix_columns(targets: Iterable[str]) -> tuple[str, ...]:
    """The usual processors, and those that the project builds for besides."""
    more = [target.partition("/")[2] for target in targets]
    return tuple(dict.fromkeys([*PROCESSORS, *more]))


def matrix_rows(targets: Iterable[str]) -> tuple[str, ...]:
    more = [target.partition("/")[0] for target in targets]
    return tuple(dict.fromkeys([*SYSTEMS, *more]))


def option_notes(config: Config, tests: int | None, compiler: bool) -> Mapping[str, str]:
    """The small words at the right of the options."""
    build = config.build
    return {
        "test": ntr("{n} test", "{n} tests", tests) if tests else "",
        "static": tr("CGO on") if build.cgo else tr("CGO off"),
        "strip": "-s -w" if build.strip else "",
        "race": "" if compiler else tr("needs gcc"),
    }


def proxy_problem(address: str) -> str:
    """What is wrong with a company proxy's address, or ""."""
    parts = [part for part in address.replace("|", ",").split(",") if part.strip()]
    if not parts:
        return tr("Type the address of the proxy, such as https://goproxy.example.com")
    for part in parts:
        if part.strip() not in ("direct", "off") and not part.strip().startswith(
            ("https://", "http://", "file://")
        ):
            return tr("{part} is not an address: it begins with https://", part=part.strip())
    return ""
