from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from services.incidents.tables import AffectedRow, ChangeRow, IncidentRow, UpdateRow
from services.infra.uow import UnitOfWork
from services.kernel.paging import PageRequest
from tests.incidents.conftest import VISITOR, House

pytestmark = pytest.mark.capability("STATUS-2")

YEARS = 5
A_DAY = 3


@pytest.fixture
def five_years(house: House, uow: UnitOfWork) -> House:
    """Three incidents a day over five years, each with four updates that give a component a status."""
    now = house.clock.now()
    incidents, updates, changes, affected = [], [], [], []
    for number in range(YEARS * 365 * A_DAY):
        at, key = now - timedelta(hours=8 * (number + 1)), f"inc{number:09d}"
        incidents.append({
            "id": key, "kind": "incident", "name": f"Number {number}", "status": "resolved", "base_impact": "none",
            "impact": "minor", "impact_reason": "", "started_at": at, "created_at": at, "updated_at": at,
            "resolved_at": at + timedelta(hours=1), "starts_itself": False, "ends_itself": False, "notifies": True,
            "postmortem_draft": "", "postmortem": "", "automatic": False, "note": "", "backfilled": False,
            "retroactive": False, "origin": "real", "version": 4,
        })  # fmt: skip
        affected.append({"incident_id": key, "component_id": "checkout", "place": 0, "name": "Checkout",
                         "status": "operational"})  # fmt: skip
        for turn in range(4):
            updates.append({
                "id": f"u{number:09d}{turn}", "incident_id": key, "number": turn, "status": "identified",
                "body": f"Word **{number}.{turn}** on it.", "display_at": at + timedelta(minutes=turn),
                "created_at": at, "updated_at": at, "notifies": True,
            })  # fmt: skip
            changes.append({
                "update_id": f"u{number:09d}{turn}", "component_id": "checkout", "place": 0, "name": "Checkout",
                "old_status": "operational", "new_status": "degraded_performance",
            })  # fmt: skip
    with uow.writing() as session:
        for table, rows in (
            (IncidentRow, incidents),
            (UpdateRow, updates),
            (ChangeRow, changes),
            (AffectedRow, affected),
        ):
            session.execute(sa.insert(table), rows)
    return house


def test_five_years_of_incidents_are_paged_with_a_fixed_number_of_statements(
    five_years: House, engine: sa.Engine
) -> None:
    reads, statements = five_years.verbs.reads, 0

    def count(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        nonlocal statements
        statements += statement.lstrip().lower().startswith("select")

    event.listen(engine, "before_cursor_execute", count)
    middle = reads.history(VISITOR, PageRequest(None, 200)).next_cursor
    for page in (PageRequest(None, 50), PageRequest(middle, 50)):
        for component_id in (None, "checkout"):
            statements = 0
            found = reads.history(VISITOR, page, component_id=component_id)
            assert len(found.items) == 50
            assert all(len(view.updates) == 4 for view in found.items)
            assert statements == 4
    now = five_years.clock.now()
    assert len(reads.between(VISITOR, now - timedelta(days=90), now)) == 90 * A_DAY
    assert reads.active(VISITOR) == []
