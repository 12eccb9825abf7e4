"""What incidents do when an agreement is breached or kept again."""

from services.events.slas import SlaBreached, SlaRecovered
from services.incidents.watch import Watch
from services.infra.durable import Reaction
from services.kernel.context import JobActor

ACTOR = JobActor("incidents.watch", frozenset({"incidents.run"}))


class Reactions:
    """Who listens to which fact."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def breached(self, fact: SlaBreached) -> None:
        """Open or join an automatic incident."""
        self._watch.hear_breach(ACTOR, fact)

    def recovered(self, fact: SlaRecovered) -> None:
        """Let an automatic incident calm down."""
        self._watch.hear_recovery(ACTOR, fact)

    def subscriptions(self) -> tuple[Reaction[SlaBreached], Reaction[SlaRecovered]]:
        """Return who listens to which fact."""
        return (
            Reaction(SlaBreached, "incidents.hear_breach", self.breached),
            Reaction(SlaRecovered, "incidents.hear_recovery", self.recovered),
        )
