"""Maintenance: planned, moved on, repeated, and marked afterwards."""

from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.incident_parts import for_input, instant_of, said, status_chip
from admin.pages.maintenance_forms import (
    IDS,
    REMINDERS,
    mark_dialog,
    move_dialog,
    register_rows,
    schedule_dialog,
    series_dialog,
    ticked,
)
from services.facade import Services
from services.incidents.views import IncidentView, MaintenanceDraft, SeriesDraft, SeriesView
from services.kernel.context import Actor
from services.kernel.errors import DomainError, Invalid
from services.kernel.paging import PageRequest
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Loaded,
    button,
    chip,
    data_grid,
    fmt,
    link,
    mono,
    page_head,
    panel,
    stack,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_REFRESH_MS = 5_000
_OVER = {"completed", "cancelled"}


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        actor = visit.actor
        may = "incidents.manage" in actor.permissions
        acts = [
            button("Mark a past span", icon_name="history", opens=IDS.part("mark")),
            button("Recurring", icon_name="refresh-cw", opens=IDS.part("series")),
            button("Schedule", kind="primary", icon_name="calendar-clock", opens=IDS.part("schedule")),
        ]
        lead = "Announced ahead, excluded from service levels, and never a cover for an outage. Times are UTC."
        dialogs: list[Component] = []
        if may:
            components = services.incidents.casebook.components(actor)
            dialogs = [schedule_dialog(components), series_dialog(components), mark_dialog(components), move_dialog()]
        return stack([
            page_head("Maintenance", lead=lead, actions=acts if may else None),
            dcc.Interval(id=IDS.part("tick"), interval=_REFRESH_MS),
            html.Div(_body(services, actor), id=IDS.part("body"), className="stack normal"),
            *dialogs,
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_lists(services, callbacks)
        _register_schedule(services, callbacks)
        _register_series(services, callbacks)
        _register_mark(services, callbacks)
        _register_move(services, callbacks)
        register_rows(services, callbacks)

    return Page("maintenance", "Maintenance", "incidents.drafts.read", layout, register)


def _body(services: Services, actor: Actor) -> list[Component]:
    now, may = services.clock.now(), "incidents.manage" in actor.permissions
    shown = services.incidents.reads.maintenances(actor, PageRequest(None, 100)).items
    coming = sorted((v for v in shown if v.status not in _OVER), key=lambda v: v.started_at)
    over = [view for view in shown if view.status in _OVER]
    nothing = Empty("Nothing is planned", "Schedule the next window, so that people read of it before it begins.")
    return [
        panel(lambda: Loaded(coming, now), lambda rows: _grid(rows, "Planned and under way", may=may),
              title="Planned and under way", now=now, flush=True, empty=nothing),
        panel(lambda: Loaded(services.incidents.recurring.every(actor), now), lambda rows: _series(rows, may=may),
              title="Recurring", now=now, flush=True, empty=Empty("Nothing recurs", "A rule makes windows ahead.")),
        panel(lambda: Loaded(over, now), lambda rows: _grid(rows, "Over", may=False),
              title="Over", now=now, flush=True, empty=Empty("None yet", "Completed windows appear here.")),
    ]  # fmt: skip


def _grid(rows: list[IncidentView], caption: str, *, may: bool) -> Component:
    def window(view: IncidentView) -> str:
        took_place = view.resolved_at is not None or view.scheduled_for is None
        starts_at = view.started_at if took_place or view.scheduled_for is None else view.scheduled_for
        return (
            f"{fmt.day(starts_at)}, {fmt.period(starts_at, view.resolved_at if took_place else view.scheduled_until)}"
        )

    def about(view: IncidentView) -> Any:  # noqa: ANN401 -- a node
        marked = chip("marked afterwards", Colour.WARN, title=view.note) if view.retroactive else None
        named = ", ".join(each.name for each in view.affected)
        return [with_sub(link(view.name, f"/admin/incidents/{view.id}"), named), marked]

    columns = [
        Column[IncidentView]("name", "Maintenance", about),
        Column[IncidentView]("status", "Status", lambda v: status_chip(v.status)),
        Column[IncidentView]("window", "Window", window),
        Column[IncidentView]("repeats", "Recurs", lambda v: v.recurs or "no", priority=3),
    ]
    if may:
        columns.append(
            Column("actions", "Actions", lambda v: button("Move on", id=IDS.one("open", v.id), icon_name="play"),
                   label_hidden=True)
        )  # fmt: skip
    noun = "maintenance-over" if caption == "Over" else "maintenance-coming"
    return data_grid(rows, columns, caption=caption, noun=noun, row_key=lambda v: v.id)


def _series(rows: Any, *, may: bool) -> Component:  # noqa: ANN401 -- a sequence of views
    def end(series: SeriesView) -> Component | None:
        if not may or series.ended_at is not None:
            return None
        return button("End", id=IDS.one("end", f"{series.id}.{series.version}"), icon_name="x", kind="danger")

    columns = [
        Column[SeriesView]("name", "Series", lambda s: with_sub(s.name, s.words)),
        Column[SeriesView]("when", "First, wall time",
                           lambda s: with_sub(s.first_local.replace("T", " "), mono(s.rule)), priority=2),
        Column[SeriesView]("lasts", "Lasts", lambda s: fmt.duration(s.duration_seconds), priority=2),
        Column[SeriesView]("next", "Next", lambda s: timestamp(s.next_starts[0]) if s.next_starts else "ended"),
        Column[SeriesView]("actions", "Actions", end, label_hidden=True),
    ]  # fmt: skip
    return data_grid(rows, columns, caption="Recurring", noun="maintenance-series", row_key=lambda s: s.id)


def _register_lists(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(IDS.part("body"), "children"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("tick"), "n_intervals"),
        Input(IDS.each("end"), "n_clicks"),
        prevent_initial_call=True,
    )
    def refresh(_: int | None, _clicks: list[int | None]) -> tuple[Any, Any]:
        actor = current_actor()
        told: Any = no_update
        if isinstance(ctx.triggered_id, dict) and ctx.triggered[0]["value"]:
            series_id, _dot, version = ctx.triggered_id["key"].partition(".")
            try:
                count = services.incidents.recurring.end_series(actor, series_id, version=int(version))
                told = toast("It does not recur any more", f"{count} planned windows were called off.")
            except DomainError as refusal:
                told = toast("Not ended", said(refusal), state=Colour.BAD)
        return _body(services, actor), told


def _register_schedule(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(IDS.part("schedule"), "open"),
        Output(IDS.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("schedule-send"), "n_clicks"),
        *(State(IDS.part(f"schedule-{name}"), "value") for name in ("name", "body", "from", "to")),
        *(State(IDS.part(f"schedule-{name}"), "checked") for name in ("starts", "ends", "notify")),
        *(State(IDS.part(f"remind-{seconds}"), "checked") for seconds, _ in REMINDERS),
        State(IDS.each("schedule-takes"), "id"),
        State(IDS.each("schedule-takes"), "checked"),
        prevent_initial_call=True,
    )
    def schedule(clicks: int | None, *values: Any) -> Any:  # noqa: ANN401 -- Dash hands over one value per field
        if not clicks:
            return (no_update,) * 3
        actor = current_actor()
        name, body, begins, ends, itself, ends_itself, notify, *rest = values
        reminders = tuple(seconds for (seconds, _), on in zip(REMINDERS, rest, strict=False) if on)
        try:
            starts_at, ends_at = instant_of(begins, "from"), instant_of(ends, "to")
            if starts_at is None or ends_at is None:
                raise _window_missing()
            draft = MaintenanceDraft(
                name or "", body or "", ticked(rest[-2], rest[-1]), starts_at, ends_at, bool(itself),
                bool(ends_itself), reminders, bool(notify),
            )  # fmt: skip
            services.incidents.maintaining.schedule(actor, draft)
        except DomainError as refusal:
            return no_update, no_update, toast("Not scheduled", said(refusal), state=Colour.BAD)
        return False, _body(services, actor), toast("Announced", "It is on the status page and in the calendar.")


def _window_missing() -> Invalid:
    message = "Choose when it begins and ends."
    return Invalid("window_missing", message, fields={"window": message})


def _register_series(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(IDS.part("series"), "open"),
        Output(IDS.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("series-send"), "n_clicks"),
        *(State(IDS.part(f"series-{n}"), "value") for n in ("name", "body", "rule", "zone", "first", "minutes")),
        State(IDS.each("series-takes"), "id"),
        State(IDS.each("series-takes"), "checked"),
        prevent_initial_call=True,
    )
    def plan(clicks: int | None, *values: Any) -> Any:  # noqa: ANN401 -- Dash hands over one value per field
        if not clicks:
            return (no_update,) * 3
        actor = current_actor()
        name, body, rule, place, first, minutes, rows, on = values
        try:
            seconds = int(minutes) * 60 if str(minutes or "").isdecimal() else 0
            draft = SeriesDraft(name or "", body or "", ticked(rows, on), rule or "", place or "", first or "", seconds)
            services.incidents.recurring.plan_series(actor, draft)
        except DomainError as refusal:
            return no_update, no_update, toast("Not planned", said(refusal), state=Colour.BAD)
        return False, _body(services, actor), toast("Planned", "The next windows are announced.")


def _register_mark(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(IDS.part("mark"), "open"),
        Output(IDS.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("mark-send"), "n_clicks"),
        *(State(IDS.part(f"mark-{name}"), "value") for name in ("name", "reason", "from", "to")),
        State(IDS.each("mark-takes"), "id"),
        State(IDS.each("mark-takes"), "checked"),
        prevent_initial_call=True,
    )
    def mark(clicks: int | None, *values: Any) -> Any:  # noqa: ANN401 -- Dash hands over one value per field
        if not clicks:
            return (no_update,) * 3
        actor = current_actor()
        name, reason, begins, ends, rows, on = values
        try:
            starts_at, ends_at = instant_of(begins, "from"), instant_of(ends, "to")
            if starts_at is None or ends_at is None:
                raise _window_missing()
            services.incidents.maintaining.mark_past(
                actor, name=name or "", component_ids=ticked(rows, on), starts_at=starts_at, ends_at=ends_at,
                reason=reason or "",
            )  # fmt: skip
        except DomainError as refusal:
            return no_update, no_update, toast("Not marked", said(refusal), state=Colour.BAD)
        return False, _body(services, actor), toast("Marked", "The span counts as maintenance; the reason is public.")


def _register_move(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(IDS.part("move"), "open"),
        Output(IDS.part("moving"), "data"),
        Output(IDS.part("move-until"), "value"),
        Output(IDS.part("moving-what"), "children"),
        Input(IDS.each("open"), "n_clicks"),
        prevent_initial_call=True,
    )
    def begin(_: list[int | None]) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return (no_update,) * 4
        view = services.incidents.reads.incident(current_actor(), ctx.triggered_id["key"])
        what = [html.B(view.name), " ", status_chip(view.status)]
        return True, [view.id, view.version, view.status], for_input(view.scheduled_until), what

    @callbacks.callback(
        Output(IDS.part("move"), "open", allow_duplicate=True),
        Output(IDS.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(IDS.part("move-send"), "n_clicks"),
        State(IDS.part("moving"), "data"),
        State(IDS.part("move-act"), "value"),
        State(IDS.part("move-body"), "value"),
        State(IDS.part("move-until"), "value"),
        prevent_initial_call=True,
    )
    def move(clicks: int | None, which: Any, act: str, body: str | None, until: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks or not which:
            return (no_update,) * 3
        actor = current_actor()
        try:
            _move(services, actor, (str(which[0]), int(which[1]), str(which[2])), (act, body or "", until))
        except DomainError as refusal:
            return no_update, no_update, toast("Not done; your text is still here", said(refusal), state=Colour.BAD)
        return False, _body(services, actor), toast("Done", "The public reads it now.")


def _move(services: Services, actor: Actor, which: tuple[str, int, str], written: tuple[str, str, str | None]) -> None:
    (maintenance_id, version, status), (act, body, until) = which, written
    verbs = services.incidents
    if act == "skip":
        verbs.recurring.skip(actor, maintenance_id, version=version)
        return
    if act == "extend":
        ends_at = instant_of(until, "until")
        if ends_at is None:
            raise _window_missing()
        verbs.maintaining.extend(actor, maintenance_id, scheduled_until=ends_at, version=version)
        return
    step = status if act == "say" else act
    verbs.maintaining.post_update(actor, maintenance_id, status=step, body=body, version=version)
