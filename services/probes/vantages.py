"""Places from where probes look: each acts by an API key of its own, but the built-in one."""

from datetime import datetime

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, NotFound
from services.probes.rules import BUILT_IN, checked_vantage
from services.probes.tables import ProbeRow, StandingRow, VantageRow
from services.probes.verdicts import judge, standing_of, vantage_names
from services.probes.views import VantageView

SILENT_SECONDS = 60
"""After this long without a word, a vantage is called silent; each probe's own limit decides what counts."""
VANTAGES_MAX = 50


class Vantages:
    """Adds, lists and removes vantages."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="probes.manage")
    def add(self, actor: Actor, *, name: str, key_id: str) -> None:
        """Add a vantage that acts by an API key.

        Raises: Invalid for a wrong name; Conflict where the name or the key is taken.
        """
        scope, label = current(), checked_vantage(name)
        taken = scope.session.scalar(
            sa.select(sa.func.count()).where(sa.or_(VantageRow.name == label, VantageRow.key_id == key_id))
        )
        if taken or label == BUILT_IN:
            raise Conflict("vantage_taken", "There is a vantage of this name, or with this key, already.")
        if (scope.session.scalar(sa.select(sa.func.count()).select_from(VantageRow)) or 0) >= VANTAGES_MAX:
            raise Conflict("vantages_full", f"There are {VANTAGES_MAX} vantages already.")
        now = self.uow.clock.now()
        scope.session.add(VantageRow(name=label, key_id=key_id, added_at=now, release="", waiting=0))
        scope.note(vantage=label, key_id=key_id)

    @command(permission="probes.run")
    def ensure_built_in(self, actor: Actor) -> None:
        """Make the vantage inside the background process, where it is not there yet."""
        scope = current()
        if scope.session.get(VantageRow, BUILT_IN) is None:
            scope.session.add(built_in_row(self.uow.clock.now()))

    @command(permission="probes.manage")
    def remove(self, actor: Actor, *, name: str) -> str | None:
        """Remove a vantage; what it said counts no more. Returns the id of its key, to be revoked.

        Raises: NotFound; Conflict where a probe is looked at from there alone, or it is the built-in one.
        """
        scope = current()
        row = scope.session.get(VantageRow, name, with_for_update=True)
        if row is None:
            raise NotFound("vantage_unknown", "There is no such vantage.")
        if row.key_id is None:
            raise Conflict("vantage_built_in", "The built-in vantage is part of the background process.")
        probes = scope.session.scalars(sa.select(ProbeRow).order_by(ProbeRow.id).with_for_update()).all()
        lost = [probe.name for probe in probes if probe.vantages == [name]]
        if lost:
            raise Conflict("vantage_needed", f"{lost[0]} is looked at from there alone; change that first.")
        key_id = row.key_id
        scope.session.execute(sa.delete(StandingRow).where(StandingRow.vantage == name))
        scope.session.delete(row)
        scope.session.flush()
        names = vantage_names(scope)
        for probe in probes:
            if name in probe.vantages:
                probe.vantages = [each for each in probe.vantages if each != name]
            if probe.enabled:
                stored = scope.session.scalars(sa.select(StandingRow).filter_by(probe_id=probe.id))
                standings = {each.vantage: standing_of(each) for each in stored}
                judge(scope, probe, names, standings, self.uow.clock.now())
        scope.note(vantage=name)
        return key_id

    @query(permission="probes.read")
    def vantages(self, actor: Actor) -> list[VantageView]:
        """Return every vantage by name, the built-in one first."""
        now = self.uow.clock.now()
        rows = current().session.scalars(
            sa.select(VantageRow).order_by(VantageRow.key_id.is_not(None), VantageRow.name)
        )
        return [
            VantageView(
                name=row.name,
                built_in=row.key_id is None,
                state="never"
                if row.seen_at is None
                else "watching"
                if (now - row.seen_at).total_seconds() <= SILENT_SECONDS
                else "silent",
                added_at=row.added_at,
                seen_at=row.seen_at,
                release=row.release,
                waiting=row.waiting,
            )
            for row in rows
        ]


def built_in_row(now: datetime) -> VantageRow:
    """Return the vantage inside the background process, as it begins."""
    return VantageRow(name=BUILT_IN, key_id=None, added_at=now, release="", waiting=0)
