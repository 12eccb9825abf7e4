"""The doors of the investor view. Each view is counted, so nothing of it is kept by any cache."""

from datetime import date
from typing import Literal

from flask import Blueprint, Response

from services.kernel.errors import NotFound
from services.public import PublicServices
from services.shares.views import SharedView
from services.slas.views import SlaMonthView
from status_page.frame import PublicPages, Written
from status_page.pages.shared import shared_page
from status_page.reading import Reading, months_back
from status_page.report import month_report
from web.shell.routes import PUBLIC, route
from web.ui.language import _
from web.ui.static import StaticManifest

MONTHS = 12
# The address is the key: it goes to no other site, and no search engine keeps it.
_SECRET = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow", "Cache-Control": "no-store"}


def blueprint(public: PublicServices, reading: Reading, pages: PublicPages, manifest: StaticManifest) -> Blueprint:
    """Return the routes of the investor view."""
    doors = Blueprint("status_shared", __name__)

    def follow(token: str, what: Literal["page", "report"]) -> SharedView:
        return public.shares.follow(public.visitor, token, what)

    @route(doors, "/status/shared/<token>/", access=PUBLIC, anonymous=True, translated=True)
    def shared(token: str) -> Response:
        link = follow(token, "page")
        months = _months(reading)
        tree = shared_page(link, months, reading.state().figures)
        answer = pages.answer(Written(tree, _("Service levels by month"), live=False))
        answer.headers.update(_SECRET)
        return answer

    @route(doors, "/status/shared/<token>/report-<month>.pdf", access=PUBLIC, anonymous=True)
    def report(token: str, month: str) -> Response:
        asked = _month(month, reading.now().date())
        follow(token, "report")
        body = month_report(reading.month(asked).value, asked, reading.now(), manifest, demo=public.demo)
        name = f'inline; filename="service-levels-{asked:%Y-%m}.pdf"'
        return Response(body, mimetype="application/pdf", headers=_SECRET | {"Content-Disposition": name})

    return doors


def _months(reading: Reading) -> dict[date, tuple[SlaMonthView, ...]]:
    """The months of which something is recorded, the newest first; this one is always among them."""
    newest = months_back(reading.now().date(), MONTHS)
    found = {month: reading.month(month).value for month in newest}
    return {month: rows for month, rows in found.items() if month == newest[0] or any(row.total for row in rows)}


def _month(text: str, today: date) -> date:
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        asked = None
    if asked is None or asked > today:
        raise NotFound("report_unknown", "There is no report of this month.")
    return asked
