"""The picture that other sites show beside a link to us, drawn from the state as it is.

It names its instant, since other sites keep pictures: a green one that is old says how old it is.
"""

import io
from typing import Final

from PIL import Image, ImageDraw

from services.components.views import ComponentStatus
from services.metrics.views import FigureView
from status_page.presentation import STATES, value_of, verdict
from status_page.programs.badges import INDICATOR_STATES
from status_page.programs.feeds import STATUS_WORDS
from status_page.programs.lettering import Lettering
from status_page.programs.told import Told
from web.ui import fmt
from web.ui.theme import State

SIZE: Final = (1200, 630)
_SCALE: Final = 2
"""Shapes are drawn larger and brought down: Pillow draws without smoothing."""
_EDGE: Final = 72
_GROUND, _SURFACE, _LINE = "#f9fafb", "#ffffff", "#e1e3e6"
_INK, _INK_2, _INK_3 = "#161b24", "#4f5661", "#636974"
_INKS: Final = {State.GOOD: "#08633d", State.WARN: "#7f4e07", State.BAD: "#ac1922", State.PLAN: "#0e5794"}
_SOFT: Final = {State.GOOD: "#ddf8e8", State.WARN: "#fff2d2", State.BAD: "#ffebea", State.PLAN: "#e6f3fe"}
_FILLS: Final = {State.GOOD: "#22a56a", State.WARN: "#e5a323", State.BAD: "#e23f40", State.PLAN: "#348dcf"}
_GREY_SOFT, _GREY = "#eceef1", "#9aa0a9"
_TILES_MAX: Final = 4
_ORDER: Final = (
    ComponentStatus.MAJOR_OUTAGE,
    ComponentStatus.PARTIAL_OUTAGE,
    ComponentStatus.DEGRADED,
    ComponentStatus.UNKNOWN,
    ComponentStatus.MAINTENANCE,
    ComponentStatus.OPERATIONAL,
)


class Preview:
    """Draws the picture, and keeps the last one as long as it would look the same."""

    def __init__(self, lettering: Lettering) -> None:
        self._lettering = lettering
        self._last: tuple[object, bytes] | None = None

    def png(self, told: Told) -> bytes:
        """Return the picture of a state as PNG."""
        looks = _looks(told)
        with self._lettering.lock:
            if self._last is None or self._last[0] != looks:
                self._last = looks, self._drawn(told)
            return self._last[1]

    def _drawn(self, told: Told) -> bytes:
        image = Image.new("RGB", (SIZE[0] * _SCALE, SIZE[1] * _SCALE), _GROUND)
        pen = _Pen(ImageDraw.Draw(image), self._lettering)
        overall = told.overall
        state = INDICATOR_STATES[overall.indicator] if overall.known else State.UNKNOWN
        if not overall.known and overall.indicator in {"major", "critical"}:
            state = State.BAD
        _brand(pen, state)
        pen.disc(_EDGE + 44, 214, 44, _SOFT.get(state, _GREY_SOFT))
        pen.glyph(state, _EDGE + 44, 214, 44)
        room = SIZE[0] - 2 * _EDGE - 116
        pen.text((_EDGE + 116, 160), overall.short, 54, 680, _INK, room=room)
        pen.text((_EDGE + 116, 232), _second_line(told), 27, 420, _INK_2, room=room)
        figures = told.state.figures[:_TILES_MAX]
        for place, figure in enumerate(figures):
            _tile(pen, place, len(figures), figure, known=not told.stale)
        # At the very end, where nobody crops it away: when this was true.
        pen.text((_EDGE, 556), _instant(told), 24, 420, _INK_3, room=SIZE[0] - 2 * _EDGE)
        small = image.resize(SIZE, Image.Resampling.LANCZOS)
        written = io.BytesIO()
        small.save(written, "PNG", optimize=True)
        return written.getvalue()


class _Pen:
    """Draws in the picture's own pixels onto a larger canvas."""

    def __init__(self, draw: ImageDraw.ImageDraw, lettering: Lettering) -> None:
        self._draw, self._lettering = draw, lettering

    def text(
        self, at: tuple[float, float], words: str, size: int, weight: int, ink: str, *, room: float, right: bool = False
    ) -> float:
        """Write words, cut to the room, and return how wide they are."""
        shown = self._lettering.cut(" ".join(words.split()), size, weight, room)
        font = self._lettering.font(size * _SCALE, weight)
        self._draw.text((at[0] * _SCALE, at[1] * _SCALE), shown, fill=ink, font=font, anchor="ra" if right else "la")
        return self._lettering.width(shown, size, weight)

    def disc(self, x: float, y: float, radius: float, fill: str) -> None:
        """Fill a circle."""
        box = [(x - radius) * _SCALE, (y - radius) * _SCALE, (x + radius) * _SCALE, (y + radius) * _SCALE]
        self._draw.ellipse(box, fill=fill)

    def box(self, x: float, y: float, width: float, height: float, *, fill: str, line: str | None = None) -> None:
        """Fill a rounded box."""
        corners = [x * _SCALE, y * _SCALE, (x + width) * _SCALE, (y + height) * _SCALE]
        self._draw.rounded_rectangle(corners, radius=16 * _SCALE, fill=fill, outline=line, width=2 * _SCALE)

    def strokes(self, *lines: list[tuple[float, float]], ink: str, width: float) -> None:
        """Draw lines with round ends."""
        for line in lines:
            points = [(x * _SCALE, y * _SCALE) for x, y in line]
            self._draw.line(points, fill=ink, width=round(width * _SCALE), joint="curve")
            for x, y in line:
                self.disc(x, y, width / 2, ink)

    def glyph(self, state: State, x: float, y: float, size: float) -> None:
        """Draw a state's sign: never a colour alone."""
        ink, s, width = _INKS.get(state, _INK_2), size / 24, size / 10

        def at(*points: tuple[float, float]) -> list[tuple[float, float]]:
            return [(x + (px - 12) * s, y + (py - 12) * s) for px, py in points]

        if state is State.GOOD:
            self.strokes(at((4, 12), (9.5, 17.5), (20, 7)), ink=ink, width=width)
        elif state is State.WARN:
            self.strokes(at((12, 3), (22, 20), (2, 20), (12, 3)), at((12, 9), (12, 13)), ink=ink, width=width)
            self.strokes(at((12, 16.6), (12, 16.7)), ink=ink, width=width)
        elif state is State.BAD:
            self.strokes(at((6, 6), (18, 18)), at((18, 6), (6, 18)), ink=ink, width=width)
        elif state is State.PLAN:
            self.strokes(at((3, 5), (21, 5), (21, 21), (3, 21), (3, 5)), at((3, 10), (21, 10)), ink=ink, width=width)
            self.strokes(at((8, 2), (8, 6)), at((16, 2), (16, 6)), ink=ink, width=width)
        else:
            self.text((x - 0.28 * size, y - 0.62 * size), "?", round(size), 700, ink, room=size)


def _brand(pen: _Pen, state: State) -> None:
    pen.box(_EDGE, 62, 38, 38, fill="#3b5bd4")
    pen.disc(_EDGE + 19, 81, 8, "#ffffff")
    width = pen.text((_EDGE + 54, 60), "Greenlight", 32, 680, _INK, room=400)
    pen.text((_EDGE + 54 + width + 12, 60), "status", 32, 420, _INK_3, room=300)
    pen.box(-20, -40, SIZE[0] + 40, 48, fill=_FILLS.get(state, _GREY))


def _tile(pen: _Pen, place: int, of: int, figure: FigureView, *, known: bool) -> None:
    gap = 20
    width = (SIZE[0] - 2 * _EDGE - gap * (_TILES_MAX - 1)) / _TILES_MAX if of > 1 else 420
    x, y = _EDGE + place * (width + gap), 322
    state = STATES[figure.state] if known else State.UNKNOWN
    value = value_of(figure)
    room = width - 48
    pen.box(x, y, width, 196, fill=_SURFACE, line=_LINE)
    pen.text((x + 24, y + 24), figure.title, 22, 500, _INK_2, room=room)
    if value.unit:
        used = pen.text((x + 24, y + 62), value.value, 52, 680, _INK, room=room - 48)
        pen.text((x + 24 + used + 8, y + 87), value.unit, 26, 450, _INK_3, room=48)
    else:
        pen.text((x + 24, y + 74), value.value, 36, 600, _INK_3, room=room)
    pen.glyph(state, x + 35, y + 154, 22)
    said = verdict(figure) if known else "not known now"
    pen.text((x + 54, y + 142), said, 20, 560, _INKS.get(state, _INK_2), room=room - 30)


def _second_line(told: Told) -> str:
    if told.stale:
        return f"Our measurements cannot be read; last known at {told.state.as_of:%H:%M} UTC"
    open_now = told.unresolved
    if open_now:
        more = f" and {len(open_now) - 1} more" if len(open_now) > 1 else ""
        return f"{open_now[0].name}{more}"
    statuses = [told.status(c.status) for c in told.state.components.components]
    counts = {status: statuses.count(status) for status in _ORDER}
    said = [f"{n} {STATUS_WORDS[status].lower()}" for status, n in counts.items() if n]
    return f"{fmt.plural(len(statuses), 'component')}: {', '.join(said)}" if said else "No component is watched yet"


def _instant(told: Told) -> str:
    as_of = told.state.as_of
    host = told.origin.partition("://")[2]
    demo = " · demo data" if told.demo else ""
    return f"As of {as_of:%d %b %Y, %H:%M} UTC · {host}{demo}"


def _looks(told: Told) -> object:
    figures = [(f.title, str(value_of(f)), f.state) for f in told.state.figures[:_TILES_MAX]]
    return told.overall, _second_line(told), _instant(told), told.stale, figures
