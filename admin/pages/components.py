"""Components: groups and what is in them, made, named, ordered and archived; each opens on a page of its own."""

from collections.abc import Sequence
from typing import Any

from dash import Input, Output, State, ctx, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.component_parts import group_options, standing_chip
from admin.pages.incident_parts import said
from services.components import ComponentDraft
from services.components.views import ArrangedGroupView, ArrangedView, BoardView
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import Conflict, DomainError
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Empty,
    Ids,
    Loaded,
    button,
    cancel_button,
    chip,
    data_grid,
    dialog,
    fmt,
    link,
    note,
    page_head,
    panel,
    search_box,
    select,
    stack,
    switch,
    text_area,
    text_input,
    timestamp,
    toast,
    toolbar,
    with_sub,
)
from web.ui.feedback import TOASTS_ID
from web.ui.nodes import flatten
from web.ui.theme import State as Colour

_ids = Ids("components")
_MAKE, _GROUP = _ids.part("make"), _ids.part("group")


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(visit: Visit) -> Component:
        may = "components.arrange" in visit.actor.permissions
        openers = [
            button("New group", icon_name="plus", id=_ids.part("group-new")),
            button("New component", kind="primary", icon_name="plus", opens=_MAKE),
        ] if may else None  # fmt: skip
        board = services.components.board.look(visit.actor)
        return stack([
            page_head("Components", lead="What people depend on, in the order in which the status page shows it.",
                      actions=openers),
            toolbar([
                search_box("Find a component or a group", id=_ids.part("search")),
                switch("Archived ones", on=False, id=_ids.part("archived")),
            ]),
            html.Div(_board(services, visit.actor, board), id=_ids.part("body"), className="stack normal"),
            *([_make_dialog(board.groups), _group_dialog()] if may else []),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register_look(services, callbacks)
        _register_make(services, callbacks)
        _register_group(services, callbacks)

    return Page("components", "Components", "components.review", layout, register)


def _board(services: Services, actor: Actor, board: BoardView, *, search: str = "",
           archived: bool = False) -> list[Component]:  # fmt: skip
    may = "components.arrange" in actor.permissions
    if archived:
        return [_panel(services, "Archived", board.components, may=False, note_empty="Nothing was archived.")]
    whole = not search and board.found == len(board.components)
    by_group: dict[str, list[ArrangedView]] = {"": [], **{each.id: [] for each in board.groups}}
    for each in board.components:
        by_group.setdefault(each.group_id or "", []).append(each)
    parts: list[Component] = []
    for place, group in enumerate(board.groups):
        if by_group[group.id] or not search:
            aside = _group_acts(board.groups, place) if may else None
            parts.append(_panel(services, group.name, by_group[group.id], may=may and whole, aside=aside,
                                note_empty="This group is empty: the status page leaves it out."))  # fmt: skip
    if by_group[""] or not board.groups:
        empty = "No component has this name." if search else "Make the first component, or a group for it."
        parts.insert(0, _panel(services, "In no group", by_group[""], may=may and whole, note_empty=empty))
    if board.found > len(board.components):
        shown = f"{fmt.count(len(board.components))} of {fmt.count(board.found)}"
        parts.append(note(f"Shown are the first {shown}: search for the others."))
    return parts or [_panel(services, "Found", [], may=False, note_empty="No component has this name.")]


def _panel(services: Services, title: str, rows: Sequence[ArrangedView], *, may: bool, note_empty: str,
           aside: Component | None = None) -> Component:  # fmt: skip
    now = services.clock.now()
    places = {row.id: place for place, row in enumerate(rows)}
    grid = [
        Column[ArrangedView](
            "name", "Component", lambda r: with_sub(link(r.name, f"/admin/components/{r.id}"), r.description[:160])
        ),
        Column[ArrangedView]("status", "Stands", lambda r: flatten([standing_chip(r.status), *_remarks(r)])),
        Column[ArrangedView]("since", "Since", lambda r: timestamp(r.status_since_at, now=now), priority=2),
        Column[ArrangedView]("kept", "Told by", lambda r: "a person" if r.manual else "its probes", priority=3),
        *([Column[ArrangedView]("move", "Move", lambda r: _moves(rows, places[r.id]), label_hidden=True)]
          if may and len(rows) > 1 else []),
    ]  # fmt: skip
    return panel(
        lambda: Loaded(list(rows), now),
        lambda shown: data_grid(
            shown, grid, caption=title, noun=f"components-{places and rows[0].id}".lower(), row_key=lambda r: r.id
        ),
        title=title,
        aside=aside,
        now=now,
        flush=True,
        empty=Empty("Nothing here", note_empty),
    )


def _remarks(row: ArrangedView) -> list[Component]:
    remarks = []
    if row.overridden:
        remarks.append(chip("set by hand", Colour.PLAN))
    if row.archived_at is not None:
        remarks.append(chip("archived", Colour.PLAIN))
    return remarks


def _moves(rows: Sequence[ArrangedView], place: int) -> Component:
    """Buttons that move a row: their key holds what is moved, and before what."""
    row = rows[place]
    up = rows[place - 1].id if place else ""
    down = rows[place + 2].id if place + 2 < len(rows) else ""
    return html.Div([
        button(f"Move {row.name} up", id=_ids.one("move", f"{row.id} {up}"), icon_name="arrow-up", icon_only=True,
               kind="quiet", disabled=not place),
        button(f"Move {row.name} down", id=_ids.one("move", f"{row.id} {down}" + ("" if down else "last")),
               icon_name="arrow-down", icon_only=True, kind="quiet", disabled=place + 1 == len(rows)),
    ], className="acts")  # fmt: skip


def _group_acts(groups: Sequence[ArrangedGroupView], place: int) -> Component:
    group = groups[place]
    up = groups[place - 1].id if place else ""
    down = groups[place + 2].id if place + 2 < len(groups) else "last"
    return html.Div([
        button(f"Edit group {group.name}", id=_ids.one("group-open", group.id), icon_name="pencil", icon_only=True,
               kind="quiet"),
        button(f"Move group {group.name} up", id=_ids.one("group-move", f"{group.id} {up}"), icon_name="arrow-up",
               icon_only=True, kind="quiet", disabled=not place),
        button(f"Move group {group.name} down", id=_ids.one("group-move", f"{group.id} {down}"),
               icon_name="arrow-down", icon_only=True, kind="quiet", disabled=place + 1 == len(groups)),
    ], className="acts")  # fmt: skip


def _make_dialog(groups: Sequence[ArrangedGroupView]) -> Component:
    return dialog(
        "New component",
        [
            text_input("Name", id=_ids.part("name"), maxLength=255, autoComplete="off", placeholder="Video start"),
            text_area("Description", id=_ids.part("description"), rows=2, maxLength=2_000, required=False),
            html.Div(_group_select(groups), id=_ids.part("group-place")),
            switch("Kept by hand", on=False, id=_ids.part("manual"),
                   hint="No probe watches it: it stands as a person says, at first operational."),
        ],
        id=_MAKE,
        lead="Until a probe or a person tells, it is unknown.",
        actions=[cancel_button(), button("Make", kind="primary", id=_ids.part("send"))],
    )  # fmt: skip


def _group_select(groups: Sequence[ArrangedGroupView]) -> Component:
    return select("Group", group_options(groups), id=_ids.part("in-group"), value="", required=False)


def _group_dialog() -> Component:
    return dialog(
        "Group",
        [
            dcc.Store(id=_ids.part("which")),
            text_input("Name", id=_ids.part("group-name"), maxLength=255, autoComplete="off"),
            text_area("Description", id=_ids.part("group-description"), rows=2, maxLength=2_000, required=False),
        ],
        id=_GROUP,
        lead="Only an empty group can be archived; its id is never used again.",
        actions=[
            cancel_button(),
            button("Archive", kind="danger", id=_ids.part("group-archive")),
            button("Keep", kind="primary", id=_ids.part("group-save")),
        ],
    )


def _look(services: Services, actor: Actor, search: str | None, archived: bool | None) -> list[Component]:  # noqa: FBT001 -- a switch
    board = services.components.board.look(actor, search=search or "", archived=bool(archived))
    return _board(services, actor, board, search=search or "", archived=bool(archived))


def _register_look(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_ids.part("body"), "children"),
        Input(_ids.part("search"), "value"),
        Input(_ids.part("archived"), "checked"),
        prevent_initial_call=True,
    )
    def look(search: str | None, archived: bool | None) -> Any:  # noqa: ANN401, FBT001 -- Dash takes a list of nodes
        return _look(services, current_actor(), search, archived)

    @callbacks.callback(
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.each("move"), "n_clicks"),
        Input(_ids.each("group-move"), "n_clicks"),
        prevent_initial_call=True,
    )
    def move(*_: Any) -> tuple[Any, Any]:  # noqa: ANN401 -- Dash hands over one value per button
        if not isinstance(ctx.triggered_id, dict) or not ctx.triggered[0]["value"]:
            return no_update, no_update
        actor, placing = current_actor(), services.components.placing
        moved, _gap, before = str(ctx.triggered_id["key"]).partition(" ")
        target = None if before == "last" else before
        told: Any = no_update
        try:
            if ctx.triggered_id["part"] == _ids.part("move"):
                placing.place(actor, component_id=moved, before=target)
            else:
                placing.place_group(actor, group_id=moved, before=target)
        except DomainError as refusal:
            told = toast("Not moved", said(refusal), state=Colour.BAD)
        return _look(services, actor, "", archived=False), told


def _register_make(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_MAKE, "open"),
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Output(_ids.part("name"), "value"),
        Output(_ids.part("description"), "value"),
        Input(_ids.part("send"), "n_clicks"),
        State(_ids.part("name"), "value"),
        State(_ids.part("description"), "value"),
        State(_ids.part("in-group"), "value"),
        State(_ids.part("manual"), "checked"),
        prevent_initial_call=True,
    )
    def make(clicks: int | None, *values: Any) -> Any:  # noqa: ANN401 -- Dash hands over one value per field
        if not clicks:
            return (no_update,) * 5
        actor, (name, description, group, manual) = current_actor(), values
        draft = ComponentDraft(name or "", description or "", group or None, manual=bool(manual))
        try:
            component_id = services.components.arranging.create(actor, draft)
        except DomainError as refusal:
            told = toast("Not made; your text is still here", said(refusal), state=Colour.BAD)
            return no_update, no_update, told, no_update, no_update
        action = link("Open it", f"/admin/components/{component_id}", arrow=True)
        told = toast("Made", "It stands on the status page, last in its group.", action=action)
        return False, _look(services, actor, "", archived=False), told, "", ""


def _register_group(services: Services, callbacks: Callbacks) -> None:
    @callbacks.callback(
        Output(_GROUP, "open"),
        Output(_ids.part("which"), "data"),
        Output(_ids.part("group-name"), "value"),
        Output(_ids.part("group-description"), "value"),
        Output(_ids.part("group-archive"), "hidden"),
        Input(_ids.part("group-new"), "n_clicks"),
        Input(_ids.each("group-open"), "n_clicks"),
        prevent_initial_call=True,
    )
    def begin(_new: int | None, _clicks: list[int | None]) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not ctx.triggered[0]["value"]:
            return (no_update,) * 5
        if not isinstance(ctx.triggered_id, dict):
            return True, None, "", "", True
        try:
            found = services.components.board.group(current_actor(), str(ctx.triggered_id["key"]))
        except DomainError:
            return (no_update,) * 5
        return True, [found.id, found.version], found.name, found.description, False

    @callbacks.callback(
        Output(_GROUP, "open", allow_duplicate=True),
        Output(_ids.part("which"), "data", allow_duplicate=True),
        Output(_ids.part("body"), "children", allow_duplicate=True),
        Output(_ids.part("group-place"), "children"),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("group-save"), "n_clicks"),
        Input(_ids.part("group-archive"), "n_clicks"),
        State(_ids.part("which"), "data"),
        State(_ids.part("group-name"), "value"),
        State(_ids.part("group-description"), "value"),
        prevent_initial_call=True,
    )
    def keep(_s: int | None, _a: int | None, which: list[str] | None, name: str | None, text: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not ctx.triggered[0]["value"]:
            return (no_update,) * 5
        actor = current_actor()
        try:
            done = _keep_group(services, actor, which, (name or "", text or ""))
        except Conflict as refusal:
            return no_update, *_second_look(services, actor, which, refusal)
        except DomainError as refusal:
            told = toast("Not kept; your text is still here", said(refusal), state=Colour.BAD)
            return *(no_update,) * 4, told
        offered = _group_select(services.components.board.look(actor).groups)
        return False, None, _look(services, actor, "", archived=False), offered, toast(done)


def _keep_group(services: Services, actor: Actor, which: list[str] | None, texts: tuple[str, str]) -> str:
    arranging, (name, description) = services.components.arranging, texts
    if which is None:
        arranging.create_group(actor, name=name, description=description)
        return "Made; an empty group is not shown"
    if ctx.triggered_id == _ids.part("group-archive"):
        arranging.archive_group(actor, group_id=which[0])
        return "Archived"
    arranging.change_group(actor, group_id=which[0], name=name, description=description, version=which[1])
    return "Kept"


def _second_look(services: Services, actor: Actor, which: list[str] | None, refusal: Conflict) -> tuple[Any, ...]:
    """What a second editor gets: the new version, and what the group is called now; their own text stays."""
    if refusal.code != "group_changed" or which is None:
        return no_update, no_update, no_update, toast("Not done", said(refusal), state=Colour.BAD)
    found = services.components.board.group(actor, which[0])
    now = (
        f"It is now called “{found.name}”, described as “{found.description or 'nothing'}”. Keep again to replace that."
    )
    told = toast("Somebody changed this group while you wrote", now, state=Colour.WARN)
    return [found.id, found.version], _look(services, actor, "", archived=False), no_update, told
