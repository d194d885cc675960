"""The page's sentences and sheets for each state: what the main button says, what the banner tells."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from desktop.base.errors import START_ENGINE, GoferryError
from desktop.base.jobs import JobState
from desktop.base.words import Message, Words, msg, ntr, sentences, tr
from desktop.release import HostState, Outcome
from desktop.ui.environments import environment_words
from desktop.ui.widgets import Banner, ConfirmSheet

from . import history, present

if TYPE_CHECKING:
    from desktop.app_releases import Overview
    from desktop.ui.wishes import DeployTo

    from .runs import DeployRuns


KNOWN_FIXES = ("secret", "live", "build", "plan", "take_over", START_ENGINE)
"""Fixes of errors that this page knows how to do."""


def main_action(page: DeployRuns) -> tuple[str, str, bool]:
    """Text, look and readiness of the main button."""
    if page.running:
        asked = page.job is not None and page.job.cancel_asked
        return (tr("Cancelling…") if asked else tr("Cancel")), "standard", not asked
    if page.ready and page.plan is not None:
        where = _where(page)
        dots = "…" if page.plan.production and page.app.settings.now.confirm_production else ""
        text = tr("Deploy {version} to {environment}", version=page.plan.after, environment=where)
        return text + dots, "primary", True
    return (
        (tr("Run here") if page.environment == "local" else tr("Build and plan")),
        "primary",
        bool(page.environment),
    )


def _where(page: DeployRuns) -> str:
    """The hosts that the plan is for, else the environment."""
    part = page.part
    if part is None or not part.only:
        return environment_words(page.environment)
    return part.only[0] if len(part.only) == 1 else ntr("{n} host", "{n} hosts", len(part.only))


def versions(found: Overview | None, plan: present.PlanView | None) -> tuple[str, str]:
    """From which version to which; the second is empty while there is no plan."""
    if plan is not None:
        return plan.before, plan.after
    if found is None:
        return "", ""
    serving = [seen.serving.version for seen in found.seen.values() if seen.serving is not None]
    return (serving[0] if serving else ""), ""


def chip(page: DeployRuns) -> tuple[str, str] | None:
    if page.running and page.pause.asked:
        return (tr("paused") if page.pause.holds else tr("pausing")), "off"
    if page.running and page.progress.steps:
        back = page.plan is not None and page.plan.rollback
        return (tr("rolling back") if back else tr("rolling out")), "info"
    if page.running:
        return tr("planning"), "info"
    if page.outcome is not None:
        return (tr("done"), "ok") if page.outcome.ok else (tr("failed"), "fail")
    if page.found is not None and not any(seen.releases for seen in page.found.seen.values()):
        return tr("never deployed"), "off"
    return None


def show(banner: Banner, page: DeployRuns) -> None:
    """The one sentence that matters most now."""
    if page.running:
        _show_paused(banner, page)
    elif page.failure is not None:
        _show_failure(banner, page)
    elif page.outcome is not None and page.plan is not None:
        _show_done(banner, page)
    elif page.plan is not None and page.plan.offline:
        _show_offline(banner, page.plan)
    elif page.offline is not None:
        error = page.offline
        banner.show_banner(
            "warn", str(error.what), _reasons(error), [("look", lambda: tr("Try again"))], primary=False
        )
    elif page.plan is not None and page.plan.unchanged:
        banner.show_banner(
            "ok", lambda: tr("Every host serves this release already"), lambda: tr("Nothing would be done.")
        )
    elif page.old:
        why = tr(
            "It was made {when}, and the hosts may have changed.", when=history.when(_made(page), time.time())
        )
        banner.show_banner("info", lambda: tr("The plan is old"), why, [("plan", lambda: tr("Plan again"))])
    else:
        _show_quietly(banner, page)


def _show_quietly(banner: Banner, page: DeployRuns) -> None:
    """What is good to know, when nothing is the matter."""
    if page.part is not None and page.plan is not None:
        _show_part(banner, page.part, page.environment)
    elif page.job is not None and page.job.state is JobState.CANCELLED:
        why = tr("What served before serves now; nothing half-done is left.")
        banner.show_banner(
            "info", lambda: tr("Cancelled"), why, [("plan", lambda: tr("Plan again"))], primary=False
        )
    elif _only_here(page):
        banner.show_banner(
            "info",
            lambda: tr("This project has no environment with servers yet"),
            lambda: tr("Run it on this computer, or add a server under Hosts."),
            [("hosts", lambda: tr("Add a host"))],
            primary=False,
        )
    else:
        banner.hide()


def _show_part(banner: Banner, part: DeployTo, environment: str) -> None:
    title = tr("Only for {hosts}", hosts=", ".join(part.only))
    why = tr("The other hosts of {environment} stay as they are.", environment=environment_words(environment))
    if part.anew:
        why = str(sentences(why, tr("The container is made anew, also where this version serves already.")))
    banner.show_banner("info", title, why, [("all", lambda: tr("Plan for all hosts"))], primary=False)


def _show_paused(banner: Banner, page: DeployRuns) -> None:
    if not page.pause.holds:
        banner.hide()
        return
    hosts = ", ".join(page.to_come)
    banner.show_banner(
        "info",
        lambda: tr("Paused"),
        lambda: tr("Not begun yet: {hosts}. What serves there serves on.", hosts=hosts),
        [("go_on", lambda: tr("Go on"))],
    )


def _made(page: DeployRuns) -> float:
    return page.plan.made if page.plan is not None else 0.0


def _only_here(page: DeployRuns) -> bool:
    return page.environment == "local" and page.found is not None and len(page.names) <= 1


def _reasons(error: object) -> str:
    return str(sentences(getattr(error, "why", ""), getattr(error, "fix", "")))


def _show_failure(banner: Banner, page: DeployRuns) -> None:
    error = page.failure
    if error is None:
        return
    actions = [(fix.action, fix.label) for fix in error.fixes if fix.action in KNOWN_FIXES][:1]
    failed = _failed_host(page)
    if not actions and (own := _WAYS_OUT.get(error.code)):
        actions.append(own)
    if failed:
        actions.append(("again", msg("Try again on {host}", host=failed)))
        if page.plan is not None and len(page.plan.hosts) > 1:
            actions.append(("leave", msg("Leave {host} out", host=failed)))
    elif not actions:
        if place := place_of(error):
            actions.append(("open", msg("Open {place}", place=place.replace("\\", "/").rpartition("/")[2])))
        actions.append(("again", msg("Try again")))
    title = str(error.what)
    if failed and (result := page.progress.results.get(failed)) and result.state is HostState.ROLLED_BACK:
        title = tr(
            "{what} {before} serves again.",
            what=title,
            before=page.plan.before if page.plan is not None else "",
        )
    why = str(sentences(error.why, error.fix, _others(page, failed)))
    banner.show_banner("fail", title, why, actions[:3])


def _others(page: DeployRuns, failed: str) -> Words:
    """What became of the hosts that did not fail, where a deploy to several has."""
    plan = page.plan
    if not failed or plan is None or len(plan.hosts) < 2:
        return ""
    states = [
        page.progress.results[host.name].state
        for host in plan.hosts
        if host.name != failed and host.name in page.progress.results
    ]
    back = sum(state is HostState.ROLLED_BACK for state in states)
    kept = sum(state is HostState.DONE for state in states)
    untouched = len(plan.hosts) - 1 - back - kept - sum(state is HostState.FAILED for state in states)
    return sentences(
        ntr("{n} host went back to {before}.", "{n} hosts went back to {before}.", back, before=plan.before)
        if back
        else "",
        ntr("{n} host has {after}.", "{n} hosts have {after}.", kept, after=plan.after) if kept else "",
        ntr("{n} host was not touched.", "{n} hosts were not touched.", untouched) if untouched else "",
    )


_WAYS_OUT = {
    "engine.disk_full": ("prune", msg("Remove old…")),
    "release.port_taken": ("config", msg("Open goferry.yaml")),
    "engine.port_taken": ("config", msg("Open goferry.yaml")),
}
"""What this page can do about a failure that another station names."""


def place_of(error: GoferryError) -> str:
    """The line of code that a failed build names, such as "cmd/app/main.go:27:12"; "" for other failures."""
    return next((fix.argument for fix in error.fixes if fix.action == "open"), "")


def _failed_host(page: DeployRuns) -> str:
    return next((name for name, result in page.progress.results.items() if result.error is not None), "")


def _show_done(banner: Banner, page: DeployRuns) -> None:
    plan, outcome = page.plan, page.outcome
    if plan is None or outcome is None:
        return
    count = len(outcome.hosts)
    where = _where(page)
    title = tr("{version} serves on {environment}", version=plan.after, environment=where)
    seconds = page.job.seconds if page.job is not None else sum(host.seconds for host in outcome.hosts)
    gaps = [host.downtime_ms for host in outcome.hosts if host.downtime_ms is not None]
    why = ntr("{n} host in {time}.", "{n} hosts in {time}.", count, time=present.duration(seconds))
    if gaps and not max(gaps):
        why = str(sentences(why, tr("No request was lost.")))
    elif gaps:
        why = str(sentences(why, tr("The longest gap was {ms} ms.", ms=max(gaps))))
    banner.show_banner("ok", title, why, [("live", lambda: tr("Open Live"))], primary=False)


def _show_offline(banner: Banner, plan: present.PlanView) -> None:
    names = ", ".join(host.name for host in plan.offline)
    first = plan.offline[0].offline
    actions = [("plan", msg("Try again"))]
    if len(plan.offline) < len(plan.hosts):
        actions.append(("leave", msg("Leave it out") if len(plan.offline) == 1 else msg("Leave them out")))
    title = tr("No answer from {hosts}", hosts=names)
    if first is not None and present.shows_other_key(first):
        title = str(first.what)
        actions = [("hosts", msg("Open Hosts")), *actions][:3]
    banner.show_banner("warn", title, _reasons(first), actions)


def to_leave_out(plan: present.PlanView, progress: present.Progress) -> tuple[str, ...]:
    """Hosts that did not answer, or failed."""
    failed = tuple(name for name, result in progress.results.items() if result.error is not None)
    return (*(host.name for host in plan.offline), *failed)


def hosts_only(found: Overview | None, app: str, environment: str) -> present.PlanView | None:
    """Lanes before there is a plan: the hosts, with nothing to do yet."""
    if found is None:
        return None
    hosts = [
        present.HostPlan(host.name, present.address_of(host), offline=found.offline.get(host.name))
        for host in found.target.hosts
    ]
    production = found.target.production
    return present.PlanView(app, environment, production, "", "", "", "", (), tuple(hosts), time.time())


def rollback_entry(found: Overview | None, release: str) -> tuple[str, str] | None:
    """(id, version) of where a rollback goes; None when there is nowhere to go."""
    if found is None:
        return None
    for seen in found.seen.values():
        wanted = seen.release(release) if release else seen.previous_good()
        if wanted is not None and wanted.outcome in (Outcome.GOOD, Outcome.ROLLED_BACK):
            return wanted.id, wanted.version
    return None


def rollback_sheet(version: str, environment: str, found: Overview | None) -> ConfirmSheet:
    hosts = ", ".join(found.seen) if found is not None else ""
    return ConfirmSheet(
        lambda: tr("Roll back to {version}?", version=version),
        lambda: tr(
            "{hosts} will serve {version} with the configuration it had. It takes some seconds.",
            hosts=hosts,
            version=version,
        ),
        lambda: tr("Roll back"),
        name="deploy.rollback_sheet",
    )


def production_sheet(plan: present.PlanView) -> ConfirmSheet:
    hosts = ", ".join(host.name for host in plan.hosts)
    count = len(plan.hosts)

    def why() -> str:
        changes = msg("It changes {hosts}.", hosts=hosts)
        if count == 1:
            return str(changes)
        spread = msg("{spread}.", spread=plan.strategy.words(count))
        return str(sentences(changes, spread, plan.strategy.on_failure()))

    return ConfirmSheet(
        lambda: tr(
            "Deploy {version} to {environment}?",
            version=plan.after,
            environment=environment_words(plan.environment),
        ),
        why,
        lambda: tr("Deploy"),
        name="deploy.production",
        typed=plan.app,
    )


def cancel_sheet(host: str) -> ConfirmSheet:
    return ConfirmSheet(
        lambda: tr("Take the new version back?"),
        lambda: tr("It is being tried on {host}. The old version starts again there.", host=host),
        lambda: tr("Take it back"),
        name="deploy.cancel_sheet",
        kind="dangerFilled",
        cancel=lambda: tr("Go on"),
    )


def take_over_sheet() -> ConfirmSheet:
    return ConfirmSheet(
        lambda: tr("Take the lock over?"),
        lambda: tr("What the other person does there ends with an error. Ask them first, when you can."),
        lambda: tr("Take it over"),
        name="deploy.take_over_sheet",
        kind="dangerFilled",
    )


def verb_sheet(verb: str, found: Overview | None) -> ConfirmSheet | None:
    """The question before what cannot be undone, or changes production; None where nothing is asked."""
    hosts = ", ".join(found.seen) if found is not None else ""
    name = found.target.app if found is not None else ""
    if verb == "remove":
        return ConfirmSheet(
            lambda: tr("Remove {app} from {hosts}?", app=name, hosts=hosts),
            lambda: tr("Its containers, images and history are removed there. The project stays."),
            lambda: tr("Remove"),
            name="deploy.remove_sheet",
            kind="dangerFilled",
            typed=name,
        )
    if verb == "prune":
        return ConfirmSheet(
            lambda: tr("Remove old releases?"),
            lambda: tr("Their containers and images go. The current one and the last good one always stay."),
            lambda: tr("Remove"),
            name="deploy.prune_sheet",
            kind="dangerFilled",
        )
    if verb in ("stop", "restart") and found is not None and found.target.production:
        return ConfirmSheet(
            (lambda: tr("Stop {app} in production?", app=name))
            if verb == "stop"
            else (lambda: tr("Restart {app} in production?", app=name)),
            lambda: tr("Requests to {hosts} are refused while it is down.", hosts=hosts),
            (lambda: tr("Stop")) if verb == "stop" else (lambda: tr("Restart")),
            name="deploy.stop_sheet",
            kind="dangerFilled",
        )
    return None


def verb_title(verb: str, app: str) -> Message:
    titles = {
        "stop": msg("Stopping {app}", app=app),
        "start": msg("Starting {app}", app=app),
        "restart": msg("Restarting {app}", app=app),
        "remove": msg("Removing {app}", app=app),
        "prune": msg("Removing old releases of {app}", app=app),
    }
    return titles[verb]
