from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.infra.targets import OutboundPolicy
from services.kernel.errors import Conflict, DomainError, Gone, Invalid, NotFound
from services.kernel.paging import PageRequest
from services.probes import make_probes
from services.probes.founding import FOUNDER, FirstProbe
from services.probes.tables import ResultRow
from tests.probes.conftest import DRAFT, OPERATOR, WATCHER, House, key

pytestmark = pytest.mark.capability("STATUS-4")


@pytest.mark.parametrize(
    ("kind", "target", "settings"),
    [
        (
            "http",
            "https://example.com/health?x=1",
            {"statuses": "200,301-302", "contains": "ok", "json_path": "a[0].b"},
        ),
        ("tcp", "mail.example.com:25", {"greeting": "220"}),
        ("dns", "example.com", {"record_type": "MX", "expected": ["10 mail.example.com"]}),
        ("tls", "example.com", {"days_min": 30}),
        ("hls", "https://cdn.example.com/a/master.m3u8", {}),
        ("evm", "https://rpc.example.com/v3/{secret}", {"chain_id": 1}),
        ("sql", "postgresql://probe:{secret}@db.example.com/shop", {}),
        ("redis", "rediss://:{secret}@cache.example.com:6380/0", {}),
        ("prometheus", "http://127.0.0.1:9090", {"query": "up", "operator": ">=", "threshold": 1}),
    ],
)
def test_every_kind_is_stored_as_it_was_meant(house: House, kind: str, target: str, settings: dict[str, Any]) -> None:
    secret = "s3cr3t-value" if "{secret}" in target else None
    probe = house.make(kind=kind, target=target, settings=settings, secret=secret)
    view = house.view(probe)
    assert (view.kind, view.target, view.has_secret) == (kind, target, secret is not None)
    assert {k: view.settings[k] for k in view.settings} | settings == dict(view.settings) | settings


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "ping"},
        {"name": ""},
        {"name": "x" * 81},
        {"target": "ftp://example.com"},
        {"target": "https://user:pass@example.com/"},
        {"target": "https://169.254.169.254/latest/meta-data"},
        {"target": "http://10.0.0.1/"},
        {"target": "http://0x0a000001/"},
        {"target": "http://[::ffff:10.0.0.1]/"},
        {"target": "not a url"},
        {"interval_seconds": 1},
        {"timeout_seconds": 31},
        {"timeout_seconds": 30, "retries": 5},
        {"quorum": 0},
        {"quorum": 2, "vantages": ("eu-1",)},
        {"vantages": ("mars-1",)},
        {"vantages": ("eu-1", "eu-1")},
        {"settings": {"statuses": "99"}},
        {"settings": {"matches": "("}},
        {"settings": {"nonsense": 1}},
        {"settings": {"headers": {"Host": "x"}}},
        {"settings": {"headers": {"X": "a\r\nY: b"}}},
        {"settings": {"json_path": "a..b"}},
        {"kind": "tcp", "target": "10.0.0.1:22"},
        {"kind": "tcp", "target": "example.com"},
        {"kind": "tcp", "target": "example.com:99999"},
        {"kind": "dns", "target": "ex ample.com"},
        {"kind": "sql", "target": "postgresql://u:clear@db.example.com/x"},
        {"kind": "sql", "target": "mysql://db.example.com/x"},
        {"kind": "redis", "target": "redis://10.0.0.1:6379"},
        {"kind": "evm", "target": "https://rpc.example.com"},
        {
            "kind": "prometheus",
            "target": "https://p.example.com",
            "settings": {"query": "up", "threshold": float("nan")},
        },
        {"secret": "a secret that stands nowhere"},
        {"settings": {"headers": {"Authorization": "Bearer {secret}"}}},
    ],
)
def test_what_makes_no_probe_is_refused_and_nothing_is_stored(house: House, change: dict[str, Any]) -> None:
    with pytest.raises(DomainError):
        house.probes.definitions.create(OPERATOR, replace(DRAFT, **change))
    assert house.probes.reads.probes(OPERATOR, PageRequest()).items == []


def test_loopback_needs_the_installation_s_leave(house: House) -> None:
    strict = make_probes(house.probes.definitions.uow, OutboundPolicy(any_port=True))
    with pytest.raises(Invalid):
        strict.definitions.create(OPERATOR, replace(DRAFT, target="http://127.0.0.1:8050/"))
    house.make(target="http://127.0.0.1:8050/")


def test_a_change_of_the_target_begins_anew_and_one_of_the_numbers_does_not(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    house.say(probe, eu_1="up")
    house.probes.definitions.change(OPERATOR, probe_id=probe, draft=replace(DRAFT, vantages=("eu-1",), confirm_up=5))
    assert house.view(probe).verdict == "up"
    house.clock.advance(seconds=30)
    moved = replace(DRAFT, vantages=("eu-1",), target="https://example.org/")
    house.probes.definitions.change(OPERATOR, probe_id=probe, draft=moved)
    assert house.told()[-1] == ("unknown", house.clock.now())
    old = house.finding(probe, "down", at=house.clock.now() - timedelta(seconds=20))
    house.hand_in("eu-1", [old])
    assert house.view(probe).seen_from[0].at is None


def test_another_component_takes_the_verdict_over_and_the_old_one_is_told_that_it_is_over(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    house.say(probe, eu_1="up")
    moved = replace(DRAFT, vantages=("eu-1",), component_id="component002")
    house.probes.definitions.change(OPERATOR, probe_id=probe, draft=moved)
    told = [(f.component_id, f.verdict) for f in house.outbox.facts]  # type: ignore[attr-defined] # only ProbeJudged
    assert told[-2:] == [("component001", "withdrawn"), ("component002", "up")]


def test_a_paused_probe_takes_its_word_back_and_a_resumed_one_begins_anew(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    house.say(probe, eu_1="up")
    house.probes.definitions.pause(OPERATOR, probe_id=probe)
    assert house.told()[-1][0] == "withdrawn"
    with pytest.raises(Conflict):
        house.probes.definitions.pause(OPERATOR, probe_id=probe)
    house.probes.definitions.resume(OPERATOR, probe_id=probe)
    with pytest.raises(Conflict):
        house.probes.definitions.resume(OPERATOR, probe_id=probe)
    house.clock.advance(seconds=10)
    house.say(probe, eu_1="up")
    assert house.told()[-1] == ("up", house.clock.now())


def test_a_removed_probe_leaves_nothing_and_its_secret_can_never_be_read_again(house: House, engine: sa.Engine) -> None:
    target = "https://rpc.example.com/{secret}"
    probe = house.make(kind="evm", target=target, settings={"chain_id": 1}, secret="hunter2", vantages=("eu-1",))
    house.say(probe, eu_1="up")
    house.probes.definitions.remove(OPERATOR, probe_id=probe)
    assert house.told()[-1][0] == "withdrawn"
    with pytest.raises(NotFound):
        house.view(probe)
    uow = house.probes.definitions.uow
    with uow.writing() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(ResultRow)) == 0
        with pytest.raises(Gone):
            uow.vault.open(session, probe, "AA==", "probes_probes.secret")
    receipt = house.hand_in("eu-1", [house.finding(probe, "down")])
    assert list(receipt.refused.values()) == ["no probe of this vantage"]


def test_a_secret_stays_where_a_change_names_none_and_goes_where_it_is_emptied(house: House) -> None:
    marked = {"kind": "evm", "target": "https://rpc.example.com/{secret}", "settings": {"chain_id": 1}}
    probe = house.make(**marked, secret="hunter2")
    house.probes.definitions.change(OPERATOR, probe_id=probe, draft=replace(DRAFT, **marked, name="Renamed"))  # type: ignore[arg-type] # fields
    assert house.probes.intake.assignments(key("eu-1")).probes[0].secret == "hunter2"
    plain = replace(DRAFT, kind="evm", target="https://rpc.example.com/", settings={"chain_id": 1}, secret="")
    house.probes.definitions.change(OPERATOR, probe_id=probe, draft=plain)
    assert not house.view(probe).has_secret


def test_a_look_can_be_asked_for_but_not_in_a_flood(house: House) -> None:
    probe = house.make()
    house.probes.definitions.ask(OPERATOR, probe_id=probe)
    with pytest.raises(Conflict):
        house.probes.definitions.ask(OPERATOR, probe_id=probe)
    house.clock.advance(seconds=3)
    house.probes.definitions.ask(OPERATOR, probe_id=probe)


def test_a_vantage_goes_with_its_word_unless_a_probe_needs_it(house: House) -> None:
    probe = house.make(vantages=("eu-1", "us-1"), confirm_down=1)
    house.say(probe, us_1="up", eu_1="down")
    assert house.view(probe).verdict == "down"
    assert house.probes.vantages.remove(OPERATOR, name="eu-1") == "key_eu-1"
    assert house.view(probe).verdict == "up"
    with pytest.raises(Conflict):
        house.probes.vantages.remove(OPERATOR, name="us-1")
    with pytest.raises(NotFound):
        house.probes.vantages.remove(OPERATOR, name="eu-1")


@pytest.mark.parametrize("name", ["", "E1", "-x", "x-", "a" * 33, "a b", "local"])
def test_a_vantage_has_a_name_of_its_own(house: House, name: str) -> None:
    with pytest.raises(DomainError):
        house.probes.vantages.add(OPERATOR, name=name, key_id="key_new")
    with pytest.raises(Conflict):
        house.probes.vantages.add(OPERATOR, name="new", key_id="key_eu-1")


def test_probes_are_listed_by_name_page_by_page(house: House) -> None:
    for name in ("Cc", "Aa", "Bb"):
        house.make(name=name)
    first = house.probes.reads.probes(OPERATOR, PageRequest(size=2))
    rest = house.probes.reads.probes(OPERATOR, PageRequest(after=first.next_cursor, size=2))
    assert [p.name for p in (*first.items, *rest.items)] == ["Aa", "Bb", "Cc"]
    assert rest.next_cursor is None


def test_the_demo_s_probes_are_made_once_and_go_together(house: House) -> None:
    founding = house.probes.founding
    first = FirstProbe("film", DRAFT, demo=True)
    assert len(founding.found(FOUNDER, [first])) == 1
    assert founding.found(FOUNDER, [first]) == []
    house.make(name="Mine")
    assert founding.remove_demo(WATCHER) == 1
    assert [p.name for p in house.probes.reads.probes(OPERATOR, PageRequest()).items] == ["Mine"]
    assert len(founding.found(FOUNDER, [first])) == 1


def test_a_first_probe_that_was_removed_stays_away(house: House) -> None:
    first = FirstProbe("web", DRAFT)
    [probe] = house.probes.founding.found(FOUNDER, [first])
    house.probes.definitions.remove(OPERATOR, probe_id=probe)
    assert house.probes.founding.found(FOUNDER, [first]) == []


def test_a_first_probe_follows_its_target_and_begins_anew_unless_somebody_pointed_it_elsewhere(house: House) -> None:
    first = FirstProbe("web", replace(DRAFT, vantages=("eu-1",)))
    [probe] = house.probes.founding.found(FOUNDER, [first])
    house.say(probe, eu_1="up")
    moved = replace(first, draft=replace(first.draft, target="http://127.0.0.1:8482/"))
    house.probes.founding.found(FOUNDER, [moved])
    assert (house.view(probe).target, house.view(probe).verdict) == ("http://127.0.0.1:8482/", "unknown")
    house.probes.definitions.change(OPERATOR, probe_id=probe, draft=replace(DRAFT, target="https://example.org/"))
    house.probes.founding.found(FOUNDER, [first])
    assert house.view(probe).target == "https://example.org/"


def test_a_first_probe_takes_on_a_new_secret_and_keeps_one_that_stays(house: House) -> None:
    draft = replace(DRAFT, target="https://example.com/{secret}", vantages=("eu-1",), secret="sk_one")
    [probe] = house.probes.founding.found(FOUNDER, [FirstProbe("web", draft)])
    house.say(probe, eu_1="up")
    house.probes.founding.found(FOUNDER, [FirstProbe("web", draft)])
    assert house.view(probe).verdict == "up"
    house.probes.founding.found(FOUNDER, [FirstProbe("web", replace(draft, secret="sk_two"))])
    [assigned] = house.probes.intake.assignments(key("eu-1")).probes
    assert (assigned.secret, house.view(probe).verdict) == ("sk_two", "unknown")


def test_old_results_are_added_up_by_the_hour_and_dropped(house: House, engine: sa.Engine) -> None:
    probe = house.make(vantages=("eu-1",))
    house.clock.advance(seconds=5)
    for outcome in ("up", "up", "down", "unknown"):
        house.say(probe, eu_1=outcome)
        house.clock.advance(seconds=10)
    assert house.probes.upkeep.fold(WATCHER) == 0
    house.clock.advance(days=8)
    house.say(probe, eu_1="up")
    assert house.probes.upkeep.fold(WATCHER) == 4
    assert house.probes.upkeep.fold(WATCHER) == 0
    with engine.connect() as connection:
        hours = connection.execute(
            sa.text("select ups, downs, unknowns, latency_count, latency_total_ms, latency_max_ms from probes_hours")
        ).all()
    assert [tuple(row) for row in hours] == [(2, 1, 1, 4, 48, 12)]
    assert len(house.probes.reads.results(OPERATOR, probe)) == 1
