"""The book of agreements: those that the code declares, those that staff made, each as it was last set."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.slas.agreements import DECLARED, Agreement, Revision, of_component, revised
from services.slas.tables import AgreementRow, ExclusionRow, RevisionRow

MADE_POSITION = 100
"""Agreements that staff made stand after the declared ones."""


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A span of maintenance, open while it is under way."""

    incident_id: str
    component_ids: frozenset[str]
    starts_at: datetime
    ends_at: datetime | None
    reason: str
    retroactive: bool
    counted: bool

    def concerns(self, agreement: Agreement) -> bool:
        """Tell whether it is about what an agreement is about."""
        return bool(self.component_ids.intersection(agreement.component_ids))


def agreements(
    session: Session, at: datetime | None = None, *, retired_after: datetime | None = None
) -> tuple[Agreement, ...]:
    """Return every agreement that is in force, in the order in which pages show them.

    With `at`, each as it stood at that instant; with `retired_after`, those too that were retired since.
    """
    revisions: dict[str, list[RevisionRow]] = defaultdict(list)
    for row in session.scalars(sa.select(RevisionRow).order_by(RevisionRow.id)):
        revisions[row.sla].append(row)
    in_force: sa.ColumnElement[bool] = AgreementRow.retired_at.is_(None)
    if retired_after is not None:
        in_force = sa.or_(in_force, AgreementRow.retired_at >= retired_after)
    made_rows = session.scalars(sa.select(AgreementRow).where(in_force).order_by(AgreementRow.created_at)).all()
    made = [
        of_component(row.component_id, row.name, row.title) for row in made_rows if at is None or row.created_at < at
    ]
    whole = (*DECLARED, *(replace(each, position=MADE_POSITION + n) for n, each in enumerate(made)))
    return tuple(_as_set(each, revisions[each.name], at) for each in whole)


def revisions_of(session: Session, name: str, limit: int = 20) -> Sequence[RevisionRow]:
    """Return how an agreement was set, the latest first."""
    chosen = sa.select(RevisionRow).where(RevisionRow.sla == name).order_by(RevisionRow.id.desc()).limit(limit)
    return session.scalars(chosen).all()


def exclusions(session: Session, since_at: datetime, until_at: datetime) -> tuple[Exclusion, ...]:
    """Return the maintenance that touches a span, oldest first."""
    touching = sa.and_(
        ExclusionRow.starts_at < until_at,
        sa.or_(ExclusionRow.ends_at.is_(None), ExclusionRow.ends_at > since_at),
    )
    rows = session.scalars(sa.select(ExclusionRow).where(touching).order_by(ExclusionRow.starts_at))
    return tuple(
        Exclusion(
            row.incident_id,
            frozenset(row.component_ids),
            row.starts_at,
            row.ends_at,
            row.reason,
            row.retroactive,
            row.counted,
        )
        for row in rows
        if row.component_ids
    )


def _as_set(agreement: Agreement, rows: Sequence[RevisionRow], at: datetime | None) -> Agreement:
    in_force = [row for row in rows if at is None or row.at < at]
    if not in_force:
        return agreement
    row = in_force[-1]
    return revised(agreement, Revision(row.target_ratio, row.window_seconds, tuple(row.component_ids)))
