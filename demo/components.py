"""The demo's past of components and releases: ninety days that fit the demo's bad spells of playback.

What is told is marked as the demo's in its reason, ends where the demo began, and goes with it.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal, Protocol

from demo.rhythm import Rhythm
from services.components.founding import DEMO_SOURCE, RecordedSpan
from services.components.views import ComponentStatus
from services.kernel.context import Actor, JobActor

DAYS: Final = 90
TELLER: Final = JobActor("demo.components", frozenset({"components.seed", "releases.note", "releases.read"}))
_TOLD: Final = "Told by the demo."
_ANY: Final = (ComponentStatus.DEGRADED, ComponentStatus.PARTIAL_OUTAGE, ComponentStatus.MAJOR_OUTAGE)
_LATE: Final = (ComponentStatus.DEGRADED,)
"""What is late by less than an hour breaks no promise of a day."""
_OTHERS: Final = {
    "checkout0001": (3, _ANY, ("Card payments were declined by the processor.", "Orders took long to be confirmed.")),
    "payouts00001": (2, _LATE, ("The bank took payouts with delay.",)),
    "website00001": (2, _ANY, ("Pages loaded slowly after a release.",)),
    "publicapi001": (3, _ANY, ("Some requests of partners were answered with errors.", "Requests took long.")),
    "database0001": (1, _ANY, ("Failover to the second database.",)),
}
"""How many troubles each component had in ninety days, how bad they may have been, and of what kind."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that went wrong in the demo's past."""

    component_id: str
    status: ComponentStatus
    starts_at: datetime
    ends_at: datetime
    title: str


class Histories(Protocol):
    """The verbs that take in history."""

    def recorded(self, actor: Actor, *, source: str) -> frozenset[str]:
        """Return the components that have history of a source."""
        ...

    def record(self, actor: Actor, *, component_id: str, source: str, spans: Sequence[RecordedSpan]) -> int:
        """Take in the history of a component."""
        ...


class Deploys(Protocol):
    """The verb that notes releases."""

    def note(
        self,
        actor: Actor,
        *,
        version: str,
        note: str = "",
        deployed_at: datetime | None = None,
        origin: Literal["real", "demo"] = "real",
    ) -> str:
        """Note that a version went live."""
        ...


def troubles(now: datetime, rhythm: Rhythm | None = None) -> tuple[Trouble, ...]:
    """Return what went wrong in the ninety days before an instant, oldest first: the same for all who ask that day."""
    audience, today = rhythm or Rhythm(), now.replace(hour=0, minute=0, second=0, microsecond=0)
    found: list[Trouble] = []
    for back in range(DAYS - 1, 0, -1):
        for spell in audience.spells((today - timedelta(days=back)).date()):
            heavy = spell.conditions.stall_factor > 9  # noqa: PLR2004 -- the worst third of the spells
            title = "Videos start slowly and stall" if heavy else "Videos start slowly"
            found.append(Trouble("videostart01", ComponentStatus.DEGRADED, spell.starts_at, spell.ends_at, title))
            if heavy:
                found.append(Trouble("videodeliv01", ComponentStatus.DEGRADED, spell.starts_at, spell.ends_at, title))
    for component_id, (count, statuses, kinds) in _OTHERS.items():
        chance = random.Random(f"{audience.seed} {component_id} {today.date()}")  # noqa: S311 -- a simulation, no secret
        for _ in range(count):
            starts_at = today - timedelta(minutes=chance.uniform(1_500, DAYS * 1_440 - 1_440))
            length = timedelta(minutes=round(8 + chance.expovariate(1 / 25)))
            status = chance.choice(statuses)
            found.append(Trouble(component_id, status, starts_at, starts_at + length, chance.choice(kinds)))
    return tuple(sorted((t for t in found if t.ends_at < now), key=lambda t: (t.starts_at, t.component_id)))


def tell_components(
    histories: Histories, component_ids: Sequence[str], now: datetime, say: Callable[[str], None]
) -> int:
    """Tell the last ninety days of these components, as far as they are not told yet; return how many were told."""
    told = histories.recorded(TELLER, source=DEMO_SOURCE)
    wrong = troubles(now)
    fresh = [each for each in component_ids if each not in told]
    for component_id in fresh:
        own = [t for t in wrong if t.component_id == component_id]
        histories.record(TELLER, component_id=component_id, source=DEMO_SOURCE, spans=_spans(own, now))
    if fresh:
        say(f"components: {len(fresh)} have a past of {DAYS} days now")
    return len(fresh)


def tell_releases(releases: Deploys, now: datetime) -> int:
    """Note the demo's releases of the last ninety days; doing it again the same day changes nothing."""
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    chance = random.Random(f"releases {today.date()}")  # noqa: S311 -- a simulation, no secret
    at, number = today - timedelta(days=DAYS - 2), 0
    while at < today - timedelta(days=1):
        day = at + timedelta(hours=chance.uniform(9, 17))
        releases.note(
            TELLER, version=f"1.{number}.0", note=_TOLD, deployed_at=day.replace(microsecond=0), origin="demo"
        )
        at, number = at + timedelta(days=chance.randint(5, 11)), number + 1
    return number


def _spans(wrong: Sequence[Trouble], now: datetime) -> list[RecordedSpan]:
    """Lay troubles over a time in which all was well."""
    spans: list[RecordedSpan] = []
    at = (now - timedelta(days=DAYS)).replace(hour=0, minute=0, second=0, microsecond=0)
    for trouble in wrong:
        if trouble.starts_at <= at:
            continue
        spans.append(RecordedSpan(ComponentStatus.OPERATIONAL, at, trouble.starts_at, f"All was well. {_TOLD}"))
        ended = f"{trouble.title.removesuffix('.')}. {_TOLD}"
        spans.append(RecordedSpan(trouble.status, trouble.starts_at, trouble.ends_at, ended))
        at = trouble.ends_at
    return [*spans, RecordedSpan(ComponentStatus.OPERATIONAL, at, now, f"All was well. {_TOLD}")]
