"""What surfaces read of the metrics: frozen, complete, and honest about what is missing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal


class FigureState(StrEnum):
    """How a figure stands against its target."""

    MET = "met"
    NEAR = "near"
    """Met, but within a tenth of the target."""
    MISSED = "missed"
    FEW_SAMPLES = "few_samples"
    """There is a value, from too few samples to judge."""
    STALE = "stale"
    """There is a value, and nothing new has arrived for too long to call it current."""
    NO_DATA = "no_data"
    """Nothing was measured within the window: there is no value, and it is not zero."""


@dataclass(frozen=True, slots=True)
class PointView:
    """One bucket of a trend; `value` is nothing where nothing was measured.

    Of a ratio, `numerator` and `denominator` are the sums that it divides; a percentile has none.

    Units: numerator and denominator as `FigureView.parts_unit` says.
    """

    starts_at: datetime
    value: float | None
    samples: int
    numerator: int | None = None
    denominator: int | None = None


@dataclass(frozen=True, slots=True)
class FigureView:
    """One live figure with everything that a reader needs to trust it.

    `samples` counts what `sample_noun` names; `demo_samples` of them came from the demo generator. `newest_at` is when
    the newest measurement arrived. `good_share` is the share of samples within the target, where the store counts it.
    The companions are counts and sums beside the figure, each in seconds or occurrences. With `higher_is_better` the
    target is a floor, otherwise a ceiling. `source` says where the samples come from. Of a ratio, `numerator` and
    `denominator` are the sums that it divides; a percentile has none.

    Units: `value`, `target` and the series are in `unit`, numerator and denominator in `parts_unit`.
    """

    name: str
    title: str
    definition: str
    unit: Literal["milliseconds", "ratio"]
    value: float | None
    target: float
    state: FigureState
    samples: int
    demo_samples: int
    minimum_samples: int
    newest_at: datetime | None
    as_of: datetime
    window_seconds: int
    series: tuple[PointView, ...]
    companions: tuple["CompanionView", ...]
    good_share: float | None = None
    higher_is_better: bool = False
    sample_noun: str = "play"
    source: str = ""
    numerator: int | None = None
    denominator: int | None = None
    parts_unit: Literal["milliseconds", "occurrences"] | None = None


@dataclass(frozen=True, slots=True)
class CompanionView:
    """A raw number beside a figure, so that the figure can be recomputed by hand."""

    metric: str
    title: str
    value: float
    unit: Literal["seconds", "occurrences"]


@dataclass(frozen=True, slots=True)
class PlaySessionView:
    """What is known of one playback session, for the player that made it.

    `join_time_ms` is nothing until the first frame was reported.
    """

    state: str
    join_time_ms: int | None
    stall_ms: int
    play_ms: int
    stalls: int
    recorded_at: datetime
