from dataclasses import replace

import pytest

from services.kernel.clock import FixedClock
from services.metrics.units import display_unit, target_text, value_unit
from tests.status_page.views import figure

MINUTE, HOUR = 60_000, 3_600_000


@pytest.mark.parametrize(("value", "sign", "shown"), [(2 * MINUTE, "min", 2), (5 * HOUR, "h", 5), (None, "h", None)])
def test_a_part_of_an_hour_is_minutes_while_target_and_chart_stay_in_hours(
    clock: FixedClock, value: float | None, sign: str, shown: float | None
) -> None:
    payouts = replace(figure(clock.now()), value=value, target=24 * HOUR)
    unit = value_unit(payouts)
    assert (unit.sign, unit.shown(payouts.value)) == (sign, shown)
    assert display_unit(payouts).sign == "h"
    assert target_text(payouts) == "< 24\N{NO-BREAK SPACE}h"


def test_what_is_promised_in_seconds_is_told_in_seconds(clock: FixedClock) -> None:
    assert value_unit(figure(clock.now())).sign == "s"
