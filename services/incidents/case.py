"""One incident held for a change: read under a lock, written down with its journal, told to whom it concerns."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from services.events.incidents import ComponentsAffected, IncidentAnnounced
from services.incidents.markup import to_plain_text
from services.incidents.reads import not_found
from services.incidents.rules import ACTIVE, OPERATIONAL, impact_of, worst
from services.incidents.tables import AffectedRow, ChangeRow, IncidentRow, JournalRow, UpdateRow
from services.infra.uow import Scope, current
from services.kernel.errors import Conflict
from services.kernel.ids import public_id

_EXCERPT = 160
_LINES_SHOWN = 6
PERSONS = frozenset({"user", "api_key"})
"""The kinds of actor behind which a person stands: what they touch, the machine leaves alone."""


@dataclass(frozen=True, slots=True)
class Said:
    """What an update says, after every check."""

    status: str
    body: str
    notifies: bool
    display_at: datetime
    id: str = field(default_factory=public_id)


@dataclass
class Case:
    """An incident while a verb changes it. Each change ends with `close`, which counts the version on."""

    row: IncidentRow
    scope: Scope
    now: datetime
    lines: list[str] = field(default_factory=list)
    before: dict[str, object] = field(default_factory=dict)
    update_id: str | None = None

    @property
    def affected(self) -> Sequence[AffectedRow]:
        """The components that it concerns, in the order in which they were named."""
        self.scope.session.flush()
        asked = sa.select(AffectedRow).where(AffectedRow.incident_id == self.row.id).order_by(AffectedRow.place)
        return self.scope.session.scalars(asked).all()

    @property
    def told_last_at(self) -> datetime:
        """As of when the newest public word is shown; the start where there is none."""
        self.scope.session.flush()
        newest = sa.select(sa.func.max(UpdateRow.display_at)).where(UpdateRow.incident_id == self.row.id)
        return self.scope.session.scalar(newest) or self.row.started_at

    def say(self, said: Said) -> UpdateRow:
        """Add a public word, and take its status over."""
        session = self.scope.session
        session.flush()
        asked = sa.select(sa.func.coalesce(sa.func.max(UpdateRow.number), 0)).where(
            UpdateRow.incident_id == self.row.id
        )
        update = UpdateRow(
            id=said.id,
            incident_id=self.row.id,
            number=(session.scalar(asked) or 0) + 1,
            status=said.status,
            body=said.body,
            display_at=said.display_at,
            created_at=self.now,
            updated_at=self.now,
            edited_at=None,
            notifies=said.notifies,
        )
        session.add(update)
        session.flush()
        self.row.status, self.update_id = said.status, update.id
        self.lines.append(f"Posted “{said.status.replace('_', ' ')}”: {to_plain_text(said.body, _EXCERPT)}")
        return update

    def give(self, update_id: str, statuses: Mapping[str, str], names: Mapping[str, str],
             standing: Mapping[str, str]) -> None:  # fmt: skip
        """Give components a status as part of an update; `standing` is how those that were not named before stand."""
        session = self.scope.session
        known = {each.component_id: each for each in self.affected}
        before = {} if self.row.backfilled else standing  # how they stand today says nothing of the past
        for place, (component_id, status) in enumerate(statuses.items()):
            row = known.get(component_id)
            old = row.status if row is not None else before.get(component_id, OPERATIONAL)
            name = names.get(component_id) or (row.name if row is not None else component_id)
            if row is None:
                row = AffectedRow(
                    incident_id=self.row.id, component_id=component_id, place=len(known), name=name, status=status
                )
                known[component_id] = row
                session.add(row)
            row.status, row.name = status, name
            session.add(
                ChangeRow(
                    update_id=update_id, component_id=component_id, place=place, name=name, old_status=old,
                    new_status=status,
                )
            )  # fmt: skip
            if old != status:
                self.lines.append(f"{name}: {old.replace('_', ' ')} → {status.replace('_', ' ')}")
        session.flush()

    def weigh(self) -> None:
        """Set the impact anew: what was said of it by hand, or else the worst of what it ever did to a component."""
        if self.row.kind != "incident":
            return
        self.scope.session.flush()
        told = sa.select(UpdateRow.id).where(UpdateRow.incident_id == self.row.id)
        given = self.scope.session.scalars(
            sa.select(ChangeRow.new_status).where(ChangeRow.update_id.in_(told)).distinct()
        )
        computed = worst([self.row.base_impact, *(impact_of(status) for status in given)])
        impact = self.row.impact_override or computed.value
        if impact != self.row.impact:
            self.lines.append(f"Impact: {self.row.impact} → {impact}")
        self.row.impact = impact

    def close(self, action: str) -> None:
        """Count the version on and write the change into the journal and the audit row."""
        row, actor = self.row, self.scope.actor
        if row.automatic and row.taken_over_at is None and actor.kind in PERSONS:
            row.taken_over_at = self.now
        row.version += 1
        row.updated_at = self.now
        detail = json.dumps({"lines": self.lines, "before": self.before}, ensure_ascii=False)
        self.scope.session.add(
            JournalRow(
                incident_id=row.id, version=row.version, at=self.now, actor_kind=actor.kind, actor_id=actor.id,
                action=action, detail=detail,
            )
        )  # fmt: skip
        self.scope.session.flush()
        self.scope.note(incident_id=row.id, kind=row.kind, version=row.version, action=action, lines=self.lines)

    def announce(self, occasion: str, *, notifies: bool) -> None:
        """Publish that something new is to be read; comes after `close`, since it names the version."""
        row = self.row
        self.scope.publish(
            IncidentAnnounced(
                occurred_at=self.now,
                incident_id=row.id,
                kind=row.kind,
                occasion=occasion,
                update_id=self.update_id,
                status=row.status,
                impact=row.impact,
                component_ids=tuple(each.component_id for each in self.affected),
                notifies=notifies,
                version=row.version,
            )
        )

    def tell_components(self, starts_at: datetime | None = None) -> None:
        """Publish what it says of components now: nothing once it is over."""
        row = self.row
        speaks = row.status in ACTIVE and row.deleted_at is None
        pairs = [f"{each.component_id}={each.status}" for each in self.affected if each.status != OPERATIONAL]
        self.scope.publish(
            ComponentsAffected(
                occurred_at=self.now,
                incident_id=row.id,
                kind=row.kind,
                title=row.name,
                statuses=tuple(pairs) if speaks else (),
                starts_at=(starts_at or self.now).isoformat(),
                version=row.version,
            )
        )


def new_case(row: IncidentRow, now: datetime) -> Case:
    """Begin an incident that did not exist."""
    scope = current()
    scope.session.add(row)
    scope.session.flush()
    return Case(row, scope, now)


def held(incident_id: str, version: int | None, now: datetime, *, kind: str | None = None) -> Case:
    """Return an incident under a lock, for a change by somebody who has seen this version of it.

    Raises: NotFound; Conflict where somebody else has changed it since, saying what.
    """
    scope = current()
    row = scope.session.scalar(
        sa.select(IncidentRow)
        .where(IncidentRow.id == incident_id, IncidentRow.deleted_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or (kind is not None and row.kind != kind):
        raise not_found()
    if version is not None and version != row.version:
        raise _changed(row, version)
    return Case(row, scope, now)


def _changed(row: IncidentRow, seen: int) -> Conflict:
    """Return the refusal that shows a second editor what happened since they looked."""
    later = current().session.scalars(
        sa.select(JournalRow)
        .where(JournalRow.incident_id == row.id, JournalRow.version > seen)
        .order_by(JournalRow.version)
    )
    changes = [line for entry in later for line in json.loads(entry.detail)["lines"]]
    told = "; ".join(changes[-_LINES_SHOWN:]) or "it is another one than you name"
    return Conflict(
        "incident_changed",
        f"Somebody changed this while you wrote (you saw version {seen}, it is at {row.version}): {told}. "
        "Nothing of yours is lost: read what changed and send again with the new version.",
        version=row.version,
        seen=seen,
        changes=tuple(changes),
    )
