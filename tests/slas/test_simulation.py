"""Simulated weeks, a few of those that `benchmarks/sla_simulation.py` runs in full: no false breach, none missed."""

import numpy as np
import pytest

from benchmarks.sla_simulation import DAYS_SLOTS, INJECTIONS, Injection, breaches, broken, detection
from benchmarks.sla_worlds import EPOCH, HOUR, KINDS, MINUTE, SLOT, SLOTS_A_DAY, healthy
from services.slas.agreements import DAY

pytestmark = pytest.mark.capability("STATUS-3")


@pytest.mark.parametrize("kind", ["join_time", "checkout"])
def test_a_world_answers_what_the_engines_own_timeline_answers(kind: str) -> None:
    world, rng = healthy(kind, 3, days=20, history_days=0, a_day=40), np.random.default_rng(1)
    for slot in (1, 8 * SLOTS_A_DAY, *rng.integers(2, 20 * SLOTS_A_DAY, 5)):
        moment, now = world.grid.at(int(slot)), EPOCH + int(slot) * SLOT
        timeline = moment.timeline()
        for seconds in (5 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY, 3 * DAY, 30 * DAY):
            assert moment.between(now - seconds, now) == pytest.approx(timeline.between(now - seconds, now))
        for since in (now - DAY, now - 2 * HOUR, 0.0):
            assert moment.bad_run(max(since, now - DAY), now) == timeline.bad_run(max(since, now - DAY), now)


@pytest.mark.parametrize("name", ["total failure, low traffic", "total silence, busy"])
def test_leaving_out_looks_at_which_no_rule_can_fire_changes_nothing(name: str) -> None:
    injection = next(each for each in INJECTIONS if each.name == name)
    world, at = broken(injection, 5)
    until = at + 3 * HOUR // SLOT
    assert list(breaches(world, until=until)) == list(breaches(world, until=until, skip=False))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_healthy_weeks_with_nights_weekends_and_single_viewers_have_no_breach(kind: str) -> None:
    for seed, history in ((1, 14), (2, 0)):
        assert list(breaches(healthy(kind, seed, days=7, history_days=history))) == []


@pytest.mark.parametrize("injection", INJECTIONS, ids=lambda injection: injection.name)
def test_what_breaks_is_found_within_what_the_arithmetic_allows(injection: Injection) -> None:
    after, rule, most = detection(injection, 7)
    assert after is not None, rule
    assert 0 < after <= most <= DAYS_SLOTS * SLOT
