"""A backup of Uptime Kuma comes over: monitors become components and probes where our probes can do the same."""

from typing import Any

import orjson
import pytest

from services.kernel.paging import PageRequest
from services.probes.tables import ProbeRow
from tests.imports.conftest import IMPORTER, House, outcomes, reasons

pytestmark = pytest.mark.capability("STATUS-4")


def monitor(own: int, name: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": own, "name": name, "type": "http", "url": "https://shop.example/health", "method": "GET", "interval": 60,
        "timeout": 48, "maxretries": 2, "maxredirects": 0, "accepted_statuscodes": ["200-299"], "active": True,
        "parent": None, **fields,
    }  # fmt: skip


def backup(*monitors: dict[str, Any]) -> dict[str, Any]:
    return {"version": "1.23.16", "notificationList": [], "monitorList": list(monitors)}


def probes(house: House) -> dict[str, ProbeRow]:
    with house.uow.reading() as session:
        return {row.name: row for row in session.query(ProbeRow)}


def test_every_kind_that_our_probes_have_comes_over_with_what_it_demands(house: House) -> None:
    report = house.bring("kuma", backup(
        monitor(1, "Site", headers='{"Authorization": "Bearer abc123", "Accept": "text/html"}', maxretries=0),
        monitor(2, "Word", type="keyword", keyword="welcome", accepted_statuscodes=["200-299", "301"]),
        monitor(3, "Value", type="json-query", jsonPath="$.status", expectedValue="ok"),
        monitor(4, "Mail", type="port", hostname="mail.shop.example", port=25, url=None),
        monitor(5, "Name", type="dns", hostname="shop.example", dns_resolve_type="MX", dns_resolve_server="1.1.1.1"),
        monitor(6, "Orders", type="postgres",
                databaseConnectionString="postgres://asks:s3cret@db.shop.example:5432/orders"),
        monitor(7, "Cache", type="redis", databaseConnectionString="redis://cache.shop.example:6379", active=False),
    ))  # fmt: skip
    found = probes(house)
    assert report.counts == {"component": {"made": 7}, "probe": {"made": 7}}
    assert found["Site"].settings["headers"] == {"Authorization": "Bearer {secret}", "Accept": "text/html"}
    assert (found["Site"].confirm_down, found["Site"].timeout_seconds, found["Word"].confirm_down) == (1, 30.0, 3)
    assert (found["Word"].settings["contains"], found["Word"].settings["statuses"]) == ("welcome", "200-299,301")
    assert (found["Value"].settings["json_path"], found["Value"].settings["json_value"]) == ("status", "ok")
    assert (found["Mail"].kind, found["Mail"].target) == ("tcp", "mail.shop.example:25")
    assert (found["Name"].target, found["Name"].settings["record_type"]) == ("shop.example", "MX")
    assert (found["Orders"].kind, found["Orders"].target) == (
        "sql", "postgresql://asks:{secret}@db.shop.example:5432/orders",
    )  # fmt: skip
    assert (found["Cache"].kind, found["Cache"].enabled) == ("redis", False)
    assert all(row.component_id for row in found.values())
    stored = repr([(row.target, row.settings) for row in found.values()])
    assert not any(secret in stored for secret in ("abc123", "s3cret"))


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"type": "ping"}, "looks by “ping”"),
        ({"type": "push"}, "looks by “push”"),
        ({"upsideDown": True}, "upside down"),
        ({"proxyId": 3}, "through a proxy"),
        ({"type": "keyword", "keyword": "x", "invertKeyword": True}, "must not be there"),
        ({"type": "json-query", "jsonPath": "$count(items)", "expectedValue": "3"}, "more than a path"),
        ({"method": "PATCH"}, "asks by PATCH"),
        ({"authMethod": "ntlm"}, "signs in"),
        ({"url": "https://me:you@shop.example/"}, "holds credentials"),
        ({"url": "http://169.254.169.254/latest/meta-data/"}, "We do not go"),
        ({"url": "http://127.0.0.1:8080/"}, "We do not go"),
        ({"url": "file:///etc/passwd"}, "no web address"),
        ({"type": "port", "hostname": "10.0.0.1", "port": 22}, "We do not go"),
        ({"type": "port", "hostname": "a", "port": 99_999}, "host:port"),
        ({"headers": "{"}, "no JSON"),
        ({"headers": '{"Authorization": "a", "X-Api-Key": "b"}'}, "two secrets"),
        ({"url": "https://shop.example/${PATH}"}, "value is not in the file"),
        ({"interval": "often"}, "no number"),
        ({"accepted_statuscodes": ["any"]}, "statuses"),
    ],
)
def test_what_our_probes_cannot_do_is_left_out_with_its_reason_and_never_watched_less(
    house: House, fields: dict[str, Any], why: str
) -> None:
    report = house.bring("kuma", backup(monitor(1, "It", **fields)))
    assert (outcomes(report)["probe It"], outcomes(report)["component It"]) == ("skipped", "made")
    assert why in reasons(report)
    component = house.components.board.look(IMPORTER).components[0]
    assert (component.status, probes(house)) == ("unknown", {})


def test_groups_inside_groups_become_one_and_circles_are_left_out(house: House) -> None:
    report = house.bring("kuma", backup(
        monitor(1, "Europe", type="group"), monitor(2, "Shop", type="group", parent=1), monitor(3, "Cart", parent=2),
        monitor(4, "Hen", type="group", parent=5), monitor(5, "Egg", type="group", parent=4),
        monitor(6, "Chick", parent=4), monitor(7, "Orphan", parent=99), monitor(3, "Twin"),
    ))  # fmt: skip
    assert [group.name for group in house.components.board.look(IMPORTER).groups] == ["Europe / Shop"]
    found = outcomes(report)
    assert (found["component Cart"], found["component Chick"], found["component Orphan"]) == (
        "made", "skipped", "skipped",
    )  # fmt: skip
    assert "circle" in reasons(report)
    assert "comes twice" in reasons(report)


def test_two_installations_of_one_product_are_told_apart_by_their_label(house: House) -> None:
    house.bring("kuma", backup(monitor(1, "Site")), label="eu")
    assert house.bring("kuma", backup(monitor(1, "Shop")), label="us").changes == 2
    assert house.bring("kuma", backup(monitor(1, "Site")), label="eu").changes == 0
    assert {each.name for each in house.components.board.look(IMPORTER).components} == {"Site", "Shop"}


def test_a_probe_that_changed_over_there_is_reported_and_not_changed_here(house: House) -> None:
    house.bring("kuma", backup(monitor(1, "Site")))
    report = house.bring("kuma", backup(monitor(1, "Site", url="https://other.example/")))
    assert outcomes(report)["probe Site"] == "skipped"
    assert probes(house)["Site"].target == "https://shop.example/health"
    house.probes.definitions.remove(IMPORTER, probe_id=probes(house)["Site"].id)
    assert "removed here" in reasons(house.bring("kuma", backup(monitor(1, "Site"))))
    assert house.incidents.reads.history(IMPORTER, PageRequest(None, 1)).items == []


def test_the_list_as_the_api_gives_it_is_read_as_well(house: House) -> None:
    assert house.bring("kuma", {"monitorList": {"1": monitor(1, "Site")}}).changes == 2
    assert house.bring("kuma", orjson.dumps([monitor(1, "Site")])).changes == 0
