"""Service level agreements as recording and alerting rules for Prometheus, over the counters that we export.

The same arithmetic in a second language: `promtool` runs these rules in our tests, and they must say what our engine
says. Whoever scrapes us may load them, and then needs to believe none of our own figures.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from services.metrics.catalogue import METRICS
from services.metrics.exposition import count_name, histogram_name, threshold_label, total_name
from services.slas.agreements import Agreement, Recipe, Term
from services.slas.burn import pairs_of

GOOD, BAD, SAMPLES, BAD_SAMPLES = (
    "greenlight_sla:good:increase", "greenlight_sla:bad:increase", "greenlight_sla:samples:increase",
    "greenlight_sla:bad_samples:increase",
)  # fmt: skip
BURN, BUDGET_LEFT = "greenlight_sla:burn_rate", "greenlight_sla:budget_left:ratio"
ALERT: Final = "GreenlightSlaBreached"


def rules(agreements: Iterable[Agreement]) -> str:
    """Return a rule file (JSON, which is YAML) of the agreements that count metrics.

    A window's count is a counter at its end less the same counter at its start, without extrapolation.
    """
    groups = [
        {
            "name": f"greenlight_sla_{agreement.name}",
            "interval": "1m",
            "rules": list(_rules(agreement, agreement.recipe)),
        }
        for agreement in agreements
        if agreement.recipe is not None
    ]
    return json.dumps({"groups": groups}, indent=1)


def window_label(seconds: int) -> str:
    """Return how rules name a window."""
    return f"{seconds}s"


def _rules(agreement: Agreement, recipe: Recipe) -> Iterator[dict[str, Any]]:
    pairs = [pair for pair in pairs_of(agreement) if pair.can_fire]
    windows = {agreement.window_seconds, *(p.long_seconds for p in pairs), *(p.short_seconds for p in pairs)}
    allowed = repr(agreement.allowed_ratio)
    for seconds in sorted(windows):
        labels = {"sla": agreement.name, "window": window_label(seconds)}
        both = ((*recipe.good, *recipe.bad), recipe.bad)
        terms = {GOOD: recipe.good, BAD: recipe.bad, SAMPLES: recipe.samples, BAD_SAMPLES: recipe.bad_samples}
        for name, chosen in terms.items():
            instead = {SAMPLES: both[0], BAD_SAMPLES: both[1]}.get(name, ())
            yield {"record": name, "labels": labels, "expr": _growth(chosen or instead, seconds)}
        picked = _picked(agreement.name, seconds)
        yield {
            "record": BURN,
            "labels": labels,
            "expr": f"{BAD}{picked} / ({GOOD}{picked} + {BAD}{picked} > 0) / {allowed}",
        }
    window = _picked(agreement.name, agreement.window_seconds)
    yield {"record": BUDGET_LEFT, "labels": {"sla": agreement.name}, "expr": f"1 - {BURN}{window}"}
    caution = agreement.caution
    for pair in pairs:
        long, short = _picked(agreement.name, pair.long_seconds), _picked(agreement.name, pair.short_seconds)
        expected = f"({pair.factor * agreement.allowed_ratio!r} * ({GOOD}{long} + {BAD}{long}))"
        yield {
            "alert": ALERT,
            "labels": {"sla": agreement.name, "rule": pair.name, "severity": pair.impact},
            "annotations": {"summary": f"{agreement.title}: the allowance burns too fast ({pair.name})."},
            "expr": (
                f"{BURN}{long} > {pair.factor!r} and on(sla) {BURN}{short} > {pair.factor!r} "
                f"and on(sla) {SAMPLES}{long} >= {caution.minimum_events!r} "
                f"and on(sla) {BAD_SAMPLES}{long} >= {caution.minimum_bad!r} "
                f"and on(sla) {BAD}{long} >= {expected} + {caution.beyond_chance!r} * sqrt({expected})"
            ),
        }


def _picked(sla: str, seconds: int) -> str:
    return f'{{sla="{sla}",window="{window_label(seconds)}"}}'


def _growth(terms: Sequence[Term], seconds: int) -> str:
    parts = []
    for metric, column, factor in terms:
        selector, scale = _series(metric, column)
        grown = f"((sum({selector}) or vector(0)) - (sum({selector} offset {seconds}s) or vector(0)))"
        parts.append(f"{factor * scale!r} * {grown}")
    return f"clamp_min({' + '.join(parts)}, 0)"


def _series(name: str, column: str) -> tuple[str, float]:
    """Return the exported series of a metric's count, and by what it is multiplied to be in the metric's unit."""
    metric = METRICS[name]
    if metric.kind == "distribution":
        if column == "good_count":
            return f'{histogram_name(metric)}_bucket{{le="{threshold_label(metric)}"}}', 1.0
        return (
            (f"{histogram_name(metric)}_sum", 1_000.0)
            if column == "total"
            else (f"{histogram_name(metric)}_count", 1.0)
        )
    if column == "total" and metric.unit == "milliseconds":
        return f"{total_name(metric)}_total", 1_000.0
    return f"{count_name(metric)}_total", 1.0
