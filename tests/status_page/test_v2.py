"""The status-page v2 documents: complete, consistent with each other, and never green by accident."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.components.views import ComponentStatus
from services.incidents.views import Impact
from status_page.programs import v2
from status_page.programs.told import Told
from status_page.state import StatusState
from tests.status_page.stories import (
    GONE,
    T0,
    Story,
    component,
    group,
    incident,
    maintenance,
    public_of,
    server_of,
    update,
)

Documents = dict[str, dict[str, Any]]
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
WORDS = {"operational", "degraded_performance", "partial_outage", "major_outage", "under_maintenance"}
COMPONENT_KEYS = {
    "id", "name", "status", "created_at", "updated_at", "position", "description", "showcase", "start_date",
    "group_id", "page_id", "group", "only_show_if_degraded",
}  # fmt: skip
INCIDENT_KEYS = {
    "id", "name", "status", "created_at", "updated_at", "monitoring_at", "resolved_at", "impact", "shortlink",
    "started_at", "page_id", "incident_updates", "components", "reminder_intervals",
}  # fmt: skip
UPDATE_KEYS = {
    "id", "status", "body", "incident_id", "created_at", "updated_at", "display_at", "affected_components",
    "deliver_notifications", "custom_tweet", "tweet_id",
}  # fmt: skip


def documents(story: Story, **state: Any) -> Documents:
    public = public_of(story)
    actor = public.visitor
    read = StatusState(
        (), story.clock.now(), components=public.components.overview(actor),
        active=tuple(public.incidents.active(actor)), upcoming=tuple(public.incidents.upcoming(actor)),
        incidents=story.incidents[:50], maintenances=story.maintenances_[:50], **state,
    )  # fmt: skip
    told = Told(read, "https://status.example.com", story.clock.now())
    return {name: json.loads(json.dumps(make(told))) for name, make in v2.DOCUMENTS.items()}


statuses = st.sampled_from(list(ComponentStatus))
phases = st.sampled_from(["investigating", "identified", "monitoring", "resolved", "postmortem"])
plans = st.sampled_from(["scheduled", "in_progress", "verifying", "completed", "cancelled"])


@st.composite
def stories(draw: st.DrawFn) -> Story:
    grouped = tuple(component(n, s, group="thegroup0500") for n, s in enumerate(draw(st.lists(statuses, max_size=4))))
    alone = tuple(component(100 + n, s) for n, s in enumerate(draw(st.lists(statuses, max_size=4))))
    every = (*grouped, *alone)
    return Story(
        components=every,
        groups=(group(grouped),) if grouped else (),
        incidents=tuple(
            incident(n, phase, impact=draw(st.sampled_from(list(Impact)[:4])), about=every[: draw(st.integers(0, 3))])
            for n, phase in enumerate(draw(st.lists(phases, max_size=60)))
        ),
        maintenances_=tuple(maintenance(n, phase) for n, phase in enumerate(draw(st.lists(plans, max_size=60)))),
    )


@pytest.mark.capability("STATUS-5")
@settings(max_examples=60, deadline=None)
@given(stories())
def test_all_eight_documents_say_the_same(story: Story) -> None:
    told = documents(story)
    summary, incidents = told["summary"], told["incidents"]["incidents"]
    assert summary["components"] == told["components"]["components"]
    assert summary["status"] == told["status"]["status"]
    assert summary["incidents"] == told["incidents/unresolved"]["incidents"]
    assert len({json.dumps(document["page"]) for document in told.values()}) == 1
    unresolved = {"investigating", "identified", "monitoring"}
    assert [i for i in incidents if i["status"] in unresolved] == summary["incidents"]
    planned = told["scheduled-maintenances"]["scheduled_maintenances"]
    active = told["scheduled-maintenances/active"]["scheduled_maintenances"]
    upcoming = told["scheduled-maintenances/upcoming"]["scheduled_maintenances"]
    assert summary["scheduled_maintenances"] == [*active, *upcoming]
    assert {m["id"] for m in (*active, *upcoming)} <= {m["id"] for m in planned}
    assert all(m["status"] != "cancelled" for m in planned)
    ids = {row["id"] for row in summary["components"]}
    for row in summary["components"]:
        assert row["group_id"] is None or row["group_id"] in ids
        assert set(row.get("components", [])) <= ids
        assert row["status"] in WORDS
    rows = {row["id"]: row for row in summary["components"]}
    for each in (*incidents, *planned):
        assert all(part == rows[part["id"]] for part in each["components"])
        assert each["created_at"] <= each["started_at"] <= (each["resolved_at"] or each["started_at"])
    green = summary["status"]["indicator"] == "none"
    assert not green or (all(c.status is ComponentStatus.OPERATIONAL for c in story.components) and story.components)


@pytest.mark.capability("STATUS-5")
def test_rows_have_exactly_the_keys_of_the_format_and_instants_have_milliseconds() -> None:
    shop = component(1, ComponentStatus.MAJOR_OUTAGE, group="thegroup0500")
    told = documents(Story((shop,), (group([shop]),), (incident(1, about=[shop]),), (maintenance(1),)))
    of_group, row = told["summary"]["components"]
    assert set(row) == COMPONENT_KEYS
    assert set(of_group) == COMPONENT_KEYS | {"components"}
    assert of_group["group"] is True
    assert of_group["components"] == [row["id"]]
    assert row["group_id"] == of_group["id"]
    assert set(told["incidents"]["incidents"][0]) == INCIDENT_KEYS
    assert set(told["incidents"]["incidents"][0]["incident_updates"][0]) == UPDATE_KEYS
    planned = told["scheduled-maintenances"]["scheduled_maintenances"][0]
    assert set(planned) == INCIDENT_KEYS | {"scheduled_for", "scheduled_until"}
    assert planned["impact"] == "maintenance"
    for name in ("created_at", "updated_at", "started_at", "scheduled_for", "scheduled_until"):
        assert INSTANT.fullmatch(planned[name])
    assert re.fullmatch("[0-9a-z]{12}", told["summary"]["page"]["id"])


def test_updates_come_newest_first_whatever_their_order() -> None:
    said = (update(1, "investigating"), update(9, "monitoring"), update(4, "identified"))
    [shown] = documents(Story(incidents=(incident(1, updates=said),)))["incidents"]["incidents"]
    assert [u["status"] for u in shown["incident_updates"]] == ["monitoring", "identified", "investigating"]


def test_an_old_incident_that_is_open_is_not_pushed_out_by_newer_ones() -> None:
    old = incident(0, "monitoring")
    newer = tuple(incident(n, "resolved") for n in range(60, 0, -1))
    shown = documents(Story(incidents=(*newer[:49], old)))["incidents"]["incidents"]
    assert shown[-1]["id"] == old.id
    assert len(shown) == 50


def test_an_incident_that_moved_on_between_two_reads_is_shown_once_as_it_was_last() -> None:
    before, after = incident(1, "monitoring", version=2), incident(1, "resolved", version=3)
    state = StatusState((), T0, active=(before,), incidents=(after,))
    told = Told(state, "https://x.example", T0)
    assert v2.unresolved(told)["incidents"] == []
    assert [i["status"] for i in v2.incidents(told)["incidents"]] == ["resolved"]


@pytest.mark.capability("STATUS-9")
@pytest.mark.parametrize(
    ("status", "indicator", "description", "word"),
    [
        (ComponentStatus.OPERATIONAL, "none", "All Systems Operational", "operational"),
        (ComponentStatus.UNKNOWN, "minor", "Status Partly Unknown", "degraded_performance"),
        (ComponentStatus.DEGRADED, "minor", "Partially Degraded Service", "degraded_performance"),
        (ComponentStatus.PARTIAL_OUTAGE, "major", "Partial System Outage", "partial_outage"),
        (ComponentStatus.MAJOR_OUTAGE, "critical", "Major Service Outage", "major_outage"),
        (ComponentStatus.MAINTENANCE, "maintenance", "Service Under Maintenance", "under_maintenance"),
    ],
)
def test_the_worst_component_is_the_overall_status_and_the_unknown_is_never_green(
    status: ComponentStatus, indicator: str, description: str, word: str
) -> None:
    told = documents(Story((component(1), component(2, status))))
    assert told["status"]["status"] == {"indicator": indicator, "description": description}
    row = told["components"]["components"][1]
    assert row["status"] == word
    assert (row["description"] == "Status not known: probes are silent.") == (status is ComponentStatus.UNKNOWN)


@pytest.mark.capability("STATUS-9")
def test_without_components_nothing_is_green() -> None:
    assert documents(Story())["status"]["status"] == {"indicator": "minor", "description": "Status Not Known"}


@pytest.mark.capability("STATUS-9")
def test_without_a_database_the_last_state_is_told_with_its_age_and_green_ends_after_a_minute(tmp_path: Path) -> None:
    story = Story((component(1), component(2, ComponentStatus.MAJOR_OUTAGE)))
    client = server_of(story, tmp_path).test_client(use_cookies=False)
    good = client.get("/api/v2/summary.json", headers={"Cookie": "a=b"})
    assert good.headers["Status-Age-Seconds"] == "0"
    story.failure = GONE
    story.clock.advance(seconds=30)
    soon = client.get("/api/v2/summary.json", headers={"Cookie": "a=b"})
    assert soon.json == good.json
    assert soon.headers["Status-Age-Seconds"] == "30"
    story.clock.advance(minutes=5)
    late = client.get("/api/v2/summary.json", headers={"Cookie": "a=b"})
    assert late.status_code == 200
    assert late.headers["Status-As-Of"] == "2026-11-24T09:00:00.000Z"
    assert late.json is not None
    assert [row["status"] for row in late.json["components"]] == ["degraded_performance", "major_outage"]
    assert "last known at 2026-11-24 09:00 UTC" in late.json["status"]["description"]


@pytest.mark.capability("STATUS-5")
def test_a_document_keeps_its_tag_until_what_it_says_changes(tmp_path: Path) -> None:
    story = Story((component(1),))
    client = server_of(story, tmp_path).test_client(use_cookies=False)
    own = {"Cookie": "a=b"}
    tag = client.get("/api/v2/summary.json", headers=own).headers["ETag"]
    story.clock.advance(minutes=10)
    again = client.get("/api/v2/summary.json", headers=own | {"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")
    story.components = (replace(story.components[0], status=ComponentStatus.DEGRADED),)
    assert client.get("/api/v2/summary.json", headers=own | {"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize("name", [*v2.DOCUMENTS])
def test_every_document_may_be_read_from_any_origin_and_for_a_second(tmp_path: Path, name: str) -> None:
    client = server_of(Story((component(1),)), tmp_path).test_client(use_cookies=False)
    answer = client.get(f"/api/v2/{name}.json")
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "max-age=1," in answer.headers["Cache-Control"]
    preflight = client.options(f"/api/v2/{name}.json")
    assert "If-None-Match" in preflight.headers["Access-Control-Allow-Headers"]
