from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.clock import FixedClock, SystemClock, from_epoch_ms, require_utc, to_epoch_ms

SECOND_NS = 1_000_000_000
AWARE = st.datetimes(min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30), timezones=st.timezones())  # noqa: DTZ001 -- hypothesis adds the zone


def test_a_clock_that_goes_backwards_stands_still_until_time_catches_up() -> None:
    readings = iter([100 * SECOND_NS, 40 * SECOND_NS, 99 * SECOND_NS, 101 * SECOND_NS])
    clock = SystemClock(lambda: next(readings))
    assert [clock.now().timestamp() for _ in range(4)] == [100, 100, 100, 101]


def test_instants_never_decrease_while_threads_read_a_clock_that_jumps() -> None:
    def jumping() -> Iterator[int]:
        for n in range(10**9):
            yield 10**18 + n * 1_000 - (n % 7) * 5_000_000

    source = jumping()
    clock = SystemClock(lambda: next(source))

    def read(_: int) -> bool:
        seen = [clock.now() for _ in range(300)]
        return seen == sorted(seen)

    with ThreadPoolExecutor(1) as one:  # generators are not shared between threads; the clock's lock is its own guard
        assert all(one.map(read, range(5)))
    real = SystemClock()
    with ThreadPoolExecutor(8) as many:
        assert all(many.map(lambda _: (a := real.now()) <= real.now() and a.tzinfo is UTC, range(2_000)))


def test_the_system_clock_agrees_with_the_machine_to_the_microsecond() -> None:
    clock = SystemClock(lambda: 1_764_000_000_123_456_789)
    assert clock.now() == datetime.fromtimestamp(1_764_000_000, UTC) + timedelta(microseconds=123_456)


def test_a_fixed_clock_moves_only_when_told() -> None:
    clock = FixedClock(datetime(2026, 11, 24, 13, tzinfo=timezone(timedelta(hours=1))))
    assert clock.now() == datetime(2026, 11, 24, 12, tzinfo=UTC)
    assert clock.advance(minutes=5) == clock.now() == datetime(2026, 11, 24, 12, 5, tzinfo=UTC)
    clock.set(datetime(2020, 1, 1, tzinfo=UTC))
    assert clock.now().year == 2020


def test_a_naive_datetime_is_refused() -> None:
    naive = datetime(2026, 11, 24)  # noqa: DTZ001 -- the mistake
    for refuse in (require_utc, FixedClock, to_epoch_ms):
        with pytest.raises(ValueError, match="naive"):
            refuse(naive)


@given(AWARE)
def test_an_instant_survives_the_change_of_zone(at: datetime) -> None:
    assert require_utc(at) == at.astimezone(UTC)
    assert require_utc(at).utcoffset() == timedelta(0)


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_epoch_milliseconds_round_trip(milliseconds: int) -> None:
    assert to_epoch_ms(from_epoch_ms(milliseconds)) == milliseconds
