"""The same figure reads the same on the page, in the API and as CSV, and its raw counts give it once more."""

import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.kernel.clock import FixedClock, to_epoch_ms
from services.metrics import Observation, Recording
from services.metrics.units import display_unit
from services.public import PublicServices
from status_page.presentation import value_of
from status_page.programs.documents import blueprint as programs
from status_page.programs.site import Site
from status_page.snapshot import Snapshot
from tests.status_page.conftest import METER
from tests.status_page.test_figures import play
from web.ui import fmt
from web.ui.static import StaticManifest

pytestmark = pytest.mark.capability("STATUS-2")
RATIOS = ("rebuffer_ratio", "checkout_success")
DAYS = (1, 7, 30, 90)


@pytest.fixture
def client(
    server: Flask, public: PublicServices, recording: Recording, clock: FixedClock, tmp_path: Path
) -> FlaskClient:
    """A day in which people watched, bought and were paid, some of them in vain."""
    snapshot = Snapshot(public, tmp_path / "programs.json")
    server.register_blueprint(programs(Site(public, snapshot, "https://status.example.com", StaticManifest.load())))
    play(recording, clock)
    now_ms = to_epoch_ms(clock.now())
    traded = [
        Observation(metric, 1, now_ms - number * 600_000)
        for number in range(60)
        for metric in ("checkouts_attempted", *(["checkouts_paid"] if number % 12 else []))
    ]
    paid_out = [Observation("payout_latency", (1 + number) * 900_000, now_ms - number * 60_000) for number in range(40)]
    recording.record_observations(METER, traded + paid_out)
    return server.test_client()


def told(client: FlaskClient, path: str) -> Any:
    answer = client.get(path)
    assert answer.status_code == 200, path
    return answer.json


@pytest.fixture
def names(client: FlaskClient) -> list[str]:
    found = [figure["name"] for figure in told(client, "/status/figures.json")["figures"]]
    assert len(found) == 4
    return found


def test_all_figures_read_the_same_on_the_page_their_own_page_and_in_both_documents(
    client: FlaskClient, public: PublicServices, names: list[str]
) -> None:
    overview, all_of_them = client.get("/status/").text, told(client, "/status/figures.json")["figures"]
    for name in names:
        alone = told(client, f"/status/figures/{name}.json")["figure"]
        listed = next(each for each in all_of_them if each["name"] == name)
        assert (alone["value"], alone["samples"]) == (listed["value"], listed["samples"])
        assert alone["value"] is not None
        shown = value_of(public.figures.figure(public.visitor, name))
        assert f">{shown.value}</b>" in overview
        assert str(shown) in client.get(f"/status/figures/{name}/").text


@pytest.mark.parametrize("days", DAYS)
def test_every_history_reads_the_same_in_csv_and_json_and_on_the_figures_page(
    client: FlaskClient, public: PublicServices, names: list[str], days: int
) -> None:
    for name in names:
        points = told(client, f"/status/figures/{name}.json?days={days}")["points"]
        rows = list(csv.DictReader(io.StringIO(client.get(f"/status/figures/{name}.csv?days={days}").text)))
        assert [int(row["samples"]) for row in rows] == [point["samples"] for point in points]
        values = [float(row["value"]) if row["value"] else None for row in rows]
        assert values == [point["value"] for point in points]
        assert any(value is not None for value in values)
        page = client.get(f"/status/figures/{name}/?days={days}").text
        unit = display_unit(public.figures.figure(public.visitor, name))
        for value in filter(None, values):
            assert str(fmt.quantity(unit.shown(value), unit.sign)) in page


def test_the_raw_counts_give_the_figures_once_more(client: FlaskClient) -> None:
    found = {name: told(client, f"/status/figures/{name}.json")["figure"] for name in RATIOS}
    raw = {name: {each["metric"]: each["value"] for each in found[name]["companions"]} for name in RATIOS}
    watched, paid = raw["rebuffer_ratio"], raw["checkout_success"]["checkouts_paid"]
    stalled = watched["stall_time"] / (watched["stall_time"] + watched["play_time"])
    assert found["rebuffer_ratio"]["value"] == pytest.approx(stalled, rel=1e-12)
    assert (paid, found["checkout_success"]["samples"]) == (55, 60)
    assert found["checkout_success"]["value"] == pytest.approx(55 / 60, rel=1e-12)


@pytest.mark.parametrize("name", RATIOS)
def test_the_rows_of_the_csv_give_the_ratio_of_the_page_exactly(
    client: FlaskClient, recording: Recording, clock: FixedClock, name: str
) -> None:
    clock.advance(minutes=25, seconds=7)  # the window begins within an hour, and something happened in it before
    in_it = to_epoch_ms(clock.now() - timedelta(hours=23, minutes=50))
    out_of_it = to_epoch_ms(clock.now() - timedelta(hours=24, minutes=10))
    edge = ("stall_time", 9_000), ("play_time", 70_000), ("checkouts_attempted", 1)
    recording.record_observations(METER, [Observation(m, n, at) for m, n in edge for at in (in_it, out_of_it)])

    figure = told(client, f"/status/figures/{name}.json?days=1")["figure"]
    rows = list(csv.DictReader(io.StringIO(client.get(f"/status/figures/{name}.csv?days=1").text)))
    numerator, denominator = (sum(int(row[part]) for row in rows) for part in ("numerator", "denominator"))
    assert numerator / denominator == figure["value"]
    assert (numerator, denominator) == (figure["numerator"], figure["denominator"])
    assert sum(int(row["samples"]) for row in rows) == figure["samples"]
    assert {row["parts_unit"] for row in rows} == {figure["parts_unit"]}
    for row in rows:
        if row["value"]:
            assert int(row["numerator"]) / int(row["denominator"]) == float(row["value"])
    page = client.get(f"/status/figures/{name}/").text
    assert f"both in {figure['parts_unit']}" in page


def test_a_percentile_has_no_parts_and_says_so(client: FlaskClient) -> None:
    rows = list(csv.DictReader(io.StringIO(client.get("/status/figures/join_time_p95.csv").text)))
    assert {(row["numerator"], row["denominator"], row["parts_unit"]) for row in rows} == {("", "", "")}
    assert "A percentile has no numerator" in client.get("/status/figures/join_time_p95/").text


def test_the_share_within_the_target_counts_every_play(client: FlaskClient) -> None:
    figure = told(client, "/status/figures/join_time_p95.json")["figure"]
    within = figure["good_share"] * figure["samples"]
    assert within == pytest.approx(round(within), abs=1e-6)
    assert (figure["good_share"] >= 0.95) == (figure["value"] <= figure["target"])
