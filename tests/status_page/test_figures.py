import csv
import io
import json
import random
from datetime import datetime, timedelta

import numpy as np
import pytest
from flask.testing import FlaskClient

from services.kernel.clock import FixedClock, to_epoch_ms
from services.metrics import Dimensions, Observation, Recording
from tests.status_page.conftest import METER

PLAYS = 500


def play(recording: Recording, clock: FixedClock) -> list[tuple[int, int]]:
    """Record plays over the last day and return the join time and the instant of each in milliseconds."""
    source = random.Random(7)
    joins = [int(source.lognormvariate(6.6, 0.5)) + 1 for _ in range(PLAYS)]
    now_ms = to_epoch_ms(clock.now())
    plays = [(join, now_ms - source.randrange(0, 86_000_000)) for join in joins]
    observations = []
    for index, (join, at_ms) in enumerate(plays):
        kept_by = Dimensions(origin="demo" if index % 5 == 0 else "real")
        observations += [
            Observation("join_time", join, at_ms, kept_by),
            Observation("play_time", 60_000, at_ms, kept_by),
            Observation("stall_time", 300, at_ms, kept_by),
        ]
    recording.record_observations(METER, observations)
    return plays


def trade(recording: Recording, clock: FixedClock) -> None:
    """Record paid checkouts and quick payouts of this minute."""
    now_ms = to_epoch_ms(clock.now())
    one_of_each = [
        Observation("checkouts_attempted", 1, now_ms),
        Observation("checkouts_paid", 1, now_ms),
        Observation("payout_latency", 5 * 3_600_000, now_ms),
    ]
    recording.record_observations(METER, one_of_each * 40)


@pytest.mark.capability("STATUS-1")
def test_json_page_and_csv_show_the_p95_of_the_raw_plays(
    recording: Recording, clock: FixedClock, browser_client: FlaskClient
) -> None:
    plays = play(recording, clock)
    exact_ms = float(np.quantile([join for join, _ in plays], 0.95, method="inverted_cdf"))

    by_name = {f["name"]: f for f in json.loads(browser_client.get("/status/figures.json").data)["figures"]}
    shown_ms = by_name["join_time_p95"]["value"]
    assert abs(shown_ms - exact_ms) / exact_ms <= 0.01
    assert by_name["join_time_p95"]["samples"] == PLAYS
    assert by_name["join_time_p95"]["demo_samples"] == PLAYS // 5
    assert by_name["rebuffer_ratio"]["value"] == pytest.approx(300 / 60_300)

    page = browser_client.get("/status/").text
    assert f">{shown_ms / 1_000:.2f}</b>" in page
    assert "meets &lt; 2\N{NO-BREAK SPACE}s" in page
    assert f"{PLAYS}\N{NO-BREAK SPACE}plays" in page
    assert 'href="/status/figures/join_time_p95/"' in page

    rows = list(csv.DictReader(io.StringIO(browser_client.get("/status/figures/join_time_p95.csv?days=1").text)))
    first_ms = to_epoch_ms(datetime.fromisoformat(rows[0]["starts_at"]))
    assert sum(int(row["samples"]) for row in rows) == sum(at_ms >= first_ms for _, at_ms in plays)
    assert {row["unit"] for row in rows} == {"milliseconds"}


@pytest.mark.capability("STATUS-1")
def test_a_figure_page_names_definition_target_and_raw_counts(
    recording: Recording, clock: FixedClock, browser_client: FlaskClient
) -> None:
    play(recording, clock)
    page = browser_client.get("/status/figures/rebuffer_ratio/?days=7").text
    assert "summed over all plays" in page
    assert "target &lt; 1" in page
    assert "Time stalled" in page
    assert "Time played" in page
    assert "100 of them from the demo generator" in page


@pytest.mark.capability("STATUS-1")
def test_the_shop_s_figures_speak_of_checkouts_and_payouts_against_their_own_targets(
    recording: Recording, clock: FixedClock, browser_client: FlaskClient
) -> None:
    trade(recording, clock)
    page = browser_client.get("/status/").text
    assert "meets &gt; 95\N{NO-BREAK SPACE}%" in page
    assert "meets &lt; 24\N{NO-BREAK SPACE}h" in page
    assert "40\N{NO-BREAK SPACE}checkouts" in page
    assert "40\N{NO-BREAK SPACE}payouts" in page
    for name in ("checkout_success", "payout_latency_p95"):
        shown = browser_client.get(f"/status/figures/{name}/").text
        assert "Judged from" in shown
        assert "plays" not in shown.partition("<main")[2]
        rows = list(csv.DictReader(io.StringIO(browser_client.get(f"/status/figures/{name}.csv?days=7").text)))
        assert sum(int(row["samples"]) for row in rows) == 40


@pytest.mark.capability("STATUS-1")
def test_the_page_is_readable_before_any_script(
    recording: Recording, clock: FixedClock, browser_client: FlaskClient
) -> None:
    play(recording, clock)
    trade(recording, clock)
    before_scripts = browser_client.get("/status/").text.partition("<script src=")[0]
    assert "All figures meet their targets" in before_scripts


def test_without_measurements_nothing_is_green_or_zero(browser_client: FlaskClient) -> None:
    page = browser_client.get("/status/").text
    assert "Not enough measured to judge" in page
    assert "Nothing was measured lately" in page
    assert 'data-state="good"' not in page
    rows = list(csv.DictReader(io.StringIO(browser_client.get("/status/figures/join_time_p95.csv").text)))
    assert {row["value"] for row in rows} == {""}


def test_old_measurements_are_shown_as_old(
    recording: Recording, clock: FixedClock, browser_client: FlaskClient
) -> None:
    play(recording, clock)
    clock.advance(hours=3)
    page = browser_client.get("/status/").text
    assert "nothing new" in page
    assert 'data-state="good"' not in page


@pytest.mark.parametrize("days", ["0", "2", "-1", "x", "", "7 OR 1=1", "9" * 400])
def test_a_span_that_is_not_offered_is_refused(browser_client: FlaskClient, days: str) -> None:
    answer = browser_client.get("/status/figures/join_time_p95.csv", query_string={"days": days})
    assert answer.status_code == 422
    assert answer.json is not None
    assert answer.json["code"] == "span_invalid"


@pytest.mark.parametrize("name", ["nope", "..%2f..%2fetc", "<script>", "x" * 2_000])
def test_an_unknown_figure_is_not_found(browser_client: FlaskClient, name: str) -> None:
    assert browser_client.get(f"/status/figures/{name}.csv").status_code == 404
    assert browser_client.get(f"/status/figures/{name}/").status_code == 404


def test_documents_may_be_read_from_other_sites(browser_client: FlaskClient) -> None:
    assert browser_client.get("/status/figures.json").headers["Access-Control-Allow-Origin"] == "*"


def test_a_window_leaves_out_what_is_older(
    recording: Recording, clock: FixedClock, browser_client: FlaskClient
) -> None:
    yesterday = to_epoch_ms(clock.now() - timedelta(hours=25))
    recording.record_observations(METER, [Observation("join_time", 9_000, yesterday)])
    figures = json.loads(browser_client.get("/status/figures.json").data)["figures"]
    assert figures[0]["value"] is None
