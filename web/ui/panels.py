"""A block of data that can be loading, empty, stale, failed or present, and says which (design decision 11)."""

import logging
import secrets
from collections.abc import Callable, Sized
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar

from dash import html
from dash.development.base_component import Component

from web.ui import format as fmt
from web.ui.figures import timestamp
from web.ui.icons import icon
from web.ui.language import _, filled
from web.ui.nodes import ComponentId, Node, attrs, flatten, given

T = TypeVar("T")
Shape = Literal["text", "figures", "chart", "table"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[T]):
    """Data and the instant that it is true for; `None` where it has never been measured."""

    value: T
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Empty:
    """What an empty panel says: what would be here, and what to do to get it."""

    title: str
    text: Node = None
    action: Node = None
    icon_name: str = "inbox"


def report_failure(failure: Exception) -> str:
    """Log a failure under a fresh reference and give the reference."""
    reference = secrets.token_hex(4)
    log.error("panel failed", exc_info=failure, extra={"reference": reference})
    return reference


def panel(
    load: Callable[[], Loaded[T]],
    render: Callable[[T], Node],
    *,
    title: str,
    now: datetime,
    stale_after_seconds: float | None = None,
    empty: Empty | None = None,
    is_empty: Callable[[T], bool] | None = None,
    aside: Node = None,
    flush: bool = False,
    id: ComponentId | None = None,
    retry_href: str | None = None,
    retry_id: ComponentId | None = None,
    report: Callable[[Exception], str] = report_failure,
) -> Component:
    """Load, decide the state, draw it. One panel that fails leaves the rest of the page standing.

    `report` keeps the failure and returns the reference that the reader is shown.
    """
    place: dict[str, Any] = {"title": title, "aside": aside, "flush": flush, "id": id}
    try:
        loaded = load()
        if (is_empty or _nothing)(loaded.value):
            return empty_panel(empty or Empty(f"No {title.lower()} yet"), as_of=loaded.as_of, now=now, **place)
        body = render(loaded.value)
    except Exception as failure:  # noqa: BLE001 - whatever it is, the page around it must stand
        return failed_panel(report(failure), retry_href=retry_href, retry_id=retry_id, **place)
    stale = (
        stale_after_seconds is not None
        and loaded.as_of is not None
        and (fmt.utc(now) - fmt.utc(loaded.as_of)).total_seconds() > stale_after_seconds
    )
    if stale and loaded.as_of is not None:
        return stale_panel(body, as_of=loaded.as_of, now=now, **place)
    return _section("present", body, as_of=loaded.as_of, now=now, **place)


def loading_panel(
    *,
    title: str,
    shape: Shape = "text",
    rows: int = 4,
    aside: Node = None,
    flush: bool = False,
    id: ComponentId | None = None,
) -> Component:
    """The panel before its data: a skeleton of the size that the data will have, so that nothing jumps."""
    return _section("loading", skeleton(shape, rows=rows), title=title, aside=aside, flush=flush, id=id, busy=True)


def empty_panel(
    empty: Empty,
    *,
    title: str,
    as_of: datetime | None = None,
    now: datetime | None = None,
    aside: Node = None,
    flush: bool = False,
    id: ComponentId | None = None,
) -> Component:
    """The panel that was asked and has nothing: it says what belongs here and what to do."""
    return _section("empty", empty_state(empty), title=title, aside=aside, flush=flush, id=id, as_of=as_of, now=now)


def empty_state(empty: Empty) -> Component:
    """The words of an empty panel, for use inside other blocks."""
    return html.Div(
        flatten([
            icon(empty.icon_name, size=22),
            html.P(html.B(empty.title)),
            html.P(flatten(empty.text)) if empty.text else None,
            html.Div(flatten(empty.action), className="acts") if empty.action else None,
        ]),
        className="blank",
    )  # fmt: skip


def stale_panel(
    body: Node,
    *,
    as_of: datetime,
    now: datetime,
    title: str,
    aside: Node = None,
    flush: bool = False,
    id: ComponentId | None = None,
) -> Component:
    """The panel whose data is older than it should be: it shows what was last known, and how old that is."""
    strip = html.P(
        [
            icon("clock", size=14),
            html.Span(filled(_("Last known state, {age}. Newer data has not arrived."), age=timestamp(as_of, now=now))),
        ],
        className="strip",
    )
    return _section("stale", [strip, body], title=title, aside=aside, flush=flush, id=id)


def failed_panel(
    reference: str,
    *,
    title: str,
    aside: Node = None,
    flush: bool = False,
    id: ComponentId | None = None,
    retry_href: str | None = None,
    retry_id: ComponentId | None = None,
) -> Component:
    """The panel that could not be loaded: that it failed, the reference for support, and a way to try again."""
    retry: Node = None
    if retry_href is not None:
        retry = html.A([icon("rotate-cw", size=15), html.Span(_("Try again"))], href=retry_href, className="btn")
    elif retry_id is not None:
        retry = html.Button(
            [icon("rotate-cw", size=15), html.Span(_("Try again"))], id=retry_id, type="button", className="btn"
        )
    body = html.Div(
        flatten([
            icon("cloud-off", size=22),
            html.P(html.B(_("{title} could not be loaded", title=title))),
            html.P(filled(_("The rest of the page still works. Reference: {reference}"),
                          reference=html.Code(reference))),
            html.Div(flatten(retry), className="acts") if retry is not None else None,
        ]),
        className="blank failed",
        role="alert",
    )  # fmt: skip
    return _section("failed", body, title=title, aside=aside, flush=flush, id=id)


def skeleton(shape: Shape, *, rows: int = 4) -> Component:
    """Grey shapes of the size of what is coming; screen readers hear "Loading" once."""
    block = html.Span(className="bone")
    inside: dict[str, Node] = {
        "text": [html.Div([html.Span(className="bone") for _ in range(rows)], className="bones text")],
        "figures": [
            html.Div(
                [html.Div([block, block, block, block], className="bonetile") for _ in range(rows)],
                className="cols figure",
            )
        ],
        "chart": [html.Div(block, className="bones plotbone")],
        "table": [
            html.Div([html.Div([block, block, block], className="bonerow") for _ in range(rows)], className="bones")
        ],
    }
    return html.Div([html.Span(_("Loading"), className="sr-only"), *flatten(inside[shape])], className="skeleton")


def _nothing(value: object) -> bool:
    return value is None or (isinstance(value, Sized) and len(value) == 0)


def _section(
    state: str,
    body: Node,
    *,
    title: str,
    aside: Node = None,
    flush: bool = False,
    id: ComponentId | None = None,
    as_of: datetime | None = None,
    now: datetime | None = None,
    busy: bool = False,
) -> Component:
    right = [aside, html.Span(timestamp(as_of, now=now), className="asof") if as_of and now else None]
    head = html.Header(flatten([html.H2(title), html.Div(flatten(right), className="right") if any(right) else None]),
                       className="cardhead")  # fmt: skip
    return html.Section(
        flatten([head, body]),
        className="card panel flush" if flush else "card panel",
        **given(id=id),
        **attrs(data_state=state, aria_busy="true" if busy else None),
    )
