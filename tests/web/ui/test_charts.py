import json
import math
import re
from datetime import UTC, date, datetime, timedelta
from html import unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.ui import format as fmt
from web.ui.charts.plotly import graph, layout
from web.ui.charts.series import Point, Scale, extent, runs, tick_decimals, ticks, time_ticks
from web.ui.charts.sparkline import HEIGHT, WIDTH, sparkline
from web.ui.charts.trend import Event, Remark, trend_chart
from web.ui.charts.uptime import DayState, day_summary, uptime
from web.ui.figures import state_word
from web.ui.render import to_html
from web.ui.theme import State, worst

START = datetime(2026, 11, 24, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ranges = st.tuples(st.floats(min_value=-1e6, max_value=1e6), st.floats(min_value=1e-3, max_value=1e6)).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)


def series(*values: float | None) -> list[Point]:
    return [Point(START + index * MINUTE, value) for index, value in enumerate(values)]


def coordinates(html: str, look: str) -> list[list[tuple[float, float]]]:
    paths = re.findall(rf'<path class="{look}" d="([^"]+)"', html)
    return [[(float(x), float(y)) for x, y in re.findall(r"(-?[\d.]+) (-?[\d.]+)", path)] for path in paths]


@given(ranges)
def test_ticks_are_few_round_and_inside(bounds: tuple[float, float]) -> None:
    low, high = bounds
    found = ticks(low, high)
    assert 1 <= len(found) <= 5
    slack = (high - low) * 1e-6
    assert all(low - slack <= tick <= high + slack for tick in found)
    if len(found) > 1:
        step = found[1] - found[0]
        mantissa = step / 10 ** math.floor(math.log10(step * 1.0000001))
        assert any(math.isclose(mantissa, nice, rel_tol=1e-6) for nice in (1, 2, 2.5, 5))


@given(ranges)
def test_tick_labels_tell_neighbours_apart(bounds: tuple[float, float]) -> None:
    found = ticks(*bounds)
    labels = [fmt.number(tick, tick_decimals(found)) for tick in found]
    assert len(set(labels)) == len(labels)


@given(st.lists(st.floats(min_value=-1e9, max_value=1e9), min_size=1, max_size=20))
def test_the_extent_holds_every_value_and_has_a_height(values: list[float]) -> None:
    low, high = extent(values)
    assert low <= min(values)
    assert max(values) <= high
    assert low < high


def test_a_flat_series_lies_in_the_middle() -> None:
    assert Scale(1, 1, 0, 10)(1) == 5


def test_runs_end_at_gaps() -> None:
    found = runs(series(1, 2, None, 3, math.nan, None, 4, 5))
    assert [[value for _, value in run] for run in found] == [[1, 2], [3], [4, 5]]


@given(st.lists(st.none() | st.floats(min_value=-1e6, max_value=1e6), min_size=1, max_size=60))
def test_a_sparkline_stays_in_its_box_and_keeps_its_gaps(values: list[float | None]) -> None:
    html = to_html(sparkline(series(*values), title="t"))
    drawn = coordinates(html, "stroke(?: lone)?")
    assert len(drawn) == len(runs(series(*values)))
    assert sum(len(path) for path in drawn) == sum(value is not None for value in values)
    for x, y in (point for path in drawn for point in path):
        assert 0 <= x <= WIDTH
        assert 0 <= y <= HEIGHT


def test_higher_values_are_drawn_higher_and_later_ones_further_right() -> None:
    (first, second, third), *_ = coordinates(to_html(sparkline(series(1, 3, 2), title="t")), "stroke")
    assert first[0] < second[0] < third[0]
    assert second[1] < third[1] < first[1]


def test_the_target_is_drawn_at_its_own_height() -> None:
    html = to_html(sparkline(series(1, 2, 3), title="t", target=2))
    (line,) = coordinates(html, "stroke")
    target = re.search(r'class="target" [^>]*y1="([\d.]+)"', html)
    assert target
    assert math.isclose(float(target[1]), line[1][1], abs_tol=0.06)


def test_a_sparkline_without_data_says_so() -> None:
    html = to_html(sparkline(series(None, None), title="t"))
    assert "Nothing measured" in html
    assert "<svg" not in html


def test_a_sparkline_tells_its_trend_in_words() -> None:
    html = to_html(sparkline(series(1, None, 3), title="Join <time>", target=2, target_text="< 2 s", unit="s"))
    assert "<title>Join &lt;time&gt;</title>" in html
    assert "1 of 3 intervals without data" in html
    assert "target &lt; 2 s" in html


def test_a_trend_chart_lists_its_values_with_gaps_as_no_data() -> None:
    html = to_html(trend_chart(series(1, None, 3), title="t", unit="s"))
    rows = re.findall(r"<tr data-x[^>]*>.*?</tr>", html)
    assert len(rows) == 3
    assert fmt.NO_DATA in rows[1]
    assert "data-y" not in rows[1]


def test_a_trend_chart_has_at_most_five_grid_lines_with_unit_labels() -> None:
    html = to_html(trend_chart(series(0.1, 7.7, 3.3), title="t", unit="s", target=5, target_text="5 s"))
    assert 2 <= html.count('class="grid"') <= 5
    assert html.count('class="grid"') == html.count('class="y-tick"')
    assert f"{fmt.NBSP}s</span>" in html
    assert "target 5 s" in html


def test_events_outside_the_chart_are_left_out_and_close_ones_get_lanes_of_their_own() -> None:
    events = [
        Event(START - MINUTE, "before"),
        Event(START + 5 * MINUTE, "first"),
        Event(START + 6 * MINUTE, "second", State.BAD, "/x"),
    ]
    html = to_html(trend_chart(series(*[1.0, 2.0] * 30), title="t", unit="s", events=events))
    assert "before</span>" not in html
    assert re.findall(r"--lane:(\d)", html) == ["0", "1"]
    assert "--lanes:2" in html
    assert '<a href="/x">second</a>' in html


def test_words_on_a_chart_are_escaped() -> None:
    event = Event(START, "<script>x</script>")
    remark = Remark(START, 1, "<img src=x>")
    html = to_html(trend_chart(series(1, 2), title="<b>", unit="<i>", events=[event], remarks=[remark]))
    assert not re.search(r"<(script|img|b|i)[ >]", html)


def test_a_trend_chart_without_data_says_so() -> None:
    assert "Nothing measured" in to_html(trend_chart([], title="t", unit="s"))


@pytest.mark.parametrize(
    ("hours", "labels"),
    [(1, "hours"), (24, "hours"), (24 * 7, "dates"), (24 * 90, "dates"), (24 * 800, "dates")],
)
def test_time_ticks_are_few_and_round(hours: int, labels: str) -> None:
    end = START + timedelta(hours=hours, minutes=7)
    found = time_ticks(START + timedelta(minutes=3), end)
    assert 2 <= len(found) <= 8
    assert all(START <= at <= end and at.second == 0 for at, _ in found)
    if labels == "dates":
        assert all(at.hour == 0 for at, _ in found)


def test_unmeasured_days_are_neither_up_nor_down() -> None:
    assert worst([State.GOOD, State.UNKNOWN]) is State.UNKNOWN
    assert worst([State.UNKNOWN, State.WARN, State.GOOD]) is State.WARN
    assert worst([]) is State.UNKNOWN


def test_three_days_share_a_bar_that_shows_the_worst() -> None:
    states = [State.GOOD] * 40 + [State.BAD] + [State.GOOD] * 49
    days = [DayState(date(2026, 8, 1) + timedelta(index), state, 1.0) for index, state in enumerate(states)]
    html = to_html(uptime("API", days, state_label=state_word("Operational", State.GOOD), availability=0.999))
    wide, thin = re.findall(r'class="(?:wide|thin)"><svg.*?</svg>', html, re.DOTALL)
    stretch = r'<rect x="(\d+)" width="(\d+)" height="30" fill="url\(#day-(\w+)\)"/>'
    assert re.findall(stretch, wide) == [("0", "400", "good"), ("400", "10", "bad"), ("410", "490", "good")]
    assert re.findall(stretch, thin) == [("0", "130", "good"), ("130", "10", "bad"), ("140", "160", "good")]


def test_each_day_can_be_read_in_words() -> None:
    days = [
        DayState(date(2026, 11, 1), State.GOOD, 1.0),
        DayState(date(2026, 11, 2), State.BAD, 0.9, "Down for 2 h 24 min."),
        DayState(date(2026, 11, 3), State.UNKNOWN, None),
        DayState(date(2026, 11, 4), State.UNKNOWN, None),
    ]
    html = to_html(uptime('<b>"API"', days, state_label=state_word("?", State.UNKNOWN), availability=None))
    told = re.search(r'data-days="([^"]*)"', html)
    assert told is not None
    assert [count for count, _ in json.loads(unescape(told[1]))] == [1, 1, 2]
    assert json.loads(unescape(told[1]))[1][1].replace(fmt.NBSP, " ") == "down, 90.000 %. Down for 2 h 24 min."
    assert 'data-first="2026-11-01"' in html
    assert "<b>" not in html


def test_uptime_is_told_in_words_with_the_bad_days_by_date() -> None:
    days = [
        DayState(date(2026, 11, 1), State.GOOD, 1.0),
        DayState(date(2026, 11, 2), State.BAD, 0.9),
        DayState(date(2026, 11, 3), State.UNKNOWN, None),
    ]
    said = day_summary(days).replace(fmt.NBSP, " ")
    assert said == "3 days, 1 operational, 1 down, 1 not measured; 2 Nov down"


def test_availability_that_nobody_measured_is_no_data() -> None:
    html = to_html(uptime("API", [], state_label=state_word("?", State.UNKNOWN), availability=None))
    assert fmt.NO_DATA in html
    assert "100" not in html


def test_interactive_charts_leave_gaps_open_and_have_few_grid_lines() -> None:
    chart = graph([{"x": [1, 2], "y": [1, None], "type": "scatter"}], title="t", id="a-b", unit="s")
    figure = chart.children.figure
    assert figure["data"][0]["connectgaps"] is False
    assert layout(unit="s")["yaxis"]["nticks"] <= 5
    assert layout(unit="s")["yaxis"]["ticksuffix"] == " s"
