"""Imports: a file of another product, first as a report of what it would do, then for good."""

import base64
import binascii
from typing import Any, Final

from dash import Input, Output, State, dcc, html, no_update
from dash.development.base_component import Component

from admin.pages.incident_parts import said
from services.facade import Services
from services.imports import SOURCES, Line, Report, Upload
from services.kernel.errors import Conflict, DomainError, Invalid
from web.shell.field_errors import say_at_fields
from web.shell.pages import Callbacks, Page, Visit
from web.shell.sessions import current_actor
from web.ui import (
    Column,
    Control,
    Empty,
    Ids,
    Loaded,
    Option,
    banner,
    button,
    card,
    chip,
    data_grid,
    field,
    fields,
    fmt,
    link,
    note,
    page_head,
    panel,
    select,
    stack,
    text_input,
    toast,
)
from web.ui.feedback import TOASTS_ID
from web.ui.theme import State as Colour

_ids = Ids("imports")
_BYTES_MAX: Final = 700 * 1024
"""What one request of a browser carries; larger files go by the command line."""
_FIELDS = {each: _ids.part(each) for each in ("file", "source", "label")}
_SHOWN_MAX = 300
_COLOURS: Final = {
    "made": Colour.GOOD,
    "updated": Colour.GOOD,
    "found": Colour.PLAN,
    "unchanged": Colour.PLAIN,
    "skipped": Colour.WARN,
}
_PLACES: Final = {"component": "/admin/components/", "incident": "/admin/incidents/"}


def page(services: Services) -> Page:
    """Return the page, reading and acting through these services."""

    def layout(_: Visit) -> Component:
        return stack([
            page_head("Import", lead="Bring components, incidents, subscribers and probes over from another product. "
                                     "First you read what would be done; nothing changes until you confirm."),
            _form(),
            dcc.Store(id=_ids.part("expected")),
            html.Div(id=_ids.part("report"), className="stack normal"),
            html.Div(
                button("Bring it over", kind="primary", icon_name="check", id=_ids.part("confirm")),
                id=_ids.part("confirming"),
                className="acts",
                hidden=True,
            ),
        ])  # fmt: skip

    def register(callbacks: Callbacks) -> None:
        _register(services, callbacks)

    return Page("imports", "Import", "imports.run", layout, register)


def _form() -> Component:
    offered = [Option(word, f"{source.name}: {source.file}") for word, source in SOURCES.items()]
    picker = Control(id=_ids.part("file"), type="file", accept=".json,.csv,.yaml,.yml,.txt", max=str(_BYTES_MAX),
                     className="input")  # fmt: skip
    return card(
        stack([
            fields([
                select("From", offered, id=_ids.part("source"), value="statuspage"),
                text_input("Label", id=_ids.part("label"), required=False, maxLength=40, autoComplete="off",
                           hint="Tells two installations of one product apart; the same at every import of one."),
            ]),
            field("File", picker, hint="Up to 700 KiB here; larger ones by ./manage.py import-status."),
            html.Div(button("Show what would be done", id=_ids.part("rehearse"), icon_name="eye"), className="acts"),
        ])
    )  # fmt: skip


def _register(services: Services, callbacks: Callbacks) -> None:
    given = [State(_ids.part(part), "value") for part in ("file", "source", "label")]

    @callbacks.callback(
        Output(_ids.part("report"), "children"),
        Output(_ids.part("expected"), "data"),
        Output(_ids.part("confirming"), "hidden"),
        Input(_ids.part("rehearse"), "n_clicks"),
        *given,
        prevent_initial_call=True,
    )
    def rehearse(clicks: int | None, file: str | None, source: str | None, label: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks:
            return (no_update,) * 3
        try:
            report = services.imports.rehearse(current_actor(), _upload(file, source, label))
        except DomainError as refusal:
            say_at_fields(_FIELDS, refusal, otherwise="file")
            return None, None, True
        say_at_fields(_FIELDS, otherwise="file")
        return _drawn(services, report), report.digest, not report.changes

    @callbacks.callback(
        Output(_ids.part("report"), "children", allow_duplicate=True),
        Output(_ids.part("expected"), "data", allow_duplicate=True),
        Output(_ids.part("confirming"), "hidden", allow_duplicate=True),
        Output(TOASTS_ID, "children", allow_duplicate=True),
        Input(_ids.part("confirm"), "n_clicks"),
        State(_ids.part("expected"), "data"),
        *given,
        prevent_initial_call=True,
    )
    def confirm(clicks: int | None, expected: str | None, *values: str | None) -> Any:  # noqa: ANN401 -- Dash takes a tuple of outputs
        if not clicks or not expected:
            return (no_update,) * 4
        actor = current_actor()
        try:
            upload = _upload(*values)
            report = services.imports.carry_out(actor, upload, expected=expected)
        except Conflict as refusal:
            again = services.imports.rehearse(actor, upload)
            told = banner("Nothing was done", said(refusal), state=Colour.WARN, urgent=True)
            return [told, *_drawn(services, again)], again.digest, not again.changes, no_update
        except DomainError as refusal:
            say_at_fields(_FIELDS, refusal, otherwise="file")
            return None, None, True, no_update
        return _drawn(services, report), None, True, toast("Brought over", _counted(report))


def _upload(file: str | None = None, source: str | None = None, label: str | None = None) -> Upload:
    """Return what was chosen.

    Raises: Invalid without a file, or for one that is too large for a browser's request.
    """
    head, _, content = (file or "").partition(",")
    if not head.startswith("data:") or not head.endswith(";base64"):
        too_large = head.startswith("too large")
        message = "Larger than 700 KiB: use the command line, or split it." if too_large else "Choose a file."
        raise Invalid("import_unreadable", message, fields={"file": message})
    try:
        return Upload(source or "", base64.b64decode(content, validate=True), label or "")
    except binascii.Error as error:
        message = "The file did not arrive whole: choose it again."
        raise Invalid("import_unreadable", message, fields={"file": message}) from error


def _drawn(services: Services, report: Report) -> list[Component]:
    now = services.clock.now()
    title = "What would be done" if report.rehearsal else "What was done"
    told = banner(title, _counted(report), state=Colour.PLAN if report.rehearsal else Colour.GOOD)
    lines = sorted(report.lines, key=lambda line: line.outcome != "skipped")[:_SHOWN_MAX]
    grid = [
        Column[Line]("outcome", "Outcome", lambda r: chip(r.outcome.value, _COLOURS[r.outcome.value])),
        Column[Line]("noun", "What", lambda r: r.noun.value, priority=2),
        Column[Line]("name", "Name", lambda r: _named(r, rehearsal=report.rehearsal)),
        Column[Line]("reason", "Why", lambda r: r.reason),
    ]
    rows = panel(
        lambda: Loaded(list(enumerate(lines)), now),
        lambda shown: data_grid(
            [line for _, line in shown], grid, caption=title, noun="imports-lines", row_key=lambda r: str(id(r))
        ),
        title="Thing by thing",
        now=now,
        flush=True,
        empty=Empty("Nothing in it", "The file holds nothing that could be brought over."),
    )
    more = len(report.lines) - len(lines)
    rest = note(f"And {fmt.count(more)} more: the command line prints all of them.") if more > 0 else None
    return [each for each in (told, rows, rest) if each is not None]


def _named(line: Line, *, rehearsal: bool) -> Component | str:
    place = _PLACES.get(line.noun.value)
    if place is None or rehearsal or not line.own_id:
        return line.name
    return link(line.name, place + line.own_id)


def _counted(report: Report) -> str:
    """The counts in a sentence."""
    parts = [
        f"{noun}s: {', '.join(f'{fmt.count(count)} {outcome}' for outcome, count in outcomes.items())}"
        for noun, outcomes in report.counts.items()
    ]
    return "; ".join(parts) or "There is nothing in it."
