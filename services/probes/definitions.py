"""What is watched: made, changed, paused, removed, and asked for at once."""

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from services.infra.targets import OutboundPolicy
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.probes.judging import Verdict
from services.probes.kinds import SECRET_MARK, Check, checked_target, read_check
from services.probes.rules import checked_numbers
from services.probes.tables import HourRow, ProbeRow, ResultRow, StandingRow, VantageRow
from services.probes.verdicts import told, withdrawn
from services.probes.views import ProbeDraft

SECRET_PLACE = "probes_probes.secret"  # noqa: S105 -- where the ciphertext stands, and no secret
PROBES_MAX = 5_000
ASK_EVERY = timedelta(seconds=2)
_PREFIX = "prb"


class Definitions:
    """Makes and changes probes; where they may look is the installation's `policy`."""

    def __init__(self, uow: UnitOfWork, policy: OutboundPolicy) -> None:
        self.uow, self.policy = uow, policy

    @command(permission="probes.manage")
    def create(self, actor: Actor, draft: ProbeDraft, *, enabled: bool = True) -> str:
        """Make a probe, and return its id.

        Raises: Invalid, naming the fields.
        """
        room_for_one()
        return made(current(), self.policy, draft, enabled=enabled)

    @command(permission="probes.manage")
    def change(self, actor: Actor, *, probe_id: str, draft: ProbeDraft) -> None:
        """Change a probe; where it measures something else now, what was measured before counts no more.

        Raises: NotFound; Invalid, naming the fields.
        """
        scope, row = current(), _locked(probe_id)
        before = (row.kind, row.target, row.settings, draft.secret is not None)
        component_before = row.component_id
        if component_before != draft.component_id:
            withdrawn(scope, row)
        written(scope, self.policy, row, draft)
        scope.note(probe_id=probe_id, name=row.name, kind=row.kind)
        if before != (row.kind, row.target, row.settings, False):
            begin_anew(scope, row)
        elif component_before != row.component_id and row.verdict is not None:
            told(scope, row, Verdict(row.verdict), self.uow.clock.now(), row.explanation)

    @command(permission="probes.manage")
    def pause(self, actor: Actor, *, probe_id: str) -> None:
        """Stop looking; what it said of its component is taken back.

        Raises: NotFound; Conflict where it is paused already.
        """
        scope, row = current(), _locked(probe_id)
        if not row.enabled:
            raise Conflict("probe_paused", "This probe is paused already.")
        withdrawn(scope, row)
        row.enabled, row.verdict, row.verdict_since_at, row.explanation = False, None, None, ""
        scope.note(probe_id=probe_id, name=row.name)

    @command(permission="probes.manage")
    def resume(self, actor: Actor, *, probe_id: str) -> None:
        """Look again.

        Raises: NotFound; Conflict where it is not paused.
        """
        scope, row = current(), _locked(probe_id)
        if row.enabled:
            raise Conflict("probe_running", "This probe is not paused.")
        row.enabled = True
        begin_anew(scope, row)
        scope.note(probe_id=probe_id, name=row.name)

    @command(permission="probes.manage")
    def remove(self, actor: Actor, *, probe_id: str) -> None:
        """Remove a probe with everything that it measured; its secret can never be read again.

        Raises: NotFound.
        """
        removed(current(), _locked(probe_id))

    @command(permission="probes.manage")
    def ask(self, actor: Actor, *, probe_id: str) -> None:
        """Have every vantage look at once, also where the probe is paused.

        Raises: NotFound; Conflict where that was asked a moment ago.
        """
        scope, row = current(), _locked(probe_id)
        now = self.uow.clock.now()
        if row.asked_at is not None and now - row.asked_at < ASK_EVERY:
            raise Conflict("probe_asked", "It is being looked at already.")
        row.asked_at = now
        scope.note(probe_id=probe_id)


def room_for_one() -> None:
    """Refuse one probe more than an installation looks after.

    Raises: Conflict.
    """
    if (current().session.scalar(sa.select(sa.func.count()).select_from(ProbeRow)) or 0) >= PROBES_MAX:
        raise Conflict("probes_full", f"There are {PROBES_MAX} probes already; remove some first.")


def made(scope: Scope, policy: OutboundPolicy, draft: ProbeDraft, *, enabled: bool = True, demo: bool = False) -> str:
    """Store a new probe, and return its id.

    Raises: Invalid, naming the fields.
    """
    now = scope.uow.clock.now()
    row = ProbeRow(
        id=new_id(_PREFIX), enabled=enabled, demo=demo, created_at=now, counts_from_at=now, explanation="", kind=""
    )
    written(scope, policy, row, draft)
    scope.session.add(row)
    scope.session.flush()
    scope.note(probe_id=row.id, name=row.name, kind=row.kind)
    return row.id


def written(scope: Scope, policy: OutboundPolicy, row: ProbeRow, draft: ProbeDraft) -> None:
    """Write a draft into a probe's row.

    Raises: Invalid, naming the fields.
    """
    checked_numbers(draft, list(scope.session.scalars(sa.select(VantageRow.name))))
    check = read_check(draft.kind, draft.settings)
    row.target = checked_target(draft.kind, draft.target, policy)
    row.name, row.kind = draft.name.strip(), draft.kind
    row.settings = check.model_dump(mode="json", exclude_defaults=True)
    row.component_id, row.vantages = draft.component_id or None, list(draft.vantages)
    row.interval_seconds, row.timeout_seconds, row.retries = (
        draft.interval_seconds,
        draft.timeout_seconds,
        draft.retries,
    )
    row.quorum, row.confirm_down, row.confirm_up = draft.quorum, draft.confirm_down, draft.confirm_up
    row.changed_at = scope.uow.clock.now()
    if draft.secret:
        row.secret_sealed = scope.uow.vault.seal(scope.session, row.id, draft.secret, SECRET_PLACE)
    elif draft.secret is not None:
        row.secret_sealed = None
    _secret_in_place(row, check)


def _secret_in_place(row: ProbeRow, check: Check) -> None:
    marked = SECRET_MARK in row.target or SECRET_MARK in json.dumps(check.model_dump(mode="json"))
    if marked and row.secret_sealed is None:
        raise Invalid("probe_secret", "Give the secret that the mark stands for.", fields={"secret": "is missing"})
    if row.secret_sealed is not None and not marked:
        message = f"Write {SECRET_MARK} in the target, a header or the body, where the secret stands."
        raise Invalid("probe_secret", message, fields={"target": message})


def begin_anew(scope: Scope, row: ProbeRow) -> None:
    """Forget how the vantages stood: nothing is known of what is measured now."""
    row.counts_from_at = scope.uow.clock.now()
    scope.session.execute(sa.delete(StandingRow).where(StandingRow.probe_id == row.id))
    if row.verdict is not None and row.enabled:
        told(scope, row, Verdict.UNKNOWN, scope.uow.clock.now(), "not looked at yet")


def removed(scope: Scope, row: ProbeRow) -> None:
    """Remove a probe with all that it measured."""
    withdrawn(scope, row)
    for table in (ResultRow, HourRow, StandingRow):
        probe_id: Any = table.probe_id
        scope.session.execute(sa.delete(table).where(probe_id == row.id))
    if row.secret_sealed is not None:
        scope.uow.vault.destroy(scope.session, row.id)
    scope.note(probe_id=row.id, name=row.name)
    scope.session.delete(row)


def _locked(probe_id: str) -> ProbeRow:
    row = current().session.get(ProbeRow, probe_id, with_for_update=True)
    if row is None:
        raise NotFound("probe_unknown", "There is no such probe.")
    return row
