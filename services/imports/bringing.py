"""Bringing things over: all of a file in one transaction, each thing by itself, a second time without any effect.

A rehearsal does the same work and takes it back, so that its report is what would happen, and not a guess.
"""

import hashlib
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import partial

import orjson

from services.imports.foreign import (
    Foreign,
    ForeignComponent,
    ForeignGroup,
    ForeignIncident,
    ForeignProbe,
    ForeignSubscriber,
)
from services.imports.ports import ComponentShelf, IncidentShelf, ProbeShelf, SubscriberShelf
from services.imports.report import Line, Noun, Outcome, Report, shown, skipped
from services.imports.sources import read_file
from services.imports.tables import ItemRow
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import command
from services.kernel.context import Actor
from services.kernel.errors import Conflict, DomainError

_REASON_MAX = 300


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to bring over: `label` tells two installations of one product apart."""

    source: str
    data: bytes = field(repr=False)
    label: str = ""


@dataclass(frozen=True, slots=True)
class Shelves:
    """Where everything goes."""

    components: ComponentShelf
    incidents: IncidentShelf
    subscribers: SubscriberShelf
    probes: ProbeShelf


class Imports:
    """Brings over what files of other products hold."""

    def __init__(self, uow: UnitOfWork, shelves: Shelves) -> None:
        self.uow, self._shelves = uow, shelves

    @command(permission="imports.run")
    def rehearse(self, actor: Actor, upload: Upload) -> Report:
        """Do everything, take it back, and return what would be done; only that somebody asked is recorded.

        Raises: Invalid for a file that nobody can read.
        """
        scope, foreign = current(), read_file(upload.source, upload.data, upload.label)
        subjects, facts, sealed = set(scope.subjects), dict(scope.facts), dict(scope.sealed)
        with scope.session.begin_nested() as attempt:
            lines = _Bringing(scope, self._shelves, foreign.source).all_of(foreign)
            scope.session.flush()
            attempt.rollback()
        scope.session.expire_all()
        scope.subjects, scope.facts, scope.sealed = subjects, facts, sealed
        report = Report(foreign.source, rehearsal=True, lines=lines)
        _note(scope, upload, report)
        return report

    @command(permission="imports.run")
    def carry_out(self, actor: Actor, upload: Upload, *, expected: str | None = None) -> Report:
        """Bring everything over that can be, and return what was done; `expected` is the digest of its rehearsal.

        Raises: Invalid for a file that nobody can read; Conflict where it would do something else than was expected.
        """
        scope, foreign = current(), read_file(upload.source, upload.data, upload.label)
        report = Report(
            foreign.source, rehearsal=False, lines=_Bringing(scope, self._shelves, foreign.source).all_of(foreign)
        )
        if expected is not None and expected != report.digest:
            message = "Something changed since the report was made, so nothing was done: read the new report first."
            raise Conflict("import_changed", message)
        scope.facts.clear()  # what single things noted would hide what the whole came to
        _note(scope, upload, report)
        return report


def _note(scope: Scope, upload: Upload, report: Report) -> None:
    scope.note(
        source=report.source,
        kind=upload.source,
        file_sha256=hashlib.sha256(upload.data).hexdigest(),
        counts=report.counts,
    )


class _Bringing:
    """One run over one file."""

    def __init__(self, scope: Scope, shelves: Shelves, source: str) -> None:
        self._scope, self._shelves, self._source = scope, shelves, source
        self._lines: list[Line] = []
        self._groups: dict[str, str] = {}
        self._components: dict[str, str] = {}

    def all_of(self, foreign: Foreign) -> tuple[Line, ...]:
        """Bring over groups first, then what is in them, then what is said of that."""
        for group in foreign.groups:
            self._one(Noun.GROUP, group.name, partial(self._group, group))
        for component in foreign.components:
            self._one(Noun.COMPONENT, component.name, partial(self._component, component))
        for probe in foreign.probes:
            self._one(Noun.PROBE, probe.name, partial(self._probe, probe))
        for incident in foreign.incidents:
            self._one(Noun.INCIDENT, incident.name, partial(self._incident, incident))
        for subscriber in foreign.subscribers:
            self._one(Noun.SUBSCRIBER, f"row {subscriber.row}", partial(self._subscriber, subscriber))
        return (*self._lines, *foreign.refused)

    def _one(self, noun: Noun, name: str, bring: Callable[[], Line]) -> None:
        """Bring one thing over, or leave all of it out with the reason."""
        try:
            with self._scope.session.begin_nested():
                line = bring()
        except DomainError as refusal:
            fields = getattr(refusal, "fields", None) or {}
            reason = " ".join(fields.values()) or refusal.message
            line = skipped(noun, name, reason[:_REASON_MAX])
        self._lines.append(line)

    def _group(self, group: ForeignGroup) -> Line:
        shelf, item = self._shelves.components, self._item(Noun.GROUP, group.id)
        if item is not None and shelf.has_group(item.own_id):
            self._groups[group.id] = item.own_id
            return self._line(Noun.GROUP, group.name, Outcome.UNCHANGED, own_id=item.own_id)
        own = shelf.group_named(group.name)
        outcome = Outcome.MADE if own is None else Outcome.FOUND
        own = own or shelf.add_group(group.name, group.description)
        self._keep(item, Noun.GROUP, group.id, own, (_digest(asdict(group)), ""))
        self._groups[group.id] = own
        return self._line(Noun.GROUP, group.name, outcome, own_id=own)

    def _component(self, component: ForeignComponent) -> Line:
        shelf, item = self._shelves.components, self._item(Noun.COMPONENT, component.id)
        read = _digest([component.name, component.description])
        if item is not None:
            return self._component_again(component, item, read)
        group_id = self._groups.get(component.group_id or "")
        own = shelf.component_named(component.name, group_id)
        outcome = Outcome.MADE if own is None else Outcome.FOUND
        own = own or shelf.add(component, group_id)
        self._keep(None, Noun.COMPONENT, component.id, own, (read, _digest(shelf.texts(own))))
        self._components[component.id] = own
        reason = "A component of that name is there: it stays as it is." if outcome is Outcome.FOUND else ""
        return self._line(Noun.COMPONENT, component.name, outcome, reason, own)

    def _component_again(self, component: ForeignComponent, item: ItemRow, read: str) -> Line:
        shelf, texts = self._shelves.components, self._shelves.components.texts(item.own_id)
        if texts is None:
            return self._line(
                Noun.COMPONENT, component.name, Outcome.SKIPPED, "It was archived here: restore it first."
            )
        self._components[component.id] = item.own_id
        if item.digest == read:
            return self._line(Noun.COMPONENT, component.name, Outcome.UNCHANGED, own_id=item.own_id)
        if item.own_digest != _digest(texts):
            why = "It has changed over there and here: what was written here stays."
            return self._line(Noun.COMPONENT, component.name, Outcome.SKIPPED, why, item.own_id)
        shelf.retext(item.own_id, component.name, component.description)
        self._keep(item, Noun.COMPONENT, component.id, item.own_id, (read, _digest(shelf.texts(item.own_id))))
        return self._line(Noun.COMPONENT, component.name, Outcome.UPDATED, own_id=item.own_id)

    def _probe(self, probe: ForeignProbe) -> Line:
        shelf, item = self._shelves.probes, self._item(Noun.PROBE, probe.id)
        read = _digest(asdict(probe) | {"secret": bool(probe.secret)})
        if item is not None:
            if not shelf.exists(item.own_id):
                return self._line(Noun.PROBE, probe.name, Outcome.SKIPPED, "It was removed here since it was imported.")
            if item.digest != read:
                why = "It has changed over there: change it here by hand."
                return self._line(Noun.PROBE, probe.name, Outcome.SKIPPED, why, item.own_id)
            return self._line(Noun.PROBE, probe.name, Outcome.UNCHANGED, own_id=item.own_id)
        component_id = self._components.get(probe.component_id)
        if component_id is None:
            return self._line(Noun.PROBE, probe.name, Outcome.SKIPPED, "Its component was left out.")
        own = shelf.add(probe, component_id)
        self._keep(None, Noun.PROBE, probe.id, own, (read, ""))
        return self._line(Noun.PROBE, probe.name, Outcome.MADE, probe.remark, own)

    def _incident(self, incident: ForeignIncident) -> Line:
        shelf, item = self._shelves.incidents, self._item(Noun.INCIDENT, incident.id)
        said = [[each.id, each.status, each.at.isoformat()] for each in incident.updates]
        read = _digest(said)
        if item is None:
            own = shelf.add(incident, self._components)
            self._keep(None, Noun.INCIDENT, incident.id, own, (read, _mark(shelf.version(own), len(said))))
            return self._line(Noun.INCIDENT, incident.name, Outcome.MADE, own_id=own)
        version = shelf.version(item.own_id)
        if version is None:
            return self._line(Noun.INCIDENT, incident.name, Outcome.SKIPPED, "It was withdrawn here.")
        if item.digest == read:
            return self._line(Noun.INCIDENT, incident.name, Outcome.UNCHANGED, own_id=item.own_id)
        known = int(item.own_digest.partition("/")[2] or 0)
        if item.own_digest != _mark(version, known) or item.digest != _digest(said[:known]):
            why = "It has changed over there, and here or in its past words: what stands here stays."
            return self._line(Noun.INCIDENT, incident.name, Outcome.SKIPPED, why, item.own_id)
        version = shelf.append(item.own_id, incident.updates[known:], self._components)
        self._keep(item, Noun.INCIDENT, incident.id, item.own_id, (read, _mark(version, len(said))))
        return self._line(Noun.INCIDENT, incident.name, Outcome.UPDATED, own_id=item.own_id)

    def _subscriber(self, subscriber: ForeignSubscriber) -> Line:
        shelf, name = self._shelves.subscribers, f"row {subscriber.row}"
        foreign_id = shelf.digest(subscriber.email)
        if (item := self._item(Noun.SUBSCRIBER, foreign_id)) is not None:
            return self._line(Noun.SUBSCRIBER, name, Outcome.UNCHANGED, own_id=item.own_id)
        wanted = [self._mapped(each) for each in subscriber.component_ids]
        chosen = frozenset(each for each in wanted if each)
        if wanted and not chosen:
            why = "None of the components that they chose is here: import those first."
            return self._line(Noun.SUBSCRIBER, name, Outcome.SKIPPED, why)
        if (known := shelf.known(subscriber.email)) is not None:
            self._keep(None, Noun.SUBSCRIBER, foreign_id, known, ("", ""))
            why = "They are subscribed already: it stays as it is."
            return self._line(Noun.SUBSCRIBER, name, Outcome.FOUND, why, known)
        own = shelf.add(subscriber.email, confirmed_at=self._agreed(subscriber), component_ids=chosen)
        self._keep(None, Noun.SUBSCRIBER, foreign_id, own, ("", ""))
        consent = (
            "confirmed over there" if subscriber.confirmed else "asked by a letter first: the list names no consent"
        )
        return self._line(Noun.SUBSCRIBER, name, Outcome.MADE, consent, own)

    def _agreed(self, subscriber: ForeignSubscriber) -> datetime | None:
        now = self._scope.uow.clock.now()
        return min(subscriber.confirmed_at or now, now) if subscriber.confirmed else None

    def _mapped(self, foreign_id: str) -> str | None:
        """Return what a component or a group of the same source became, also in an earlier file of it."""
        for noun, found in ((Noun.COMPONENT, self._components), (Noun.GROUP, self._groups)):
            if foreign_id in found:
                return found[foreign_id]
            if (item := self._item(noun, foreign_id)) is not None:
                return item.own_id
        return None

    def _item(self, noun: Noun, foreign_id: str) -> ItemRow | None:
        return self._scope.session.get(ItemRow, (self._source, noun.value, foreign_id))

    def _keep(self, item: ItemRow | None, noun: Noun, foreign_id: str, own_id: str, digests: tuple[str, str]) -> None:
        row = item or ItemRow(source=self._source, noun=noun.value, foreign_id=foreign_id)
        row.own_id, (row.digest, row.own_digest) = own_id, digests
        row.imported_at = self._scope.uow.clock.now()
        self._scope.session.add(row)
        self._scope.session.flush()

    def _line(self, noun: Noun, name: str, outcome: Outcome, reason: str = "", own_id: str = "") -> Line:
        return Line(noun, shown(name), outcome, reason, own_id)


def _digest(value: object) -> str:
    return hashlib.sha256(orjson.dumps(value, option=orjson.OPT_SORT_KEYS, default=str)).hexdigest()


def _mark(version: int | None, said: int) -> str:
    """Return what is remembered of an incident: its version here, and how many words of it were brought over."""
    return f"{version}/{said}"
