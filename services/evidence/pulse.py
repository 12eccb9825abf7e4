"""Whether something changed lately, for those who keep copies of what is public: asked often, answered cheaply."""

from collections.abc import Sequence
from datetime import timedelta

from services.infra import audit
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.context import Actor

_LATELY = timedelta(seconds=15)


class Pulse:
    """Counts the changes that it has noticed; each process has one.

    `domains` are those whose verbs matter. A transaction that commits late is noticed as long as it took less than the
    span that is looked over again each time.
    """

    def __init__(self, uow: UnitOfWork, domains: Sequence[str]) -> None:
        self.uow = uow
        self._domains = tuple(domains)
        self._seen: frozenset[str] = frozenset()
        self._beats = 0

    @query(permission="evidence.pulse")
    def beats(self, actor: Actor) -> int:
        """Return a number that differs from the last one where something changed."""
        found = audit.lately(current().session, self.uow.clock.now() - _LATELY, self._domains)
        if found - self._seen:
            self._beats += 1
        self._seen = found
        return self._beats
