"""What the public surfaces receive: reads, and the few verbs that a visitor has."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from services.kernel.clock import Clock
from services.kernel.context import Actor, VisitorActor
from services.metrics.views import FigureView


class PublicFigures(Protocol):
    """The live figures, as anybody may read them."""

    def figures(self, actor: Actor) -> Sequence[FigureView]:
        """Return every live figure."""
        ...

    def figure(self, actor: Actor, name: str) -> FigureView:
        """Return one live figure.

        Raises: NotFound for a name that is none.
        """
        ...

    def history(self, actor: Actor, name: str, days: int) -> pd.DataFrame:
        """Return a figure over the last days.

        Shape: one row per bucket, oldest first; columns `starts_at`, `value` (NaN where not measured), `samples`.

        Raises: NotFound for a name that is none, Invalid for a span that is not offered.
        """
        ...


@dataclass(frozen=True, slots=True)
class PublicServices:
    """The narrow facade: everything on it may be shown to anybody.

    `visitor` is the actor that every call is made as.
    """

    figures: PublicFigures
    visitor: VisitorActor
    clock: Clock
    demo: bool = False
