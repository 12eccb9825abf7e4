"""The live figures and their history, from whichever store holds the measurements."""

import functools
import operator
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pandas as pd

from services.kernel.clock import Clock
from services.kernel.context import Actor
from services.kernel.errors import Invalid, NotFound
from services.metrics.catalogue import METRICS
from services.metrics.ports import MetricStore, Summary, Window
from services.metrics.recording import MINUTE, floor_to
from services.metrics.slis import SLIS, Sli
from services.metrics.views import CompanionView, FigureState, FigureView, PointView

SPARKLINE_SECONDS = 3_600
LONG_SPARKLINE_SECONDS = 21_600
GRAINS = {1: 3_600, 7: 21_600, 30: 86_400, 90: 86_400}
"""The spans of history that pages offer, in days, and the grain of each in seconds."""
_DAY_SECONDS = 86_400
_RUNNING = timedelta(milliseconds=1)
"""A half-open window that ends now leaves out what arrives at this very instant; figures are to have it."""
COMPANION_TITLES = {
    "exits_before_start": "Exits before start",
    "start_failures": "Start failures",
    "stall_time": "Time stalled",
    "play_time": "Time played",
    "checkouts_attempted": "Checkouts attempted",
    "checkouts_paid": "Checkouts paid",
    "checkouts_failed": "Checkouts failed",
    "checkouts_abandoned": "Buyers who walked away",
    "payouts_overdue": "Payouts overdue",
}


class Figures:
    """Reads figures; the store checks that the actor may.

    These are no verbs of their own: a store may lie across the network, where no transaction may be open.
    """

    def __init__(self, store: MetricStore, clock: Clock, slis: Mapping[str, Sli] = SLIS) -> None:
        self._store, self._clock, self._slis = store, clock, slis

    def figures(self, actor: Actor) -> tuple[FigureView, ...]:
        """Return every figure, in the order in which pages show them.

        Raises: Unavailable where the store does not answer.
        """
        return tuple(self.figure(actor, name) for name in self._slis)

    def figure(
        self, actor: Actor, name: str, *, where: Mapping[str, str] | None = None, days: int | None = None
    ) -> FigureView:
        """Return one figure as of now, over its own window or over the last days, with a sparkline.

        Raises: NotFound for an unknown name, Invalid for an unknown dimension or a span that is not offered,
        Unavailable where the store does not answer.
        """
        sli = self._sli(name)
        now = self._clock.now()
        window_seconds = sli.window_seconds if days is None else _offered(days) * _DAY_SECONDS
        window = Window(now - timedelta(seconds=window_seconds), now + _RUNNING)
        summaries = {m: self._summary(actor, sli, m, window, where) for m in _metrics_of(sli)}
        numerator, denominator = _parts(sli, summaries)
        value = _value(sli, summaries)
        sampled = summaries[sli.samples_of]
        measured = (summaries[sli.metric], sampled)  # what failed to start is no news of starts
        newest = max((s.newest_at for s in measured if s.newest_at is not None), default=None)
        age_seconds = None if newest is None else (now - newest).total_seconds()
        failing = _outnumbered(sli, summaries) or self._failing_lately(actor, sli, window, where)
        return FigureView(
            name=sli.name,
            title=sli.title,
            definition=sli.definition,
            unit=sli.unit,
            value=value,
            target=sli.target,
            state=_state(sli, value, sampled.count, age_seconds, failing=failing),
            samples=sampled.count,
            demo_samples=self._demo_samples(actor, sli, window, where),
            minimum_samples=sli.minimum_samples,
            newest_at=newest,
            as_of=now,
            window_seconds=window_seconds,
            series=self._points(actor, sli, window, GRAINS[days] if days else _sparkline_seconds(sli), where),
            companions=tuple(_companion(m, summaries[m]) for m in sli.companions),
            good_share=_good_share(sampled),
            higher_is_better=sli.higher_is_better,
            sample_noun=sli.sample_noun,
            source=sli.source,
            numerator=numerator,
            denominator=denominator,
            parts_unit=METRICS[sli.metric].unit if sli.whole else None,
        )

    def history(self, actor: Actor, name: str, days: int, *, where: Mapping[str, str] | None = None) -> pd.DataFrame:
        """Return a figure over the last days.

        The first bucket begins with the span, the others on whole multiples of their grain: together they are the span.

        Shape: one row per bucket (of `GRAINS[days]` seconds), oldest first; columns `starts_at` (aware UTC), `value`
        (float in the figure's unit, NaN where nothing was measured), `samples` (int), `numerator` and `denominator`
        (Int64 in `FigureView.parts_unit`, NA for a percentile).

        Raises: NotFound for an unknown name, Invalid for a span that is not offered, Unavailable where the store does
        not answer.
        """
        now = self._clock.now()
        window = Window(now - timedelta(days=_offered(days)), now + _RUNNING)
        sli, grain_seconds = self._sli(name), GRAINS[days]
        rows = self._history(actor, sli, window, grain_seconds, where)
        begun = Window(window.starts_at, rows["starts_at"].iloc[0].to_pydatetime())
        return pd.concat([self._begun(actor, sli, begun, where), rows], ignore_index=True)

    def _sli(self, name: str) -> Sli:
        if name not in self._slis:
            raise NotFound("figure_unknown", f"There is no figure {name}; known: {', '.join(self._slis)}.")
        return self._slis[name]

    def _summary(self, actor: Actor, sli: Sli, metric: str, window: Window, where: Mapping[str, str] | None) -> Summary:
        quantiles = (sli.quantile,) if sli.quantile is not None and metric == sli.metric else ()
        return self._store.summary(actor, metric, window, quantiles=quantiles, where=where)

    def _failing_lately(self, actor: Actor, sli: Sli, window: Window, where: Mapping[str, str] | None) -> bool:
        """Tell whether lately what came to nothing outnumbers the others, as in an outage that has just begun."""
        if not sli.failures:
            return False
        lately = Window(window.ends_at - timedelta(seconds=sli.lately_seconds), window.ends_at)
        counted = (sli.successes, *sli.failures)
        return _outnumbered(sli, {m: self._store.summary(actor, m, lately, where=where) for m in counted})

    def _demo_samples(self, actor: Actor, sli: Sli, window: Window, where: Mapping[str, str] | None) -> int:
        demo = {**(where or {}), "origin": "demo"}
        if where and where.get("origin", "demo") != "demo":
            return 0
        return self._store.summary(actor, sli.samples_of, window, where=demo).count

    def _points(
        self, actor: Actor, sli: Sli, window: Window, grain_seconds: int, where: Mapping[str, str] | None
    ) -> tuple[PointView, ...]:
        rows = self._history(actor, sli, window, grain_seconds, where)
        return points_of(rows)

    def _begun(self, actor: Actor, sli: Sli, window: Window, where: Mapping[str, str] | None) -> pd.DataFrame:
        """Return the bucket that the span begins within as far as the span has it, as the one row of a history."""
        summaries = {m: self._summary(actor, sli, m, window, where) for m in _metrics_of(sli)}
        numerator, denominator = _parts(sli, summaries)
        value = _value(sli, summaries)
        row = pd.DataFrame({
            "starts_at": [pd.Timestamp(floor_to(window.starts_at, MINUTE))],
            "value": [float("nan") if value is None else value],
            "samples": [summaries[sli.samples_of].count],
            "numerator": [numerator],
            "denominator": [denominator],
        })  # fmt: skip
        return row.astype({"starts_at": "datetime64[us, UTC]", "numerator": "Int64", "denominator": "Int64"})

    def _history(
        self, actor: Actor, sli: Sli, window: Window, grain_seconds: int, where: Mapping[str, str] | None
    ) -> pd.DataFrame:
        metrics = tuple(dict.fromkeys((sli.metric, *sli.whole, sli.samples_of)))
        # The oldest bucket would begin before the window.
        whole_buckets = Window(window.starts_at + timedelta(seconds=grain_seconds), window.ends_at)
        rows = self._store.series(actor, metrics, whole_buckets, grain_seconds, quantile=sli.quantile, where=where)
        by_metric = {m: rows[rows["metric"] == m].set_index("starts_at") for m in metrics}
        samples = by_metric[sli.samples_of]["count"]
        numerator = denominator = pd.Series(pd.NA, index=samples.index, dtype="Int64")
        if sli.quantile is not None:
            value = by_metric[sli.metric]["value"]
        else:
            numerator = by_metric[sli.metric]["total"].astype("Int64")
            whole = functools.reduce(operator.add, (by_metric[m]["total"] for m in sli.whole))
            denominator = whole.astype("Int64")
            value = by_metric[sli.metric]["total"] / whole.where(whole > 0)
        columns = {"value": value, "samples": samples, "numerator": numerator, "denominator": denominator}
        return pd.DataFrame(columns).reset_index()


def _offered(days: int) -> int:
    if days not in GRAINS:
        offered = ", ".join(map(str, GRAINS))
        raise Invalid("span_invalid", f"History is offered over {offered} days, not {days}.", days=days)
    return days


def points_of(rows: pd.DataFrame) -> tuple[PointView, ...]:
    """Return a history as views."""
    names = ("starts_at", "value", "samples", "numerator", "denominator")
    return tuple(
        PointView(at.to_pydatetime(), None if pd.isna(value) else float(value), int(samples), *map(_whole, parts))
        for at, value, samples, *parts in zip(*(rows[name] for name in names), strict=True)
    )


def _whole(number: Any) -> int | None:  # noqa: ANN401 -- a cell of a frame
    return None if number is pd.NA else int(number)


def _metrics_of(sli: Sli) -> tuple[str, ...]:
    counted = (sli.successes, *sli.failures) if sli.failures else ()
    return tuple(dict.fromkeys((sli.metric, *sli.whole, sli.samples_of, *sli.companions, *counted)))


def _value(sli: Sli, summaries: Mapping[str, Summary]) -> float | None:
    if sli.quantile is not None:
        return summaries[sli.metric].quantiles.get(sli.quantile)
    numerator, denominator = _parts(sli, summaries)
    return numerator / denominator if numerator is not None and denominator else None


def _parts(sli: Sli, summaries: Mapping[str, Summary]) -> tuple[int | None, int | None]:
    """Return what a ratio divides, and nothing for a percentile."""
    if not sli.whole:
        return None, None
    return summaries[sli.metric].total, sum(summaries[m].total for m in sli.whole)


def _state(sli: Sli, value: float | None, samples: int, age_seconds: float | None, *, failing: bool) -> FigureState:
    if value is None or age_seconds is None:
        return FigureState.NO_DATA
    if failing:
        return FigureState.MISSED
    if age_seconds > sli.stale_after_seconds:
        return FigureState.STALE
    if samples < sli.minimum_samples:
        return FigureState.FEW_SAMPLES
    if sli.higher_is_better:
        # A floor near 1 leaves little room: what counts is how much of what may be missing is missing.
        used, allowed = 1 - value, 1 - sli.target
    else:
        used, allowed = value, sli.target
    if used >= allowed:
        return FigureState.MISSED
    return FigureState.NEAR if used > allowed * sli.near_ratio else FigureState.MET


def _outnumbered(sli: Sli, summaries: Mapping[str, Summary]) -> bool:
    if not sli.failures:
        return False
    failures = sum(summaries[m].count for m in sli.failures)
    return failures >= sli.minimum_failures and failures > summaries[sli.successes].count


def _sparkline_seconds(sli: Sli) -> int:
    return SPARKLINE_SECONDS if sli.window_seconds <= _DAY_SECONDS else LONG_SPARKLINE_SECONDS


def _good_share(sampled: Summary) -> float | None:
    if sampled.good_count is None or not sampled.count:
        return None
    return sampled.good_count / sampled.count


def _companion(metric: str, summary: Summary) -> CompanionView:
    if METRICS[metric].unit == "milliseconds":
        return CompanionView(metric, COMPANION_TITLES[metric], summary.total / 1_000, "seconds")
    return CompanionView(metric, COMPANION_TITLES[metric], summary.count, "occurrences")
