"""The audit trail: every change with who made it, found by any id that stands in it."""

from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import urlencode

from dash import html
from dash.development.base_component import Component

from services.evidence import AuditEntryView
from services.facade import Services
from services.kernel.paging import PageRequest
from web.shell.pages import Page, Visit
from web.ui import (
    Column,
    Empty,
    Loaded,
    Node,
    button,
    data_grid,
    fields,
    form,
    icon,
    mono,
    page_head,
    panel,
    stack,
    text_input,
    timestamp,
    with_sub,
)

PATH = "/dashboards/evidence"
_PEOPLE = "/admin/people"
_ID_DIGITS = 32
_ABOUT_SHOWN = 2
_NOTED_LENGTH = 120
_EDGES = ("from", "before")
"""What the address calls the two ends of a span; the later one is not part of it."""


def _noted(entry: AuditEntryView) -> str:
    said = [f"{name}: {value}" for name, value in entry.facts.items()]
    return ", ".join([*said, *(f"{name}: sealed" for name in entry.sealed)]) or "nothing noted"


def _noted_briefly(entry: AuditEntryView) -> Node:
    text = _noted(entry)
    if len(text) <= _NOTED_LENGTH:
        return text
    return html.Details(
        [html.Summary(f"{text[: _NOTED_LENGTH - 1]}…"), html.Span(text, style={"overflowWrap": "anywhere"})]
    )


def _about(entry: AuditEntryView, *, may_see: bool) -> list[Node]:
    shown: list[Node] = [html.Div(_whom(subject, may_see=may_see)) for subject in entry.subjects[:_ABOUT_SHOWN]]
    further = len(entry.subjects) - _ABOUT_SHOWN
    return [*shown, html.Small(f"and {further} more", className="dim")] if further > 0 else shown


def _found_by(an_id: str) -> Component:
    """An id, shortened to what tells it apart, that leads to everything about it."""
    prefix, _, rest = an_id.partition("_")
    short = f"{prefix}_…{rest[-8:]}" if len(rest) == _ID_DIGITS else an_id
    found_at = f"{PATH}?{urlencode({'search': an_id})}"
    return html.A(mono(short), href=found_at, title=an_id, style={"whiteSpace": "nowrap"})


def _whom(an_id: str, *, may_see: bool) -> Component:
    """An id; a person's leads to who that is as well, where the reader may ask."""
    if not may_see or not an_id.startswith("usr_"):
        return _found_by(an_id)
    who = f"{_PEOPLE}?{urlencode({'search': an_id})}"
    asks = html.A(icon("user", size=14, label=f"Who is {an_id}?"), href=who, title="Who is this?")
    return html.Span([_found_by(an_id), asks], className="ref")


def _grid(*, may_see: bool) -> list[Column[AuditEntryView]]:
    return [
        Column[AuditEntryView]("at", "When", lambda r: with_sub(timestamp(r.at), _found_by(r.id))),
        Column[AuditEntryView]("verb", "What", lambda r: with_sub(r.verb, _noted_briefly(r))),
        Column[AuditEntryView](
            "actor", "Who", lambda r: with_sub(r.actor_kind, _whom(r.actor_id, may_see=may_see)), priority=2
        ),
        Column[AuditEntryView]("about", "About", lambda r: _about(r, may_see=may_see), priority=3),
        Column[AuditEntryView]("correlation", "Correlation", lambda r: _found_by(r.correlation_id), priority=3),
    ]


def page(services: Services) -> Page:
    """Return the page, reading through these services."""

    def layout(visit: Visit) -> Component:
        search, after = visit.query.get("search", ""), visit.query.get("after")
        written = {edge: visit.query.get(edge, "") for edge in _EDGES}
        edges, wrong = _edges(written)
        now = services.clock.now()
        grid = _grid(may_see="identity.people.read" in visit.actor.permissions)
        found = services.evidence.entries(
            visit.actor, PageRequest(after=after), search=search, since_at=edges["from"], before_at=edges["before"]
        )
        more = None
        if found.next_cursor is not None:
            following = urlencode({"search": search, **written, "after": found.next_cursor})
            more = html.Div(button("Older", href=f"{PATH}?{following}", icon_name="chevron-right"), className="acts")
        table = panel(
            lambda: Loaded(found.items, now),
            lambda rows: data_grid(rows, grid, caption="Changes", noun="evidence", row_key=lambda r: r.id),
            title="Changes" if not search else f"Changes found by {search}",
            now=now,
            flush=True,
            empty=Empty(
                "Nothing found",
                "Look for any id that stands in an entry, for a trace or a correlation, or for how a verb begins, such "
                "as identity.people. Only changes stand here: what was refused or only read stands in the log.",
            ),
        )
        lead = "Written in the transaction of each change; personal values stand in it as ciphertext only."
        return stack([page_head("Audit trail", lead=lead), _search(search, written, wrong), table, more])

    return Page("evidence", "Audit trail", "evidence.read", layout, redraw_on=frozenset({"search", *_EDGES, "after"}))


def _edges(written: Mapping[str, str]) -> tuple[dict[str, datetime | None], dict[str, str]]:
    """Read the span that is asked for, and say what of it cannot be read; that edge is then open."""
    edges: dict[str, datetime | None] = dict.fromkeys(_EDGES)
    wrong: dict[str, str] = {}
    for edge, text in written.items():
        try:
            edges[edge] = datetime.fromisoformat(text[:16]).replace(tzinfo=UTC) if text else None
        except ValueError:
            wrong[edge] = "Write a time as 2026-11-24T03:00. It was left out."
    return edges, wrong


def _search(search: str, written: Mapping[str, str], wrong: Mapping[str, str]) -> Component:
    return form(
        [
            text_input("Any id, or how a verb begins", id="evidence-search", name="search", value=search,
                       required=False),
            fields([text_input(f"{edge.capitalize()} (UTC)", id=f"evidence-{edge}", name=edge, type="datetime-local",
                               value=text, error=wrong.get(edge), required=False) for edge, text in written.items()]),
        ],
        action=PATH,
        csrf_token=None,
        actions=button("Search", submit=True, icon_name="search"),
        method="get",
    )  # fmt: skip
