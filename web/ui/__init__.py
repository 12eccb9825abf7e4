"""The design system: functions that return Dash component trees, drawn by Dash or written as HTML by `to_html`.

Import from here: `from web.ui import tile, panel, Loaded, State, to_html`. `now` is always an aware instant of the
caller's Clock. Where an argument is called `id`, it comes from `Ids("flags").part("table")`.

Figures: tile(title, value, *, state, verdict, samples, as_of, now, definition_href, target, points, span_label, id);
    kpi(title, value, *, note, change, id); chip(word, state); state_word(word, state); meter(ratio, label, *, text);
    timestamp(at, *, now, prefix) (an age that keeps counting); `fmt` (number, count, percent, availability, duration,
    age, day, instant, period, quantity, plural: all answer "no data" for None).
Charts: sparkline(points, *, title, target, target_text, unit);
    trend_chart(points, *, title, unit, target, target_text, band, events, remarks, start_at, end_at, id, short);
    uptime(name, days, *, state_label, availability, id); uptimes(rows);
    charts.plotly.graph(traces, *, title, id, unit, height).
Panels: panel(load, render, *, title, now, stale_after_seconds, empty, is_empty, aside, flush, id, retry_href,
    retry_id, report); `load` returns Loaded(value, as_of); loading_panel(*, title, shape, rows);
    failed_panel(reference, *, title); empty_panel(Empty(title, text, action), *, title);
    stale_panel(body, *, as_of, now, title); skeleton(shape).
Tables: data_grid(rows, columns, *, caption, noun, row_key, sort, paging, links, empty); Column(key, label, cell,
    numeric, sortable, priority); with_sub(main, sub); aggrid.big_grid(rows, column_defs, *, id, label).
Forms: form(children, *, action, csrf_token, actions, errors); text_input(label, *, id, type, value, hint, error);
    text_area, select, checkbox, radio_group, search_box, toolbar, hidden, fields, error_summary;
    Control (the bare element, live in Dash).
Controls: button(label, *, kind, id, icon_name, href, submit, opens, asks, busy_label); Question; link; switch;
    segmented; segmented_links; filters; tabs(label, items, *, id); Option; Tab.
Layout: page_head(title, *, lead, actions); verdict(title, state, *, lead, live); card(children, *, title, aside);
    columns(children, *, least); stack; note; facts; prose; mono; copyable; ref; incident; funnel_row;
    icon(name, *, size, label).
Feedback: banner(title, text, *, state, actions); demo_banner(*, remove_command); toast(title, text, *, state) (put
    it into the children of `toasts`); progress(label, ratio, *, detail, steps);
    dialog(title, children, *, id, actions).
Frames: public_frame(children, *, name, home_href, nav, path, action, foot_left, foot_right, demo);
    signed_in_frame(children, *, name, home_href, sections, path, person, commands, demo);
    focus_frame(children, *, name, home_href).
Pages: document.Document(manifest, title, …).html(tree) is a whole page; document.head / document.body_end are the
    parts for a Dash index; static.StaticManifest serves the files; to_html(tree) is a fragment.
"""

from web.ui import format as fmt
from web.ui.charts.series import BandPoint, Point
from web.ui.charts.sparkline import sparkline
from web.ui.charts.trend import Event, Remark, trend_chart
from web.ui.charts.uptime import DayState, uptime, uptimes
from web.ui.controls import Option, Question, Tab, button, filters, link, segmented, segmented_links, switch, tabs
from web.ui.elements import Choice, Control, Dialog, Markup
from web.ui.feedback import Step, banner, demo_banner, progress, toast, toasts
from web.ui.figures import Change, Target, chip, kpi, meter, state_word, tile, timestamp
from web.ui.forms import (
    checkbox,
    error_summary,
    field,
    fields,
    form,
    hidden,
    radio_group,
    search_box,
    select,
    text_area,
    text_input,
    toolbar,
)
from web.ui.frames import NavItem, NavSection, Person, brand, focus_frame, public_frame, signed_in_frame
from web.ui.grid import Column, Links, Paging, Sort, data_grid, with_sub
from web.ui.icons import icon
from web.ui.ids import Ids, slug
from web.ui.layout import (
    card,
    columns,
    copyable,
    facts,
    funnel_row,
    incident,
    mono,
    note,
    page_head,
    prose,
    ref,
    stack,
    verdict,
)
from web.ui.nodes import ComponentId, Node, attrs
from web.ui.overlays import Command, cancel_button, dialog, palette
from web.ui.panels import (
    Empty,
    Loaded,
    empty_panel,
    empty_state,
    failed_panel,
    loading_panel,
    panel,
    skeleton,
    stale_panel,
)
from web.ui.render import to_html
from web.ui.theme import State, worst

__all__ = [
    "BandPoint", "Change", "Choice", "Column", "Command", "ComponentId", "Control", "DayState", "Dialog", "Empty",
    "Event", "Ids", "Links", "Loaded", "Markup", "NavItem", "NavSection", "Node", "Option", "Paging", "Person",
    "Point", "Question", "Remark", "Sort", "State", "Step", "Tab", "Target", "attrs", "banner", "brand", "button",
    "cancel_button", "card", "checkbox", "chip", "columns", "copyable", "data_grid", "demo_banner", "dialog",
    "empty_panel", "empty_state", "error_summary", "facts", "failed_panel", "field", "fields", "filters", "fmt",
    "focus_frame", "form", "funnel_row", "hidden", "icon", "incident", "kpi", "link", "loading_panel", "meter",
    "mono", "note", "page_head", "palette", "panel", "progress", "prose", "public_frame", "radio_group", "ref",
    "search_box", "segmented", "segmented_links", "select", "signed_in_frame", "skeleton", "slug", "sparkline",
    "stack", "stale_panel", "state_word", "switch", "tabs", "text_area", "text_input", "tile", "timestamp", "to_html",
    "toast", "toasts", "toolbar", "trend_chart", "uptime", "uptimes", "verdict", "with_sub", "worst",
]  # fmt: skip
