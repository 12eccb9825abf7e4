from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from dash import html

from web.ui.nodes import Node
from web.ui.panels import Empty, Loaded, loading_panel, panel
from web.ui.render import to_html


def show(rows: list[str]) -> Node:
    return html.Ul([html.Li(row) for row in rows])


def loads(*rows: str, as_of: datetime | None = None) -> Callable[[], Loaded[list[str]]]:
    return lambda: Loaded(list(rows), as_of)


def test_present_shows_the_data_and_its_age(now: datetime) -> None:
    page = to_html(panel(loads("a", as_of=now - timedelta(seconds=4)), show, title="Payouts", now=now))
    assert 'data-state="present"' in page
    assert "<li>a</li>" in page
    assert "4\N{NO-BREAK SPACE}s ago" in page


def test_stale_shows_what_was_last_known_and_how_old_it_is(now: datetime) -> None:
    old = loads("a", as_of=now - timedelta(minutes=47))
    page = to_html(panel(old, show, title="Payouts", now=now, stale_after_seconds=60))
    assert 'data-state="stale"' in page
    assert "<li>a</li>" in page
    assert "47\N{NO-BREAK SPACE}min ago" in page


@pytest.mark.parametrize(("age_seconds", "state"), [(60, "present"), (61, "stale")])
def test_data_is_stale_only_after_its_time(now: datetime, age_seconds: int, state: str) -> None:
    load = loads("a", as_of=now - timedelta(seconds=age_seconds))
    assert f'data-state="{state}"' in to_html(panel(load, show, title="t", now=now, stale_after_seconds=60))


def test_empty_says_what_belongs_here_and_what_to_do(now: datetime) -> None:
    words = Empty("No payouts yet", "They run on the 1st.", html.A("Set up", href="/setup"))
    page = to_html(panel(loads(as_of=now), show, title="Payouts", now=now, empty=words))
    assert 'data-state="empty"' in page
    assert "No payouts yet" in page
    assert 'href="/setup"' in page


def test_what_counts_as_empty_can_be_said(now: datetime) -> None:
    page = to_html(panel(loads("", as_of=now), show, title="t", now=now, is_empty=lambda rows: not any(rows)))
    assert 'data-state="empty"' in page


def test_zero_is_data(now: datetime) -> None:
    page = to_html(panel(lambda: Loaded(0, now), html.B, title="t", now=now))
    assert 'data-state="present"' in page
    assert "<b>0</b>" in page


@pytest.mark.parametrize("where", ["load", "render"])
def test_failed_shows_a_reference_and_hides_the_cause(now: datetime, where: str) -> None:
    def fail(*_: object) -> Loaded[list[str]]:
        raise RuntimeError("password=hunter2")

    reported: list[Exception] = []

    def report(failure: Exception) -> str:
        reported.append(failure)
        return "7f3a90c2"

    def broken(rows: list[str]) -> Node:
        raise RuntimeError(f"password=hunter2 {rows}")

    page = to_html(
        panel(
            fail if where == "load" else loads("a"),
            broken if where == "render" else show,
            title="Payouts",
            now=now,
            retry_href="/again",
            report=report,
        )
    )
    assert 'data-state="failed"' in page
    assert "7f3a90c2" in page
    assert 'href="/again"' in page
    assert "hunter2" not in page
    assert len(reported) == 1


def test_a_failure_is_logged_under_the_reference_that_is_shown(now: datetime, caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Loaded[list[str]]:
        raise RuntimeError("gone")

    page = to_html(panel(fail, show, title="Payouts", now=now))
    (record,) = caplog.records
    assert record.reference in page  # type: ignore[attr-defined] # logging adds what `extra` names
    assert record.exc_info


def test_a_panel_retries_by_button_in_dash(now: datetime) -> None:
    def fail() -> Loaded[list[str]]:
        raise RuntimeError("gone")

    page = to_html(panel(fail, show, title="t", now=now, retry_id="payouts-retry", report=lambda _: "r"))
    assert "<button" in page
    assert 'id="payouts-retry"' in page


@pytest.mark.parametrize("shape", ["text", "figures", "chart", "table"])
def test_loading_is_busy_and_says_so_once(shape: str) -> None:
    page = to_html(loading_panel(title="Payouts", shape=shape))  # type: ignore[arg-type] # the parameter is one of the literals
    assert 'aria-busy="true"' in page
    assert page.count("Loading") == 1
