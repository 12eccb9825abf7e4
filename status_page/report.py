"""The monthly report as PDF: what was promised and attained, with raw counts, exclusions, breaches and the method."""

import io
import threading
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, cast
from xml.sax.saxutils import escape

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, Table, TableStyle

from services.slas.views import SlaMonthView
from status_page.wording import ratio_words
from web.ui import fmt
from web.ui.static import StaticManifest

_INK, _QUIET, _LINE = colors.HexColor("#1c2030"), colors.HexColor("#5c6370"), colors.HexColor("#d9dce3")
_GOOD, _BAD, _LIGHT = colors.HexColor("#1b6b45"), colors.HexColor("#a3261f"), colors.HexColor("#3ddc84")
_FACE, _BOLD = "Greenlight Paper", "Greenlight Paper Bold"
_BODY: Final = ParagraphStyle("body", fontName=_FACE, fontSize=9, leading=13.5, textColor=_INK)
_SMALL: Final = ParagraphStyle("small", parent=_BODY, fontSize=8, leading=11.5, textColor=_QUIET)
_CELL: Final = ParagraphStyle("cell", parent=_BODY, leading=12)
_TITLE: Final = ParagraphStyle("title", parent=_BODY, fontName=_BOLD, fontSize=22, leading=30)
_HEAD: Final = ParagraphStyle("head", parent=_BODY, fontName=_BOLD, fontSize=12, leading=18, spaceBefore=12)
_MARGIN: Final = 18 * mm
_EDGE: Final = _MARGIN + 6
"""Where words begin: the frame of a page keeps six points inside its margin."""
_UNDRAWN: Final = "\N{REPLACEMENT CHARACTER}"
_UNDRAWN_NOTE: Final = (
    f"{_UNDRAWN} stands for a letter that this report's face does not have. It has Latin, Greek and Cyrillic; the page "
    "on the web shows the name in full."
)
_METHOD: Final = (
    (
        "Attained is good events divided by all events of the calendar month (UTC), after exclusions. Raw counts stand "
        "beside each ratio, so that it can be computed again."
    ),
    (
        "Announced maintenance is left out, and so is what was marked as maintenance afterwards, with its recorded "
        "reason. Each exclusion is listed."
    ),
    (
        "Time in which nothing was measured is neither good nor bad; it is stated. Nothing out of nothing is no data, "
        "and neither kept nor missed."
    ),
)


def month_report(
    rows: Sequence[SlaMonthView], month: date, made_at: datetime, manifest: StaticManifest, *, demo: bool = False
) -> bytes:
    """Return the report of a calendar month, set in the face of the front-end build."""
    _letters(manifest)
    out = io.BytesIO()
    document = SimpleDocTemplate(
        out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=22 * mm,
        title=f"Service levels, {_plain(fmt.month(month))}", author="Greenlight", lang="en",
    )  # fmt: skip
    so_far = any(not row.complete for row in rows)
    story: list[Any] = [
        _text("Service levels", _TITLE),
        _text(f"{fmt.month(month)}{', so far: the month has not ended' if so_far else ''}", _HEAD),
        _text(f"Made {fmt.instant(made_at)} from the measurements themselves.", _SMALL),
    ]
    if demo:
        story.append(_text("Demo data: these figures come from generated traffic.", _SMALL))
    story += [Spacer(1, 6 * mm), _overview(rows) if rows else _text("Nothing is recorded for this month.", _BODY)]
    for row in rows:
        story.extend(_agreement(row))
    story += [_text("Method", _HEAD), *[_text(words, _BODY) for words in _METHOD]]
    if any(_UNDRAWN in _plain(text) for row in rows for text in _written_by_people(row)):
        story.append(_text(_UNDRAWN_NOTE, _SMALL))
    document.build(story, canvasmaker=_Numbered)
    return out.getvalue()


def _overview(rows: Sequence[SlaMonthView]) -> Table:
    heads = ("Agreement", "Promised", "Attained", "Good", "Of all", "Kept", "Breaches")
    body = [
        [
            _text(row.title, _CELL), _ratio(row.target_ratio), _ratio(row.attained_ratio), _number(row.good),
            _number(row.total), kept(row), str(len(row.breaches)),
        ]
        for row in rows
    ]  # fmt: skip
    table = Table(
        [list(heads), *body], repeatRows=1, hAlign="LEFT",
        colWidths=[44 * mm, 22 * mm, 22 * mm, 24 * mm, 24 * mm, 16 * mm, 17.7 * mm],
    )  # fmt: skip
    looks: list[Any] = [
        ("FONT", (0, 0), (-1, 0), _FACE, 8), ("TEXTCOLOR", (0, 0), (-1, 0), _QUIET),
        ("FONT", (1, 1), (-1, -1), _FACE, 9), ("ALIGN", (1, 0), (4, -1), "RIGHT"),
        ("ALIGN", (6, 0), (6, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"), ("LINEBELOW", (0, 0), (-1, -1), 0.4, _LINE),
        ("LEFTPADDING", (0, 0), (0, -1), 0),
    ]  # fmt: skip
    for index, row in enumerate(rows, start=1):
        if row.met is not None:
            looks.append(("TEXTCOLOR", (5, index), (5, index), _GOOD if row.met else _BAD))
    table.setStyle(TableStyle(looks))
    return table


def _agreement(row: SlaMonthView) -> list[Any]:
    said: list[Flowable] = [
        _text(row.title, _HEAD),
        _text(row.promise, _BODY),
        _text(f"What counts: {row.policy}", _SMALL),
        _text(
            f"Good {_number(row.good)} of {_number(row.total)} {row.event_unit}; not measured: "
            f"{fmt.duration(row.unknown_seconds)}.", _BODY,
        ),
    ]  # fmt: skip
    left_out = [
        _text(f"Left out: {fmt.instant(e.starts_at)} to {fmt.instant(e.ends_at)}, {e.reason}"
              f"{' (marked afterwards)' if e.retroactive else ''}", _SMALL)
        for e in row.exclusions
    ]  # fmt: skip
    breaches = [
        _text(f"Breach {fmt.instant(b.started_at)} to {fmt.instant(b.ended_at) if b.ended_at else 'now'}, found "
              f"{fmt.instant(b.detected_at)} by {b.rule}: {b.explanation}", _SMALL)
        for b in row.breaches
    ]  # fmt: skip
    nothing = _text("Nothing was left out.", _SMALL)
    return [KeepTogether(said), *(left_out or [nothing]), *(breaches or [_text("There was no breach.", _SMALL)])]


def kept(row: SlaMonthView) -> str:
    """Whether the promise was kept, in a word."""
    return "no data" if row.met is None else "kept" if row.met else "missed"


def _ratio(value: float | None) -> str:
    return _plain(ratio_words(value))


def _number(value: float) -> str:
    return _plain(fmt.number(value, 0))


def _plain(text: str) -> str:
    """The text in the letters of the report's face; what it lacks is a square, never a missing word."""
    written = unicodedata.normalize("NFC", text.replace(fmt.NBSP, " "))
    has = cast("TTFont", pdfmetrics.getFont(_FACE)).face.charToGlyph
    return "".join(" " if not c.isprintable() else c if ord(c) in has else _UNDRAWN for c in written)


def _written_by_people(row: SlaMonthView) -> list[str]:
    return [row.title, row.promise, row.policy, *[e.reason for e in row.exclusions],
            *[b.explanation for b in row.breaches]]  # fmt: skip


_registering = threading.Lock()


def _letters(manifest: StaticManifest) -> None:
    """Make the report's face known to reportlab, once for the process: it is embedded, so no reader's font matters."""
    with _registering:
        known = pdfmetrics.getRegisteredFontNames()
        for name, file in ((_FACE, "paper.ttf"), (_BOLD, "paper-bold.ttf")):
            if name not in known:
                pdfmetrics.registerFont(TTFont(name, io.BytesIO(manifest.body(file))))


def _text(text: str, style: ParagraphStyle) -> Paragraph:
    # The paragraph has a markup of its own: what somebody wrote is text and nothing else.
    return Paragraph(escape(_plain(text)), style)


class _Numbered(Canvas):
    """Writes "page 2 of 5" under each page, once it is known how many there are."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 -- reportlab's own signature
        super().__init__(*args, **options)
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 -- reportlab's name
        """Keep the page until the end."""
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined] # the stubs leave out what reportlab's own page counter calls

    def save(self) -> None:
        """Number the kept pages, and write them."""
        for number, page in enumerate(self._pages, start=1):
            self.__dict__.update(page)
            self._mark()
            self.setFont(_FACE, 8)
            self.setFillColor(_QUIET)
            self.drawString(_EDGE, 12 * mm, "Greenlight service levels")
            self.drawRightString(A4[0] - _EDGE, 12 * mm, f"page {number} of {len(self._pages)}")
            super().showPage()
        super().save()

    def _mark(self) -> None:
        """Draw the product's mark at the top of the page."""
        size, top = 5 * mm, A4[1] - 13 * mm
        self.setFillColor(_INK)
        self.roundRect(A4[0] - _EDGE - size, top, size, size, size * 0.3, stroke=0, fill=1)
        self.setFillColor(_LIGHT)
        self.circle(A4[0] - _EDGE - size / 2, top + size / 2, size * 0.24, stroke=0, fill=1)
