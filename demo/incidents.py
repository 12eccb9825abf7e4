"""The demo's past of incidents and maintenance: what its components went through, as a team would have told it.

Each is marked as the demo's in its first words, is made once, and goes with the demo.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from demo.components import Trouble, troubles
from services.components.views import ComponentStatus
from services.incidents import Incidents
from services.incidents.views import ComponentStatusDraft, PastDraft, SeriesDraft, TemplateDraft, UpdateDraft
from services.kernel.context import JobActor

ORIGIN: Final = "demo"
TELLER: Final = JobActor(
    "demo.incidents", frozenset({"incidents.manage", "incidents.read", "incidents.drafts.read", "incidents.run"})
)
MOST: Final = 10
_RANKS: Final = {ComponentStatus.MAJOR_OUTAGE: 0, ComponentStatus.PARTIAL_OUTAGE: 1}
_SHORTEST: Final = timedelta(minutes=10)
_WORDS: Final = {
    "videostart01": ("some videos take long to start", "a cache that had filled up", "its old entries are removed"),
    "checkout0001": ("some payments fail", "a fault at the card processor", "the processor recovered"),
    "payouts00001": ("payouts take longer than usual", "a queue at the bank", "the bank worked it off"),
    "website00001": ("pages load slowly", "a release with a slow query", "the release was taken back"),
    "publicapi001": ("some requests of partners fail", "a limit that was set too low", "the limit is raised"),
    "database0001": ("some actions fail", "a failover to the second database", "the second database has taken over"),
}
_LESSON: Final = """## What happened

{title} For {minutes} minutes, {noticed}.

## Why

It was {cause}.

## What we change

We alert on this cause itself, before people notice it, and have rehearsed what helped this time: {cure}.

_This post-mortem was told by the demo._
"""
_TEMPLATES: Final = (
    TemplateDraft("Payments fail", "incident", "Some payments fail",
                  "Since {time}, some payments in **{component}** fail. Nobody is charged twice. We look into it.",
                  "investigating", "partial_outage", 0),
    TemplateDraft("Videos stall", "incident", "Videos start slowly or stall",
                  "Since {time}, some videos start slowly or stall. We are looking into it.",
                  "investigating", "degraded_performance", 1),
    TemplateDraft("Cause found", "incident", "", "We have found the cause in **{component}** and are working on it.",
                  "identified", "", 2),
    TemplateDraft("All well again", "incident", "", "{component} works again. We keep watching.",
                  "monitoring", "operational", 3),
)  # fmt: skip


def tell_incidents(incidents: Incidents, known: Sequence[str], now: datetime) -> int:
    """Tell the incidents of the last ninety days where none are told yet, and return how many were."""
    if incidents.forgetting.has(TELLER, origin=ORIGIN):
        return 0
    chosen = _worth_telling(now, known)
    for number, trouble in enumerate(chosen):
        incidents.declaring.record_past(TELLER, _story(trouble, now, explained=number < 2))  # noqa: PLR2004 -- the worst two
    if "database0001" in known:
        _maintenance(incidents, now)
    for template in _TEMPLATES:
        incidents.templates.add(TELLER, template, origin=ORIGIN)
    return len(chosen)


def _worth_telling(now: datetime, known: Sequence[str]) -> list[Trouble]:
    """Return the longest of what went wrong, the worst first."""
    long = [each for each in troubles(now) if each.component_id in known and each.component_id in _WORDS]
    told = [each for each in long if each.ends_at - each.starts_at >= _SHORTEST]
    told.sort(key=lambda each: (_RANKS.get(each.status, len(_RANKS)), each.starts_at - each.ends_at))
    return told[:MOST]


def _story(trouble: Trouble, now: datetime, *, explained: bool) -> PastDraft:
    noticed, cause, cure = _WORDS[trouble.component_id]
    lasted = trouble.ends_at - trouble.starts_at
    title = trouble.title.removesuffix(".")
    hurt = (ComponentStatusDraft(trouble.component_id, trouble.status.value),)
    well = (ComponentStatusDraft(trouble.component_id, "operational"),)
    quiet = False
    updates = (
        UpdateDraft("investigating", f"Since {trouble.starts_at:%H:%M} UTC, {noticed}. We are looking into it.\n\n"
                    "_Told by the demo._", hurt, quiet, trouble.starts_at),
        UpdateDraft("identified", f"We have found the cause: {cause}.", (), quiet, trouble.starts_at + lasted * 0.4),
        UpdateDraft("monitoring", f"It works again: {cure}. We keep watching.", well, quiet,
                    trouble.starts_at + lasted * 0.9),
        UpdateDraft("resolved", "All is well again.", (), quiet, trouble.ends_at),
    )  # fmt: skip
    lesson = _LESSON.format(
        title=f"{title}.", minutes=round(lasted.total_seconds() / 60), noticed=noticed, cause=cause, cure=cure
    )
    return PastDraft(
        title,
        updates,
        postmortem=lesson if explained else "",
        postmortem_at=min(trouble.ends_at + timedelta(days=2), now) if explained else None,
        origin=ORIGIN,
    )


def _maintenance(incidents: Incidents, now: datetime) -> None:
    day = (now - timedelta(days=20)).replace(hour=3, minute=0, second=0, microsecond=0)
    incidents.maintaining.mark_past(
        TELLER,
        name="Database upgrade",
        component_ids=("database0001",),
        starts_at=day,
        ends_at=day + timedelta(minutes=40),
        reason="Announced to partners by mail; told by the demo.",
        origin=ORIGIN,
    )
    sunday = now + timedelta(days=(6 - now.weekday()) % 7 or 7)
    weekly = SeriesDraft(
        name="Weekly database upkeep",
        body="Short pauses of a few seconds are possible. _Told by the demo._",
        component_ids=("database0001",),
        rule="FREQ=WEEKLY;BYDAY=SU",
        time_zone="Europe/Berlin",
        first_local=f"{sunday:%Y-%m-%d}T04:00",
        duration_seconds=1_800,
    )
    incidents.recurring.plan_series(TELLER, weekly, origin=ORIGIN)
