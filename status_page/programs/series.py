"""Every series as CSV and as JSON, in our own words: from these, anybody can compute every figure again."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, Final

from services.components.days import seconds_of
from services.components.views import ComponentView, DayView
from services.incidents.views import IncidentView
from services.metrics.views import FigureView, PointView
from services.slas.views import SlaMonthView, SlaView
from status_page.programs.told import Told, changed
from status_page.programs.v2 import instant

CSV_TYPE: Final = "text/csv; charset=utf-8"
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
_PARTS: Final = (
    "operational_seconds", "degraded_seconds", "partial_seconds", "major_seconds", "maintenance_seconds",
    "unknown_seconds",
)  # fmt: skip
Row = Mapping[str, object]


def csv_text(rows: Iterable[Row], columns: Sequence[str]) -> str:
    """Return rows as CSV: instants in ISO 8601, nothing as an empty cell, and no cell that a spreadsheet would run."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row[name]) for name in columns])
    return out.getvalue()


def plain(value: object) -> Any:  # noqa: ANN401 -- whatever JSON knows
    """Return views as what JSON knows: instants in ISO 8601 with milliseconds, and lists for tuples."""
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def head(told: Told) -> dict[str, Any]:
    """Return what every JSON document of ours begins with: since when this is so, and whether it was read just now."""
    return {"as_of": instant(told.state.as_of), "current": told.state.current, "demo": told.demo}


COMPONENT_COLUMNS: Final = (
    "id", "name", "group_id", "status", "status_since_at", "status_reason", "overridden", "uptime_ratio",
    "measured_seconds", "updated_at",
)  # fmt: skip


def component_row(told: Told, view: ComponentView) -> dict[str, Any]:
    """Return how a component stands, in our words: these know the unknown."""
    return {
        "id": view.id,
        "name": view.name,
        "group_id": view.group_id,
        "status": told.status(view.status).value,
        "status_since_at": view.status_since_at,
        "status_reason": view.status_reason,
        "overridden": view.overridden,
        "uptime_ratio": view.uptime_ratio,
        "measured_seconds": view.measured_seconds,
        "updated_at": view.updated_at,
    }


DAY_COLUMNS: Final = ("day", "worst", *_PARTS)


def day_row(view: DayView) -> dict[str, Any]:
    """Return a day of a component in its parts."""
    return {"day": view.day, "worst": view.worst.value, **dict(zip(_PARTS, seconds_of(view), strict=True))}


INCIDENT_COLUMNS: Final = (
    "id", "kind", "name", "status", "impact", "started_at", "monitoring_at", "resolved_at", "scheduled_for",
    "scheduled_until", "updated_at", "automatic", "sla", "components", "updates", "note", "url",
)  # fmt: skip


def incident_row(told: Told, view: IncidentView) -> dict[str, Any]:
    """Return an incident or a maintenance in one row."""
    return {
        "id": view.id,
        "kind": view.kind,
        "name": view.name,
        "status": view.status,
        "impact": view.impact.value,
        "started_at": view.started_at,
        "monitoring_at": view.monitoring_at,
        "resolved_at": view.resolved_at,
        "scheduled_for": view.scheduled_for,
        "scheduled_until": view.scheduled_until,
        "updated_at": changed(view),
        "automatic": view.automatic,
        "sla": view.sla,
        "components": " ".join(a.component_id for a in view.affected),
        "updates": len(view.updates),
        "note": view.note,
        "url": told.incident_url(view),
    }


SLA_COLUMNS: Final = (
    "name", "title", "state", "event_unit", "target_ratio", "window_seconds", "window_filled_ratio", "good", "total",
    "attained_ratio", "budget_left_ratio", "excluded_seconds", "unknown_seconds", "breached_since_at", "as_of",
)  # fmt: skip


def sla_row(view: SlaView) -> dict[str, Any]:
    """Return an agreement as of now in one row."""
    return {name: getattr(view, name) for name in SLA_COLUMNS}


MONTH_COLUMNS: Final = (
    "month", "name", "title", "event_unit", "target_ratio", "good", "total", "attained_ratio", "met",
    "excluded_spans", "excluded_seconds", "unknown_seconds", "breaches", "complete",
)  # fmt: skip


def month_row(view: SlaMonthView) -> dict[str, Any]:
    """Return an agreement in a calendar month in one row."""
    excluded = sum((e.ends_at - e.starts_at).total_seconds() for e in view.exclusions)
    row = {name: getattr(view, name) for name in MONTH_COLUMNS if hasattr(view, name)}
    return row | {
        "excluded_spans": len(view.exclusions),
        "excluded_seconds": excluded,
        "breaches": len(view.breaches),
    }


def whole(view: IncidentView | SlaView | SlaMonthView | FigureView | PointView) -> dict[str, Any]:
    """Return everything of a view; all of it is public."""
    return asdict(view)


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
