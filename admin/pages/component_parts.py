"""What the pages of components share: how one stands, rows to tick, and what somebody else changed."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Final

from dash import html
from dash.development.base_component import Component

from admin.pages.incident_parts import words
from services.components import ComponentDraft
from services.components.views import ArrangedGroupView, ArrangedView, ComponentBrief, ComponentStatus
from services.kernel.errors import Conflict, Invalid
from web.ui import Control, Ids, Option, State, banner, button, chip, fmt
from web.ui.nodes import flatten

SETTABLE: Final = (
    ComponentStatus.OPERATIONAL,
    ComponentStatus.DEGRADED,
    ComponentStatus.PARTIAL_OUTAGE,
    ComponentStatus.MAJOR_OUTAGE,
    ComponentStatus.UNKNOWN,
)
"""What a person may say of a component; maintenance is planned instead."""
_ROWS_SHOWN: Final = 12
_COLOURS: Final = {
    ComponentStatus.OPERATIONAL: State.GOOD,
    ComponentStatus.DEGRADED: State.WARN,
    ComponentStatus.PARTIAL_OUTAGE: State.WARN,
    ComponentStatus.MAJOR_OUTAGE: State.BAD,
    ComponentStatus.MAINTENANCE: State.PLAN,
    ComponentStatus.UNKNOWN: State.UNKNOWN,
}


def standing_chip(status: ComponentStatus) -> Component:
    """How a component stands."""
    return chip(words(status), _COLOURS[status])


def settable_options() -> list[Option]:
    """Return what a person may say of a component, as choices."""
    return [Option(each.value, words(each)) for each in SETTABLE]


def status_of(text: str | None) -> ComponentStatus:
    """Return a status that was chosen.

    Raises: Invalid.
    """
    try:
        return ComponentStatus(text or "")
    except ValueError as error:
        message = "Choose how it stands."
        raise Invalid("status_invalid", message, fields={"status": message}) from error


def group_options(groups: Sequence[ArrangedGroupView]) -> list[Option]:
    """Return groups as choices, with none of them first."""
    return [Option("", "No group"), *(Option(each.id, each.name) for each in groups)]


def day_of(text: str | None) -> date | None:
    """Return a day that was chosen; nothing where none was.

    Raises: Invalid.
    """
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError as error:
        message = "Choose a day."
        raise Invalid("start_invalid", message, fields={"start_on": message}) from error


def tick_rows(ids: Ids, offered: Sequence[ComponentBrief], on: frozenset[str], search: str) -> Component:
    """Components to tick: those that are ticked first, then those that a search finds."""
    wanted = search.casefold().split()
    found = [
        each
        for each in offered
        if each.id in on or all(word in f"{each.name} {each.group}".casefold() for word in wanted)
    ]
    found.sort(key=lambda each: each.id not in on)
    shown = found[: max(_ROWS_SHOWN, len(on))]
    rest = len(found) - len(shown)
    rows = [
        html.Label(
            [Control(id=ids.one("needs", each.id), type="checkbox", checked=each.id in on),
             html.Span(flatten([each.name, html.Small(each.group) if each.group else None]))],
            className="check",
        )
        for each in shown
    ]  # fmt: skip
    more = html.P(f"{fmt.count(rest)} more: type a part of the name.", className="hint") if rest > 0 else None
    none = html.P("No other component has this name.", className="hint") if not shown else None
    return html.Div(flatten([*rows, more, none]))


def ticked(ids: Sequence[Mapping[str, str]], on: Sequence[bool | None]) -> tuple[str, ...]:
    """Return the components that are ticked."""
    return tuple(each["key"] for each, chosen in zip(ids, on, strict=True) if chosen)


def as_draft(view: ArrangedView) -> ComponentDraft:
    """Return a component as it would be handed in unchanged."""
    return ComponentDraft(
        view.name,
        view.description,
        view.group_id,
        view.manual,
        view.showcase,
        view.only_show_if_degraded,
        view.start_on,
    )


def differences(now: ArrangedView, mine: ComponentDraft, groups: Sequence[ArrangedGroupView]) -> list[str]:
    """Return in sentences what a component is now and somebody's form has otherwise."""
    names = {each.id: each.name for each in groups}

    def group(group_id: str | None) -> str:
        return names.get(group_id or "", "no group")

    pairs = {
        "Name": (now.name, mine.name),
        "Description": (now.description or "none", mine.description or "none"),
        "Group": (group(now.group_id), group(mine.group_id)),
        "Kept by hand": (_yes(now.manual), _yes(mine.manual)),
        "Counts": (_yes(now.showcase), _yes(mine.showcase)),
        "Shows only where something is wrong": (_yes(now.only_show_if_degraded), _yes(mine.only_show_if_degraded)),
        "Counts from": (str(now.start_on or "the beginning"), str(mine.start_on or "the beginning")),
    }
    return [f"{label} is now: {is_now}. Your form says: {wanted}." for label, (is_now, wanted) in pairs.items()
            if is_now != wanted]  # fmt: skip


def changed_banner(_: Conflict, lines: Sequence[str], button_id: str) -> Component:
    """What somebody else changed while this editor wrote; nothing of theirs is lost."""
    told = [html.Li(each) for each in lines] or [html.Li("What they changed does not touch your form.")]
    return banner(
        "Somebody changed this while you wrote",
        ["Your form still has what you wrote.", html.Ul(told)],
        state=State.WARN,
        urgent=True,
        actions=button("I have read it: keep mine", id=button_id, kind="primary"),
    )


def _yes(value: bool) -> str:  # noqa: FBT001 -- a value to show
    return "yes" if value else "no"
