from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.kernel.context import ApiKeyActor
from services.kernel.errors import Forbidden, TooLarge
from services.probes.intake import KEPT_RAW
from services.probes.views import Finding
from tests.probes.conftest import OPERATOR, WATCHER, House, key

pytestmark = pytest.mark.capability("STATUS-4")


def test_what_is_handed_in_twice_is_known_and_changes_nothing(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    batch = [house.finding(probe, "up"), house.finding(probe, "down", at=house.after(1))]
    assert house.hand_in("eu-1", batch).taken == 2
    before = house.view(probe)
    again = house.hand_in("eu-1", batch[::-1])
    assert (again.taken, again.known, again.refused) == (0, 2, {})
    assert house.view(probe) == before


def test_results_in_any_order_within_a_batch_count_by_their_instants(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    now = house.clock.advance(seconds=60)
    batch = [
        house.finding(probe, o, at=now - timedelta(seconds=s)) for s, o in ((10, "down"), (30, "up"), (20, "down"))
    ]
    house.hand_in("eu-1", batch)
    assert house.told() == [("up", now - timedelta(seconds=30)), ("down", now - timedelta(seconds=20))]


def test_a_late_result_is_kept_raw_and_changes_no_verdict(house: House) -> None:
    probe = house.make(vantages=("eu-1",), confirm_down=1)
    house.say(probe, eu_1="up")
    late = house.finding(probe, "down", at=house.after(-300))
    assert house.hand_in("eu-1", [late]).taken == 1
    assert house.view(probe).verdict == "up"
    assert [r.outcome for r in house.probes.reads.results(OPERATOR, probe)] == ["down", "up"]


def test_a_prober_whose_clock_is_wrong_is_understood_by_ours(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    ahead = house.after(3600)
    receipt = house.hand_in("eu-1", [house.finding(probe, "up", at=ahead)], sent_at=ahead)
    assert receipt.taken == 1
    assert house.told() == [("up", house.clock.now())]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"id": "nonsense"}, "its id is malformed"),
        ({"outcome": "great"}, "its outcome is unknown"),
        ({"latency_ms": -1}, "its latency is out of bounds"),
        ({"probe_id": "prb_0"}, "no probe of this vantage"),
    ],
)
def test_what_cannot_be_taken_is_named_and_the_rest_is_taken(house: House, change: dict[str, str], why: str) -> None:
    probe = house.make()
    bad = replace(house.finding(probe, "up"), **change)  # type: ignore[arg-type] # on purpose
    receipt = house.hand_in("eu-1", [bad, house.finding(probe, "up")])
    assert receipt.taken == 1
    assert receipt.refused == {bad.id: why}


def test_the_future_and_the_distant_past_are_refused(house: House) -> None:
    probe = house.make()
    future = house.finding(probe, "down", at=house.after(60))
    old = house.finding(probe, "down", at=house.clock.now() - KEPT_RAW - timedelta(seconds=1))
    receipt = house.hand_in("eu-1", [future, old])
    assert receipt.refused == {future.id: "it lies in the future", old.id: "it is too old"}


def test_a_vantage_speaks_only_of_what_it_is_to_look_at(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    receipt = house.hand_in("us-1", [house.finding(probe, "down")])
    assert list(receipt.refused.values()) == ["no probe of this vantage"]
    assert house.view(probe).seen_from[0].at is None


def test_a_key_of_no_vantage_may_neither_fetch_nor_report(house: House) -> None:
    stranger = ApiKeyActor("key_stranger", frozenset({"probes.report"}))
    with pytest.raises(Forbidden):
        house.probes.intake.assignments(stranger)
    with pytest.raises(Forbidden):
        house.probes.intake.report(stranger, sent_at=house.clock.now(), findings=[])


def test_more_than_a_batch_is_refused_whole(house: House) -> None:
    probe = house.make()
    with pytest.raises(TooLarge):
        house.hand_in("eu-1", [house.finding(probe, "up") for _ in range(501)])


def test_a_reason_is_plain_words_whatever_a_prober_sends(house: House) -> None:
    probe = house.make(vantages=("eu-1",), confirm_down=1)
    forged = Finding("a" * 32, probe, house.clock.now(), "down", 1, "<script>\x00\n`x`" + "y" * 500, "d\x07" * 400)
    house.hand_in("eu-1", [forged])
    seen = house.view(probe).seen_from[0]
    assert len(seen.reason) <= 120
    assert "\x00" not in seen.reason
    assert seen.detail.isprintable()


def test_assignments_are_those_of_the_vantage_with_secrets_in_clear_for_it_alone(
    house: House, engine: sa.Engine
) -> None:
    mine = house.make(
        vantages=("eu-1",), settings={"headers": {"Authorization": "Bearer {secret}"}}, secret="hunter2hunter2"
    )
    house.make(name="Elsewhere", vantages=("us-1",))
    found = house.probes.intake.assignments(key("eu-1"))
    assert (found.vantage, [p.probe_id for p in found.probes]) == ("eu-1", [mine])
    assert found.probes[0].secret == "hunter2hunter2"
    with engine.connect() as connection:
        stored = [connection.execute(sa.text(f"select * from {t}")).all() for t in ("probes_probes", "audit_entries")]  # noqa: S608 -- two names
    assert "hunter2" not in f"{stored}{house.view(mine)}{found}"


def test_a_paused_probe_is_looked_at_only_when_somebody_asks(house: House) -> None:
    probe = house.make()
    house.probes.definitions.pause(OPERATOR, probe_id=probe)
    assert house.probes.intake.assignments(key("eu-1")).probes == ()
    house.probes.definitions.ask(OPERATOR, probe_id=probe)
    assert [p.enabled for p in house.probes.intake.assignments(key("eu-1")).probes] == [False]
    house.say(probe, eu_1="down")
    assert house.told() == []
    house.clock.advance(seconds=120)
    assert house.probes.intake.assignments(key("eu-1")).probes == ()


def test_the_built_in_vantage_is_there_once_and_reports_as_a_job(house: House) -> None:
    house.probes.vantages.ensure_built_in(WATCHER)
    house.probes.vantages.ensure_built_in(WATCHER)
    probe = house.make(vantages=("local",))
    house.probes.intake.report(WATCHER, sent_at=house.clock.now(), findings=[house.finding(probe, "up")])
    assert house.view(probe).verdict == "up"
    assert [v.name for v in house.probes.vantages.vantages(OPERATOR)] == ["local", "ap-1", "eu-1", "us-1"]


def test_vantages_show_whether_they_are_there(house: House) -> None:
    house.probes.intake.note_seen(key("eu-1"), release="1.2", waiting=7)
    house.clock.advance(seconds=61)
    house.probes.intake.note_seen(key("us-1"), release="1.3", waiting=0)
    states = {v.name: (v.state, v.waiting) for v in house.probes.vantages.vantages(OPERATOR)}
    assert states == {"eu-1": ("silent", 7), "us-1": ("watching", 0), "ap-1": ("never", 0)}
