"""The first components of an installation, and history that comes from elsewhere: an import, or the demo."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

import sqlalchemy as sa

from services.components.arranging import ComponentDraft, add_component, add_group
from services.components.standing import Said, compute, serialise, take_in
from services.components.tables import ComponentRow, DependencyRow, PartRow, SourceRow, StatementRow
from services.components.timeline import Kind
from services.components.views import ComponentStatus
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.clock import to_epoch_ms
from services.kernel.context import Actor, JobActor
from services.kernel.errors import Invalid

FOUNDER = JobActor("components.founder", frozenset({"components.seed", "components.read"}))
DEMO_SOURCE = "demo"


@dataclass(frozen=True, slots=True)
class FirstComponent:
    """A component that an installation begins with; its id is the same everywhere, so that others can name it."""

    id: str
    draft: ComponentDraft
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FirstGroup:
    """A group that an installation begins with."""

    id: str
    name: str
    components: tuple[FirstComponent, ...] = field(default=())


def _first(component_id: str, name: str, description: str, *depends_on: str) -> FirstComponent:
    return FirstComponent(component_id, ComponentDraft(name, description), depends_on)


FIRST: tuple[FirstGroup, ...] = (
    FirstGroup(
        "playback0001",
        "Playback",
        (
            _first(
                "videostart01", "Video start", "From the play instruction to the first moving frame.", "videodeliv01"
            ),
            _first("videodeliv01", "Video delivery", "Playlists and segments of every title."),
        ),
    ),
    FirstGroup(
        "commerce0001",
        "Commerce",
        (
            _first("checkout0001", "Checkout", "Placing and paying orders.", "database0001"),
            _first("payouts00001", "Creator payouts", "From an approved payout to money that arrived.", "database0001"),
        ),
    ),
    FirstGroup(
        "platform0001",
        "Platform",
        (
            _first("website00001", "Website", "The shop and this page.", "database0001"),
            _first("publicapi001", "Public API", "What partners' programs talk to.", "database0001"),
            _first("database0001", "Database", "Where orders, accounts and measurements are kept."),
        ),
    ),
)
"""What an installation begins with; nobody has measured any of it yet, so all of it is unknown."""


@dataclass(frozen=True, slots=True)
class RecordedSpan:
    """A span of history as somebody else kept it."""

    status: ComponentStatus
    starts_at: datetime
    ends_at: datetime
    reason: str


class Founding:
    """The verbs by which components come to be without a person who makes each."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="components.seed")
    def is_empty(self, actor: Actor) -> bool:
        """Tell whether there has never been a component."""
        return current().session.scalar(sa.select(ComponentRow.id).limit(1)) is None

    @command(permission="components.seed")
    def found(self, actor: Actor, groups: Sequence[FirstGroup] = FIRST) -> int:
        """Make the first components where there has never been one, and return how many were made."""
        session = current().session
        serialise(session)
        if session.scalar(sa.select(ComponentRow.id).limit(1)) is not None:
            return 0
        made: list[FirstComponent] = []
        for group in groups:
            add_group(session, name=group.name, description="", origin="real", group_id=group.id)
            for each in group.components:
                add_component(session, replace(each.draft, group_id=group.id), component_id=each.id)
                made.append(each)
        session.add_all(
            DependencyRow(component_id=each.id, depends_on_id=needed) for each in made for needed in each.depends_on
        )
        current().note(components=[each.id for each in made])
        return len(made)

    @query(permission="components.seed")
    def recorded(self, actor: Actor, *, source: str) -> frozenset[str]:
        """Return the components that have history of a source."""
        ids = sa.select(SourceRow.component_id).where(
            SourceRow.kind == Kind.RECORD, SourceRow.source_id.startswith(f"{source}:", autoescape=True)
        )
        return frozenset(current().session.scalars(ids))

    @command(permission="components.seed")
    def record(self, actor: Actor, *, component_id: str, source: str, spans: Sequence[RecordedSpan]) -> int:
        """Take in the history of a component, once for each source, and return how many spans that were.

        Raises: Invalid for spans that are not one after the other, or not over.
        """
        source_id = f"{source}:{component_id}"
        now_ms = to_epoch_ms(self.uow.clock.now())
        session = current().session
        known = sa.select(StatementRow.id).where(StatementRow.kind == Kind.RECORD, StatementRow.source_id == source_id)
        if session.scalar(known.limit(1)) is not None or not spans:
            return 0
        words, reached = [], 0
        for number, span in enumerate(spans):
            starts_ms, ends_ms = to_epoch_ms(span.starts_at), to_epoch_ms(span.ends_at)
            if not reached <= starts_ms < ends_ms <= now_ms:
                raise Invalid("history_invalid", "History is told in spans that are over, one after the other.")
            reached = ends_ms
            said = {component_id: span.status}
            words.append(
                Said(f"{source_id}:{number}", Kind.RECORD, source_id, number, starts_ms, said, span.reason, ends_ms)
            )
        take_in(words, quiet=True)
        current().note(component_id=component_id, source=source, spans=len(words))
        return len(words)

    @command(permission="components.seed")
    def forget_source(self, actor: Actor, *, source: str) -> int:
        """Remove the history of a source, such as the demo, and return how many components that concerns."""
        session = current().session
        serialise(session)
        of_source = (
            StatementRow.kind == Kind.RECORD,
            StatementRow.source_id.startswith(f"{source}:", autoescape=True),
        )
        ids = sa.select(StatementRow.id).where(*of_source)
        first = session.execute(
            sa.select(PartRow.component_id, sa.func.min(StatementRow.starts_ms))
            .join(StatementRow, StatementRow.id == PartRow.statement_id)
            .where(*of_source)
            .group_by(PartRow.component_id)
        ).all()
        session.execute(sa.delete(PartRow).where(PartRow.statement_id.in_(ids)))
        session.execute(sa.delete(StatementRow).where(*of_source))
        session.execute(
            sa.delete(SourceRow).where(
                SourceRow.kind == Kind.RECORD, SourceRow.source_id.startswith(f"{source}:", autoescape=True)
            )
        )
        for component_id, starts_ms in first:
            compute(session, component_id, int(starts_ms), quiet=True)
        current().note(source=source, components=len(first))
        return len(first)
