"""The verbs of subscribers, put together."""

from dataclasses import dataclass

from services.infra.uow import UnitOfWork
from services.subscribers.adopting import Adopting
from services.subscribers.happenings import Components, Incidents
from services.subscribers.letters import Letters
from services.subscribers.own import Own
from services.subscribers.payloads import Site
from services.subscribers.ports import Slack, Webhooks
from services.subscribers.reactions import Hearing
from services.subscribers.requests import Requests
from services.subscribers.slack_post import SlackSender
from services.subscribers.staff import Staff
from services.subscribers.telling import BATCH, Telling
from services.subscribers.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class SubscriptionDoor:
    """What visitors do with subscriptions."""

    requests: Requests
    own: Own


@dataclass(frozen=True, slots=True)
class Subscribers:
    """Everything that can be done and asked about subscribers."""

    door: SubscriptionDoor
    staff: Staff
    letters: Letters
    hearing: Hearing
    adopting: Adopting


def make_subscribers(
    uow: UnitOfWork,
    *,
    webhooks: Webhooks,
    slack: Slack,
    incidents: Incidents,
    components: Components,
    site: Site,
    batch: int = BATCH,
) -> Subscribers:
    """Return the verbs of subscribers for an installation."""
    letters, upkeep = Letters(uow, incidents, components), Upkeep(uow)
    telling = Telling(uow, webhooks, incidents, components, site, batch=batch)
    return Subscribers(
        door=SubscriptionDoor(Requests(uow, webhooks, slack), Own(uow, webhooks, incidents, components)),
        staff=Staff(uow, webhooks),
        letters=letters,
        hearing=Hearing(telling, letters, upkeep, SlackSender(letters, slack, site.public_url)),
        adopting=Adopting(),
    )
