"""The doors for probers, over the real product and real keys: who may, what may come, and what becomes of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from collectors.probing.built_in import PROBER
from processes.prober import RemoteServer
from services.identity.roles import KEY_PERMISSIONS
from services.kernel.context import UserActor
from services.kernel.errors import Forbidden, Invalid, Unauthenticated
from services.kernel.ids import uuid7
from services.probes import ProbeDraft
from services.probes.views import Finding
from services.wiring import Wired
from tests.access.product import make_product

pytestmark = pytest.mark.capability("STATUS-4")

MAKER = UserActor("usr_maker", KEY_PERMISSIONS | {"partners.manage", "probes.manage", "probes.read"})
ASSIGNMENTS, RESULTS = "/api/probes/assignments", "/api/probes/results"


@dataclass
class Place:
    """A vantage of the product, with the key that it acts by."""

    wired: Wired
    server: Flask
    vantage: str
    token: str
    key_id: str

    def client(self, token: str | None = None) -> FlaskClient:
        client = self.server.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {token or self.token}"
        return client

    def probe(self, **changes: Any) -> str:
        draft = ProbeDraft(name="Web", kind="http", target="https://example.com/", vantages=(self.vantage,), **changes)
        return self.wired.services.probes.definitions.create(MAKER, draft)

    def now(self) -> datetime:
        return self.wired.clock.now()

    def result(self, probe_id: str, outcome: str = "up", **changes: Any) -> dict[str, Any]:
        made = {"id": f"{uuid7():032x}", "probe_id": probe_id, "at": self.now().isoformat(), "outcome": outcome}
        return {**made, "latency_ms": 12, **changes}

    def hand_in(self, *results: Mapping[str, Any], token: str | None = None) -> Any:
        return self.client(token).post(RESULTS, json={"sent_at": self.now().isoformat(), "results": results})

    def raw(self, probe_id: str) -> list[str]:
        found = self.wired.services.probes.reads.results(MAKER, probe_id)
        return [each.outcome for each in found]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> tuple[Wired, Flask]:
    return make_product(tmp_path_factory.mktemp("product"))


@pytest.fixture
def place(house: tuple[Wired, Flask]) -> Place:
    wired, server = house
    made = wired.services.keys.create(MAKER, name="Vantage", permissions=frozenset({"probes.report"}))
    name = f"v-{made.id[-12:]}"
    wired.services.probes.vantages.add(MAKER, name=name, key_id=made.id)
    return Place(wired, server, name, made.token, made.id)


def problem(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.text
    assert answer.get_json()["code"] == code


def test_nobody_without_a_good_key_comes_in(place: Place) -> None:
    stranger, forger = place.server.test_client(), place.client(f"{place.token[:-2]}xx")
    problem(stranger.get(ASSIGNMENTS), 401, "key_required")
    problem(stranger.post(RESULTS, json={}), 401, "key_required")
    problem(forger.get(ASSIGNMENTS), 401, "key_invalid")
    problem(forger.post(RESULTS, json={}), 401, "key_invalid")


def test_a_key_for_something_else_or_of_no_vantage_comes_no_further(place: Place) -> None:
    keys = place.wired.services.keys
    other = keys.create(MAKER, name="Robot", permissions=frozenset({"incidents.manage"}))
    lone = keys.create(MAKER, name="Lone", permissions=frozenset({"probes.report"}))
    problem(place.client(other.token).get(ASSIGNMENTS), 403, "key_lacks_permission")
    problem(place.client(lone.token).get(ASSIGNMENTS), 403, "vantage_unknown")
    problem(place.hand_in(place.result(place.probe()), token=lone.token), 403, "vantage_unknown")


def test_a_revoked_key_opens_nothing_any_more(place: Place) -> None:
    assert place.client().get(ASSIGNMENTS).status_code == 200
    place.wired.services.keys.revoke(MAKER, key_id=place.key_id)
    problem(place.client().get(ASSIGNMENTS), 401, "key_invalid")


def test_a_vantage_fetches_its_own_probes_alone_and_nobody_keeps_a_copy(place: Place) -> None:
    mine = place.probe(secret="s3cr3t-words", settings={"headers": {"X-Key": "{secret}"}})
    elsewhere = ProbeDraft(name="Other", kind="http", target="https://example.com/", vantages=("local",))
    place.wired.services.probes.vantages.ensure_built_in(PROBER)
    place.wired.services.probes.definitions.create(MAKER, elsewhere)
    answer = place.client().get(ASSIGNMENTS, query_string={"waiting": "9" * 50, "release": "<b>x\n"})
    assert answer.headers["Cache-Control"] == "no-store"
    document = answer.get_json()
    assert document["vantage"] == place.vantage
    assert [(each["probe_id"], each["secret"]) for each in document["probes"]] == [(mine, "s3cr3t-words")]


def test_results_that_come_twice_out_of_order_or_late_are_each_kept_once(place: Place) -> None:
    probe, now = place.probe(confirm_down=2), place.now()
    old = place.result(probe, "down", at=(now - timedelta(hours=3)).isoformat())
    newer, newest = place.result(probe, at=(now - timedelta(seconds=5)).isoformat()), place.result(probe)
    assert place.hand_in(newest, newer).get_json() == {"taken": 2, "known": 0, "refused": {}}
    assert place.hand_in(newer, newest, newest).get_json() == {"taken": 0, "known": 2, "refused": {}}
    assert place.hand_in(old).get_json()["taken"] == 1
    assert place.raw(probe) == ["down", "up", "up"]
    assert place.wired.services.probes.reads.probe(MAKER, probe).verdict == "up"


def test_what_cannot_be_taken_is_named_and_the_rest_is_taken(place: Place) -> None:
    probe = place.probe()
    foreign = place.result("prb_of_somebody_else")
    ahead = place.result(probe, at=(place.now() + timedelta(hours=1)).isoformat())
    good = place.result(probe, reason="<script>alert(1)</script>", outcome="down")
    answer = place.hand_in(foreign, ahead, good).get_json()
    assert answer["taken"] == 1
    assert answer["refused"] == {foreign["id"]: "no probe of this vantage", ahead["id"]: "it lies in the future"}
    [kept] = place.wired.services.probes.reads.results(MAKER, probe)
    assert "<" not in kept.reason


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"results": []}',
        b'{"sent_at": "yesterday", "results": []}',
        b'{"sent_at": "2026-05-01T12:00:00", "results": []}',
        b'{"sent_at": "2026-05-01T12:00:00+00:00", "results": [{}]}',
        b'{"sent_at": "2026-05-01T12:00:00+00:00", "results": [7]}',
        b'{"sent_at": "2026-05-01T12:00:00+00:00", "results": {}}',
        b'{"sent_at": "2026-05-01T12:00:00+00:00", "results": [{"id": "\\ud800"}]}',
    ],
)
def test_what_is_no_batch_is_refused_in_words(place: Place, body: bytes) -> None:
    answer = place.client().post(RESULTS, data=body, content_type="application/json")
    assert answer.status_code in {400, 422}, answer.text
    assert answer.get_json()["code"] in {"results_malformed", "result_malformed"}


def test_too_much_at_once_is_refused_whole(place: Place) -> None:
    probe = place.probe()
    assert place.hand_in(*(place.result(probe) for _ in range(501))).status_code == 413
    assert place.client().post(RESULTS, data=b" " * 1_100_000).status_code == 413
    assert place.raw(probe) == []


def remote(place: Place, *, vantage: str = "", token: str = "") -> RemoteServer:
    client = httpx.Client(transport=httpx.WSGITransport(app=place.server), base_url="http://localhost")
    client.headers["Authorization"] = f"Bearer {token or place.token}"
    return RemoteServer(client, vantage=vantage or place.vantage, release="1.2.3")


def test_a_prober_elsewhere_fetches_and_hands_in_by_its_key(place: Place) -> None:
    probe, server = place.probe(), remote(place)
    assert [each.probe_id for each in server.assignments(waiting=3).probes] == [probe]
    [seen] = [v for v in place.wired.services.probes.vantages.vantages(MAKER) if v.name == place.vantage]
    assert (seen.state, seen.waiting, seen.release) == ("watching", 3, "1.2.3")
    finding = Finding(f"{uuid7():032x}", probe, place.now(), "down", 5, "timeout")
    assert server.report(place.now(), [finding]).taken == 1
    assert place.raw(probe) == ["down"]


def test_a_prober_is_told_why_it_is_refused(place: Place) -> None:
    with pytest.raises(Forbidden, match="belongs to the vantage"):
        remote(place, vantage="another").assignments(waiting=0)
    with pytest.raises(Unauthenticated):
        remote(place, token="glk_none").assignments(waiting=0)
    with pytest.raises(Invalid):
        remote(place).report(place.now(), [Finding("no id", "\udc80", place.now(), "up")])
