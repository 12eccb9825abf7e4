"""The sketch's p95 against the exact p95: 200 random distributions of 1,000,000 events each, merged from 60 parts.

Usage: python -m benchmarks.sketch [distributions] [events]
"""

import math
import sys
import time
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from services.metrics.sketch import Sketch

BAR = 0.01
PARTS = 60
Draw = Callable[[np.random.Generator, float, float, int], npt.NDArray[np.float64]]
SHAPES: dict[str, Draw] = {
    "lognormal": lambda rng, a, b, n: rng.lognormal(math.log(b), a, n),
    "exponential": lambda rng, a, b, n: rng.exponential(a * b, n),
    "pareto": lambda rng, a, b, n: (rng.pareto(a, n) + 1) * b,
    "uniform": lambda rng, a, b, n: rng.uniform(0, a * b, n),
    "weibull": lambda rng, a, b, n: rng.weibull(a, n) * b,
    "folded normal": lambda rng, a, b, n: np.abs(rng.normal(b, a * b, n)),
    "two humps at the quantile": lambda rng, a, b, n: np.where(
        rng.random(n) < BAR * 95, rng.lognormal(0, a, n), b + rng.exponential(b, n)
    ),
    "whole milliseconds": lambda rng, a, b, n: rng.integers(0, max(2, int(a * b)), n).astype(np.float64),
    "mostly zero": lambda rng, a, b, n: np.where(rng.random(n) < BAR * 90, 0.0, rng.lognormal(math.log(b), a, n)),
    "log-uniform over 24 decades": lambda rng, a, b, n: 10 ** rng.uniform(-12, 12, n) * (a * b),
}


def error_of(values: npt.NDArray[np.float64]) -> tuple[float, int]:
    """Return the relative error of the merged p95, and the bytes of the merged sketch."""
    merged = Sketch()
    for part in np.array_split(values, PARTS):
        sketch = Sketch()
        sketch.add_many(part)
        merged.merge(Sketch.from_bytes(sketch.to_bytes()))
    exact = float(np.quantile(values, 0.95, method="inverted_cdf"))
    estimate = merged.quantile(0.95)
    assert estimate is not None
    error = abs(estimate - exact) / exact if exact else abs(estimate)
    return error, len(merged.to_bytes())


def main() -> None:
    """Print the worst error per shape and over all, and how fast single values are counted."""
    distributions = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    events = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
    rng = np.random.default_rng(20_261_124)
    worst: dict[str, tuple[float, int]] = {}
    names = list(SHAPES)
    for i in range(distributions):
        name = names[i % len(names)]
        spread, scale = float(rng.uniform(0.2, 3)), float(10 ** rng.uniform(-3, 6))
        error, size = error_of(SHAPES[name](rng, spread, scale, events))
        worst[name] = (max(error, worst.get(name, (0.0, 0))[0]), max(size, worst.get(name, (0.0, 0))[1]))
    for name, (error, size) in worst.items():
        print(f"{name:30} worst error {error:8.4%}   at most {size:6,} bytes")
    overall = max(error for error, _ in worst.values())
    values = rng.lognormal(7, 0.6, 200_000).tolist()
    sketch, began = Sketch(), time.perf_counter()
    for value in values:
        sketch.add(value)
    print(f"one value at a time: {len(values) / (time.perf_counter() - began):,.0f} values/s")
    print(
        f"ratio: p95 error, worst of {distributions} distributions of {events:,} events: {overall:.4%} (bar: {BAR:.0%})"
    )
    if overall > BAR:
        raise SystemExit("the sketch is worse than it promises")


if __name__ == "__main__":
    main()
