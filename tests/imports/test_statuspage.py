"""A status page of the v2 JSON comes over: once, whole, and a second time without any effect."""

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

from services.components import ComponentDraft
from services.components.tables import ComponentRow
from services.events.subscribers import SubscriptionRequested
from services.imports.tables import ItemRow
from services.incidents.tables import IncidentRow
from services.incidents.views import UpdateDraft
from services.kernel.errors import Conflict, Forbidden
from services.kernel.paging import PageRequest
from services.subscribers.tables import ChoiceRow, SubscriberRow
from tests.imports.conftest import IMPORTER, House, outcomes, reasons, upload

pytestmark = pytest.mark.capability("STATUS-2")

ATTACK = "<img src=x onerror=alert(1)>"


def said(own: str, status: str, at: str, body: str, new: str) -> dict[str, Any]:
    return {
        "id": own, "status": status, "body": body, "created_at": at, "display_at": at,
        "affected_components": [{"code": "api", "name": "API", "old_status": "operational", "new_status": new}],
    }  # fmt: skip


def page() -> dict[str, Any]:
    return {
        "page": {"id": "kctbh9vrtdwd", "name": "Example", "time_zone": "Etc/UTC"},
        "components": [
            {"id": "api", "name": f"API {ATTACK}", "status": "degraded_performance", "group_id": "core", "group": False,
             "description": "What programs talk to.", "showcase": False, "start_date": "2023-04-01",
             "only_show_if_degraded": True, "position": 1},
            {"id": "web", "name": "Web", "status": "operational", "group_id": None, "group": False},
            {"id": "core", "name": "Core", "status": "operational", "group": True, "components": ["api"]},
        ],
        "incidents": [
            {
                "id": "one", "name": "Requests fail", "impact": "minor", "status": "resolved",
                "incident_updates": [
                    said("u2", "resolved", "2024-01-01T12:00:00+01:00", "All <b>well</b>.<br>Sorry.", "operational"),
                    said("u1", "investigating", "2024-01-01T10:00:00.000Z", f"We look. {ATTACK}", "major_outage"),
                ],
            },
            {
                "id": "two", "name": "Slow", "impact": "major", "status": "identified",
                "incident_updates": [said("u3", "identified", "2024-02-01T10:00:00Z", "Disks.", "partial_outage")],
            },
        ],
        "scheduled_maintenances": [{"id": "m", "name": "New disks"}],
    }  # fmt: skip


def test_groups_components_and_incidents_come_over_as_they_were(house: House) -> None:
    report = house.bring("statuspage", page())
    board = house.components.board.look(IMPORTER)
    api = next(each for each in board.components if each.name.startswith("API"))
    assert (board.groups[0].name, api.group_id) == ("Core", board.groups[0].id)
    assert (api.name, api.description, api.status) == (
        f"API {ATTACK}", "What programs talk to.", "degraded_performance",
    )  # fmt: skip
    assert (api.manual, api.showcase, api.only_show_if_degraded, str(api.start_on)) == (True, False, True, "2023-04-01")
    two, one = house.incidents.reads.history(IMPORTER, PageRequest(None, 10)).items
    assert (one.name, one.status, one.impact, two.status, two.impact) == (
        "Requests fail", "resolved", "minor", "identified", "major",
    )  # fmt: skip
    assert one.started_at == datetime(2024, 1, 1, 10, tzinfo=UTC)
    assert one.resolved_at == datetime(2024, 1, 1, 11, tzinfo=UTC)
    assert [each.body for each in one.updates] == ["All **well**.\nSorry.", "We look."]
    assert [each.component_id for each in two.affected] == [api.id]
    assert not any(each.notifies for each in (*one.updates, *two.updates))
    assert outcomes(report)["incident New disks"] == "skipped"
    assert "plan it here" in reasons(report)


def test_a_rehearsal_says_what_happens_and_changes_nothing(house: House) -> None:
    rehearsed = house.rehearse("statuspage", page())
    assert (house.count(ComponentRow), house.count(IncidentRow), house.count(ItemRow)) == (0, 0, 0)
    done = house.bring("statuspage", page(), expected=rehearsed.digest)
    assert [(line.noun, line.name, line.outcome) for line in done.lines] == [
        (line.noun, line.name, line.outcome) for line in rehearsed.lines
    ]
    assert (rehearsed.changes, done.changes) == (5, 5)


def test_a_second_import_changes_nothing(house: House) -> None:
    house.bring("statuspage", page())
    before = (house.count(ComponentRow), house.count(IncidentRow), house.count(ItemRow))
    again = house.bring("statuspage", page())
    assert again.changes == 0
    assert set(outcomes(again).values()) == {"unchanged", "skipped"}
    assert (house.count(ComponentRow), house.count(IncidentRow), house.count(ItemRow)) == before


def test_what_changed_over_there_follows_and_what_was_changed_here_stays(house: House) -> None:
    house.bring("statuspage", page())
    later = page()
    later["components"][1]["description"] = "The shop."
    later["incidents"][1]["incident_updates"].append(
        said("u4", "resolved", "2024-02-01T11:00:00Z", "Replaced.", "operational")
    )
    report = house.bring("statuspage", later)
    assert (outcomes(report)["component Web"], outcomes(report)["incident Slow"]) == ("updated", "updated")
    slow = house.incidents.reads.history(IMPORTER, PageRequest(None, 1)).items[0]
    assert (slow.status, [each.body for each in slow.updates]) == ("resolved", ["Replaced.", "Disks."])
    web = next(each for each in house.components.board.look(IMPORTER).components if each.name == "Web")
    assert web.description == "The shop."
    house.components.arranging.change(IMPORTER, component_id=web.id, draft=ComponentDraft("Shop", "Ours.", manual=True))
    newest = copy.deepcopy(later)
    newest["components"][1]["description"] = "Theirs."
    report = house.bring("statuspage", newest)
    assert outcomes(report)["component Web"] == "skipped"
    assert house.components.board.component(IMPORTER, web.id).name == "Shop"


def test_an_incident_that_somebody_went_on_with_here_is_left_to_them(house: House) -> None:
    house.bring("statuspage", page())
    slow = house.incidents.reads.history(IMPORTER, PageRequest(None, 1)).items[0]
    draft = UpdateDraft("monitoring", "We watch it.", notifies=False)
    house.incidents.declaring.post_update(IMPORTER, slow.id, draft, version=slow.version)
    later = page()
    later["incidents"][1]["incident_updates"].append(
        said("u4", "resolved", "2024-02-01T11:00:00Z", "Replaced.", "operational")
    )
    report = house.bring("statuspage", later)
    assert outcomes(report)["incident Slow"] == "skipped"
    assert house.incidents.reads.incident(IMPORTER, slow.id).status == "monitoring"


def test_a_report_that_is_out_of_date_is_refused_and_nothing_is_done(house: House) -> None:
    rehearsed = house.rehearse("statuspage", page())
    house.components.arranging.create(IMPORTER, ComponentDraft("Web"))
    with pytest.raises(Conflict, match="nothing was done"):
        house.bring("statuspage", page(), expected=rehearsed.digest)
    assert (house.count(ComponentRow), house.count(ItemRow)) == (1, 0)
    assert outcomes(house.bring("statuspage", page()))["component Web"] == "found"


def test_a_crash_half_way_leaves_nothing_and_the_next_try_does_all(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> str:
        raise RuntimeError("the power is gone")

    with monkeypatch.context() as broken:
        broken.setattr(house.incidents.adopting, "add", dies)
        with pytest.raises(RuntimeError):
            house.bring("statuspage", page())
    assert (house.count(ComponentRow), house.count(ItemRow)) == (0, 0)
    assert house.bring("statuspage", page()).changes == 5


def test_who_may_not_import_imports_nothing(house: House) -> None:
    reader = type(IMPORTER)("usr_" + "r" * 32, frozenset({"components.read"}))
    with pytest.raises(Forbidden):
        house.imports.carry_out(reader, upload("statuspage", page()))


def test_of_subscribers_those_who_agreed_are_told_and_the_others_are_asked_first(house: House) -> None:
    house.bring("statuspage", page())
    listed = (
        b"email,mode,state,confirmed_at,components\n"
        b"ada@example.com,email,active,2023-05-01T10:00:00Z,api;core\n"
        b"bob@example.com,email,,,\n"
        b"eve@example.com,email,unconfirmed,,\n"
        b"+4912345,sms,active,,\n"
        b"https://hook.example,webhook,active,,\n"
        b"old@example.com,email,quarantined,,\n"
        b"ADA@example.com,email,active,,\n"
        b"not an address,email,active,,\n"
    )
    rehearsed = house.rehearse("subscribers", listed, label="statuspage kctbh9vrtdwd")
    assert house.count(SubscriberRow) == 0
    house.told.facts.clear()  # the product's own outbox takes facts back with their transaction: see test_product.py
    report = house.bring("subscribers", listed, label="statuspage kctbh9vrtdwd", expected=rehearsed.digest)
    assert report.counts == {"subscriber": {"made": 3, "skipped": 5}}
    with house.uow.reading() as session:
        rows = {row.state: row for row in session.query(SubscriberRow)}
        chosen = session.query(ChoiceRow).count()
    assert rows["active"].confirmed_at == datetime(2023, 5, 1, 10, tzinfo=UTC)
    assert (rows["pending"].confirmed_at, chosen) == (None, 2)
    assert house.told.facts_of(SubscriptionRequested) == 2
    assert not any(each in str(report) for each in ("ada@", "bob@", "not an address"))


def test_whoever_left_here_is_not_signed_up_again_by_a_second_import(house: House) -> None:
    listed = [{"id": "1", "email": "ada@example.com", "mode": "email", "state": "active"}]
    house.bring("subscribers", listed)
    with house.uow.writing() as session:
        row = session.query(SubscriberRow).one()
        row.state, row.contact_digest, row.target_digest = "ended", None, None
    again = house.bring("subscribers", listed)
    assert (again.changes, house.count(SubscriberRow)) == (0, 1)
