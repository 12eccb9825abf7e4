"""Components for programs, over the real product and a real key."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.identity.roles import KEY_PERMISSIONS
from services.kernel.context import UserActor
from tests.access.product import make_product

pytestmark = pytest.mark.capability("STATUS-4")

MAKER = UserActor("usr_maker", KEY_PERMISSIONS | {"partners.manage"})
PATH = "/api/v1/components"
GROUPS = "/api/v1/component-groups"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    wired, server = make_product(tmp_path_factory.mktemp("product"))
    made = wired.services.keys.create(MAKER, name="Terraform", permissions=KEY_PERMISSIONS)
    client = server.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.token}"
    return client


def made(client: FlaskClient, name: str, **fields: Any) -> dict[str, Any]:
    answer = client.post(PATH, json={"name": name, **fields})
    assert answer.status_code == 201, answer.text
    assert answer.headers["Location"] == f"{PATH}/{answer.get_json()['id']}"
    found: dict[str, Any] = answer.get_json()
    return found


def problem(answer: TestResponse, status: int, code: str) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.get_json()
    assert found["code"] == code
    return found


def test_a_program_arranges_a_group_from_beginning_to_end(client: FlaskClient) -> None:
    group = client.post(GROUPS, json={"name": "Streaming"}).get_json()
    first = made(client, "Encoder", group_id=group["id"], description="Makes renditions.")
    second = made(client, "Packager", group_id=group["id"])
    changed = client.patch(f"{PATH}/{first['id']}", json={"version": first["version"], "name": "Encoder 2"}).get_json()
    assert (changed["name"], changed["description"], changed["group_id"]) == (
        "Encoder 2", "Makes renditions.", group["id"],
    )  # fmt: skip
    assert client.put(f"{PATH}/{second['id']}/place", json={"before": first["id"]}).status_code == 200
    found = client.get(PATH, query_string={"search": "streaming"}).get_json()["components"]
    assert [each["name"] for each in found] == ["Packager", "Encoder 2"]
    problem(client.delete(f"{GROUPS}/{group['id']}"), 409, "group_not_empty")
    for each in (first, second):
        assert client.post(f"{PATH}/{each['id']}/archive").get_json()["archived_at"] is not None
    assert client.delete(f"{GROUPS}/{group['id']}").status_code == 204
    archived = client.get(PATH, query_string={"archived": "yes", "search": "Packager"}).get_json()
    assert [each["id"] for each in archived["components"]] == [second["id"]]
    assert client.post(f"{PATH}/{second['id']}/restore").get_json()["group_id"] is None


def test_the_second_of_two_programs_is_refused_and_told_the_version(client: FlaskClient) -> None:
    one = made(client, "Search")
    assert client.patch(f"{PATH}/{one['id']}", json={"version": one["version"], "name": "Find"}).status_code == 200
    refused = problem(
        client.patch(f"{PATH}/{one['id']}", json={"version": one["version"], "description": "By words."}),
        409, "component_changed",
    )  # fmt: skip
    assert client.get(f"{PATH}/{one['id']}").get_json()["name"] == "Find"
    again = client.get(f"{PATH}/{one['id']}").get_json()
    assert again["version"] in refused.values() or again["version"] != one["version"]


def test_a_circle_of_needs_is_refused_with_its_way(client: FlaskClient) -> None:
    a, b = made(client, "A"), made(client, "B")
    b = client.put(f"{PATH}/{b['id']}/depends-on", json={"version": b["version"], "depends_on": [a["id"]]}).get_json()
    assert b["depends_on"] == [a["id"]]
    answer = client.put(f"{PATH}/{a['id']}/depends-on", json={"version": a["version"], "depends_on": [b["id"]]})
    problem(answer, 409, "dependency_cycle")
    problem(client.post(f"{PATH}/{a['id']}/archive"), 409, "component_needed")


def test_what_is_said_by_hand_is_recorded_and_a_second_word_needs_to_have_seen_the_first(client: FlaskClient) -> None:
    where = f"{PATH}/{made(client, 'Billing')['id']}"
    word = {"status": "partial_outage", "reason": "The bank said so.", "newest": ""}
    said = client.put(f"{where}/override", json=word).get_json()
    assert (said["status"], said["overridden"]) == ("partial_outage", True)
    problem(client.put(f"{where}/override", json={**word, "status": "operational"}), 409, "word_changed")
    assert client.post(f"{where}/override/end", json={"reason": "It works again."}).get_json()["status"] == "unknown"
    words = client.get(f"{where}/words").get_json()["words"]
    assert [(each["status"], each["reason"]) for each in words] == [
        (None, "It works again."), ("partial_outage", "The bank said so."),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": " "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": ["x"]}, "name"),
        ({"name": "x", "colour": "red"}, "colour"),
        ({"name": "x", "manual": "yes"}, "manual"),
        ({"name": "x", "start_on": "yesterday"}, "start_on"),
    ],
)
def test_what_is_no_component_is_refused_by_field(client: FlaskClient, body: dict[str, Any], field: str) -> None:
    answer = client.post(PATH, json=body)
    assert answer.status_code == 422
    assert field in answer.get_data(as_text=True)


def test_maintenance_and_a_word_without_a_reason_are_refused(client: FlaskClient) -> None:
    where = f"{PATH}/{made(client, 'Ledger')['id']}"
    for body in ({"status": "under_maintenance", "reason": "Disks."}, {"status": "operational", "reason": ""}):
        assert client.put(f"{where}/override", json=body).status_code == 422
