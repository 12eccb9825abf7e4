"""What a subscriber chose, kept and read."""

from collections.abc import Sequence

import sqlalchemy as sa

from services.infra.uow import Scope
from services.subscribers.rules import Choices
from services.subscribers.tables import ChoiceRow, SubscriberRow


def keep(scope: Scope, row: SubscriberRow, choices: Choices) -> None:
    """Replace what a subscriber chose."""
    row.everything, row.min_impact = not choices.component_ids, choices.min_impact
    row.maintenance, row.component_changes = choices.maintenance, choices.component_changes
    scope.session.flush()
    scope.session.execute(sa.delete(ChoiceRow).where(ChoiceRow.subscriber_id == row.id))
    scope.session.add_all(ChoiceRow(subscriber_id=row.id, component_id=each) for each in sorted(choices.component_ids))
    scope.session.flush()


def of(scope: Scope, rows: Sequence[SubscriberRow]) -> dict[str, Choices]:
    """Return what these subscribers chose."""
    chosen: dict[str, set[str]] = {row.id: set() for row in rows}
    found = sa.select(ChoiceRow).where(ChoiceRow.subscriber_id.in_([row.id for row in rows if not row.everything]))
    for choice in scope.session.scalars(found):
        chosen[choice.subscriber_id].add(choice.component_id)
    return {
        row.id: Choices(frozenset(chosen[row.id]), row.min_impact, row.maintenance, row.component_changes)
        for row in rows
    }
