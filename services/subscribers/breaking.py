"""Breaking a subscription off, and letting it go on: the one place where both happen."""

from services.events.subscribers import SubscriptionBroken
from services.infra.uow import Scope
from services.kernel.ids import new_id
from services.subscribers.rules import SubscriberState
from services.subscribers.tables import SubscriberRow


def broken(scope: Scope, row: SubscriberRow, because: str) -> None:
    """Break a subscription off whose target takes nothing any more; its owner gets a letter."""
    row.state, row.ended_because = SubscriberState.BROKEN, because
    scope.about(row.id)
    scope.publish(
        SubscriptionBroken(
            occurred_at=scope.uow.clock.now(), subscriber_id=row.id, because=because, break_id=new_id("brk")
        )
    )


def resumed(scope: Scope, row: SubscriberRow) -> None:
    """Let a subscription go on."""
    row.state, row.ended_because, row.failures = SubscriberState.ACTIVE, None, 0
    scope.about(row.id)
