"""The sketch: its error bound, its merge, its encoding, and an independent sketch beside it."""

import contextlib
import math
from collections.abc import Callable

import datasketches
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.metrics.sketch import BINS_MAX, RELATIVE_ERROR, Sketch, bin_of, edge

QUANTILES = (0.0, 0.01, 0.25, 0.5, 0.9, 0.95, 0.99, 1.0)
VALUES = st.lists(
    st.one_of(
        st.integers(0, 10**9).map(float),
        st.floats(0, 1e12, allow_nan=False),
        st.floats(5e-324, 1e-6, allow_nan=False),
        st.floats(1e200, 1.79e308, allow_nan=False),
    ),
    min_size=1,
    max_size=300,
)


def sketch_of(values: list[float]) -> Sketch:
    sketch = Sketch()
    for value in values:
        sketch.add(value)
    return sketch


def exact(values: list[float], q: float) -> float:
    ordered = sorted(values)
    return ordered[max(1, math.ceil(q * len(ordered) - 1e-9)) - 1]


def is_close(estimate: float | None, truth: float) -> bool:
    return estimate is not None and abs(estimate - truth) <= 0.01 * truth + 5e-324


@given(VALUES, st.sampled_from(QUANTILES))
def test_every_quantile_is_within_one_percent_of_the_exact_one(values: list[float], q: float) -> None:
    assert is_close(sketch_of(values).quantile(q), exact(values, q))


@given(VALUES, VALUES, st.sampled_from(QUANTILES))
def test_a_merge_says_what_a_sketch_of_everything_says(left: list[float], right: list[float], q: float) -> None:
    merged = sketch_of(left)
    merged.merge(sketch_of(right))
    whole = sketch_of(left + right)
    assert merged.to_bytes() == whole.to_bytes()
    assert merged.quantile(q) == whole.quantile(q)


@given(VALUES)
def test_the_encoding_keeps_everything_and_is_canonical(values: list[float]) -> None:
    sketch = sketch_of(values)
    again = Sketch.from_bytes(sketch.to_bytes())
    assert (again.count, again.zeros, again.bins) == (sketch.count, sketch.zeros, sketch.bins)
    assert (again.minimum, again.maximum) == (sketch.minimum, sketch.maximum)
    assert sketch_of(sorted(values)).to_bytes() == sketch_of(sorted(values, reverse=True)).to_bytes()


def test_an_empty_sketch_says_nothing_and_survives_its_encoding() -> None:
    assert Sketch().quantile(0.95) is None
    assert Sketch.from_bytes(Sketch().to_bytes()) == Sketch()


@pytest.mark.parametrize("count", [1, 2, 3])
def test_one_value_alone_is_reported_exactly(count: int) -> None:
    sketch = Sketch()
    sketch.add(1_234, count)
    assert {sketch.quantile(q) for q in QUANTILES} == {1_234}


@given(st.lists(st.floats(0, 1e9, allow_nan=False), max_size=200))
def test_many_values_at_once_are_counted_as_one_by_one(values: list[float]) -> None:
    sketch = Sketch()
    sketch.add_many(np.array(values, dtype=np.float64))
    assert sketch.count == len(values)
    for q in QUANTILES if values else ():
        assert is_close(sketch.quantile(q), exact(values, q))


@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf])
def test_values_that_no_duration_has_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Sketch().add(value)
    with pytest.raises(ValueError, match="finite"):
        Sketch().add_many(np.array([1.0, value]))


@given(st.binary(max_size=60))
def test_foreign_bytes_are_refused_or_read_but_never_crash(data: bytes) -> None:
    try:
        Sketch.from_bytes(data)
    except ValueError:
        return
    assert data[0] == 1


@given(VALUES, st.data())
def test_a_cut_off_encoding_is_never_taken_for_more_than_it_holds(values: list[float], data: st.DataObject) -> None:
    whole = sketch_of(values).to_bytes()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with contextlib.suppress(ValueError):
        assert Sketch.from_bytes(cut).count <= len(values)


def test_a_huge_range_joins_its_lowest_bins_and_keeps_the_upper_quantiles() -> None:
    values = [math.exp(i / 8) for i in range(-5_600, 5_600)]
    sketch = sketch_of(values)
    assert len(sketch.bins) <= BINS_MAX + 256
    assert sketch.count == len(values)
    for q in (0.9, 0.95, 0.99, 1.0):
        assert is_close(sketch.quantile(q), exact(values, q))


@given(st.floats(1e-300, 1e300))
def test_a_value_lies_within_its_bin(value: float) -> None:
    index = bin_of(value)
    assert edge(index - 1) * (1 - 1e-9) <= value <= edge(index) * (1 + 1e-9)
    assert edge(index) / edge(index - 1) == pytest.approx((1 + RELATIVE_ERROR) / (1 - RELATIVE_ERROR))


def test_cumulative_counts_end_at_all_that_was_counted() -> None:
    sketch = sketch_of([0.0, 10.0, 10.0, 500.0, 2_000.0])
    indices = range(bin_of(5), bin_of(3_000))
    counted = list(sketch.cumulative(iter(indices)))
    assert counted == sorted(counted)
    assert counted[0] == 1
    assert counted[-1] == sketch.count


Draw = Callable[[np.random.Generator, float, float, int], npt.NDArray[np.float64]]
SHAPES: tuple[Draw, ...] = (
    lambda rng, a, b, n: rng.lognormal(math.log(b), a, n),
    lambda rng, a, b, n: rng.exponential(a * b, n),
    lambda rng, a, b, n: (rng.pareto(a, n) + 1) * b,
    lambda rng, a, b, n: rng.uniform(0, a * b, n),
    lambda rng, a, b, n: rng.weibull(a, n) * b,
    lambda rng, a, b, n: np.abs(rng.normal(b, a * b, n)),
    lambda rng, a, b, n: np.where(rng.random(n) < 0.95, rng.lognormal(0, a, n), b + rng.exponential(b, n)),
    lambda rng, a, b, n: rng.integers(0, max(2, int(a * b)), n).astype(np.float64),
)


@pytest.mark.capability("STATUS-1")
def test_p95_of_many_shapes_is_within_one_percent_after_merging_parts() -> None:
    rng = np.random.default_rng(20_261_124)
    worst = 0.0
    for i in range(40):
        values = SHAPES[i % len(SHAPES)](rng, float(rng.uniform(0.2, 3)), float(10 ** rng.uniform(-3, 6)), 20_000)
        parts = [Sketch() for _ in range(10)]
        for part, chunk in zip(parts, np.array_split(values, 10), strict=True):
            part.add_many(chunk)
        merged = Sketch()
        for part in parts:
            merged.merge(Sketch.from_bytes(part.to_bytes()))
        truth = float(np.quantile(values, 0.95, method="inverted_cdf"))
        estimate = merged.quantile(0.95)
        assert estimate is not None
        worst = max(worst, abs(estimate - truth) / truth if truth else abs(estimate))
    assert worst <= RELATIVE_ERROR * 1.001


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 2**32 - 1))
def test_an_independent_sketch_agrees(seed: int) -> None:
    values = np.random.default_rng(seed).lognormal(7, 0.6, 5_000)
    ours, theirs = Sketch(), datasketches.kll_doubles_sketch(800)
    ours.add_many(values)
    theirs.update(values)
    rank_error = 2 * theirs.normalized_rank_error(as_pmf=False)
    for q in (0.5, 0.9, 0.95):
        estimate = ours.quantile(q)
        assert estimate is not None
        assert theirs.get_quantile(q - rank_error) * 0.99 <= estimate <= theirs.get_quantile(q + rank_error) * 1.01
