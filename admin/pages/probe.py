"""One probe: what it looks at, how each vantage sees it, and every raw result of late."""

from datetime import datetime
from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.probe_forms import FORM, form_states, kind_word, probe_dialog, read_form, say_wrong
from admin.pages.probe_parts import OUTCOMES, known_within, quorum_words, verdict_chip, word_chip
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import DomainError, NotFound
from services.probes import ProbeView
from services.probes.views import ResultView, VantageStateView
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    Point,
    button,
    cancel_button,
    card,
    chip,
    columns,
    data_grid,
    dialog,
    empty_panel,
    facts,
    fmt,
    link,
    mono,
    page_head,
    panel,
    sparkline,
    stack,
    timestamp,
    toast,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ids = Ids("probe")
_REFRESH_MS = 5_000
_RESULTS_SHOWN = 60
_ROWS_SHOWN = 25
_REMOVE = _ids.part("remove")


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def view_of(visit: Visit) -> ProbeView:
        return services.probes.reads.probe(visit.actor, visit.variables["probe_id"])

    def layout(visit: Visit) -> Component:
        view = view_of(visit)
        may = "probes.manage" in visit.actor.permissions
        return stack([
            dcc.Store(id=_ids.part("which"), data=view.id),
            dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
            page_head(view.name, lead=f"{kind_word(view.kind)}, {view.target}", actions=_acts() if may else None),
            html.Div(_body(services, visit.actor, view), id=_ids.part("body"), className="stack normal"),
            probe_dialog(services, visit.actor, of=view) if may else None,
            _remove_dialog() if may else None,
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_acts(services, callbacks)
        _register_save(services, callbacks)
        _register_remove(services, callbacks)

    return Page("probes/<probe_id>", "Probe", "probes.read", layout, register, subject=view_of)


def _acts() -> list[Component]:
    return [
        button("Look now", id=_ids.part("ask"), icon_name="refresh-cw"),
        button("Pause or go on", id=_ids.part("pause"), icon_name="pause"),
        button("Change", icon_name="pencil", opens=FORM.part("dialog")),
        button("Remove", kind="danger", icon_name="trash-2", opens=_REMOVE),
    ]


def _remove_dialog() -> Component:
    return dialog(
        "Remove this probe?",
        [html.P("All that it measured goes with it, and its component is told of by the others alone.")],
        id=_REMOVE,
        state=Colour.BAD,
        actions=[cancel_button(), button("Remove it", kind="danger", id=_ids.part("remove-send"))],
    )


def _register_acts(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("body"), "children"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("tick"), "n_intervals"),
        Input(_ids.part("ask"), "n_clicks"),
        Input(_ids.part("pause"), "n_clicks"),
        State(_ids.part("which"), "data"),
        prevent_initial_call=True,
    )
    def act(_: int | None, asked: int | None, paused: int | None, probe_id: str) -> tuple[Any, Any]:
        actor = current_actor()
        said: Any = no_update
        try:
            if ctx.triggered_id == _ids.part("ask") and asked:
                services.probes.definitions.ask(actor, probe_id=probe_id)
                said = toast("Asked", "Every vantage looks within seconds.")
            elif ctx.triggered_id == _ids.part("pause") and paused:
                said = toast(_paused_or_resumed(services, actor, probe_id))
            return _body(services, actor, services.probes.reads.probe(actor, probe_id)), said
        except NotFound:
            return [_gone()], said  # removed meanwhile, here or by somebody else
        except DomainError as refusal:
            return no_update, toast("That was not done", refusal.message, state=Colour.BAD)


def _gone() -> Component:
    back = link("All probes", "/admin/probes", arrow=True)
    return empty_panel(Empty("This probe is removed", "Its results went with it.", back), title="Nothing here")


def _paused_or_resumed(services: Services, actor: Actor, probe_id: str) -> str:
    if services.probes.reads.probe(actor, probe_id).enabled:
        services.probes.definitions.pause(actor, probe_id=probe_id)
        return "Paused: it says nothing of its component any more"
    services.probes.definitions.resume(actor, probe_id=probe_id)
    return "Looking again"


def _register_save(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(FORM.part("dialog"), "open", allow_duplicate=True),
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(FORM.part("save"), "n_clicks"),
        State(_ids.part("which"), "data"),
        *form_states(),
        prevent_initial_call=True,
    )
    def save(clicks: int | None, probe_id: str, *values: Any) -> tuple[Any, Any, Any]:  # noqa: ANN401 -- Dash hands over one value per field
        if not clicks:
            return no_update, no_update, no_update
        actor = current_actor()
        try:
            services.probes.definitions.change(actor, probe_id=probe_id, draft=read_form(values))
            view = services.probes.reads.probe(actor, probe_id)
        except DomainError as refusal:
            return no_update, no_update, say_wrong(refusal, title="Not saved")
        say_wrong()
        return False, _body(services, actor, view), toast("Saved", "Vantages follow within seconds.")


def _register_remove(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_REMOVE, "open"),
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("remove-send"), "n_clicks"),
        State(_ids.part("which"), "data"),
        prevent_initial_call=True,
    )
    def remove(clicks: int | None, probe_id: str) -> tuple[Any, Any, Any]:
        if not clicks:
            return no_update, no_update, no_update
        try:
            services.probes.definitions.remove(current_actor(), probe_id=probe_id)
        except DomainError as refusal:
            return no_update, no_update, toast("Not removed", refusal.message, state=Colour.BAD)
        return False, [_gone()], toast("Removed")


def _body(services: Services, actor: Actor, view: ProbeView) -> list[Component]:
    now = services.clock.now()
    seen = [
        Column[VantageStateView]("vantage", "Vantage", lambda s: s.vantage),
        Column[VantageStateView]("word", "Says", word_chip),
        Column[VantageStateView]("last", "Last result", _last),
        Column[VantageStateView]("run", "In a row", lambda s: fmt.count(s.run_count) if s.at else fmt.NO_DATA,
                                 numeric=True, priority=2),
        Column[VantageStateView]("at", "When", lambda s: timestamp(s.at, now=now), priority=2),
    ]  # fmt: skip
    return [
        columns([_standing(view, now), _definition(services, actor, view)], least="half"),
        panel(
            lambda: Loaded(view.seen_from, now),
            lambda rows: data_grid(rows, seen, caption="Vantages", noun="probe-seen", row_key=lambda s: s.vantage),
            title="Seen from",
            now=now,
            flush=True,
            empty=Empty("No vantage looks", "There is none yet."),
        ),
        *(_results(services, actor, view, each.vantage, now) for each in view.seen_from),
    ]


def _standing(view: ProbeView, now: datetime) -> Component:
    return card(
        facts({
            "State": verdict_chip(view),
            "Why": view.explanation or "Not looked at yet.",
            "Since": timestamp(view.verdict_since_at, now=now) if view.enabled else fmt.NO_DATA,
            "Quorum": quorum_words(view),
            "Known within": known_within(view),
        }),
        title="What it comes to",
    )  # fmt: skip


def _definition(services: Services, actor: Actor, view: ProbeView) -> Component:
    named = services.components.reads.named(actor, [view.component_id] if view.component_id else [])
    watched = next((each.name for each in named.values()), "no component")
    settings = [html.Div([f"{name.replace('_', ' ')}: ", mono(str(value))]) for name, value in view.settings.items()]
    return card(
        facts({
            "Tells of": watched,
            "Looks": f"every {view.interval_seconds} s, {view.timeout_seconds:g} s at most, "
                     f"{fmt.plural(view.retries, 'retry', 'retries')}",
            "Damping": f"{view.confirm_down} bad results in a row for down, {view.confirm_up} good ones for up",
            "Demands": settings or "that it answers",
            "Secret": "sealed, in its place" if view.has_secret else "none",
        }),
        title="How it looks",
    )  # fmt: skip


def _last(seen: VantageStateView) -> Component | str:
    if seen.at is None:
        return fmt.NO_DATA
    words = seen.reason or (f"{seen.latency_ms} ms" if seen.latency_ms is not None else "")
    told = f"{words}: {seen.detail}" if seen.detail and words else seen.detail or words
    return with_sub(chip(seen.outcome or "unknown", OUTCOMES.get(seen.outcome or "", Colour.PLAIN)), told)


def _to_the_second(at: datetime) -> Component:
    return html.Time(f"{at:%H:%M:%S} UTC", dateTime=at.isoformat(), title=fmt.instant(at), className="num")


def _results(services: Services, actor: Actor, view: ProbeView, vantage: str, now: datetime) -> Component:
    found = services.probes.reads.results(actor, view.id, limit=_RESULTS_SHOWN, vantage=vantage)
    points = [Point(each.at, each.latency_ms if each.outcome == "up" else None) for each in found]
    rows = [
        Column[ResultView]("at", "When", lambda r: _to_the_second(r.at)),
        Column[ResultView]("outcome", "Found", lambda r: chip(r.outcome, OUTCOMES[r.outcome])),
        Column[ResultView]("latency", "Took", lambda r: f"{r.latency_ms} ms" if r.latency_ms is not None
                           else fmt.NO_DATA, numeric=True),
        Column[ResultView]("reason", "Because", lambda r: r.reason, priority=2),
    ]  # fmt: skip
    return panel(
        lambda: Loaded(found, found[-1].at if found else now),
        lambda results: stack([
            sparkline(points, title=f"Time taken from {vantage}", unit="ms"),
            data_grid(list(reversed(results))[:_ROWS_SHOWN], rows, caption=f"Results from {vantage}",
                      noun="probe-results", row_key=lambda r: f"{r.vantage}-{r.at.isoformat()}"),
        ], gap="small"),
        title=f"Raw results from {vantage}",
        now=now,
        empty=Empty("No results yet", "Nothing came from this vantage: it counts as unknown."),
    )  # fmt: skip
