"""A configuration of Gatus comes over; what its conditions demand is demanded here, or the probe is left out."""

import pytest

from services.imports.conditions import seconds_of, settings_of
from services.imports.reading import Wrong
from services.probes.tables import ProbeRow
from tests.imports.conftest import House, outcomes, reasons

pytestmark = pytest.mark.capability("STATUS-4")

CONFIG = b"""
x-defaults: &defaults
  interval: 5m
  client: {timeout: 3s}
endpoints:
  - name: front-end
    group: core
    <<: *defaults
    url: "https://shop.example/health"
    headers: {Authorization: "Bearer abc123"}
    conditions:
      - "[STATUS] == any(200, 204)"
      - "[BODY].status == UP"
      - "[RESPONSE_TIME] < 150"
      - "[CERTIFICATE_EXPIRATION] > 48h"
  - name: database
    group: core
    url: tcp://db.shop.example:5432
    conditions: ["[CONNECTED] == true"]
  - name: name
    url: 8.8.8.8
    dns: {query-name: shop.example., query-type: A}
    conditions: ["[BODY] == 93.184.215.14", "[DNS_RCODE] == NOERROR"]
  - name: ping
    url: icmp://shop.example
    conditions: ["[CONNECTED] == true"]
external-endpoints:
  - name: backup
    group: core
"""


def test_endpoints_become_components_and_probes(house: House) -> None:
    report = house.bring("gatus", CONFIG)
    with house.uow.reading() as session:
        found = {row.name: row for row in session.query(ProbeRow)}
    assert set(found) == {"front-end", "front-end (tls)", "database", "name"}
    front = found["front-end"]
    assert front.settings == {
        "headers": {"Authorization": "Bearer {secret}"}, "statuses": "200,204", "json_path": "status",
        "json_value": "UP", "latency_ms_max": 150,
    }  # fmt: skip
    assert (front.interval_seconds, front.timeout_seconds) == (300, 3.0)
    assert (found["front-end (tls)"].target, found["front-end (tls)"].settings) == (
        "shop.example:443", {"days_min": 2},
    )  # fmt: skip
    assert (found["name"].target, found["name"].settings["expected"]) == ("shop.example", ["93.184.215.14"])
    assert (outcomes(report)["probe ping"], outcomes(report)["probe backup"]) == ("skipped", "skipped")
    assert house.bring("gatus", CONFIG).changes == 0


@pytest.mark.parametrize(
    ("condition", "settings"),
    [
        ("[STATUS] == 200", {"statuses": "200"}),
        ("[STATUS] < 300", {"statuses": "100-299"}),
        ("[STATUS] >= 200", {"statuses": "200-599"}),
        ("[BODY] == pat(*up*)", {"statuses": "100-599", "contains": "up"}),
        ("[BODY].items[0].id == 7", {"statuses": "100-599", "json_path": "items[0].id", "json_value": 7}),
        ("[BODY].ok == true", {"statuses": "100-599", "json_path": "ok", "json_value": True}),
    ],
)
def test_a_condition_is_a_setting(condition: str, settings: dict[str, object]) -> None:
    assert settings_of("http", [condition]) == settings


@pytest.mark.parametrize(
    "condition",
    [
        "[STATUS] != 500", "[STATUS] == any(2xx)", "[BODY] == pat(a*b)", "len([BODY].items) > 3", "[BODY].a != b",
        "has([BODY].errors) == false", "[DOMAIN_EXPIRATION] > 720h", "[IP] == 127.0.0.1", "[RESPONSE_TIME] > 3",
        "[BODY].a == ${WANTED}", "nonsense", "[CONNECTED] == false",
    ],
)  # fmt: skip
def test_a_condition_that_no_setting_says_is_never_left_out(condition: str) -> None:
    with pytest.raises(Wrong):
        settings_of("http", [condition])


def test_two_conditions_on_the_body_are_more_than_one_probe_demands() -> None:
    with pytest.raises(Wrong):
        settings_of("http", ["[BODY].a == 1", "[BODY].b == 2"])


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("1m30s", 90), ("1.5h", 5_400), ("250ms", 0.25)])
def test_durations_are_read_as_go_writes_them(text: str, seconds: float) -> None:
    assert seconds_of(text, 0) == pytest.approx(seconds)


def test_what_only_the_other_installation_knows_is_left_out(house: House) -> None:
    config = b'endpoints: [{name: a, url: "https://x.example/$TOKEN", conditions: ["[STATUS] == 200"]}]'
    assert "value is not in the file" in reasons(house.bring("gatus", config))
