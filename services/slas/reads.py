"""What anybody may read of agreements: how they stood at the last look, their breaches, and calendar months."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.context import Actor
from services.kernel.errors import Invalid
from services.kernel.paging import Page, PageRequest
from services.slas.agreements import DAY, Agreement
from services.slas.book import Exclusion, agreements, exclusions
from services.slas.engine import counted_of
from services.slas.sources import Sources
from services.slas.tables import BreachRow, LeftOutRow, StateRow
from services.slas.timeline import NOTHING, Counted
from services.slas.views import BreachView, BurnView, ExclusionView, SlaMonthView, SlaState, SlaView

STALE_SECONDS: Final = 90
"""How an agreement stood longer ago than this is not how it stands."""


class Slas:
    """Reads agreements. How they stand is read as it was written at the last look, with that look's instant."""

    def __init__(self, uow: UnitOfWork, sources: Sources) -> None:
        self.uow, self.sources = uow, sources

    @query(permission="slas.read")
    def slas(self, actor: Actor) -> tuple[SlaView, ...]:
        """Return every agreement as of the last look, in the order in which pages show them."""
        session, now = current().session, self.uow.clock.now()
        states = {row.sla: row for row in session.scalars(sa.select(StateRow))}
        return tuple(sla_view(each, states.get(each.name), now) for each in agreements(session))

    @query(permission="slas.read")
    def breaches(self, actor: Actor, page: PageRequest, *, sla: str | None = None) -> Page[BreachView]:
        """Return breaches, newest first."""
        chosen = sa.select(BreachRow).order_by(BreachRow.id.desc()).limit(page.size + 1)
        if page.after:
            chosen = chosen.where(BreachRow.id < page.after)
        if sla is not None:
            chosen = chosen.where(BreachRow.sla == sla)
        rows = current().session.scalars(chosen).all()
        views = [breach_view(row) for row in rows[: page.size]]
        return Page(views, views[-1].id if len(rows) > page.size else None)

    @query(permission="slas.read")
    def month(self, actor: Actor, month: date) -> tuple[SlaMonthView, ...]:
        """Return every agreement in the calendar month (UTC) of a date.

        Raises: Invalid for a month that has not begun.
        """
        session, now = current().session, self.uow.clock.now()
        starts_at = datetime(month.year, month.month, 1, tzinfo=UTC)
        ends_at = _next_month(starts_at)
        if starts_at > now:
            raise Invalid("month_not_begun", "That month has not begun yet; choose this one or an earlier one.")
        outside = exclusions(session, starts_at, min(ends_at, now))
        broken = session.scalars(
            sa.select(BreachRow)
            .where(
                BreachRow.started_at < ends_at,
                sa.or_(BreachRow.ended_at.is_(None), BreachRow.ended_at >= starts_at),
            )
            .order_by(BreachRow.id)
        ).all()
        left_out = self._left_out(starts_at, ends_at)
        return tuple(
            self._month(
                actor,
                each,
                (starts_at, ends_at),
                outside=[e for e in outside if _counts(e, each)],
                broken=[row for row in broken if row.sla == each.name],
                left_out=left_out.get(each.name, NOTHING),
            )
            for each in agreements(session, ends_at, retired_after=starts_at)
        )

    def _left_out(self, starts_at: datetime, ends_at: datetime) -> dict[str, Counted]:
        chosen = sa.select(LeftOutRow).where(LeftOutRow.hour_at >= starts_at, LeftOutRow.hour_at < ends_at)
        found: dict[str, Counted] = {}
        for row in current().session.scalars(chosen):
            found[row.sla] = found.get(row.sla, NOTHING).plus(counted_of(row))
        return found

    def _month(
        self,
        actor: Actor,
        agreement: Agreement,
        span: tuple[datetime, datetime],
        *,
        outside: Sequence[Exclusion],
        broken: Sequence[BreachRow],
        left_out: Counted,
    ) -> SlaMonthView:
        now = self.uow.clock.now()
        starts_at, ends_at = span
        until_at = min(ends_at, now)
        counted, unknown_seconds = self.sources.within(actor, agreement, starts_at, until_at)
        counted = counted.plus(left_out, -1)
        since_at = self.sources.measured_since(actor, agreement)
        attained = counted.good / counted.total if counted.total else None
        judged = attained is not None and counted.samples >= agreement.caution.minimum_events
        return SlaMonthView(
            name=agreement.name,
            title=agreement.title,
            promise=promise_of(agreement),
            policy=policy_of(agreement),
            event_unit=agreement.event_unit,
            month=starts_at.date(),
            target_ratio=agreement.target_ratio,
            good=counted.good,
            total=counted.total,
            attained_ratio=attained,
            met=attained >= agreement.target_ratio if judged and attained is not None else None,
            exclusions=tuple(_exclusion_view(e, starts_at, until_at) for e in outside),
            unknown_seconds=unknown_seconds,
            breaches=tuple(map(breach_view, broken)),
            complete=ends_at <= now and since_at is not None and since_at <= starts_at,
        )


def sla_view(agreement: Agreement, row: StateRow | None, now: datetime) -> SlaView:
    """Return how an agreement stands: as at the last look, and unknown where that is too long ago."""
    shown: Mapping[str, Any] = row.shown if row is not None else {}
    state = SlaState(shown.get("state", SlaState.UNKNOWN.value))
    reason = str(shown.get("reason", "It has not been looked at yet."))
    as_of = row.looked_at if row is not None else now
    if abs((now - as_of).total_seconds()) > STALE_SECONDS:
        state, reason = SlaState.UNKNOWN, "The last look is too long ago to say how it stands now."
    breached = shown.get("breached_since")
    return SlaView(
        name=agreement.name,
        title=agreement.title,
        promise=promise_of(agreement),
        policy=policy_of(agreement),
        figure=agreement.figure,
        component_id=agreement.component_id,
        event_unit=agreement.event_unit,
        target_ratio=agreement.target_ratio,
        window_seconds=agreement.window_seconds,
        window_filled_ratio=shown.get("filled", 0.0),
        state=state,
        good=shown.get("good", 0.0),
        total=shown.get("total", 0.0),
        attained_ratio=shown.get("attained"),
        budget_left_ratio=shown.get("budget_left"),
        excluded_seconds=shown.get("excluded", 0.0),
        unknown_seconds=shown.get("unknown", 0.0),
        burns=tuple(BurnView(**burn) for burn in shown.get("burns", ())),
        breached_since_at=None if breached is None else datetime.fromtimestamp(breached, UTC),
        as_of=as_of,
        state_reason=reason,
    )


def breach_view(row: BreachRow) -> BreachView:
    """Return a breach."""
    return BreachView(row.id, row.sla, row.rule, row.explanation, row.started_at, row.detected_at, row.ended_at)


def promise_of(agreement: Agreement) -> str:
    """Return the promise in words, with the target and the window in force."""
    days = agreement.window_seconds / DAY
    window = f"{days:.0f} days" if days != 1 else "one day"
    return agreement.promise.format(
        target=_percent(agreement.target_ratio), allowed=_percent(agreement.allowed_ratio), window=window
    )


def policy_of(agreement: Agreement) -> str:
    """Return what counts, what is left out, and from how many events it is judged."""
    if agreement.recipe is None:
        outside = (
            "Planned maintenance is left out, also where it was marked as such afterwards, with its reason. Time in "
            "which nobody knows how a component stands is neither up nor down."
        )
    else:
        outside = (
            "Whole minutes of maintenance that concerns it are left out, also where it was marked as such afterwards, "
            "with its reason (by whole hours, once that is two days ago)."
        )
    caution, noun = agreement.caution, "seconds" if agreement.recipe is None else "events"
    least = (
        f"Burn rates are judged from {caution.minimum_events:,.0f} {noun} of which {caution.minimum_bad:,.0f} are bad; "
        f"with fewer, {caution.all_bad:,.0f} {agreement.event_unit} in a row that are all bad are a breach."
    )
    if caution.beyond_chance:
        least += (
            f" The bad ones must exceed what a rule allows by {caution.beyond_chance:.0f} standard deviations, so that "
            "luck with few events breaks no promise."
        )
    return f"{agreement.counts} {outside} Nothing of nothing is no data, neither kept nor broken. {least}"


def _percent(ratio: float) -> str:
    text = f"{100 * ratio:.4f}".rstrip("0").rstrip(".")
    return f"{text} %"


def _counts(exclusion: Exclusion, agreement: Agreement) -> bool:
    return exclusion.concerns(agreement) or (agreement.recipe is None and agreement.component_id is None)


def _exclusion_view(exclusion: Exclusion, starts_at: datetime, until_at: datetime) -> ExclusionView:
    ends_at = min(exclusion.ends_at or until_at, until_at)
    return ExclusionView(max(exclusion.starts_at, starts_at), ends_at, exclusion.reason, exclusion.retroactive)


def _next_month(starts_at: datetime) -> datetime:
    return (starts_at + timedelta(days=32)).replace(day=1)
