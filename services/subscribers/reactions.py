"""What subscribers do when something happened elsewhere."""

import json
from datetime import datetime
from typing import Any

from services.events.components import ComponentStatusChanged
from services.events.incidents import IncidentAnnounced
from services.events.notifications import MessageSettled
from services.events.subscribers import TellingContinued
from services.events.webhooks import WebhookDisabled, WebhookEnabled
from services.infra.durable import Effect, Reaction
from services.kernel.context import JobActor
from services.subscribers.letters import Letters
from services.subscribers.rules import Kind, impact_of_change
from services.subscribers.slack_post import SlackSender
from services.subscribers.telling import Event, Telling
from services.subscribers.upkeep import Upkeep

ACTOR = JobActor("subscribers", frozenset({"subscribers.run"}))
NOTICE_CAUSE = "notice:"
"""What begins the cause of a message that carries a notice."""
_OWNER = "subscribers:"
_SILENT = frozenset({"deleted"})


class Hearing:
    """Listens, and lets the clock in."""

    def __init__(self, telling: Telling, letters: Letters, upkeep: Upkeep, slack: SlackSender) -> None:
        self.telling, self._letters, self._upkeep, self._slack = telling, letters, upkeep, slack

    def tell_incident(self, fact: IncidentAnnounced) -> None:
        """Tell who wants to hear of an incident or a maintenance."""
        if not fact.notifies or fact.occasion in _SILENT:
            return
        word = fact.update_id or f"{fact.occasion}:{fact.version}"
        about = {
            "incident_id": fact.incident_id,
            "update_id": fact.update_id or "",
            "occasion": fact.occasion,
            "status": fact.status,
        }
        kind = Kind.MAINTENANCE if fact.kind == "maintenance" else Kind.INCIDENT
        key = f"incident:{fact.incident_id}:{fact.occasion}:{word}"
        self.telling.tell(ACTOR, event=Event(key, kind, about, fact.impact, fact.component_ids))

    def tell_component(self, fact: ComponentStatusChanged) -> None:
        """Tell who wants to hear of a component's change."""
        about = {
            "component_id": fact.component_id,
            "change_id": fact.change_id,
            "old_status": fact.old_status,
            "new_status": fact.new_status,
            "ended_status": fact.ended_status,
            "since_at": fact.since_at,
            "reason": fact.reason,
        }
        impact = impact_of_change(fact.old_status, fact.new_status, fact.ended_status)
        event = Event(f"component:{fact.change_id}", Kind.COMPONENT, about, impact, (fact.component_id,))
        self.telling.tell(ACTOR, event=event)

    def tell_on(self, fact: TellingContinued) -> None:
        """Tell the next ones."""
        event = Event(fact.event, fact.kind, json.loads(fact.about), fact.impact, fact.component_ids)
        self.telling.tell(ACTOR, event=event, after_id=fact.after_id)

    def note_settled(self, fact: MessageSettled) -> None:
        """Keep what became of a notice's mail."""
        if fact.cause.startswith(NOTICE_CAUSE):
            self._letters.settle(
                ACTOR,
                notice_id=fact.cause.removeprefix(NOTICE_CAUSE),
                failed_because=fact.failed_because,
                refused=fact.refused,
                dropped=fact.dropped,
            )

    def note_disabled(self, fact: WebhookDisabled) -> None:
        """Break a subscription off whose webhook takes nothing any more."""
        if fact.owner.startswith(_OWNER):
            self._upkeep.break_off(
                ACTOR, subscriber_id=fact.owner.removeprefix(_OWNER), because=f"webhook_{fact.because}"
            )

    def note_enabled(self, fact: WebhookEnabled) -> None:
        """Let a subscription go on whose webhook staff switched on."""
        if fact.owner.startswith(_OWNER):
            self._upkeep.mend(ACTOR, subscriber_id=fact.owner.removeprefix(_OWNER))

    def tell_together(self, _tick_at: datetime) -> None:
        """Tell what was held back; asked first, since a change that changes nothing would fill the audit trail."""
        if self._upkeep.digests_due(ACTOR):
            self.telling.tell_together(ACTOR)

    def tidy(self, _tick_at: datetime) -> None:
        """Drop what is over."""
        self._upkeep.tidy(ACTOR)

    def subscriptions(self) -> tuple[Reaction[Any] | Effect[Any], ...]:
        """Return who listens to which fact."""
        return (
            Reaction(IncidentAnnounced, "subscribers.tell_incident", self.tell_incident),
            Reaction(ComponentStatusChanged, "subscribers.tell_component", self.tell_component),
            Reaction(TellingContinued, "subscribers.tell_on", self.tell_on),
            Reaction(MessageSettled, "subscribers.note_settled", self.note_settled),
            Reaction(WebhookDisabled, "subscribers.note_disabled", self.note_disabled),
            Reaction(WebhookEnabled, "subscribers.note_enabled", self.note_enabled),
            self._slack.subscription(),
        )
