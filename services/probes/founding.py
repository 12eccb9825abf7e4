"""The probes that an installation begins with: made once, and led along when what they look at moves."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from services.infra.targets import OutboundPolicy
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command
from services.kernel.context import Actor, JobActor
from services.probes.definitions import SECRET_PLACE, begin_anew, made, removed
from services.probes.kinds import checked_target
from services.probes.rules import BUILT_IN
from services.probes.tables import FirstRow, ProbeRow, VantageRow
from services.probes.vantages import built_in_row
from services.probes.views import ProbeDraft

FOUNDER = JobActor("probes.founder", frozenset({"probes.seed"}))


@dataclass(frozen=True, slots=True)
class FirstProbe:
    """A probe that an installation begins with; its `key` stays, wherever the installation moves."""

    key: str
    draft: ProbeDraft
    demo: bool = False


class ProbeFounding:
    """Makes probes without a person who makes each."""

    def __init__(self, uow: UnitOfWork, policy: OutboundPolicy) -> None:
        self.uow, self.policy = uow, policy

    @command(permission="probes.seed")
    def found(self, actor: Actor, firsts: Sequence[FirstProbe]) -> list[str]:
        """Make the probes that were never made, and return their ids.

        One that somebody removed stays away. One whose target or secret changed, as with the port, is led along, unless
        somebody pointed it elsewhere.

        Raises: Invalid, naming the fields.
        """
        scope, ids, moved = current(), [], []
        if scope.session.get(VantageRow, BUILT_IN) is None:
            scope.session.add(built_in_row(self.uow.clock.now()))
            scope.session.flush()
        for first in firsts:
            known = scope.session.get(FirstRow, first.key, with_for_update=True)
            if known is None:
                probe_id = made(scope, self.policy, first.draft, demo=first.demo)
                scope.session.add(FirstRow(key=first.key, probe_id=probe_id, target=first.draft.target))
                ids.append(probe_id)
            elif self._led_along(known, first.draft):
                moved.append(known.probe_id)
        scope.note(made=ids, moved=moved)
        return ids

    def _led_along(self, known: FirstRow, draft: ProbeDraft) -> bool:
        scope = current()
        row = scope.session.get(ProbeRow, known.probe_id, with_for_update=True)
        if row is None or row.kind != draft.kind or row.target != known.target:
            return False
        if row.target == draft.target and self._secret_of(row) == (draft.secret or ""):
            return False
        row.target = known.target = checked_target(draft.kind, draft.target, self.policy)
        if draft.secret:
            row.secret_sealed = self.uow.vault.seal(scope.session, row.id, draft.secret, SECRET_PLACE)
        row.changed_at = self.uow.clock.now()
        begin_anew(scope, row)
        return True

    def _secret_of(self, row: ProbeRow) -> str:
        sealed = row.secret_sealed
        return self.uow.vault.open(current().session, row.id, sealed, SECRET_PLACE) if sealed else ""

    @command(permission="probes.demo")
    def remove_demo(self, actor: Actor) -> int:
        """Remove the demo's probes, and return how many there were."""
        scope = current()
        rows = scope.session.scalars(sa.select(ProbeRow).where(ProbeRow.demo).with_for_update()).all()
        for row in rows:
            scope.session.execute(sa.delete(FirstRow).where(FirstRow.probe_id == row.id))
            removed(scope, row)
        return len(rows)
