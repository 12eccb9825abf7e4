"""Background work: what failed and why, what waits and runs, and the processes that do it."""

from datetime import datetime
from typing import Any

from dash import Input, Output, ctx, dcc, html, no_update
from dash.development.base_component import Component

from services.facade import Services
from services.kernel.context import Actor
from services.kernel.paging import PageRequest
from services.work import FailedWorkView, OpenWorkView, ProcessView
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    button,
    chip,
    columns,
    data_grid,
    fmt,
    kpi,
    mono,
    page_head,
    panel,
    stack,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State

_ids = Ids("work")
_REFRESH_MS = 5_000
_STATES = {"failed": State.BAD, "retrying": State.WARN, "recovered": State.GOOD, "dismissed": State.PLAIN}


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def body(actor: Actor) -> list[Component]:
        now = services.clock.now()
        return [_counts(services, actor), _failed(services, actor, now), *_open(services, actor, now)]

    def layout(visit: Visit) -> Component:
        lead = "Reactions to facts, mails and the clock's jobs. What failed is kept with its cause until somebody acts."
        return stack([
            page_head("Background work", lead=lead),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            html.Div(body(visit.actor), id=_ids.part("body"), className="stack normal"),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        @callbacks.callback(
            Output(_ids.part("body"), "children"),
            Output(TOASTS_ID, "children", allow_duplicate=True),
            Input(_ids.part("tick"), "n_intervals"),
            Input(_ids.each("retry"), "n_clicks"),
            Input(_ids.each("dismiss"), "n_clicks"),
            prevent_initial_call=True,
        )
        def act_and_refresh(*_: object) -> tuple[list[Component], Any]:
            actor = current_actor()
            said: Any = no_update
            if isinstance(ctx.triggered_id, dict) and ctx.triggered[0]["value"]:
                said = _act(services, actor, ctx.triggered_id)
            return body(actor), said

    return Page("work", "Background work", "work.read", layout, register)


def _act(services: Services, actor: Actor, pressed: dict[str, str]) -> Component:
    work_id = pressed["key"]
    if pressed["part"] == _ids.part("retry"):
        services.work.retry(actor, work_id)
        return toast("Will be tried again", "It keeps its idempotency key, so nothing happens twice.")
    services.work.dismiss(actor, work_id, "dismissed in the console")
    return toast("Dismissed", "It stays in the audit trail.")


def _counts(services: Services, actor: Actor) -> Component:
    counts = services.work.counts(actor)
    return columns([
        kpi("Failed", fmt.count(counts.failed), note="wait for a person"),
        kpi("Retrying", fmt.count(counts.retrying), note="will be tried again by themselves"),
        kpi("Processes alive", fmt.count(counts.processes_alive), note="that run this work"),
    ], heading="Counts")  # fmt: skip


def _failed(services: Services, actor: Actor, now: datetime) -> Component:
    may_act = "work.resume" in actor.permissions

    def actions(row: FailedWorkView) -> Component | None:
        if row.state != "failed" or not may_act:
            return None
        return html.Div(
            [
                button("Try again", id=_ids.one("retry", row.work_id), icon_name="rotate-cw"),
                button("Dismiss", id=_ids.one("dismiss", row.work_id), kind="quiet"),
            ],
            className="acts",
        )

    grid = [
        Column[FailedWorkView]("name", "Work", lambda r: with_sub(r.name, mono(r.work_id))),
        Column[FailedWorkView]("cause", "Cause", _cause, priority=2),
        Column[FailedWorkView]("state", "State", lambda r: chip(r.state, _STATES[r.state])),
        Column[FailedWorkView]("attempt", "Attempt", lambda r: fmt.count(r.attempt), numeric=True, priority=3),
        Column[FailedWorkView]("failed_at", "Failed", lambda r: timestamp(r.failed_at, now=now), priority=2),
        Column[FailedWorkView]("actions", "Actions", actions, label_hidden=True),
    ]
    return panel(
        lambda: Loaded(services.work.failed(actor, PageRequest()).items, now),
        lambda rows: data_grid(rows, grid, caption="Failed work", noun="work-failed", row_key=lambda r: r.work_id),
        title="Failed work",
        now=now,
        flush=True,
        empty=Empty("Nothing failed", "Work that fails appears here with its cause, and can be tried again."),
    )


def _cause(row: FailedWorkView) -> Component:
    return with_sub(row.message, [row.place or row.code, html.Br(), mono(row.correlation_id)])


def _open(services: Services, actor: Actor, now: datetime) -> list[Component]:
    waiting = [
        Column[OpenWorkView]("name", "Work", lambda r: with_sub(r.name, mono(r.work_id))),
        Column[OpenWorkView]("state", "State", lambda r: chip(r.state, State.PLAN)),
        Column[OpenWorkView]("since", "Since", lambda r: timestamp(r.created_at, now=now), priority=2),
        Column[OpenWorkView]("correlation", "Correlation", lambda r: mono(r.correlation_id), priority=3),
    ]
    lives = [
        Column[ProcessView]("slot", "Slot", lambda r: with_sub(r.slot, mono(r.executor_id))),
        Column[ProcessView]("state", "State", _life),
        Column[ProcessView]("pid", "Process", lambda r: f"{r.host}, {r.pid}", priority=3),
        Column[ProcessView]("started", "Started", lambda r: timestamp(r.started_at, now=now), priority=2),
        Column[ProcessView]("beat", "Last beat", lambda r: timestamp(r.beat_at, now=now)),
    ]
    return [
        panel(
            lambda: Loaded(services.work.open(actor, PageRequest()).items, now),
            lambda rows: data_grid(
                rows, waiting, caption="Open work", noun="work-open", row_key=lambda r: r.workflow_id
            ),
            title="Waiting and running",
            now=now,
            flush=True,
            empty=Empty("Nothing waits", "Work shows here while it waits for its turn or runs."),
        ),
        panel(
            lambda: Loaded(services.work.processes(actor), now),
            lambda rows: data_grid(
                rows, lives, caption="Processes", noun="work-lives", row_key=lambda r: r.executor_id
            ),
            title="Processes",
            now=now,
            flush=True,
            empty=Empty("No background process", "Start one with ./manage.py up."),
        ),
    ]


def _life(process: ProcessView) -> Component:
    if process.ended_at is None:
        return chip("alive", State.GOOD)
    return chip(process.ended_because or "ended", State.BAD if process.ended_because == "silent" else State.PLAIN)
