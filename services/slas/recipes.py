"""Adds counts of metrics up to good and bad events, by an agreement's recipe. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from services.slas.agreements import Recipe, Term
from services.slas.ports import CellCount, PartCount
from services.slas.timeline import Bucket, Counted, Timeline

Count = tuple[str, int, int, int]
"""Metric, count, total and good count."""
Key = tuple[float, int]
"""When a bucket starts, and how long it is."""


def added(recipe: Recipe, counts: Iterable[Count]) -> Counted:
    """Return what counts come to."""
    sums: dict[tuple[str, str], float] = defaultdict(float)
    for metric, events, total, good in counts:
        sums[metric, "count"] += events
        sums[metric, "total"] += total
        sums[metric, "good_count"] += good

    def come_to(terms: Sequence[Term]) -> float:
        return max(0.0, sum(factor * sums[metric, name] for metric, name, factor in terms))

    good_ones, bad = come_to(recipe.good), come_to(recipe.bad)
    samples = come_to(recipe.samples) if recipe.samples else good_ones + bad
    bad_samples = come_to(recipe.bad_samples) if recipe.bad_samples else bad
    return Counted(good_ones, bad, samples, bad_samples, come_to(recipe.left))


def count_of(cell: CellCount) -> Count:
    """Return a cell without its place in time."""
    return cell[0], cell[3], cell[4], cell[5]


def buckets_of(recipe: Recipe, cells: Iterable[CellCount]) -> dict[Key, Counted]:
    """Return what cells come to in each bucket."""
    metrics = set(recipe.metrics)
    grouped: dict[tuple[datetime, int], list[Count]] = defaultdict(list)
    for cell in cells:
        if cell[0] in metrics:
            grouped[cell[2], cell[1]].append(count_of(cell))
    return {(at.timestamp(), seconds): added(recipe, own) for (at, seconds), own in grouped.items()}


def parts_of(
    recipe: Recipe, counts: Iterable[PartCount], spans: Sequence[tuple[datetime, datetime]], dimensions: Sequence[str]
) -> dict[str, Timeline]:
    """Return what came in each span, apart for each value of each of the recipe's dimensions."""
    metrics = set(recipe.metrics)
    apart: dict[str, dict[int, list[Count]]] = defaultdict(lambda: defaultdict(list))
    for metric, span, values, events, total, good in counts:
        if metric not in metrics:
            continue
        for dimension, value in zip(dimensions, values, strict=True):
            if dimension in recipe.parts and value != "none":
                apart[f"{dimension} {value}"][span].append((metric, events, total, good))
    return {part: Timeline(_spanned(recipe, own, spans)) for part, own in apart.items()}


def _spanned(
    recipe: Recipe, counts: Mapping[int, Sequence[Count]], spans: Sequence[tuple[datetime, datetime]]
) -> list[Bucket]:
    return [
        Bucket(starts_at.timestamp(), (ends_at - starts_at).total_seconds(), added(recipe, counts.get(number, ())))
        for number, (starts_at, ends_at) in enumerate(spans)
    ]
