"""What was said of a component by hand, and who changed what of it."""

from dash import html
from dash.development.base_component import Component

from admin.pages.component_parts import standing_chip
from services.components.views import ArrangedView, DecreeView
from services.evidence import AuditEntryView
from services.facade import Services
from services.kernel.context import Actor
from services.kernel.errors import NotFound
from services.kernel.paging import PageRequest
from web.ui import Ids, button, card, chip, fmt, link, mono, timestamp
from web.ui.nodes import flatten
from web.ui.theme import State

_SHOWN = 40
_KINDS = {"override": "set by hand", "correction": "the past corrected", "word": "kept by hand"}
_TAKEN_BACK = {"override": "cleared: its sources tell again", "correction": "withdrawn", "word": "no longer by hand"}
_UNSAID = frozenset({"component_id", "group_id", "correction_id"})


def history_card(services: Services, actor: Actor, ids: Ids, view: ArrangedView) -> Component:
    """A person's every word on a component, newest first."""
    try:
        decrees = services.components.overrides.decrees(actor, component_id=view.id)
    except NotFound:
        return card(html.P("What was said of an archived component is shown once it is restored."), title="By hand")
    may = "components.override" in actor.permissions
    rows = [_entry(ids, each, may=may) for each in decrees[:_SHOWN]]
    told = html.Ol(rows, className="told") if rows else html.P("Nobody has set anything by hand.")
    return card(told, title="Said by hand")


def _entry(ids: Ids, decree: DecreeView, *, may: bool) -> Component:
    span = [html.Span(["from ", timestamp(decree.starts_at)], className="dim small")]
    if decree.ends_at is not None:
        span.append(html.Span(["to ", timestamp(decree.ends_at)], className="dim small"))
    withdrawable = may and decree.kind == "correction" and decree.status is not None and not decree.withdrawn
    return html.Li(flatten([
        html.Header(flatten([
            standing_chip(decree.status) if decree.status is not None else chip(_TAKEN_BACK[decree.kind], State.PLAIN),
            html.Span(_KINDS[decree.kind], className="dim small"),
            timestamp(decree.said_at),
            chip("withdrawn", State.PLAIN) if decree.withdrawn and decree.status is not None else None,
            button("Withdraw", id=ids.one("withdraw", decree.id), kind="quiet") if withdrawable else None,
        ])),
        html.P(decree.reason),
        html.P([*span]) if decree.kind != "word" and decree.status is not None else None,
    ]))  # fmt: skip


def journal_card(services: Services, actor: Actor, component_id: str) -> Component:
    """Who changed what of a component, from the audit trail; for those who may read it."""
    if "evidence.read" not in actor.permissions:
        return card(html.P("Your role does not read the audit trail."), title="Who did what")
    page = services.evidence.entries(actor, PageRequest(None, _SHOWN), search=component_id)
    rows = [
        html.Li([
            html.Header([timestamp(each.at), mono(f"{each.actor_kind} {each.actor_id[:16]}")]),
            html.P(_line(each)),
        ])
        for each in page.items
    ]  # fmt: skip
    more = link("All of it", f"/dashboards/evidence?search={component_id}", arrow=True) if page.next_cursor else None
    told = html.Ol(rows, className="told small") if rows else html.P("Nothing has been changed by hand yet.")
    return card(flatten([told, more]), title="Who did what")


def _line(entry: AuditEntryView) -> str:
    verb = entry.verb.rsplit(".", 1)[-1].replace("_", " ")
    facts = [f"{key.replace('_', ' ')}: {_value(value)}" for key, value in entry.facts.items()
             if key not in _UNSAID and value not in (None, "", [])]  # fmt: skip
    return f"{verb.capitalize()} — {'; '.join(facts)}" if facts else verb.capitalize()


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return f"{fmt.count(len(value))} of them"
    return str(value)[:200]
