"""Views as the public surface gets them, made up: components with ninety days, incidents, figures, agreements."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Literal

from services.components.views import (
    ComponentStatus,
    ComponentView,
    DayView,
    GroupView,
)
from services.incidents.views import (
    AffectedView,
    ComponentChangeView,
    Impact,
    IncidentView,
    UpdateView,
)
from services.metrics.views import CompanionView, FigureState, FigureView, PointView
from services.slas.views import BurnView, SlaState, SlaView

DAY_SECONDS = 86_400.0


def day(on: date, worst: ComponentStatus = ComponentStatus.OPERATIONAL, seconds: float = DAY_SECONDS) -> DayView:
    """A day that was `seconds` long in one status, and well for the rest."""
    parts = dict.fromkeys(ComponentStatus, 0.0)
    parts[ComponentStatus.OPERATIONAL] = DAY_SECONDS - seconds
    parts[worst] += seconds
    return DayView(
        on,
        worst,
        parts[ComponentStatus.OPERATIONAL],
        parts[ComponentStatus.DEGRADED],
        parts[ComponentStatus.PARTIAL_OUTAGE],
        parts[ComponentStatus.MAJOR_OUTAGE],
        parts[ComponentStatus.MAINTENANCE],
        parts[ComponentStatus.UNKNOWN],
    )


def component(
    now: datetime,
    name: str,
    *,
    key: str = "",
    status: ComponentStatus = ComponentStatus.OPERATIONAL,
    group_id: str | None = None,
    position: int = 0,
    wrong: dict[int, tuple[ComponentStatus, float]] | None = None,
    unmeasured: int = 0,
    **more: object,
) -> ComponentView:
    """A component whose `wrong` days are counted backwards from today."""
    days = []
    for back in reversed(range(90)):
        on = (now - timedelta(days=back)).date()
        if back >= 90 - unmeasured:
            days.append(day(on, ComponentStatus.UNKNOWN))
        elif wrong and back in wrong:
            days.append(day(on, *wrong[back]))
        else:
            days.append(day(on))
    measured = (90 - unmeasured) * DAY_SECONDS
    down = sum(each.major_seconds + 0.3 * each.partial_seconds for each in days)
    view = ComponentView(
        id=key or name.lower().replace(" ", "-"),
        name=name,
        description="",
        group_id=group_id,
        position=position,
        status=status,
        status_since_at=now - timedelta(minutes=12),
        status_reason="3 of 3 places see it up." if status is ComponentStatus.OPERATIONAL else "2 of 3 places say so.",
        overridden=False,
        showcase=True,
        only_show_if_degraded=False,
        start_on=None,
        depends_on=(),
        uptime_ratio=1 - down / measured if measured else None,
        measured_seconds=measured,
        days=tuple(days),
        created_at=now - timedelta(days=100),
        updated_at=now - timedelta(minutes=12),
    )
    return replace(view, **more)  # type: ignore[arg-type] # names are checked by the call itself


def group(now: datetime, name: str, members: Sequence[ComponentView], *, key: str = "", position: int = 0) -> GroupView:
    """A group of these components, as bad as the worst of them."""
    order = list(ComponentStatus)
    return GroupView(
        id=key or name.lower(),
        name=name,
        description="",
        position=position,
        status=max((each.status for each in members), key=order.index, default=ComponentStatus.UNKNOWN),
        component_ids=tuple(each.id for each in members),
        uptime_ratio=0.9991,
        days=members[0].days if members else (),
        created_at=now,
        updated_at=now,
        counts=tuple((s, n) for s in ComponentStatus if (n := sum(m.status is s for m in members))),
    )


def update(at: datetime, status: str, text: str, changes: Sequence[ComponentChangeView] = ()) -> UpdateView:
    """An update whose text is safe already."""
    return UpdateView(
        id=f"u{int(at.timestamp())}",
        status=status,
        body=text,
        body_html=f"<p>{text}</p>",
        display_at=at,
        created_at=at,
        updated_at=at,
        changes=tuple(changes),
        notifies=True,
    )


def incident(
    started_at: datetime,
    name: str,
    *,
    key: str,
    status: str = "investigating",
    impact: Impact = Impact.MINOR,
    kind: Literal["incident", "maintenance"] = "incident",
    affected: Sequence[ComponentView] = (),
    text: str = "We are looking into it.",
    **more: object,
) -> IncidentView:
    """An incident with one update."""
    view = IncidentView(
        id=key,
        kind=kind,
        name=name,
        status=status,
        impact=impact,
        started_at=started_at,
        created_at=started_at,
        updated_at=started_at,
        monitoring_at=None,
        resolved_at=None,
        scheduled_for=None,
        scheduled_until=None,
        updates=(update(started_at, status, text),),
        affected=tuple(AffectedView(each.id, each.name, str(each.status)) for each in affected),
        postmortem="",
        postmortem_html="",
        postmortem_at=None,
        automatic=False,
        sla=None,
        series_id=None,
        note="",
        version=1,
    )
    return replace(view, **more)  # type: ignore[arg-type] # names are checked by the call itself


def figure(now: datetime, state: FigureState = FigureState.MET, name: str = "join_time_p95") -> FigureView:
    """A figure with a day of points."""
    points = tuple(PointView(now - timedelta(hours=24 - hour), 1_400.0 + 20 * (hour % 7), 60) for hour in range(24))
    return FigureView(
        name=name,
        title="Join time, p95",
        definition="From the wish to play to the first moving frame.",
        unit="milliseconds",
        value=None if state is FigureState.NO_DATA else 1_400.5,
        target=2_000,
        state=state,
        samples=0 if state is FigureState.NO_DATA else 1_440,
        demo_samples=0,
        minimum_samples=20,
        newest_at=None if state is FigureState.NO_DATA else now,
        as_of=now,
        window_seconds=86_400,
        series=points,
        companions=(CompanionView("exits_before_start", "Exits before start", 2, "occurrences"),),
        good_share=0.99,
    )


def sla(now: datetime, name: str = "checkout-success", state: SlaState = SlaState.HEALTHY, **more: object) -> SlaView:
    """An agreement on checkouts."""
    view = SlaView(
        name=name,
        title="Checkout success",
        promise="99.5 % of checkouts that are not walked away from are paid, over 30 days.",
        policy="Announced maintenance is left out. Time that was not measured is neither good nor bad.",
        figure="checkout_success",
        component_id=None,
        event_unit="checkouts",
        target_ratio=0.995,
        window_seconds=30 * 86_400,
        window_filled_ratio=0.4,
        state=state,
        good=9_980,
        total=10_000,
        attained_ratio=0.998,
        budget_left_ratio=0.6,
        excluded_seconds=3_600,
        unknown_seconds=0,
        burns=(
            BurnView("fast", 14.4, 3_600, 300, 0.2, 0.1, ready=True, firing=False),
            BurnView("slow", 1.0, 259_200, 21_600, None, 0.1, ready=False, firing=False),
        ),
        breached_since_at=None,
        as_of=now,
    )
    return replace(view, **more)  # type: ignore[arg-type] # names are checked by the call itself
