"""Badges: one fact in a small picture, never in colour alone, and grey and hatched where nothing is known."""

import re
from dataclasses import dataclass, replace
from html import escape
from typing import Any, Final

from services.components.views import ComponentStatus
from services.metrics.views import FigureView
from status_page.presentation import STATES, value_of, verdict
from status_page.programs.feeds import STATUS_WORDS
from status_page.programs.lettering import Lettering
from status_page.programs.told import Indicator, Told
from status_page.programs.uptime import Uptime
from web.ui import fmt
from web.ui.theme import State

SVG_TYPE: Final = "image/svg+xml; charset=utf-8"
SPANS: Final = {"24h": 1, "7d": 7, "30d": 30, "90d": 90}
"""The offered spans of uptime, by their name in addresses.

Units: days.
"""
GOOD_UPTIME: Final = 0.999
FAIR_UPTIME: Final = 0.99
"""Uptime from which a badge is green, and from which it is yellow."""

STATUS_STATES: Final = {
    ComponentStatus.OPERATIONAL: State.GOOD,
    ComponentStatus.DEGRADED: State.WARN,
    ComponentStatus.PARTIAL_OUTAGE: State.BAD,
    ComponentStatus.MAJOR_OUTAGE: State.BAD,
    ComponentStatus.MAINTENANCE: State.PLAN,
    ComponentStatus.UNKNOWN: State.UNKNOWN,
}
INDICATOR_STATES: Final[dict[Indicator, State]] = {
    "none": State.GOOD,
    "minor": State.WARN,
    "major": State.BAD,
    "critical": State.BAD,
    "maintenance": State.PLAN,
}
_SHIELDS: Final = {
    State.GOOD: "brightgreen",
    State.WARN: "yellow",
    State.BAD: "red",
    State.PLAN: "blue",
    State.UNKNOWN: "lightgrey",
    State.PLAIN: "lightgrey",
}
# White on each of these passes WCAG AA; the unknown has dark ink on its hatching.
_FILLS: Final = {State.GOOD: "#08633d", State.WARN: "#7f4e07", State.BAD: "#ac1922", State.PLAN: "#0e5794"}
_GLYPHS: Final = {
    State.GOOD: '<path d="M1.5 5.2 4 7.7 8.7 2.6"/>',
    State.WARN: '<path d="M5 1.2 9.2 8.6H.8ZM5 4v2M5 7.3v.1"/>',
    State.BAD: '<path d="M2 2l6 6M8 2 2 8"/>',
    State.PLAN: '<path d="M1.2 2.4h7.6v6.4H1.2ZM1.2 4.6h7.6M3.3 1.1v1.7M6.7 1.1v1.7"/>',
    State.UNKNOWN: '<path d="M3.2 3.6a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.1M5 8.4v.1"/>',
}
_HEIGHT, _PAD, _GLYPH, _GAP, _SIZE = 22, 8, 10, 5, 11
_LABEL_MAX: Final = 60
_CONTROL: Final = re.compile("[^\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Badge:
    """What a badge says: a label, a message, and how that stands."""

    label: str
    message: str
    state: State


def overall_badge(told: Told) -> Badge:
    """How everything stands."""
    overall = told.overall
    state = INDICATOR_STATES[overall.indicator]
    # A guess is grey, unless something is known to be worse than that.
    if not overall.known and state is State.WARN:
        return Badge("status", overall.short.removeprefix("Status ").lower(), State.UNKNOWN)
    return Badge("status", overall.description.lower(), state)


def status_badge(told: Told, name: str, status: ComponentStatus) -> Badge:
    """How a component or a group stands."""
    shown = told.status(status)
    return Badge(name, STATUS_WORDS[shown].lower(), STATUS_STATES[shown])


def uptime_badge(name: str, uptime: Uptime, span: str) -> Badge:
    """The uptime of a component; a span that was measured in part says of how much."""
    label = f"{name} uptime {span}"
    if uptime.ratio is None:
        return Badge(label, "no data", State.UNKNOWN)
    state = State.GOOD if uptime.ratio >= GOOD_UPTIME else State.WARN if uptime.ratio >= FAIR_UPTIME else State.BAD
    message = fmt.availability(uptime.ratio, 2)
    if not uptime.whole:
        message = f"{message} of {fmt.duration(uptime.measured_seconds)} measured"
    return Badge(label, message, state)


def figure_badge(told: Told, figure: FigureView) -> Badge:
    """A live figure with its verdict."""
    if told.stale:
        return Badge(figure.title, "unknown", State.UNKNOWN)
    value = str(value_of(figure))
    said = verdict(figure)
    return Badge(figure.title, value if value == said else f"{value} · {said}", STATES[figure.state])


def dated(badge: Badge, told: Told) -> Badge:
    """Return the badge with when it was true: for a copy, where nobody makes it grey once that is long ago."""
    return replace(badge, message=f"{badge.message} · {told.state.as_of:%d %b %H:%M} UTC")


def shields(badge: Badge) -> dict[str, Any]:
    """Return the badge as an answer to shields.io's endpoint badge.

    Source: shields.io, endpoint schema version 1.
    """
    return {
        "schemaVersion": 1,
        "label": _plain(badge.label),
        "message": _plain(badge.message) or "unknown",
        "color": _SHIELDS[badge.state],
        "isError": badge.state is State.UNKNOWN,
        "cacheSeconds": 300,
    }


def svg(badge: Badge, lettering: Lettering) -> str:
    """Draw the badge; its whole text is its accessible name."""
    label = _cut(_plain(badge.label))
    message = _cut(_plain(badge.message))
    label_width = round(lettering.width(label, _SIZE, 500))
    message_width = round(lettering.width(message, _SIZE, 600))
    left = label_width + 2 * _PAD
    right = _PAD + _GLYPH + _GAP + message_width + _PAD
    whole = left + right
    unknown = badge.state not in _FILLS
    ink = "#161b24" if unknown else "#fff"
    name = escape(f"{label}: {message}")
    # Pages may write several badges inline, where ids are shared: the same id then means the same shape.
    clip, hatching = f"r{whole}", "unknown-hatch"
    fill = _FILLS.get(badge.state, f"url(#{hatching})")
    glyph = _GLYPHS[badge.state if badge.state in _GLYPHS else State.UNKNOWN]
    hatch = (
        f'<pattern id="{hatching}" width="5" height="5" patternTransform="rotate(45)" patternUnits="userSpaceOnUse">'
        '<rect width="5" height="5" fill="#eceef1"/><rect width="1.5" height="5" fill="#d3d6da"/></pattern>'
    ) if unknown else ""  # fmt: skip
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole}" height="{_HEIGHT}" viewBox="0 0 {whole} {_HEIGHT}" '
        f'role="img" aria-label="{name}"><title>{name}</title>'
        f'<defs>{hatch}<clipPath id="{clip}"><rect width="{whole}" height="{_HEIGHT}" rx="5"/></clipPath></defs>'
        f'<g clip-path="url(#{clip})"><rect width="{left}" height="{_HEIGHT}" fill="#2b303b"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{fill}"/></g>'
        f'<g fill="none" stroke="{ink}" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" '
        f'transform="translate({left + _PAD - 1} 6)">{glyph}</g>'
        '<g font-family="Inter,Segoe UI,Helvetica Neue,Verdana,DejaVu Sans,sans-serif" '
        f'font-size="{_SIZE}" lengthAdjust="spacingAndGlyphs">'
        f'<text x="{_PAD}" y="15" fill="#fff" font-weight="500" textLength="{label_width}">{escape(label)}</text>'
        f'<text x="{left + _PAD + _GLYPH + _GAP}" y="15" fill="{ink}" font-weight="600" '
        f'textLength="{message_width}">{escape(message)}</text></g></svg>'
    )


def _plain(text: str) -> str:
    return _CONTROL.sub(" ", text).strip()


def _cut(text: str) -> str:
    return text if len(text) <= _LABEL_MAX else f"{text[: _LABEL_MAX - 1].rstrip()}…"
