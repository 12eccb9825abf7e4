"""Whether something changed lately, for those who keep copies of what is public: asked often, answered cheaply."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from services.infra import audit
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import query
from services.kernel.context import Actor

_LATELY = timedelta(seconds=15)


class Pulse:
    """Counts the changes that it has noticed; each process has one.

    `domains` are those whose verbs matter. A transaction that commits late is noticed as long as it took less than the
    span that is looked over again each time. `moved` returns a value that differs where something moved by itself,
    which no verb of a person tells of.
    """

    def __init__(
        self, uow: UnitOfWork, domains: Sequence[str], moved: Callable[[Actor], object] = lambda _actor: None
    ) -> None:
        self.uow = uow
        self._domains, self._moved = tuple(domains), moved
        self._seen: frozenset[str] = frozenset()
        self._last: object = None
        self._beats = 0

    def beats(self, actor: Actor) -> int:
        """Return a number that differs from the last one where something changed."""
        found, last = self.lately(actor), self._moved(actor)
        if found - self._seen or last != self._last:
            self._beats += 1
        self._seen, self._last = found, last
        return self._beats

    @query(permission="evidence.pulse")
    def lately(self, actor: Actor) -> frozenset[str]:
        """Return the ids of the last seconds' changes."""
        return audit.lately(current().session, self.uow.clock.now() - _LATELY, self._domains)
