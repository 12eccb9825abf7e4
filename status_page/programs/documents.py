"""The doors for programs: the status-page v2 documents, feeds, calendars, badges, the preview, and every series."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Final

from flask import Blueprint, Response, request

from services.components.views import ComponentView
from services.incidents.views import IncidentView
from services.kernel.errors import NotFound
from status_page.pages.figure import SPANS as HISTORY_SPANS
from status_page.programs import badges, calendar, feeds, series, v2
from status_page.programs.answers import CACHE, answer, json_answer, open_to_all
from status_page.programs.badges import Badge
from status_page.programs.site import Site
from status_page.programs.told import Told
from status_page.programs.uptime import over_days, over_last_day
from web.shell.routes import PUBLIC, CachedDocument, route

_PICTURE: Final = CachedDocument(ttl_seconds=5.0)
_PAGED: Final = CachedDocument(ttl_seconds=1.0, query=frozenset({"after"}))
_FORMATS: Final = ("rss", "atom", "json")


def blueprint(site: Site) -> Blueprint:
    """Return the documents' routes."""
    documents = Blueprint("status_programs", __name__)
    open_to_all(documents)
    _add_v2(documents, site)
    _add_feeds(documents, site)
    _add_badges(documents, site)
    _add_series(documents, site)
    _add_history(documents, site)
    return documents


def _add_v2(documents: Blueprint, site: Site) -> None:
    for name, make in v2.DOCUMENTS.items():
        _add_document(documents, site, name, make)


def _add_document(documents: Blueprint, site: Site, name: str, make: Callable[[Told], v2.Json]) -> None:
    endpoint = f"v2_{name.replace('/', '_').replace('-', '_')}"

    @route(documents, f"/api/v2/{name}.json", access=PUBLIC, cache=CACHE, endpoint=endpoint)
    def document() -> Response:
        told = site.told()
        return json_answer(told, make(told))


def _feed(told: Told, views: tuple[IncidentView, ...], path: str, about: str = "") -> Response:
    made = feeds.feed(told, views, path, about=about)
    kind = path.rpartition(".")[2]
    if kind == "json":
        return json_answer(told, feeds.json_feed(told, made), feeds.JSON_TYPE)
    body, content_type = (
        (feeds.rss(told, made), feeds.RSS_TYPE) if kind == "rss" else (feeds.atom(told, made), feeds.ATOM_TYPE)
    )
    response = answer(told, body, content_type)
    response.last_modified = made.updated_at
    return response


def _add_feeds(documents: Blueprint, site: Site) -> None:
    def everything() -> Response:
        told = site.told()
        return _feed(told, (*told.incidents, *told.maintenances), request.path)

    def of_component(component_id: str) -> Response:
        told = site.told()
        view = site.component(told, component_id)
        return _feed(told, site.about(told, view.id), request.path, view.name)

    for kind in _FORMATS:
        rule = f"/status/feed.{kind}"
        route(documents, rule, access=PUBLIC, cache=CACHE, endpoint=f"feed_{kind}")(everything)
        rule = f"/status/components/<component_id>/feed.{kind}"
        route(documents, rule, access=PUBLIC, cache=CACHE, endpoint=f"component_feed_{kind}")(of_component)
    # Where readers of status pages look first.
    for kind in ("rss", "atom"):
        route(documents, f"/history.{kind}", access=PUBLIC, cache=CACHE, endpoint=f"history_{kind}")(everything)

    @route(documents, "/status/calendar.ics", access=PUBLIC, cache=CACHE)
    def calendar_of_all() -> Response:
        told = site.told()
        views = (*told.incidents, *told.maintenances)
        return answer(told, calendar.calendar(told, views), calendar.CONTENT_TYPE)

    @route(documents, "/status/components/<component_id>/calendar.ics", access=PUBLIC, cache=CACHE)
    def calendar_of_component(component_id: str) -> Response:
        told = site.told()
        view = site.component(told, component_id)
        body = calendar.calendar(told, site.about(told, view.id), about=view.name)
        return answer(told, body, calendar.CONTENT_TYPE)


def _add_badges(documents: Blueprint, site: Site) -> None:
    def overall(told: Told) -> Badge:
        return badges.overall_badge(told)

    def of_part(told: Told, part_id: str) -> Badge:
        part = site.part(told, part_id)
        return badges.status_badge(told, part.name, part.status)

    def of_uptime(told: Told, component_id: str, span: str) -> Badge:
        days = badges.SPANS.get(span)
        if days is None:
            raise NotFound("span_unknown", f"Uptime is offered over {', '.join(badges.SPANS)}.")
        view = site.component(told, component_id)
        if days == 1:
            return badges.uptime_badge(view.name, over_last_day(site.reading.spans(view.id), told.now), span)
        rows = view.days or site.reading.component(view.id).value.days
        return badges.uptime_badge(view.name, over_days(rows, days), span)

    def of_figure(told: Told, name: str) -> Badge:
        return badges.figure_badge(told, site.figure(told, name))

    _add_badge(documents, site, "/status/badges/overall", "overall", overall)
    _add_badge(documents, site, "/status/badges/components/<part_id>", "component", of_part)
    _add_badge(documents, site, "/status/badges/components/<component_id>/uptime-<span>", "uptime", of_uptime)
    _add_badge(documents, site, "/status/badges/figures/<name>", "figure", of_figure)

    @route(documents, "/status/preview.png", access=PUBLIC, cache=_PICTURE)
    def preview() -> Response:
        told = site.told()
        response = answer(told, site.preview.png(told), "image/png")
        response.headers["Cache-Control"] = "public, max-age=60, must-revalidate"
        return response


def _add_badge(documents: Blueprint, site: Site, rule: str, name: str, make: Callable[..., Badge]) -> None:
    def made(told: Told, **variables: str) -> Badge:
        badge = make(told, **variables)
        return badges.dated(badge, told) if site.copied else badge

    @route(documents, f"{rule}.svg", access=PUBLIC, cache=CACHE, endpoint=f"badge_{name}_svg")
    def picture(**variables: str) -> Response:
        told = site.told()
        return answer(told, badges.svg(made(told, **variables), site.lettering), badges.SVG_TYPE)

    @route(documents, f"{rule}.json", access=PUBLIC, cache=CACHE, endpoint=f"badge_{name}_json")
    def shields(**variables: str) -> Response:
        told = site.told()
        return json_answer(told, badges.shields(made(told, **variables)))


def _add_series(documents: Blueprint, site: Site) -> None:
    @route(documents, "/status/components.json", access=PUBLIC, cache=CACHE)
    def components_json() -> Response:
        told = site.told()
        rows = [series.component_row(told, c) for c in told.state.components.components]
        return json_answer(told, series.head(told) | {"components": series.plain(rows)})

    @route(documents, "/status/components.csv", access=PUBLIC, cache=CACHE)
    def components_csv() -> Response:
        told = site.told()
        rows = (series.component_row(told, c) for c in told.state.components.components)
        return answer(told, series.csv_text(rows, series.COMPONENT_COLUMNS), series.CSV_TYPE)

    def days_of(told: Told, component_id: str) -> ComponentView:
        view = site.component(told, component_id)
        return view if view.days else site.reading.component(component_id).value

    @route(documents, "/status/components/<component_id>/days.json", access=PUBLIC, cache=CACHE)
    def days_json(component_id: str) -> Response:
        told = site.told()
        view = days_of(told, component_id)
        days = series.plain([series.day_row(day) for day in view.days])
        body = {"component": series.plain(series.component_row(told, view)), "days": days}
        return json_answer(told, series.head(told) | body)

    @route(documents, "/status/components/<component_id>/days.csv", access=PUBLIC, cache=CACHE)
    def days_csv(component_id: str) -> Response:
        told = site.told()
        rows = (series.day_row(day) for day in days_of(told, component_id).days)
        return answer(told, series.csv_text(rows, series.DAY_COLUMNS), series.CSV_TYPE)

    @route(documents, "/status/service-levels.json", access=PUBLIC, cache=CACHE)
    def slas_json() -> Response:
        told = site.told()
        rows = series.plain([series.whole(sla) for sla in told.state.slas])
        return json_answer(told, series.head(told) | {"service_levels": rows})

    @route(documents, "/status/service-levels.csv", access=PUBLIC, cache=CACHE)
    def slas_csv() -> Response:
        told = site.told()
        rows = (series.sla_row(sla) for sla in told.state.slas)
        return answer(told, series.csv_text(rows, series.SLA_COLUMNS), series.CSV_TYPE)


def _add_history(documents: Blueprint, site: Site) -> None:
    @route(documents, "/status/service-levels/<month>.json", access=PUBLIC, cache=CACHE)
    def month_json(month: str) -> Response:
        told = site.told()
        rows = series.plain([series.whole(each) for each in site.reading.month(_month(month)).value])
        return json_answer(told, series.head(told) | {"month": month, "service_levels": rows})

    @route(documents, "/status/service-levels/<month>.csv", access=PUBLIC, cache=CACHE)
    def month_csv(month: str) -> Response:
        rows = (series.month_row(each) for each in site.reading.month(_month(month)).value)
        return answer(site.told(), series.csv_text(rows, series.MONTH_COLUMNS), series.CSV_TYPE)

    @route(documents, "/status/incidents.json", access=PUBLIC, cache=_PAGED)
    def incidents_json() -> Response:
        told, page = site.told(), site.page(request.args.get("after"))
        rows = [series.whole(each) | {"url": told.incident_url(each)} for each in page.items]
        body = {"incidents": series.plain(rows), "next": _next(told, page.next_cursor)}
        return json_answer(told, series.head(told) | body)

    @route(documents, "/status/incidents.csv", access=PUBLIC, cache=_PAGED)
    def incidents_csv() -> Response:
        told, page = site.told(), site.page(request.args.get("after"))
        rows = (series.incident_row(told, each) for each in page.items)
        response = answer(told, series.csv_text(rows, series.INCIDENT_COLUMNS), series.CSV_TYPE)
        following = _next(told, page.next_cursor)
        if following:
            response.headers["Link"] = f'<{following}>; rel="next"'
        return response

    @route(documents, "/status/maintenance.json", access=PUBLIC, cache=CACHE)
    def maintenance_json() -> Response:
        told = site.told()
        rows = [series.whole(each) | {"url": told.incident_url(each)} for each in told.maintenances]
        return json_answer(told, series.head(told) | {"maintenance": series.plain(rows)})

    @route(documents, "/status/figures/<name>.json", access=PUBLIC, cache=CachedDocument(query=frozenset({"days"})))
    def figure_json(name: str) -> Response:
        told = site.told()
        history = site.reading.figure(name, _days(request.args.get("days")))
        body = {"figure": series.plain(series.whole(history.figure)), "days": history.days}
        return json_answer(
            told, series.head(told) | body | {"points": series.plain([series.whole(point) for point in history.points])}
        )


def _next(told: Told, cursor: str | None) -> str | None:
    return None if cursor is None else told.url(f"{request.path}?after={cursor}")


def _days(text: str | None) -> int:
    known = {str(days): days for days in HISTORY_SPANS}
    found = known.get(text or "1")
    if found is None:
        raise NotFound("span_unknown", f"History is offered over {', '.join(known)} days.")
    return found


def _month(text: str) -> date:
    try:
        return datetime.strptime(f"{text}-01", "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise NotFound("month_unknown", "Write a month as 2026-11.") from None
