"""The rules alone, by hand: which pairs of windows there are, when one fires, and when a breach is over."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.components.founding import FIRST
from services.slas.agreements import CHECKOUT, DAY, DECLARED, JOIN_TIME, UPTIME, Agreement
from services.slas.burn import judge, pairs_of
from services.slas.judging import Evidence, budget_left, judge_agreement
from services.slas.timeline import Bucket, Counted, Timeline
from services.slas.transitions import Memory, OpenBreach, turn
from services.slas.views import SlaState

NOW = 1_790_000_040.0
HOUR = 3_600

pytestmark = pytest.mark.capability("STATUS-3")


def steady(hours: float, good: float, bad: float, *, until: float = NOW) -> list[Bucket]:
    """So many good and bad events each minute, up to an instant."""
    first = int((until - hours * HOUR) // 60)
    counted = Counted(good, bad, good + bad, bad)
    return [Bucket(minute * 60.0, 60, counted) for minute in range(first, int(until // 60))]


def evidence(buckets: list[Bucket], *, since_hours: float = 24 * 40) -> Evidence:
    return Evidence(Timeline(buckets), NOW, history_since=NOW - since_hours * HOUR, watching_since=NOW - since_hours)


def test_the_pairs_at_thirty_days_are_those_of_the_rule_book() -> None:
    pairs = [(round(p.factor, 9), p.long_seconds, p.short_seconds) for p in pairs_of(UPTIME)]
    assert pairs == [
        (14.4, HOUR, 300), (6.0, 6 * HOUR, 1_800), (3.0, DAY, 2 * HOUR), (1.0, 3 * DAY, 6 * HOUR),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("days", "factors"),
    [
        (90, [43.2, 18.0, 9.0, 3.0]),
        (28, [13.44, 5.6, 2.8, 1.0]),
        (7, [3.36, 1.4, 1.0, 1.0]),
        (1, [1.0, 1.0, 1.0]),
    ],
)
def test_factors_are_scaled_to_the_window_and_never_below_what_is_promised(days: int, factors: list[float]) -> None:
    agreement = replace(UPTIME, window_seconds=days * DAY)
    assert [round(p.factor, 9) for p in pairs_of(agreement)] == factors


def test_a_pair_that_no_failure_could_make_fire_says_so() -> None:
    fast = pairs_of(replace(JOIN_TIME, window_seconds=90 * DAY))[0]
    assert not fast.can_fire
    assert "no burn is above 20.0, and it needs 43.2" in fast.note


@pytest.mark.parametrize(("bad_share", "fires"), [(0.75, True), (0.71, False)])
def test_the_fast_pair_fires_exactly_above_its_factor(bad_share: float, *, fires: bool) -> None:
    # 5 % may be bad: 14.4 times that is 72 %.
    pair = pairs_of(CHECKOUT)[0]
    buckets = steady(1, 100 * (1 - bad_share), 100 * bad_share)
    burn = judge(pair, CHECKOUT, Timeline(buckets), NOW, history_since=NOW - DAY)
    assert burn.long_burn == pytest.approx(bad_share / 0.05)
    assert burn.firing is fires


def test_no_pair_is_judged_before_its_long_window_is_full() -> None:
    buckets = steady(0.9, 0, 100)
    young = [judge(p, CHECKOUT, Timeline(buckets), NOW, history_since=NOW - 0.9 * HOUR) for p in pairs_of(CHECKOUT)]
    assert [(b.ready, b.firing) for b in young] == [(False, False)] * 4


def test_what_is_over_by_the_short_window_no_longer_fires() -> None:
    buckets = steady(0.9, 0, 100, until=NOW - 600) + steady(0.1, 100, 0)
    burn = judge(pairs_of(CHECKOUT)[0], CHECKOUT, Timeline(buckets), NOW, history_since=NOW - DAY)
    assert burn.long_burn is not None
    assert burn.long_burn > burn.pair.factor
    assert not burn.firing


def test_few_events_are_judged_by_their_count_and_not_by_their_share() -> None:
    bucket = [Bucket(NOW - 600, 60, Counted(1, 5, 6, 5))]
    found = judge_agreement(CHECKOUT, evidence(bucket))
    assert found.state is SlaState.FEW_EVENTS
    assert found.burns[0].long_burn == pytest.approx(5 / 6 / 0.05)
    six = judge_agreement(CHECKOUT, evidence([Bucket(NOW - 600, 60, Counted(0, 6, 6, 6))]))
    assert (six.state, six.firings[0].rule) == (SlaState.BREACHED, "all_failing")


@given(good=st.integers(0, 10_000), bad=st.integers(0, 10_000))
def test_what_is_left_of_the_budget_has_a_sign_and_nothing_of_nothing_has_none(good: int, bad: int) -> None:
    left = budget_left(CHECKOUT, Counted(good, bad))
    if good + bad == 0:
        assert left is None
    else:
        assert left is not None
        assert left == pytest.approx(1 - bad / (0.05 * (good + bad)))
        assert (left < 0) == (bad > 0.05 * (good + bad)) or left == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("rule", ["fast", "all_failing"])
def test_a_breach_is_over_only_once_its_long_window_is_well_again(rule: str) -> None:
    breach = OpenBreach("brc_1", rule, "critical", NOW - 1_800, NOW - 600)
    memory = Memory(looked=NOW, watching_since=NOW - DAY, open=breach, clear_since=NOW - 400)
    before = steady(80, 100, 0, until=NOW - HOUR)
    still = evidence([*before, *steady(50 / 60, 0, 100, until=NOW - 600), *steady(10 / 60, 100, 0)])
    kept, change = turn(CHECKOUT, memory, judge_agreement(CHECKOUT, still), still)
    assert (change, kept.open, kept.clear_since) == (None, breach, None)
    well = evidence([*before, *steady(20 / 60, 0, 100, until=NOW - 2_400), *steady(40 / 60, 100, 0)])
    kept, change = turn(CHECKOUT, memory, judge_agreement(CHECKOUT, well), well)
    assert change is not None
    assert (change.kind, kept.open) == ("recovered", None)
    assert "the long window" in change.explanation


def test_declared_agreements_name_components_that_every_installation_begins_with() -> None:
    founded = {component.id for group in FIRST for component in group.components}
    named: dict[str, Agreement] = {each.name: each for each in DECLARED if each.recipe is not None}
    assert {each.component_ids for each in named.values()} == {
        ("videostart01",), ("videodeliv01",), ("checkout0001",), ("payouts00001",),
    }  # fmt: skip
    assert founded >= {component for each in named.values() for component in each.component_ids}
