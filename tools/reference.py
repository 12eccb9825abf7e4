"""Writes docs/reference.md: every setting, permission, verb, fact, stored column and metric, read from the code.

Usage: python -m tools.reference
"""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import sys
from collections.abc import Iterable, Iterator

import sqlalchemy as sa
from pydantic_core import PydanticUndefined

import services
from services.identity import roles
from services.infra import settings
from services.infra.db import Base
from services.infra.verbs import REGISTRY, VerbInfo
from services.kernel.facts import Fact
from services.metrics import catalogue
from tools.paths import ROOT

DOCUMENT = ROOT / "docs" / "reference.md"
MIGRATIONS = "services.infra.migrations"  # Alembic runs them; importing them does nothing good
INSTRUMENTS = {"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"}
INSTRUMENTS |= {"CounterMetricFamily", "GaugeMetricFamily", "HistogramMetricFamily", "SummaryMetricFamily"}


def import_services() -> None:
    """Import every module of the services, so that their registries are full."""
    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.startswith(MIGRATIONS):
            importlib.import_module(module.name)


def _first_line(documented: object) -> str:
    return (inspect.getdoc(documented) or "").split("\n")[0]


def _table(title: str, note: str, columns: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    head = [name.strip() for name in columns.split("|")]
    lines = ["", f"## {title}", "", note, "", f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return lines + [f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows]


def _settings() -> Iterator[tuple[str, ...]]:
    for name, field in settings.Settings.model_fields.items():
        given = "" if field.default is PydanticUndefined else str(field.default)
        secret = "**" in given or "Secret" in str(field.annotation)
        default = "kept in the data folder" if secret else f"`{given}`" if given else "none"
        yield f"`{settings.PREFIX}{name.upper()}`", default, field.description or ""


def _permissions() -> Iterator[tuple[str, ...]]:
    for permission, meaning in sorted(roles.PERMISSIONS.items()):
        holders = [role.value for role in roles.Role if permission in roles.ROLE_PERMISSIONS[role]]
        yield f"`{permission}`", meaning, ", ".join(holders) or "jobs only"


def _verbs() -> Iterator[tuple[str, ...]]:
    for name, info in sorted(product_verbs().items()):
        method: object = sys.modules[info.module]
        for part in name.split(".")[1:]:
            method = getattr(method, part)
        meaning = _first_line(method)
        if info.unaudited_because:
            meaning += f" Not audited: {info.unaudited_because}"
        yield f"`{name}`", info.kind, f"`{info.permission}`", meaning


def product_verbs() -> dict[str, VerbInfo]:
    """Return the product's verbs by name, without those that tests define."""
    return {name: info for name, info in REGISTRY.items() if info.module.startswith("services.")}


def _facts() -> Iterator[tuple[str, ...]]:
    for topic, fact in sorted(product_facts().items()):
        fields = [field.name for field in dataclasses.fields(fact) if field.name not in {"occurred_at", "fact_id"}]
        yield f"`{topic}`", f"`{fact.__name__}`", ", ".join(f"`{name}`" for name in fields), _first_line(fact)


def product_facts() -> dict[str, type[Fact]]:
    """Return the facts of the product by topic, without those that tests define."""
    return {topic: fact for topic, fact in Fact.registry.items() if fact.__module__.startswith("services.")}


def _columns() -> Iterator[tuple[str, ...]]:
    for table in product_tables():
        for column in table.columns:
            category = column.info.get("personal", "undeclared")
            yield f"`{table.name}`", f"`{column.name}`", str(column.type), str(category)


def product_tables() -> list[sa.Table]:
    """Return the product's tables by name, without those that tests define."""
    owners = [(mapper.class_.__module__, mapper.local_table) for mapper in Base.registry.mappers]
    ours = {table for module, table in owners if module.startswith("services.") and isinstance(table, sa.Table)}
    return sorted(ours, key=lambda table: table.name)


def instruments(source: str) -> Iterator[tuple[str, str, str]]:
    """Find the Prometheus instruments that a file makes: name, kind, help."""
    for call in ast.walk(ast.parse(source)):
        if not isinstance(call, ast.Call):
            continue
        kind = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        words = [a.value for a in call.args[:2] if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if kind in INSTRUMENTS and words[1:]:
            yield words[0], kind.removesuffix("MetricFamily").lower(), words[1]


def _exported() -> Iterator[tuple[str, ...]]:
    found = {
        instrument
        for folder in ("services", "web", "collectors", "api", "processes")
        for file in (ROOT / folder).rglob("*.py")
        for instrument in instruments(file.read_text())
    }
    for name, kind, meaning in sorted(found):
        yield f"`{name}`", kind, meaning


def _measured() -> Iterator[tuple[str, ...]]:
    for metric in catalogue.METRICS.values():
        good = f"{metric.good_at_most}" if metric.good_at_most is not None else ""
        yield f"`{metric.name}`", metric.kind, metric.unit, good, metric.help


def render_document() -> str:
    """Draw docs/reference.md."""
    import_services()
    lines = ["# Reference", "", "Read from the code by `make docs`; a test holds it true. Do not edit."]
    lines += _table("Settings", "Read once from the environment.", "name | default | meaning", _settings())
    lines += _table("Permissions", "Who may do what.", "permission | meaning | roles", _permissions())
    lines += _table("Verbs", "What the product can do and be asked.", "verb | kind | permission | meaning", _verbs())
    lines += _table("Facts", "What domains tell each other.", "topic | class | fields | meaning", _facts())
    note = "Each column says what it holds of a person."
    lines += _table("Stored data", note, "table | column | type | personal data", _columns())
    note = "From the players' beacons, in the metric store."
    lines += _table("Playback metrics", note, "metric | kind | unit | good up to | meaning", _measured())
    lines += _table("Exported metrics", "At `/metrics`, for Prometheus.", "metric | kind | meaning", _exported())
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the document."""
    DOCUMENT.parent.mkdir(exist_ok=True)
    DOCUMENT.write_text(render_document())
    print(f"wrote {DOCUMENT.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
