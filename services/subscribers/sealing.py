"""A subscriber's addresses: sealed under their own key, found by digest, destroyed at the end."""

from services.infra.uow import Scope
from services.kernel.errors import Gone
from services.subscribers.rules import Channel, SubscriberState
from services.subscribers.tables import SubscriberRow


def contact_digest(scope: Scope, email: str) -> str:
    """Return the digest under which a mail address is found."""
    return scope.uow.vault.digest("subscribers.contact", email)


def target_digest(scope: Scope, channel: Channel, email: str, target: str) -> str:
    """Return the digest under which a subscription is found: one for each channel, person and target."""
    return scope.uow.vault.digest("subscribers.target", f"{channel}\x00{email}\x00{target}")


def seal(scope: Scope, row: SubscriberRow, *, email: str, target: str) -> None:
    """Keep a subscriber's addresses."""
    vault, session = scope.uow.vault, scope.session
    row.contact_sealed = vault.seal(session, row.id, email, _place(row, "contact"))
    row.target_sealed = vault.seal(session, row.id, target, _place(row, "target")) if target else None


def contact_of(scope: Scope, row: SubscriberRow) -> str:
    """Return the mail address in clear; nothing where it is gone."""
    return _opened(scope, row, "contact", row.contact_sealed)


def target_of(scope: Scope, row: SubscriberRow) -> str:
    """Return the webhook's or Slack's address in clear; nothing where there is none."""
    return _opened(scope, row, "target", row.target_sealed)


def end(scope: Scope, row: SubscriberRow, because: str) -> None:
    """End a subscription and destroy everything that leads to its owner."""
    row.state, row.ended_at, row.ended_because = SubscriberState.ENDED, scope.uow.clock.now(), because
    row.contact_sealed = row.contact_digest = row.target_sealed = row.target_digest = row.digest_due_at = None
    scope.session.flush()
    scope.uow.vault.destroy(scope.session, row.id)
    scope.about(row.id)


def _opened(scope: Scope, row: SubscriberRow, part: str, sealed: str | None) -> str:
    if sealed is None:
        return ""
    try:
        return scope.uow.vault.open(scope.session, row.id, sealed, _place(row, part))
    except Gone:
        return ""


def _place(row: SubscriberRow, part: str) -> str:
    return f"subscribers_subscribers.{part}:{row.id}"
