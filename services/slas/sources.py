"""Reads what was counted and lays it out in time, for all agreements at once: few questions, whatever their number."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from services.kernel.clock import Clock, from_epoch_ms
from services.kernel.context import Actor
from services.kernel.errors import DomainError
from services.slas.agreements import DAY, Agreement, Recipe, Term
from services.slas.book import Exclusion
from services.slas.ports import CellCount, MetricCounts, Span, UptimeRecord, UptimeSeconds
from services.slas.timeline import NOTHING, Bucket, Counted, Timeline
from services.slas.tripwires import Expected, usual_at_least

_log = logging.getLogger(__name__)

MINUTE, HOUR = 60, 3_600
MINUTES_FOR, HOURS_FOR = timedelta(hours=6), timedelta(days=3)
"""A window is exact to the minute for this long back, to the hour for this long, and to the day (UTC) before."""
_WEEK: Final = timedelta(days=7)
_WEEKS: Final = 4
_UPTIME_STEPS: Final = (30, 300, 1_800, 3_600, 7_200, 21_600, 86_400, 3 * 86_400)
_KEPT_SECONDS: Final = 60.0
"""How long it is believed since when metrics are measured."""
LeftOut = Mapping[tuple[str, str, datetime], Counted]
"""What exclusions leave out, by incident, agreement and hour."""


@dataclass(frozen=True, slots=True)
class Source:
    """What was counted for one agreement; `problem` says why nothing can be said, where that is so.

    `quiet_until` is the end of the last maintenance: silence in it is none.
    """

    tally: Timeline = field(default_factory=Timeline)
    history_since: float | None = None
    totals: Counted | None = None
    newest: float | None = None
    expected: Expected | None = None
    parts: Mapping[str, Timeline] = field(default_factory=dict)
    quiet_until: float = 0.0
    excluded_seconds: float = 0.0
    unknown_seconds: float = 0.0
    problem: str = ""


class Sources:
    """Lays out metrics and uptime for the agreements that ask."""

    def __init__(self, counts: MetricCounts, uptime: UptimeRecord, clock: Clock) -> None:
        self._counts, self._uptime, self._clock = counts, uptime, clock
        self._earliest: tuple[datetime, Mapping[str, datetime]] | None = None

    def read(
        self,
        actor: Actor,
        agreements: Sequence[Agreement],
        exclusions: Sequence[Exclusion],
        left_out: LeftOut,
        now: datetime,
    ) -> dict[str, Source]:
        """Return the source of each agreement by its name; one that cannot be read keeps no other from being read.

        `now` is the instant that it is judged at: windows end there, and spans of uptime are cut for them.
        """
        found: dict[str, Source] = {}
        counted = [a for a in agreements if a.recipe is not None]
        try:
            found |= self._metrics(actor, counted, exclusions, left_out, now)
        except DomainError as error:
            _log.warning("sla_source_unavailable", extra={"code": error.code})
            found |= {a.name: Source(problem=error.message) for a in counted}
        for agreement in agreements:
            if agreement.recipe is None:
                try:
                    found[agreement.name] = self._up(actor, agreement, now)
                except DomainError as error:
                    _log.warning("sla_source_unavailable", extra={"code": error.code, "sla": agreement.name})
                    found[agreement.name] = Source(problem=error.message)
        return found

    def within(
        self, actor: Actor, agreement: Agreement, starts_at: datetime, ends_at: datetime
    ) -> tuple[Counted, float]:
        """Return what was counted between two midnights (or until now), and for how many seconds nobody knew."""
        if agreement.recipe is None:
            parts = self._uptime.uptime(actor, agreement.component_id, [starts_at, ends_at])
            seconds = UptimeSeconds(*parts[0])
            return _time_counted(seconds), seconds.unknown
        cells = self._counts.buckets(actor, agreement.recipe.metrics, [(DAY, starts_at, ends_at)])
        return _added(agreement.recipe, cells), 0.0

    def hours(self, actor: Actor, agreement: Agreement, exclusion: Exclusion) -> dict[datetime, Counted]:
        """Return what an exclusion leaves out, by the hour: of its whole minutes, or whole hours where those are gone.

        It never leaves out more than was marked: what lies in a minute or an hour only partly, counts.
        """
        now = self._clock.now()
        ends_at = min(now, exclusion.ends_at or now)
        recipe = agreement.recipe
        if recipe is None:
            return {}
        minutes_since = _floor(now - timedelta(hours=47), HOUR)
        spans: list[Span] = []
        if exclusion.starts_at < minutes_since:
            spans.append((HOUR, _ceiling(exclusion.starts_at, HOUR), _floor(min(ends_at, minutes_since), HOUR)))
        spans.append((MINUTE, _ceiling(max(exclusion.starts_at, minutes_since), MINUTE), _floor(ends_at, MINUTE)))
        spans = [span for span in spans if span[1] < span[2]]
        by_hour: dict[datetime, list[CellCount]] = defaultdict(list)
        for cell in self._counts.buckets(actor, recipe.metrics, spans):
            by_hour[_floor(cell[2], HOUR)].append(cell)
        return {at: _added(recipe, cells) for at, cells in by_hour.items()}

    def measured_since(self, actor: Actor, agreement: Agreement) -> datetime | None:
        """Return since when an agreement's events are recorded."""
        if agreement.recipe is None:
            return self._uptime.measured_since(actor, agreement.component_id)
        earliest = self._since(actor, agreement.recipe.metrics)
        return min((earliest[m] for m in agreement.recipe.metrics if m in earliest), default=None)

    def _since(self, actor: Actor, metrics: Sequence[str]) -> Mapping[str, datetime]:
        now = self._clock.now()
        known = self._earliest
        stale = known is None or not 0 <= (now - known[0]).total_seconds() < _KEPT_SECONDS
        if known is None or stale or any(m not in known[1] for m in metrics):
            known = (now, self._counts.earliest(actor, metrics))
            self._earliest = known
        return known[1]

    def _metrics(
        self,
        actor: Actor,
        agreements: Sequence[Agreement],
        exclusions: Sequence[Exclusion],
        left_out: LeftOut,
        now: datetime,
    ) -> dict[str, Source]:
        recipes = {a.name: a.recipe for a in agreements if a.recipe is not None}
        metrics = tuple(dict.fromkeys(m for r in recipes.values() for m in r.metrics))
        longest = max((a.window_seconds for a in agreements), default=0)
        minutes_from = _floor(now - MINUTES_FOR, HOUR)
        hours_from = _floor(now - HOURS_FOR, DAY)
        ahead = now + timedelta(minutes=1)
        minutes: Span = (MINUTE, minutes_from, ahead)
        spans = [
            minutes,
            (HOUR, hours_from, minutes_from),
            (DAY, _floor(now - timedelta(seconds=longest), DAY), hours_from),
        ]
        cells = _by_metric(self._counts.buckets(actor, metrics, spans))
        totals = self._counts.totals(actor, metrics)
        since = self._since(actor, metrics)
        past = self._past(actor, agreements, now)
        dimensions = dict.fromkeys(d for r in recipes.values() for d in r.parts)
        parts = {d: self._counts.buckets(actor, metrics, [minutes], by=d) for d in dimensions}
        found = {}
        for agreement in agreements:
            recipe = recipes[agreement.name]
            own = [cell for m in recipe.metrics for cell in cells[m]]
            first = min((since[m] for m in recipe.metrics if m in since), default=None)
            outside = [e for e in exclusions if e.concerns(agreement)]
            history = None if first is None else first.timestamp()
            found[agreement.name] = Source(
                tally=Timeline(_without(agreement, buckets_of(recipe, own), outside, left_out, now)),
                history_since=history,
                totals=_added(recipe, [(m, 0, now, "", *totals[m], now) for m in recipe.metrics if m in totals]),
                newest=max((cell[7].timestamp() for cell in own), default=None),
                expected=_expected(recipe, past, history) if agreement.caution.expects_events else None,
                parts=_parts(recipe, parts, outside, now),
                quiet_until=max((min(e.ends_at or now, now).timestamp() for e in outside), default=0.0),
                excluded_seconds=_seconds(outside, now - timedelta(seconds=agreement.window_seconds), now),
            )
        return found

    def _past(self, actor: Actor, agreements: Sequence[Agreement], now: datetime) -> dict[str, list[CellCount]]:
        """Return the same hours of the weeks before, as far back as silence is followed."""
        expecting = [a.recipe for a in agreements if a.recipe is not None and a.caution.expects_events]
        metrics = tuple(dict.fromkeys(m for r in expecting for m in r.metrics))
        first, last = _floor(now - MINUTES_FOR, HOUR), _ceiling(now, HOUR)
        spans = [(HOUR, first - week * _WEEK, last - week * _WEEK) for week in range(1, _WEEKS + 1)]
        return _by_metric(self._counts.buckets(actor, metrics, spans))

    def _up(self, actor: Actor, agreement: Agreement, now: datetime) -> Source:
        since = self._uptime.measured_since(actor, agreement.component_id)
        starts_at = now - timedelta(seconds=agreement.window_seconds)
        steps = (*_UPTIME_STEPS, *range(300, 21_600, 300), *range(21_600, 3 * DAY, 1_800))
        edges = sorted({starts_at, now, *(at for s in steps if (at := now - timedelta(seconds=s)) > starts_at)})
        spans = [UptimeSeconds(*s) for s in self._uptime.uptime(actor, agreement.component_id, edges)]
        buckets = [
            Bucket(first.timestamp(), (last - first).total_seconds(), _time_counted(seconds))
            for (first, last), seconds in zip(pairwise(edges), spans, strict=True)
        ]
        return Source(
            tally=Timeline(buckets),
            history_since=None if since is None else since.timestamp(),
            excluded_seconds=sum(s.maintenance for s in spans),
            unknown_seconds=sum(s.unknown for s in spans),
        )


def _by_metric(cells: Iterable[CellCount]) -> dict[str, list[CellCount]]:
    found: dict[str, list[CellCount]] = defaultdict(list)
    for cell in cells:
        found[cell[0]].append(cell)
    return found


def _added(recipe: Recipe, cells: Iterable[CellCount]) -> Counted:
    """Return what cells come to by a recipe."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for cell in cells:
        for name, value in (("count", cell[4]), ("total", cell[5]), ("good_count", cell[6])):
            sums[cell[0], name] += value

    def come_to(terms: Sequence[Term]) -> float:
        return max(0.0, sum(factor * sums[metric, name] for metric, name, factor in terms))

    good, bad = come_to(recipe.good), come_to(recipe.bad)
    samples = come_to(recipe.samples) if recipe.samples else good + bad
    bad_samples = come_to(recipe.bad_samples) if recipe.bad_samples else bad
    return Counted(good, bad, samples, bad_samples, come_to(recipe.left))


def buckets_of(recipe: Recipe, cells: Iterable[CellCount]) -> list[Bucket]:
    """Return what cells come to by a recipe, in each bucket."""
    grouped: dict[tuple[datetime, int], list[CellCount]] = defaultdict(list)
    for cell in cells:
        grouped[cell[2], cell[1]].append(cell)
    return [Bucket(at.timestamp(), seconds, _added(recipe, own)) for (at, seconds), own in grouped.items()]


def _without(
    agreement: Agreement, buckets: Sequence[Bucket], outside: Sequence[Exclusion], left_out: LeftOut, now: datetime
) -> list[Bucket]:
    """Return buckets less what is left out: minutes wholly inside an exclusion, and of longer ones what was kept."""
    if not outside:
        return list(buckets)
    hours: dict[float, Counted] = defaultdict(Counted)
    for (incident_id, name, hour_at), counted in left_out.items():
        if name == agreement.name and any(e.incident_id == incident_id for e in outside):
            hours[hour_at.timestamp()] = hours[hour_at.timestamp()].plus(counted)
    kept = []
    for bucket in buckets:
        if bucket.seconds <= MINUTE:
            if not _inside(bucket, outside, now):
                kept.append(bucket)
            continue
        counted = bucket.counted
        for hour, less in hours.items():
            if bucket.starts <= hour < bucket.starts + bucket.seconds:
                counted = counted.plus(less, -1)
        kept.append(bucket._replace(counted=counted))
    return kept


def _inside(bucket: Bucket, outside: Sequence[Exclusion], now: datetime) -> bool:
    # A minute that is not over yet is left out while the maintenance goes on.
    ends = min(bucket.starts + bucket.seconds, now.timestamp())
    return any(
        e.starts_at.timestamp() <= bucket.starts and (e.ends_at is None or ends <= e.ends_at.timestamp())
        for e in outside
    )


def _parts(
    recipe: Recipe, cells: Mapping[str, Sequence[CellCount]], outside: Sequence[Exclusion], now: datetime
) -> dict[str, Timeline]:
    metrics = set(recipe.metrics)
    found: dict[str, Timeline] = {}
    for dimension in recipe.parts:
        apart: dict[str, list[CellCount]] = defaultdict(list)
        for cell in cells[dimension]:
            if cell[0] in metrics and cell[3] != "none":
                apart[cell[3]].append(cell)
        for value, own in apart.items():
            buckets = [b for b in buckets_of(recipe, own) if not _inside(b, outside, now)]
            found[f"{dimension} {value}"] = Timeline(buckets)
    return found


def _expected(recipe: Recipe, past: Mapping[str, Sequence[CellCount]], history: float | None) -> Expected:
    hours = {
        b.starts: b.counted.samples for b in buckets_of(recipe, [c for m in recipe.metrics for c in past.get(m, ())])
    }

    def came(starts: float, ends: float) -> float:
        first = starts // HOUR * HOUR
        total = 0.0
        while first < ends:
            share = (min(ends, first + HOUR) - max(starts, first)) / HOUR
            total += share * hours.get(first, 0.0)
            first += HOUR
        return total

    return usual_at_least(came, history)


def _seconds(outside: Sequence[Exclusion], starts_at: datetime, now: datetime) -> float:
    """Return how long exclusions last within a span, overlaps counted once."""
    total, until = 0.0, starts_at
    for exclusion in sorted(outside, key=lambda e: e.starts_at):
        first = max(exclusion.starts_at, until)
        last = min(exclusion.ends_at or now, now)
        if last > first:
            total += (last - first).total_seconds()
            until = last
    return total


def _time_counted(seconds: UptimeSeconds) -> Counted:
    measured = seconds.up + seconds.down
    return Counted(seconds.up, seconds.down, measured, seconds.down, 0.0) if measured else NOTHING


def _floor(at: datetime, seconds: int) -> datetime:
    return from_epoch_ms(int(at.astimezone(UTC).timestamp() // seconds * seconds) * 1_000)


def _ceiling(at: datetime, seconds: int) -> datetime:
    floored = _floor(at, seconds)
    return floored if floored == at else floored + timedelta(seconds=seconds)
