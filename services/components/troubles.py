"""Troubles that are over, newest first: what components went through, whether or not anybody told of it."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any, Final

import sqlalchemy as sa

from services.components.tables import ComponentRow, SpanRow
from services.components.timeline import BAD, RANKS
from services.components.views import ComponentStatus, TroubleView
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.clock import from_epoch_ms, to_epoch_ms
from services.kernel.context import Actor

TROUBLES_MAX: Final = 400


class Troubles:
    """Reads spans in which something was bad."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="components.read")
    def since(self, actor: Actor, since_at: datetime, *, component_id: str | None = None) -> tuple[TroubleView, ...]:
        """Return what began after an instant and is over, of all components or of one, newest first.

        Spans that follow each other are one trouble. What maintenance excuses and what a person set is none. Of very
        many spans, the newest are looked at.
        """
        s, c = SpanRow, ComponentRow
        chosen = (
            sa.select(s.component_id, c.name, s.status, s.starts_ms, s.ends_ms, s.reason)
            .join(c, c.id == s.component_id)
            .where(
                s.status.in_(BAD),
                s.starts_ms >= to_epoch_ms(since_at),
                s.excused.is_(False),
                s.overridden.is_(False),
                c.archived_at.is_(None),
            )
            .order_by(s.starts_ms.desc())
            .limit(TROUBLES_MAX)
        )
        if component_id is not None:
            chosen = chosen.where(s.component_id == component_id)
        rows = sorted(current().session.execute(chosen).all(), key=lambda row: (row.component_id, row.starts_ms))
        found = [each for _, spans in groupby(rows, key=lambda row: row.component_id) for each in _joined(spans)]
        return tuple(sorted(found, key=lambda each: (each.starts_at, each.component_id), reverse=True))


def _joined(spans: Iterable[Any]) -> list[TroubleView]:
    """Return the troubles of one component from its bad spans, oldest first, without one that goes on."""
    chains: list[list[Any]] = []
    for span in spans:
        if chains and chains[-1][-1].ends_ms == span.starts_ms:
            chains[-1].append(span)
        else:
            chains.append([span])
    return [_trouble(chain) for chain in chains if chain[-1].ends_ms is not None]


def _trouble(chain: list[Any]) -> TroubleView:
    worst = max(chain, key=lambda span: RANKS[ComponentStatus(span.status)])
    return TroubleView(
        component_id=worst.component_id,
        name=worst.name,
        worst=ComponentStatus(worst.status),
        starts_at=from_epoch_ms(chain[0].starts_ms),
        ends_at=from_epoch_ms(chain[-1].ends_ms),
        reason=worst.reason,
    )
