"""What staff may do with agreements: set target and window with a reason, and agree on the uptime of components."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id
from services.slas.agreements import DAY, Agreement
from services.slas.book import agreements, revisions_of
from services.slas.engine import recovered_fact
from services.slas.ports import UptimeRecord
from services.slas.tables import AgreementRow, BreachRow, RevisionRow, StateRow

TARGET_MIN, TARGET_MAX = 0.5, 0.99999
WINDOW_DAYS: Final = (1, 7, 28, 30, 90)
REASON_MIN, REASON_MAX = 5, 500
AGREEMENTS_MAX: Final = 200
"""How many agreements on components there may be: each is judged every few seconds."""
_COMPONENTS_MAX: Final = 50


@dataclass(frozen=True, slots=True)
class RevisionView:
    """What somebody set, when and why."""

    at: datetime
    actor_id: str
    reason: str
    target_ratio: float
    window_seconds: int
    component_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TermsView:
    """What holds of one agreement, and how that came about, the latest first."""

    name: str
    title: str
    target_ratio: float
    window_seconds: int
    component_id: str | None
    component_ids: tuple[str, ...]
    declared: bool
    revisions: tuple[RevisionView, ...]


class Terms:
    """Sets the terms of agreements."""

    def __init__(self, uow: UnitOfWork, uptime: UptimeRecord) -> None:
        self.uow, self.uptime = uow, uptime

    @query(permission="slas.review")
    def terms(self, actor: Actor) -> tuple[TermsView, ...]:
        """Return the terms of every agreement in force."""
        session = current().session
        return tuple(_view(each, revisions_of(session, each.name)) for each in agreements(session))

    @query(permission="slas.review")
    def components(self, actor: Actor) -> dict[str, str]:
        """Return every component's name by its id, for choosing."""
        return dict(self.uptime.names(actor))

    @command(permission="slas.manage")
    def revise(
        self,
        actor: Actor,
        *,
        sla: str,
        target_ratio: float,
        window_days: int,
        reason: str,
        component_ids: tuple[str, ...] | None = None,
    ) -> None:
        """Set the target, the window and the components that an agreement concerns, from now on.

        Raises: NotFound, Invalid, Conflict where nothing would change.
        """
        scope = current()
        agreement = _found(scope, sla)
        chosen = agreement.component_ids if component_ids is None else component_ids
        self._check(actor, chosen, agreement.component_id)
        if (target_ratio, window_days * DAY, chosen) == (
            agreement.target_ratio,
            agreement.window_seconds,
            agreement.component_ids,
        ):
            raise Conflict("terms_unchanged", "That is what holds already; change something, or leave it.")
        scope.note(sla=sla, target_was=str(agreement.target_ratio), window_was_seconds=agreement.window_seconds)
        self._set(scope, sla, target_ratio, window_days, component_ids=chosen, reason=reason)

    @command(permission="slas.manage")
    def agree(self, actor: Actor, *, component_id: str, target_ratio: float, window_days: int, reason: str) -> str:
        """Agree on the uptime of a component, and return the agreement's name.

        Raises: NotFound for no component, Conflict where there is one already or there are too many, Invalid.
        """
        scope = current()
        names = self.uptime.names(actor)
        if component_id not in names:
            raise NotFound("component_unknown", "There is no such component.", component_id=component_id)
        made = [a for a in agreements(scope.session) if not a.declared]
        if any(a.component_id == component_id for a in made):
            raise Conflict("sla_exists", "This component has an agreement already; change that one.")
        if len(made) >= AGREEMENTS_MAX:
            raise Conflict("slas_too_many", f"There are {AGREEMENTS_MAX} agreements on components; retire one first.")
        name = new_id("sla")
        now = self.uow.clock.now()
        scope.session.add(
            AgreementRow(name=name, component_id=component_id, title=names[component_id], origin="real", created_at=now)
        )
        self._set(scope, name, target_ratio, window_days, component_ids=(component_id,), reason=reason)
        return name

    @command(permission="slas.manage")
    def retire(self, actor: Actor, *, sla: str, reason: str) -> None:
        """End an agreement on a component; its breaches and months stay to be read.

        Raises: NotFound, Conflict for one that the code declares, Invalid without a reason.
        """
        scope, now = current(), self.uow.clock.now()
        agreement = _found(scope, sla)
        said = _reason(reason)
        row = scope.session.get(AgreementRow, sla, with_for_update=True)
        if row is None or row.retired_at is not None:
            raise Conflict("sla_declared", "This agreement is part of the product: change its terms instead.")
        row.retired_at = now
        scope.session.execute(sa.delete(StateRow).where(StateRow.sla == sla))
        breach = scope.session.scalar(sa.select(BreachRow).where(BreachRow.sla == sla, BreachRow.ended_at.is_(None)))
        if breach is not None:
            breach.ended_at, breach.ended_because = now, "The agreement was retired while it was broken."
            scope.publish(recovered_fact(breach, agreement.title, now))
        scope.note(sla=sla, reason=said)

    def _check(self, actor: Actor, chosen: tuple[str, ...], own: str | None) -> None:
        if own is not None and chosen != (own,):
            raise Invalid("components_fixed", "An agreement on one component concerns that component.")
        unknown = set(chosen) - self.uptime.names(actor).keys() if own is None and chosen else set()
        if unknown or len(chosen) > _COMPONENTS_MAX:
            message = f"Choose up to {_COMPONENTS_MAX} components that exist."
            raise Invalid("components_invalid", message, fields={"component_ids": message})

    def _set(
        self,
        scope: Scope,
        sla: str,
        target_ratio: float,
        window_days: int,
        *,
        component_ids: tuple[str, ...],
        reason: str,
    ) -> None:
        if not TARGET_MIN <= target_ratio <= TARGET_MAX:
            message = f"A target lies between {100 * TARGET_MIN:.0f} % and {100 * TARGET_MAX:.3f} %."
            raise Invalid("target_invalid", message, fields={"target_ratio": message})
        if window_days not in WINDOW_DAYS:
            message = f"A window is of {', '.join(map(str, WINDOW_DAYS))} days."
            raise Invalid("window_invalid", message, fields={"window_days": message})
        said = _reason(reason)
        scope.session.add(
            RevisionRow(
                id=new_id("slr"),
                sla=sla,
                at=self.uow.clock.now(),
                actor_id=scope.actor.id,
                reason=said,
                target_ratio=target_ratio,
                window_seconds=window_days * DAY,
                component_ids=list(component_ids),
            )
        )
        scope.note(sla=sla, target=str(target_ratio), window_days=window_days, reason=said)


def _found(scope: Scope, sla: str) -> Agreement:
    for agreement in agreements(scope.session):
        if agreement.name == sla:
            return agreement
    raise NotFound("sla_unknown", "There is no such agreement.", sla=sla)


def _reason(reason: str) -> str:
    said = " ".join(reason.split())
    if not REASON_MIN <= len(said) <= REASON_MAX:
        message = f"Say why, in {REASON_MIN} to {REASON_MAX} characters; it stands in the audit trail."
        raise Invalid("reason_missing", message, fields={"reason": message})
    return said


def _view(agreement: Agreement, rows: Sequence[RevisionRow]) -> TermsView:
    return TermsView(
        name=agreement.name,
        title=agreement.title,
        target_ratio=agreement.target_ratio,
        window_seconds=agreement.window_seconds,
        component_id=agreement.component_id,
        component_ids=agreement.component_ids,
        declared=agreement.declared,
        revisions=tuple(
            RevisionView(r.at, r.actor_id, r.reason, r.target_ratio, r.window_seconds, tuple(r.component_ids))
            for r in rows
        ),
    )
