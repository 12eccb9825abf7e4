"""Incidents and maintenance for programs, over the real product and a real key."""

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.components import ComponentDraft
from services.identity.roles import KEY_PERMISSIONS
from services.kernel.context import UserActor
from services.wiring import Wired
from tests.access.product import make_product

pytestmark = pytest.mark.capability("STATUS-2")

MAKER = UserActor("usr_maker", KEY_PERMISSIONS | {"partners.manage", "components.arrange", "components.read"})
PATH = "/api/v1/incidents"


@pytest.fixture(scope="module")
def product(tmp_path_factory: pytest.TempPathFactory) -> tuple[Wired, FlaskClient, str]:
    wired, server = make_product(tmp_path_factory.mktemp("product"))
    component_id = wired.services.components.arranging.create(MAKER, ComponentDraft("Checkout"))
    may = frozenset({"incidents.manage", "incidents.drafts.read"})
    made = wired.services.keys.create(MAKER, name="Deploy robot", permissions=may)
    client = server.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.token}"
    return wired, client, component_id


@pytest.fixture
def client(product: tuple[Wired, FlaskClient, str]) -> Any:
    return product[1]


@pytest.fixture
def component_id(product: tuple[Wired, FlaskClient, str]) -> str:
    return product[2]


def declared(client: Any, **fields: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"name": "Checkout fails", "body": "We look.", **fields})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.mimetype == "application/problem+json"
    found: dict[str, Any] = answer.get_json()
    assert {"type", "title", "status", "detail", "code", "correlation_id"} <= set(found)
    return found


def test_a_program_tells_of_an_incident_from_beginning_to_end(client: Any, component_id: str) -> None:
    made = declared(client, components={component_id: "major_outage"})
    where = f"{PATH}/{made['id']}"
    assert (made["impact"], made["version"], made["affected"][0]["name"]) == ("critical", 1, "Checkout")
    update = {"version": 1, "status": "resolved", "body": "It works **again**."}
    over = client.post(f"{where}/updates", json=update).json
    assert (over["status"], over["updates"][0]["body_html"]) == ("resolved", "<p>It works <strong>again</strong>.</p>")
    correction = {"version": 2, "body": "It works."}
    corrected = client.patch(f"{where}/updates/{over['updates'][0]['id']}", json=correction).json
    assert corrected["updates"][0]["edited_at"] is not None
    explained = client.put(f"{where}/postmortem", json={"version": 3, "text": "# Why\n\nA disk.", "publish": True}).json
    assert (explained["status"], client.get(where).json["postmortem"]) == ("postmortem", "# Why\n\nA disk.")
    listed = client.get(PATH, query_string={"component": component_id}).json["incidents"]
    assert made["id"] in {each["id"] for each in listed}


def test_of_two_programs_with_the_same_version_the_second_learns_what_changed(client: Any) -> None:
    made = declared(client)
    update = {"version": 1, "status": "identified", "body": "It is the disk."}
    assert client.post(f"{PATH}/{made['id']}/updates", json=update).status_code == 201
    refused = problem(client.post(f"{PATH}/{made['id']}/updates", json=update), 409)
    assert refused["code"] == "incident_changed"
    assert "it is at 2" in refused["detail"]
    assert "It is the disk." in refused["detail"]


def test_a_request_under_a_key_is_done_once(client: Any) -> None:
    body, headers = {"name": "Once", "body": "We look."}, {"Idempotency-Key": "deploy-41"}
    first, second = (client.post(PATH, json=body, headers=headers) for _ in range(2))
    assert first.json["id"] == second.json["id"]
    assert first.headers["Location"] == second.headers["Location"] == f"{PATH}/{first.json['id']}"
    assert problem(client.post(PATH, json={**body, "name": "Other"}, headers=headers), 409)["code"] == (
        "idempotency_key_reused"
    )
    update = {"version": 1, "status": "resolved", "body": "Over."}
    where, key = f"{PATH}/{first.json['id']}/updates", {"Idempotency-Key": "deploy-42"}
    assert [client.post(where, json=update, headers=key).status_code for _ in range(3)] == [201] * 3
    assert len(client.get(f"{PATH}/{first.json['id']}").json["updates"]) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"body": "x"}, "name"),
        ({"name": "x", "body": "x", "colour": "red"}, "colour"),
        ({"name": "x" * 256, "body": "x"}, "name"),
        ({"name": "x", "body": "x" * 10_001}, "body"),
        ({"name": "x", "body": "x", "status": "postmortem"}, "status"),
        ({"name": "x", "body": "x", "components": {"nobody": "major_outage"}}, "components"),
        ({"name": "x", "body": "x", "components": {"nobody": 7}}, "components.nobody"),
        ({"name": "x", "body": "x", "impact": "minor"}, "impact_reason"),
        ({"name": "x", "body": "x", "started_at": "2026-01-01T00:00:00"}, "started_at"),
        ({"name": "x", "body": "x", "started_at": "2999-01-01T00:00:00Z"}, "started_at"),
        ({"name": "x", "body": "x", "notify": "yes"}, "notify"),
        ({"name": ["x"], "body": "x"}, "name"),
        ([], "body"),
    ],
)
def test_a_wrong_body_is_refused_by_field(client: Any, body: Any, field: str) -> None:
    assert [each["field"] for each in problem(client.post(PATH, json=body), 422)["errors"]] == [field]


def test_what_is_no_json_too_large_or_of_another_type_is_refused(client: Any) -> None:
    json = "application/json"
    assert problem(client.post(PATH, data=b"{", content_type=json), 422)
    assert problem(client.post(PATH, data=b"\xff\xfe", content_type=json), 422)
    assert problem(client.post(PATH, data=b"[" * 100_000, content_type=json), 422)
    assert problem(client.post(PATH, data=b"{}", content_type="text/plain"), 415)
    assert problem(client.post(PATH, data=b"x" * 600_000, content_type=json), 413)
    for bad in ("a\x00b", "a\x1bb", "a\u202eb", "a\uffffb"):
        assert problem(client.post(PATH, json={"name": "x", "body": bad}), 422)
        assert problem(client.post(PATH, json={"name": bad, "body": "x"}), 422)


def test_without_a_key_or_with_one_that_may_not_nothing_is_done(
    product: tuple[Wired, FlaskClient, str], client: Any
) -> None:
    wired = product[0]
    weak = wired.services.keys.create(MAKER, name="Reader", permissions=frozenset({"incidents.drafts.read"}))
    body = {"name": "x", "body": "x"}
    anonymous = client.application.test_client()
    assert problem(anonymous.post(PATH, json=body), 401)
    assert problem(anonymous.post(PATH, json=body, headers={"Authorization": f"Bearer {weak.token}"}), 403)
    assert client.post(PATH, json=body, headers={"Idempotency-Key": "x" * 201}).status_code == 422


def test_html_from_a_program_is_inert(client: Any) -> None:
    attack = "<img src=x onerror=alert(1)>"
    made = declared(client, name=attack, body=f"{attack} [x](javascript:x)")
    assert made["name"] == attack
    assert "<img" not in made["updates"][0]["body_html"]
    assert "href" not in made["updates"][0]["body_html"]


def test_an_incident_of_the_past_is_entered_whole(client: Any, component_id: str) -> None:
    updates = [
        {"status": "investigating", "body": "a", "components": {component_id: "partial_outage"},
         "display_at": "2026-01-02T03:00:00+01:00"},
        {"status": "resolved", "body": "b", "display_at": "2026-01-02T04:00:00Z"},
    ]  # fmt: skip
    answer = client.post(f"{PATH}/past", json={"name": "Old", "updates": updates})
    assert answer.status_code == 201
    assert (answer.json["impact"], answer.json["started_at"]) == ("major", "2026-01-02T02:00:00+00:00")
    assert problem(client.post(f"{PATH}/past", json={"name": "Old", "updates": updates[:1]}), 422)


@pytest.mark.capability("STATUS-7")
def test_a_program_plans_moves_and_calls_off_maintenance(
    product: tuple[Wired, FlaskClient, str], client: Any, component_id: str
) -> None:
    path, now = "/api/v1/maintenances", product[0].clock.now()
    body = {
        "name": "New disks",
        "body": "We change disks.",
        "components": [component_id],
        "scheduled_for": (now + timedelta(days=2)).isoformat(),
        "scheduled_until": (now + timedelta(days=2, hours=1)).isoformat(),
    }
    made = client.post(path, json=body)
    assert made.status_code == 201
    where = f"{path}/{made.json['id']}"
    later = {"scheduled_for": body["scheduled_until"], "scheduled_until": (now + timedelta(days=3)).isoformat()}
    moved = client.patch(where, json={"version": 1, **later}).json
    assert moved["scheduled_for"] == body["scheduled_until"]
    assert client.patch(where, json={"version": 2, "reminders": [600]}).status_code == 200
    assert problem(client.patch(where, json={"version": 3}), 422)
    off = {"version": 3, "status": "cancelled", "body": "Not needed."}
    assert client.post(f"{where}/updates", json=off).json["status"] == "cancelled"
    assert problem(client.post(f"{where}/updates", json={**off, "version": 4, "status": "completed"}), 409)
    past = {
        "name": "Forgotten window",
        "components": [component_id],
        "starts_at": (now - timedelta(hours=3)).isoformat(),
        "ends_at": (now - timedelta(hours=2)).isoformat(),
        "reason": "It was announced to partners by telephone.",
    }
    marked = client.post(f"{path}/past", json=past).json
    assert (marked["retroactive"], marked["note"]) == (True, past["reason"])
    gone = client.post(f"{path}/{marked['id']}/withdrawal", json={"version": 1, "reason": "No."})
    assert (gone.status_code, client.get(f"{path}/{marked['id']}").status_code) == (204, 404)


@pytest.mark.capability("STATUS-7")
def test_a_program_plans_a_series_and_skips_one(client: Any, component_id: str) -> None:
    body = {
        "name": "Weekly",
        "body": "We upgrade.",
        "components": [component_id],
        "rule": "FREQ=WEEKLY;BYDAY=SU",
        "time_zone": "Europe/Berlin",
        "first_local": "2027-01-03T03:00",
        "duration_seconds": 3_600,
    }
    made = client.post("/api/v1/maintenance-series", json=body)
    assert made.status_code == 201
    series = client.get("/api/v1/maintenance-series").json["series"][0]
    assert series["next_starts"][0] == "2027-01-03T02:00:00+00:00"
    first = [v for v in client.get("/api/v1/maintenances").json["maintenances"] if v["series_id"] == series["id"]][-1]
    assert client.post(f"/api/v1/maintenances/{first['id']}/skip", json={"version": 1}).json["status"] == "cancelled"
    assert client.post(f"/api/v1/maintenance-series/{series['id']}/end", json={"version": 1}).json["called_off"] == 2
    for wrong in ({"rule": "FREQ=SECONDLY"}, {"time_zone": "Mars/X"}, {"duration_seconds": 1}):
        assert problem(client.post("/api/v1/maintenance-series", json=body | wrong), 422)


def test_a_program_keeps_templates(client: Any) -> None:
    path = "/api/v1/templates"
    body = {"label": "Payments fail", "kind": "incident", "body": "{component} fails.", "status": "investigating"}
    made = client.post(path, json=body).json["id"]
    assert problem(client.post(path, json=body), 409)["code"] == "label_taken"
    assert client.put(f"{path}/{made}", json={**body, "body": "New.", "version": 1}).status_code == 204
    assert problem(client.put(f"{path}/{made}", json={**body, "version": 1}), 409)
    assert client.delete(f"{path}/{made}").status_code == 204
    assert problem(client.delete(f"{path}/{made}"), 404)


def test_lists_are_bounded_and_cursors_checked(client: Any) -> None:
    for _ in range(3):
        declared(client)
    first = client.get(f"{PATH}?limit=2").json
    second = client.get(PATH, query_string={"limit": "2", "after": first["next"]}).json
    assert not {each["id"] for each in first["incidents"]} & {each["id"] for each in second["incidents"]}
    for query in ("limit=0", "limit=101", "limit=x", "limit=-1", "after=x"):
        assert client.get(f"{PATH}?{query}").status_code in {400, 422}
    assert client.get(f"{PATH}/unknown").status_code == 404
