"""The outbox: a fact leaves in the transaction that made it true, once for each subscriber."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from services.infra.durable.declared import Reaction, Subscription
from services.infra.durable.engine import Client
from services.infra.durable.envelope import EFFECTS_QUEUE, FACTS_QUEUE, envelope_of
from services.kernel.clock import Clock
from services.kernel.facts import Fact


class Outbox:
    """Enqueues one durable workflow per subscriber on the caller's session; safe to make before a fork."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client, self._clock = client, clock
        self._by_topic: dict[str, list[Subscription[Any]]] | None = None

    def subscribe(self, subscriptions: Iterable[Subscription[Any]]) -> None:
        """Say who listens; call once, before the first fact.

        Raises: ValueError where two subscribers share a name.
        """
        by_topic: dict[str, list[Subscription[Any]]] = {}
        names: set[str] = set()
        for subscription in subscriptions:
            if subscription.name in names:
                raise ValueError(f"Two subscribers are named {subscription.name}.")
            names.add(subscription.name)
            by_topic.setdefault(subscription.fact.topic, []).append(subscription)
        self._by_topic = by_topic

    @property
    def subscriptions(self) -> tuple[Subscription[Any], ...]:
        """Everybody who listens."""
        return tuple(s for listeners in (self._by_topic or {}).values() for s in listeners)

    def publish(self, session: Session, fact: Fact) -> None:
        """Enqueue the fact for each of its subscribers; a second publication of the same fact changes nothing.

        Raises: RuntimeError where nobody has said yet who listens, since the fact would be lost.
        """
        if self._by_topic is None:
            raise RuntimeError(f"{fact.topic} was published before the outbox knows its subscribers.")
        for subscription in self._by_topic.get(fact.topic, ()):
            queue = FACTS_QUEUE if isinstance(subscription, Reaction) else EFFECTS_QUEUE
            self._client.enqueue_on(session, envelope_of(fact, subscription.name, queue, self._clock.now()))
