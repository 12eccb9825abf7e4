"""The public surface: which page stands where, and what each reads."""

from datetime import date

from flask import Blueprint, Flask, request

from services.kernel.errors import Invalid, NotFound
from services.public import PublicServices
from status_page.documents import days_of
from status_page.frame import PREFIX, PublicPages, Written
from status_page.live import blueprint as live_blueprint
from status_page.pages.component import component_page, group_page
from status_page.pages.figure import SPANS, figure_page
from status_page.pages.history import history_page, incident_page, maintenance_page
from status_page.pages.method import method_page
from status_page.pages.now import Choice, now_page
from status_page.pages.rows import DAYS
from status_page.pages.service_levels import service_levels_page
from status_page.reading import Reading, months_back
from status_page.shared import blueprint as shared_blueprint
from status_page.snapshot import Snapshot
from status_page.supplied import said
from status_page.widget import blueprint as widget_blueprint
from web.ui.language import _, later
from web.ui.static import StaticManifest

MONTHS_SHOWN = 6
DESCRIPTION = later(
    "Live service levels of video, checkout and payouts: measured, with targets, incidents and history."
)


def register(
    server: Flask, public: PublicServices, snapshot: Snapshot, manifest: StaticManifest, *, copied: bool = False
) -> None:
    """Put the public pages on a server; `copied` ones are for a copy that is hosted elsewhere."""
    reading, pages = Reading(public, snapshot), PublicPages(public, snapshot, manifest, copied=copied)
    blueprint = Blueprint("status_page", __name__)
    _figures(blueprint, pages, reading)
    _components(blueprint, pages, reading)
    _events(blueprint, pages, reading)
    _agreements(blueprint, pages, reading)
    server.register_blueprint(blueprint)
    server.register_blueprint(live_blueprint(snapshot))
    server.register_blueprint(shared_blueprint(public, reading, pages, manifest))
    server.register_blueprint(widget_blueprint(reading, pages, manifest))


def _figures(blueprint: Blueprint, pages: PublicPages, reading: Reading) -> None:
    def now() -> Written:
        state = reading.state()
        choice = Choice(DAYS.get(request.args.get("bars", ""), 90), _span(request.args.get("days"), 90))
        tree = now_page(state, reading.histories(state, choice.trend), reading.now(), choice)
        return Written(tree, _("Now"), _(DESCRIPTION))

    def figure(name: str) -> Written:
        history = reading.figure(name, days_of(request.args.get("days")))
        return Written(figure_page(history, reading.now()), said(history.figure.title), said(history.figure.definition))

    def method() -> Written:
        return Written(method_page(reading.state(), reading.policy()), _("How we measure"))

    pages.add(blueprint, PREFIX, now)
    pages.add(blueprint, f"{PREFIX}figures/<name>/", figure)
    pages.add(blueprint, f"{PREFIX}how-we-measure/", method)


def _components(blueprint: Blueprint, pages: PublicPages, reading: Reading) -> None:
    def component(component_id: str) -> Written:
        found = reading.component(component_id).value
        names = {each.id: each.name for each in reading.state().components.components}
        incidents = reading.history(None, component_id).value.items
        tree = component_page(found, reading.spans(component_id), incidents[:5], names, reading.now())
        return Written(tree, found.name, found.description)

    def group(group_id: str) -> Written:
        found = next((each for each in reading.state().components.groups if each.id == group_id), None)
        if found is None:
            raise NotFound("group_unknown", "There is no such group of components.")
        members = reading.members(group_id, request.args.get("after"))
        return Written(group_page(found, members, _next(members.value.next_cursor)), found.name, found.description)

    pages.add(blueprint, f"{PREFIX}components/<component_id>/", component)
    pages.add(blueprint, f"{PREFIX}groups/<group_id>/", group)


def _events(blueprint: Blueprint, pages: PublicPages, reading: Reading) -> None:
    def history() -> Written:
        component_id = request.args.get("component")
        name = reading.component(component_id).value.name if component_id else None
        page = reading.history(request.args.get("after"), component_id).value
        more = _next(page.next_cursor, component=component_id)
        troubles = () if request.args.get("after") else reading.troubles(component_id)
        tree = history_page(page.items, reading.now(), next_href=more, component=name, troubles=troubles)
        return Written(tree, _("History"), _("Every incident, newest first."))

    def incident(incident_id: str) -> Written:
        found = reading.incident(incident_id).value
        titles = {each.name: each.title for each in reading.state().slas}
        sla = None
        if found.sla:
            sla = (said(titles.get(found.sla, found.sla)), f"{PREFIX}service-levels/#sla-{found.sla}")
        under = f"{PREFIX}{'history' if found.kind == 'incident' else 'maintenance'}/"
        return Written(incident_page(found, reading.now(), sla), found.name, under=under)

    def maintenance() -> Written:
        state, page = reading.state(), reading.maintenances(request.args.get("after")).value
        first = request.args.get("after") is None
        under_way = [each for each in state.active if each.kind == "maintenance"] if first else []
        tree = maintenance_page(
            under_way, state.upcoming if first else (), page.items, reading.now(), next_href=_next(page.next_cursor)
        )
        return Written(tree, _("Maintenance"), _("Planned, under way and past maintenance."))

    pages.add(blueprint, f"{PREFIX}history/", history)
    pages.add(blueprint, f"{PREFIX}incidents/<incident_id>/", incident)
    pages.add(blueprint, f"{PREFIX}maintenance/", maintenance)


def _agreements(blueprint: Blueprint, pages: PublicPages, reading: Reading) -> None:
    def service_levels() -> Written:
        today = reading.now().date()
        month = _month(request.args.get("month"), today)
        tree = service_levels_page(
            reading.state().slas,
            reading.breaches(),
            (month, reading.month(month).value),
            months_back(today, MONTHS_SHOWN),
            reading.now(),
        )
        return Written(tree, _("Service levels"), _("What is promised, what was attained, what is left."))

    pages.add(blueprint, f"{PREFIX}service-levels/", service_levels)


def _span(text: str | None, otherwise: int) -> int:
    return int(text) if text in set(map(str, SPANS)) else otherwise


def _next(cursor: str | None, **others: str | None) -> str | None:
    if cursor is None:
        return None
    query = "".join(f"&{name}={value}" for name, value in others.items() if value)
    return f"?after={cursor}{query}"


def _month(text: str | None, today: date) -> date:
    if text is None:
        return today.replace(day=1)
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        asked = None
    if asked is None or asked > today:
        raise Invalid("month_invalid", "Write a month that has begun as 2026-11.", fields={"month": "is no such month"})
    return asked
