from datetime import timedelta

import pytest

from tests.probes.conftest import OPERATOR, WATCHER, House

pytestmark = pytest.mark.capability("STATUS-4")


def test_an_outage_is_confirmed_by_a_second_result_and_began_with_the_first(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    house.say(probe, eu_1="up")
    house.clock.advance(seconds=10)
    first = house.clock.now()
    house.say(probe, eu_1="down")
    assert house.view(probe).verdict == "up"
    house.clock.advance(seconds=10)
    house.say(probe, eu_1="down")
    assert house.view(probe).verdict == "down"
    assert house.view(probe).explanation == "1 of 1 vantage: timeout"
    assert house.told()[-1] == ("down", first)


def test_with_the_defaults_an_outage_is_known_within_a_minute_from_the_first_result_on(house: House) -> None:
    probe = house.make()
    assert house.view(probe).detection_seconds < 60


def test_a_flap_is_damped_once_and_kept_in_the_raw_results(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    for outcome in ("up", "down", "up", "down", "up", "up"):
        house.say(probe, eu_1=outcome)
        house.clock.advance(seconds=10)
    assert [verdict for verdict, _ in house.told()] == ["up"]
    assert [r.outcome for r in house.probes.reads.results(OPERATOR, probe)] == ["up", "down", "up", "down", "up", "up"]


def test_a_recovery_reaches_back_to_the_first_good_result(house: House) -> None:
    probe = house.make(vantages=("eu-1",), confirm_up=3)
    for outcome in ("up", "down", "down"):
        house.say(probe, eu_1=outcome)
        house.clock.advance(seconds=10)
    recovered = house.clock.now()
    for _ in range(3):
        house.say(probe, eu_1="up")
        house.clock.advance(seconds=10)
    assert house.told()[-1] == ("up", recovered)


def test_three_vantages_agree_by_quorum_and_less_is_shown_as_partial(house: House) -> None:
    probe = house.make(quorum=2)
    house.say(probe, eu_1="up", us_1="up", ap_1="up")
    began = {}
    for round_number in range(6):
        house.clock.advance(seconds=10)
        if round_number in {0, 2}:
            began["eu" if round_number == 0 else "us"] = house.clock.now()
        house.say(probe, eu_1="down", us_1="down" if round_number >= 2 else "up", ap_1="up")
    assert house.view(probe).explanation == "2 of 3 vantages: timeout"
    recovered = house.after(10)
    for _ in range(2):
        house.clock.advance(seconds=10)
        house.say(probe, eu_1="up", us_1="down", ap_1="up")
    again = house.after(10)
    for _ in range(2):
        house.clock.advance(seconds=10)
        house.say(probe, eu_1="up", us_1="up", ap_1="up")
    assert house.told()[-4:] == [
        ("partial", began["eu"]),
        ("down", began["us"]),
        ("partial", recovered),
        ("up", again),
    ]


def test_a_silent_vantage_counts_as_unknown_and_not_as_down(house: House) -> None:
    probe = house.make(quorum=2)
    house.say(probe, eu_1="up", us_1="up", ap_1="up")
    for _ in range(10):
        house.clock.advance(seconds=10)
        house.say(probe, eu_1="up", us_1="up")
        house.probes.upkeep.judge_silence(WATCHER)
    assert house.view(probe).verdict == "up"
    assert [s.silent for s in house.view(probe).seen_from if s.vantage == "ap-1"] == [True]
    assert "1 say nothing" in house.view(probe).explanation


def test_too_few_vantages_that_speak_make_it_unknown_since_the_last_word_of_the_one_that_went(house: House) -> None:
    probe = house.make(quorum=2)
    house.say(probe, eu_1="up", us_1="up", ap_1="up")
    house.clock.advance(seconds=10)
    house.say(probe, us_1="up", eu_1="up")
    last = house.clock.now()
    for _ in range(10):
        house.clock.advance(seconds=10)
        house.say(probe, eu_1="up")
    assert house.probes.upkeep.judge_silence(WATCHER) in {0, 1}
    assert house.told()[-1] == ("unknown", last)
    assert house.view(probe).explanation.startswith("1 of 3 vantages say for sure, 2 needed")


def test_total_silence_is_noticed_without_any_result(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    house.say(probe, eu_1="up")
    last = house.clock.now()
    house.clock.advance(seconds=30)
    assert house.probes.upkeep.judge_silence(WATCHER) == 0
    house.clock.advance(seconds=60)
    assert house.probes.upkeep.judge_silence(WATCHER) == 1
    assert house.probes.upkeep.judge_silence(WATCHER) == 0
    assert house.told()[-1] == ("unknown", last)


def test_an_outage_is_not_carried_over_a_silence(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    for outcome in ("up", "down", "down"):
        house.say(probe, eu_1=outcome)
        house.clock.advance(seconds=10)
    last = house.after(-10)
    house.clock.advance(minutes=10)
    house.say(probe, eu_1="up")
    back = house.clock.now()
    assert house.told()[-1] == ("unknown", last)
    house.clock.advance(seconds=10)
    house.say(probe, eu_1="up")
    assert house.told()[-1] == ("up", back)


def test_what_was_spooled_while_the_server_was_away_tells_the_past_as_it_was(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    house.say(probe, eu_1="up")
    start = house.clock.now()
    outcomes = ["up"] * 6 + ["down"] * 12 + ["up"] * 12
    spooled = [
        house.finding(probe, outcome, at=start + timedelta(seconds=10 * (n + 1))) for n, outcome in enumerate(outcomes)
    ]
    house.clock.set(start + timedelta(seconds=305))
    house.probes.upkeep.judge_silence(WATCHER)
    assert house.hand_in("eu-1", spooled).taken == 30
    assert house.told() == [
        ("up", start),
        ("unknown", start),
        ("up", start),
        ("down", start + timedelta(seconds=70)),
        ("up", start + timedelta(seconds=190)),
    ]


def test_an_offline_prober_makes_it_unknown_and_never_down(house: House) -> None:
    probe = house.make(vantages=("eu-1",))
    house.say(probe, eu_1="up")
    house.clock.advance(seconds=10)
    since = house.clock.now()
    for _ in range(3):
        house.hand_in("eu-1", [house.finding(probe, "unknown", reason="the prober is offline")])
        house.clock.advance(seconds=10)
    assert house.told()[-1] == ("unknown", since)
    assert house.view(probe).explanation.endswith("the prober is offline")


def test_facts_of_one_probe_have_instants_that_grow(house: House) -> None:
    probe = house.make(vantages=("eu-1",), confirm_down=1, confirm_up=1)
    start = house.clock.advance(seconds=90)
    findings = [house.finding(probe, "down" if n % 2 else "up", at=start - timedelta(seconds=60 - n)) for n in range(8)]
    house.hand_in("eu-1", findings)
    instants = [fact.occurred_at for fact in house.outbox.facts]
    assert len(instants) >= 7
    assert instants == sorted(set(instants))
