"""Links in letters: tokens derived from a subscription by a server key, each good for one thing."""

import hmac
from typing import Literal, TypeAlias

from services.infra.uow import Scope
from services.kernel.errors import Gone, NotFound
from services.kernel.ids import is_id
from services.subscribers.rules import SubscriberState
from services.subscribers.tables import SubscriberRow

Purpose: TypeAlias = Literal["confirm", "manage", "stop"]
PREFIX = "sub"


def token(scope: Scope, row: SubscriberRow, purpose: Purpose) -> str:
    """Return what opens a subscription for one purpose; a manage link can be replaced by a new one."""
    version = f":{row.link_version}" if purpose == "manage" else ""
    return f"{row.id}.{scope.uow.vault.digest(f'subscribers.{purpose}', f'{row.id}{version}')}"


def opened(scope: Scope, given: str, *purposes: Purpose, lock: bool = False) -> SubscriberRow:
    """Return the subscription that a token opens.

    Raises: NotFound for a forged or damaged token, or one for something else.
    """
    row_id, _, _ = given.partition(".")
    row = None
    if is_id(row_id, PREFIX):
        row = scope.session.get(SubscriberRow, row_id, with_for_update=lock or None, populate_existing=lock)
    if row is not None:
        for purpose in purposes:
            if hmac.compare_digest(token(scope, row, purpose).encode(), given.encode()):
                return row
    raise NotFound("link_unknown", "This link is not valid. Open it again from the newest letter, or subscribe anew.")


def living(row: SubscriberRow) -> SubscriberRow:
    """Return a subscription that has not ended.

    Raises: Gone.
    """
    if row.state == SubscriberState.ENDED:
        raise Gone("subscription_ended", "This subscription has ended; nothing is kept of it. You can subscribe anew.")
    return row
