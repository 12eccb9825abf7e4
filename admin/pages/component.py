"""One component: what it is called and where it stands, what it needs, a person's word on it, and who did what."""

from typing import Any

from dash import Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.component_history import history_card, journal_card
from admin.pages.component_parts import (
    as_draft,
    changed_banner,
    day_of,
    differences,
    group_options,
    standing_chip,
    tick_rows,
    ticked,
)
from admin.pages.component_words import register_words, words_card
from admin.pages.incident_parts import said
from services.components import ComponentDraft
from services.components.views import ArrangedView
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import Conflict, DomainError
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Ids,
    banner,
    button,
    card,
    chip,
    columns,
    fields,
    link,
    mono,
    page_head,
    search_box,
    select,
    stack,
    switch,
    text_area,
    text_input,
    timestamp,
    toast,
)
from web.ui.feedback import TOASTS_ID
from web.ui.nodes import flatten
from web.ui.theme import State as Colour

_ids = Ids("component")
_REFRESH_MS = 5_000


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def view_of(visit: Visit) -> ArrangedView:
        return services.components.board.component(visit.actor, visit.variables["component_id"])

    def layout(visit: Visit) -> Component:
        return _layout(services, visit.actor, view_of(visit))

    def register(callbacks: Callbacks) -> None:
        _register_refresh(services, callbacks)
        _register_save(services, callbacks)
        _register_read(services, callbacks)
        _register_needs(services, callbacks)
        _register_archive(services, callbacks)
        register_words(services, callbacks, _ids)

    return Page("components/<component_id>", "Component", "components.review", layout, register, subject=view_of)


def _layout(services: Services, actor: Actor, view: ArrangedView) -> Component:
    may, speaks = "components.arrange" in actor.permissions, "components.override" in actor.permissions
    here = view.archived_at is None
    return stack([
        html.Div(_head(services, view), id=_ids.part("head")),
        dcc.Interval(id=_ids.part("tick"), interval=_REFRESH_MS),
        dcc.Store(id=_ids.part("which"), data=view.id),
        dcc.Store(id=_ids.part("version"), data=view.version),
        html.Div(id=_ids.part("conflict")),
        columns([
            words_card(services, actor, _ids, view) if speaks and here else _read_only(view),
            _settings(services, actor, view) if may and here else _needs_read(services, actor, view),
        ], least="half"),
        _needs(services, actor, view) if may and here else None,
        columns([
            html.Div(history_card(services, actor, _ids, view), id=_ids.part("history")),
            html.Div(journal_card(services, actor, view.id), id=_ids.part("journal")),
        ], least="half"),
        _archive_card(view) if may else None,
    ])  # fmt: skip


def _head(services: Services, view: ArrangedView) -> Component:
    now = services.clock.now()
    own = button("On the status page", href=f"/status/components/{view.id}/", icon_name="external-link", kind="quiet")
    return stack([
        page_head(view.name, lead=[mono(view.id)], actions=own if view.archived_at is None else None),
        html.P(flatten([
            standing_chip(view.status),
            chip("set by hand", Colour.PLAN) if view.overridden else None,
            chip("archived", Colour.PLAIN) if view.archived_at else None,
            html.Span(["since ", timestamp(view.status_since_at, now=now)], className="dim small"),
        ]), className="chips"),
        html.P(view.status_reason),
    ], gap="small")  # fmt: skip


def _read_only(view: ArrangedView) -> Component:
    text = "It is off the status page; its history stays." if view.archived_at else "Operators say how it stands."
    return card(html.P(text), title="Read only")


def _needs_read(services: Services, actor: Actor, view: ArrangedView) -> Component:
    named = services.components.reads.named(actor, view.depends_on)
    items = [html.Li(each.name) for each in named.values()]
    return card(html.Ul(items) if items else html.P("It needs no other component."), title="Depends on")


def _settings(services: Services, actor: Actor, view: ArrangedView) -> Component:
    groups = services.components.board.look(actor).groups
    start = view.start_on.isoformat() if view.start_on else ""
    return card(
        stack([
            text_input("Name", id=_ids.part("name"), value=view.name, maxLength=255, autoComplete="off"),
            text_area("Description", id=_ids.part("description"), value=view.description, rows=2, maxLength=2_000,
                      required=False),
            fields([
                select("Group", group_options(groups), id=_ids.part("group"), value=view.group_id or "",
                       required=False),
                text_input("Counts from", id=_ids.part("start"), type="date", value=start, required=False,
                           hint="Days before it are no data."),
            ]),
            switch("Kept by hand", on=view.manual, id=_ids.part("manual"),
                   hint="It stands as a person says, not as probes find."),
            switch("Counts in the uptime of all", on=view.showcase, id=_ids.part("showcase")),
            switch("Show only where something is wrong", on=view.only_show_if_degraded, id=_ids.part("quiet")),
            html.Div(button("Keep", kind="primary", id=_ids.part("save")), className="acts"),
        ]),
        title="What it is",
    )  # fmt: skip


def _needs(services: Services, actor: Actor, view: ArrangedView) -> Component:
    every = [each for each in services.components.reads.every(actor) if each.id != view.id]
    return card(
        stack([
            html.P("When one of these is down, this one says so, and does not turn red for it.", className="hint"),
            html.Fieldset([
                html.Legend("Components that it needs"),
                search_box("Find a component", id=_ids.part("needs-search")),
                html.Div(tick_rows(_ids, every, frozenset(view.depends_on), ""), id=_ids.part("needs-rows"),
                         className="givings"),
            ], className="field"),
            html.Div(button("Keep what it needs", id=_ids.part("needs-save")), className="acts"),
        ]),
        title="Depends on",
    )  # fmt: skip


def _archive_card(view: ArrangedView) -> Component:
    if view.archived_at is not None:
        text = "It comes back to the status page with its history; time since it was archived follows its sources."
        act = button("Restore", id=_ids.part("archive"), icon_name="rotate-cw")
        return card(stack([html.P(text), html.Div(act, className="acts")]), title="Archived")
    text = "It leaves the status page, the feeds and new figures. Its id, its history and old incidents stay."
    act = button("Archive", id=_ids.part("archive"), icon_name="trash-2", kind="danger")
    return card(stack([html.P(text), html.Div(act, className="acts")]), title="Take it off the page")


def _drawn(services: Services, actor: Actor, component_id: str) -> tuple[Any, Any, Any]:
    """The parts that change by themselves: the head, the history, and who did what."""
    view = services.components.board.component(actor, component_id)
    history = history_card(services, actor, _ids, view)
    return _head(services, view), history, journal_card(services, actor, component_id)


def _register_refresh(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("head"), "children"),
        Output(_ids.part("history"), "children"),
        Output(_ids.part("journal"), "children"),
        Input(_ids.part("tick"), "n_intervals"),
        State(_ids.part("which"), "data"),
        prevent_initial_call=True,
    )
    def refresh(_: int | None, component_id: str) -> tuple[Any, Any, Any]:
        return _drawn(services, current_actor(), component_id)


def _register_save(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("version"), "data"),
        Output(_ids.part("conflict"), "children"),
        Output(_ids.part("head"), "children", allow_duplicate=True),
        Output(_ids.part("journal"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("save"), "n_clicks"),
        State(_ids.part("which"), "data"),
        State(_ids.part("version"), "data"),
        *(State(_ids.part(part), "value") for part in ("name", "description", "group", "start")),
        *(State(_ids.part(part), "checked") for part in ("manual", "showcase", "quiet")),
        prevent_initial_call=True,
    )
    def save(clicks: int | None, component_id: str, version: str, *values: Any) -> Any:  # noqa: ANN401 -- Dash hands over one value per field
        if not clicks:
            return (no_update,) * 5
        actor, draft = current_actor(), None
        name, description, group, start, manual, showcase, quiet = values
        try:
            draft = ComponentDraft(
                name or "", description or "", group or None, bool(manual), bool(showcase), bool(quiet), day_of(start)
            )
            services.components.arranging.change(actor, component_id=component_id, draft=draft, version=version)
        except DomainError as refusal:
            return _refused(services, actor, component_id, draft, refusal)
        view = services.components.board.component(actor, component_id)
        journal = journal_card(services, actor, component_id)
        return view.version, None, _head(services, view), journal, toast("Kept", "The status page shows it.")


def _refused(services: Services, actor: Actor, component_id: str, draft: ComponentDraft | None,
             refusal: DomainError) -> tuple[Any, ...]:  # fmt: skip
    if isinstance(refusal, Conflict) and refusal.code == "component_changed":
        view = services.components.board.component(actor, component_id)
        groups = services.components.board.look(actor).groups
        lines = differences(view, draft or as_draft(view), groups)
        return no_update, changed_banner(refusal, lines, _ids.part("read")), *(no_update,) * 3
    return *(no_update,) * 4, toast("Not kept; your text is still here", said(refusal), state=Colour.BAD)


def _register_read(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("version"), "data", allow_duplicate=True),
        Output(_ids.part("conflict"), "children", allow_duplicate=True),
        Input(_ids.part("read"), "n_clicks"),
        State(_ids.part("which"), "data"),
        prevent_initial_call=True,
    )
    def read(clicks: int | None, component_id: str) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        return services.components.board.component(current_actor(), component_id).version, None


def _register_needs(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("needs-rows"), "children"),
        Input(_ids.part("needs-search"), "value"),
        State(_ids.part("which"), "data"),
        State(_ids.each("needs"), "id"),
        State(_ids.each("needs"), "checked"),
        prevent_initial_call=True,
    )
    def offer(search: str | None, own: str, ids: list[dict[str, str]], on: list[bool | None]) -> Any:  # noqa: ANN401 -- a node
        every = [each for each in services.components.reads.every(current_actor()) if each.id != own]
        return tick_rows(_ids, every, frozenset(ticked(ids, on)), search or "")

    @callbacks.callback(
        Output(_ids.part("version"), "data", allow_duplicate=True),
        Output(_ids.part("conflict"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("needs-save"), "n_clicks"),
        State(_ids.part("which"), "data"),
        State(_ids.part("version"), "data"),
        State(_ids.each("needs"), "id"),
        State(_ids.each("needs"), "checked"),
        prevent_initial_call=True,
    )
    def keep(clicks: int | None, own: str, version: str, ids: list[dict[str, str]], on: list[bool | None]) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks:
            return (no_update,) * 3
        actor, wanted = current_actor(), ticked(ids, on)
        try:
            services.components.arranging.depend(actor, component_id=own, depends_on=wanted, version=version)
        except DomainError as refusal:
            told = _circle(services, actor, refusal) or said(refusal)
            if refusal.code == "component_changed":
                needs = services.components.board.component(actor, own).depends_on
                names = services.components.reads.named(actor, needs)
                now = ", ".join(each.name for each in names.values()) or "nothing"
                return no_update, changed_banner_of_needs(now), no_update
            return no_update, no_update, toast("Not kept; your ticks are still here", told, state=Colour.BAD)
        return services.components.board.component(actor, own).version, None, toast("Kept", "Its reasons say so.")


def changed_banner_of_needs(now: str) -> Component:
    """What a second editor of dependencies is told."""
    return changed_banner(Conflict("component_changed", ""), [f"It needs now: {now}."], _ids.part("read"))


def _circle(services: Services, actor: Actor, refusal: DomainError) -> str:
    """A circle of dependencies by the names of those on the way; nothing for another refusal."""
    way = refusal.facts.get("way")
    if refusal.code != "dependency_cycle" or not isinstance(way, list):
        return ""
    names = services.components.reads.named(actor, way)
    return f"This would go round in a circle: {' → '.join(names[each].name for each in way if each in names)}."


def _register_archive(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("conflict"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("archive"), "n_clicks"),
        State(_ids.part("which"), "data"),
        prevent_initial_call=True,
    )
    def archive(clicks: int | None, component_id: str) -> tuple[Any, Any]:
        if not clicks:
            return no_update, no_update
        actor, arranging = current_actor(), services.components.arranging
        try:
            if services.components.board.component(actor, component_id).archived_at is None:
                arranging.archive(actor, component_id=component_id)
                title, text = "Archived", "It is off the status page. Load this page again to restore it."
            else:
                arranging.restore(actor, component_id=component_id)
                title, text = "Restored", "It stands on the status page again."
        except DomainError as refusal:
            return no_update, toast("Not done", said(refusal), state=Colour.BAD)
        back = link("All components", "/admin/components", arrow=True)
        return banner(title, [text, " ", back], state=Colour.GOOD), toast(title)
