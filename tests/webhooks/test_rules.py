"""The schedule of attempts, its spread, and what an endpoint is given up for."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.webhooks.rules import ATTEMPTS_MAX, WAITS_SECONDS, breaker_seconds, is_lost, is_overloaded, succeeded
from services.webhooks.rules import wait_seconds as wait

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


def test_ten_attempts_reach_over_three_days() -> None:
    assert ATTEMPTS_MAX == 10
    assert sum(WAITS_SECONDS) == timedelta(hours=75, minutes=35, seconds=5).total_seconds()
    assert wait(10, "msg_1") is None


@given(attempt=st.integers(1, 9), message=st.text(max_size=40))
def test_a_wait_is_spread_by_a_fifth_to_either_side(attempt: int, message: str) -> None:
    base = WAITS_SECONDS[attempt - 1]
    found = wait(attempt, message)
    assert found is not None
    assert 0.8 * base <= found <= 1.2 * base


def test_messages_do_not_come_back_as_one_crowd() -> None:
    waits = {wait(2, f"msg_{n}") for n in range(100)}
    assert len(waits) > 90


def test_an_overloaded_receiver_rests_a_minute_and_its_own_word_counts_within_reason() -> None:
    assert 48 <= (wait(1, "m", overloaded=True) or 0) <= 72
    assert (wait(2, "m", retry_after=400) or 0) >= 320
    assert (wait(2, "m", retry_after=86_400) or 0) <= 1.2 * 600
    assert (wait(2, "m", retry_after=0) or 0) >= 240
    assert is_overloaded(429, None)
    assert is_overloaded(None, "target_timeout")
    assert not is_overloaded(500, None)


def test_only_a_success_is_one() -> None:
    assert [s for s in (None, 100, 200, 204, 299, 301, 302, 307, 400, 410, 500) if succeeded(s)] == [200, 204, 299]


def test_the_breaker_opens_at_the_third_failure_and_never_for_longer_than_ten_minutes() -> None:
    assert [breaker_seconds(n) for n in (0, 1, 2, 3, 4, 5, 8, 50)] == [0, 0, 0, 30, 60, 120, 600, 600]


def test_an_endpoint_that_took_something_meanwhile_is_not_lost() -> None:
    assert is_lost(NOON, None)
    assert is_lost(NOON, NOON - timedelta(hours=1))
    assert not is_lost(NOON, NOON + timedelta(hours=1))
