"""What durable work does about facts of its own."""

from typing import Any

from services.events.work import ResumeRequested
from services.infra.durable import Client, Effect, Subscription


def subscriptions(client: Client) -> list[Subscription[Any]]:
    """Return the effect that puts hanging work back, since that writes past our transaction."""

    def resume(fact: ResumeRequested, _: str) -> None:
        client.resume(fact.workflow_id, fact.queue)

    return [Effect(ResumeRequested, "work.resume_hanging", resume)]
