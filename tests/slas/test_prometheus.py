"""Prometheus beside our engine: its own arithmetic over our counters, and its own checks of what we export."""

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from prometheus_client import CollectorRegistry, generate_latest

from services.kernel.clock import from_epoch_ms
from services.slas.agreements import CHECKOUT, DAY, JOIN_TIME, REBUFFERING, Agreement
from services.slas.burn import judge, pairs_of
from services.slas.judging import budget_left
from services.slas.ports import CellCount
from services.slas.sources import buckets_of
from services.slas.timeline import Timeline
from services.vendors.prometheus_exposition import SlaCollector
from services.vendors.prometheus_slas import ALERT, BUDGET_LEFT, BURN, rules, window_label
from tests.servers.prometheus import PrometheusServer
from tests.servers.waiting import until
from tests.slas.conftest import VISITOR, House
from tests.slas.scraped import ScrapedText
from tools import system

STEP = 5
"""Counters are told every so many minutes; every window of a rule is a multiple of it."""
MINUTES = 8 * DAY // 60
BREAKS, MENDED = 7 * DAY // 60 + 300, 7 * DAY // 60 + 300 + 240
"""The minutes at which most of it breaks and works again."""
LOOKED_AT = (60, 1_440, 4_320, BREAKS + 60, BREAKS + 120, MENDED + 60, MENDED + 600)


@dataclass(frozen=True)
class Told:
    """What one agreement's metrics came to in each step: as exported series, and as cells of our store."""

    series: dict[str, list[int]]
    cells: list[CellCount]


def told(agreement: Agreement) -> Told:
    rng, series, cells = np.random.default_rng(11), {}, []
    steps = MINUTES // STEP
    share = np.full(steps, 0.01)
    share[BREAKS // STEP : MENDED // STEP] = 0.85
    came = rng.poisson(15, steps)
    bad = rng.binomial(came, share)

    def keep(metric: str, count: Any, total: Any, good: Any) -> None:
        for step in range(steps):
            at = from_epoch_ms(step * STEP * 60_000)
            cells.append((metric, STEP * 60, at, "", int(count[step]), int(total[step]), int(good[step]), at))

    def export(name: str, values: Any) -> None:
        series[name] = [0, *np.cumsum(values).tolist()]

    if agreement.name == "checkout":
        keep("checkouts_paid", came - bad, came - bad, 0 * came)
        keep("checkouts_failed", bad, bad, 0 * came)
        export('greenlight_checkouts_paid_total{origin="real"}', came - bad)
        export('greenlight_checkouts_failed_total{origin="real"}', bad)
    elif agreement.name == "join_time":
        failed = rng.binomial(came, 0.02)
        keep("join_time", came, came * 900, came - bad)
        keep("start_failures", failed, failed, 0 * came)
        export('greenlight_join_time_seconds_count{origin="real"}', came)
        export('greenlight_join_time_seconds_bucket{le="2.0",origin="real"}', came - bad)
        export('greenlight_start_failures_total{origin="real"}', failed)
    else:
        keep("play_time", came, came * 8_000, 0 * came)
        keep("stall_time", bad, bad * 2_000, 0 * came)
        export('greenlight_play_time_occurrences_total{origin="real"}', came)
        export('greenlight_play_time_seconds_total{origin="real"}', came * 8)
        export('greenlight_stall_time_occurrences_total{origin="real"}', bad)
        export('greenlight_stall_time_seconds_total{origin="real"}', bad * 2)
    return Told(series, cells)


def expectations(agreement: Agreement, timeline: Timeline) -> Iterator[dict[str, Any]]:
    """Yield what PromQL has to answer if it says what our engine says, at each instant."""
    for minute in LOOKED_AT:
        now = minute * 60.0
        for pair in pairs_of(agreement):
            burn = judge(pair, agreement, timeline, now, history_since=-30.0 * DAY)
            for seconds, rate in ((pair.long_seconds, burn.long_burn), (pair.short_seconds, burn.short_burn)):
                picked = f'{BURN}{{sla="{agreement.name}",window="{window_label(seconds)}"}}'
                if pair.can_fire and rate is not None:
                    yield _expected(minute, f"max(abs({picked} - {rate!r}) < bool 1e-9)", 1)
            alerts = f'ALERTS{{alertname="{ALERT}",alertstate="firing",sla="{agreement.name}",rule="{pair.name}"}}'
            yield _expected(minute, f"count({alerts}) or vector(0)", int(burn.firing))
        left = budget_left(agreement, timeline.between(now - agreement.window_seconds, now))
        yield _expected(minute, f'max(abs({BUDGET_LEFT}{{sla="{agreement.name}"}} - {left!r}) < bool 1e-9)', 1)


def _expected(minute: int, expression: str, value: int) -> dict[str, Any]:
    return {"eval_time": f"{minute}m", "expr": expression, "exp_samples": [{"labels": "{}", "value": value}]}


def promtool() -> str:
    found = system.find("promtool")
    assert found is not None, "promtool is not installed"
    return found


@pytest.mark.capability("STATUS-3")
@pytest.mark.parametrize("agreement", [CHECKOUT, JOIN_TIME, REBUFFERING], ids=lambda agreement: agreement.name)
def test_promql_says_of_the_same_events_what_our_engine_says(agreement: Agreement, tmp_path: Path) -> None:
    agreement = replace(agreement, window_seconds=7 * DAY)
    assert agreement.recipe is not None
    made = told(agreement)
    timeline = Timeline(buckets_of(agreement.recipe, made.cells))
    expected = list(expectations(agreement, timeline))
    fired = {each["exp_samples"][0]["value"] for each in expected if "ALERTS" in each["expr"]}
    assert fired == {0, 1}
    (tmp_path / "rules.json").write_text(rules([agreement]))
    test = {
        "rule_files": ["rules.json"],
        "evaluation_interval": "1h",
        "tests": [
            {
                "interval": f"{STEP}m",
                "input_series": [{"series": n, "values": " ".join(map(str, v))} for n, v in made.series.items()],
                "promql_expr_test": expected,
            }
        ],
    }
    (tmp_path / "test.json").write_text(json.dumps(test))
    for command in (["check", "rules", "rules.json"], ["test", "rules", "test.json"]):
        done = subprocess.run(
            [promtool(), *command], capture_output=True, text=True, check=False, cwd=tmp_path, timeout=110
        )
        assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]


def exported(house: House) -> str:
    registry = CollectorRegistry()
    registry.register(SlaCollector(lambda: house.slas.reads.slas(VISITOR)))
    return generate_latest(registry).decode()


@pytest.mark.capability("MON-3")
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_prometheus_own_checker_accepts_what_we_export_of_agreements(house: House, tmp_path: Path) -> None:
    house.look()
    house.run(2, slow=3)
    text = exported(house)
    done = subprocess.run(
        [promtool(), "check", "metrics"], input=text, capture_output=True, text=True, check=False, cwd=tmp_path
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert 'greenlight_sla_state{sla="join_time",state="breached"} 1.0' in text
    assert 'greenlight_sla_attained_ratio{sla="checkout"}' not in text


@pytest.mark.capability("MON-3")
@pytest.mark.parametrize("database_kind", ["sqlite"], indirect=True)
def test_a_real_prometheus_scrapes_how_agreements_stand(
    house: House, start_prometheus: Callable[..., PrometheusServer]
) -> None:
    house.look()
    house.run(2, slow=3)
    seen = house.standing()
    with ScrapedText(exported(house)) as target:
        server = start_prometheus(target)

        def asked(query: str) -> float | None:
            answer = httpx.get(f"{server.url}/api/v1/query", params={"query": query}, trust_env=False).json()
            found = answer["data"]["result"]
            return float(found[0]["value"][1]) if found else None

        until(lambda: asked('greenlight_sla_state{sla="join_time",state="breached"}') == 1, "the scrape", 60)
        assert asked('greenlight_sla_budget_left_ratio{sla="join_time"}') == pytest.approx(seen.budget_left_ratio)
        assert seen.budget_left_ratio is not None
        assert seen.budget_left_ratio < 0
        for burn in seen.burns:
            picked = f'greenlight_sla_burn_rate{{sla="join_time",rule="{burn.name}",window="long"}}'
            assert asked(picked) == pytest.approx(burn.long_burn)
            assert asked(f'greenlight_sla_rule_firing{{sla="join_time",rule="{burn.name}"}}') is None
        assert asked('greenlight_sla_attained_ratio{sla="checkout"}') is None
