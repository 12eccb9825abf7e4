"""The audit trail: one canonical leaf per change, without personal values in clear.

A leaf is the RFC 8785 canonical JSON of one change and is never rewritten: subjects stand by id, personal values as
ciphertext under the subject's own key. Its hash is RFC 6962's leaf hash, so that a Merkle log can be built over it.
"""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import rfc8785
import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session

from services.infra.db import Base, PersonalData, UtcDateTime, column
from services.infra.uow import Scope
from services.kernel.context import correlation
from services.kernel.paging import Page, PageRequest

LEAF_VERSION = 1
_ID = re.compile(rb'"([a-z]{2,5}_[0-9a-f]{32})"')


class AuditEntryRow(Base):
    """One change: its canonical leaf, and the columns by which it is found."""

    __tablename__ = "audit_entries"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    at: Mapped[datetime] = column(PersonalData.NONE, UtcDateTime, index=True)
    actor_kind: Mapped[str] = column(PersonalData.NONE)
    actor_id: Mapped[str] = column(PersonalData.SUBJECT_ID, index=True)
    verb: Mapped[str] = column(PersonalData.NONE, index=True)
    correlation_id: Mapped[str] = column(PersonalData.NONE, index=True)
    trace_id: Mapped[str] = column(PersonalData.NONE, index=True)
    leaf: Mapped[bytes] = column(PersonalData.SEALED)
    leaf_hash: Mapped[bytes] = column(PersonalData.NONE)


class AuditSubjectRow(Base):
    """Whom an entry is about."""

    __tablename__ = "audit_subjects"

    entry_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("audit_entries.id"), primary_key=True)
    subject_id: Mapped[str] = column(PersonalData.SUBJECT_ID, primary_key=True, index=True)


class AuditMentionRow(Base):
    """Which ids stand in what an entry notes: a session, a message, an invitation."""

    __tablename__ = "audit_mentions"

    entry_id: Mapped[str] = column(PersonalData.NONE, sa.ForeignKey("audit_entries.id"), primary_key=True)
    mentioned_id: Mapped[str] = column(PersonalData.SUBJECT_ID, primary_key=True, index=True)


@dataclass(frozen=True, slots=True)
class AuditEntryView:
    """One change as reviewers read it; `sealed` names the personal values that stand in it as ciphertext."""

    id: str
    at: datetime
    actor_kind: str
    actor_id: str
    verb: str
    correlation_id: str
    trace_id: str
    subjects: tuple[str, ...]
    facts: dict[str, object]
    sealed: tuple[str, ...]
    leaf_hash: str


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf.

    Source: RFC 6962 §2.1.
    """
    return hashlib.sha256(b"\x00" + leaf).digest()


def record(scope: Scope) -> None:
    """Write the audit row of a verb in the verb's own transaction: no audit, no change."""
    ids, at, entry_id = correlation(), scope.uow.clock.now(), scope.entry_id
    leaf = rfc8785.dumps(
        {
            "v": LEAF_VERSION,
            "id": entry_id,
            "at": at.isoformat(timespec="microseconds"),
            "actor": {"kind": scope.actor.kind, "id": scope.actor.id},
            "verb": scope.verb,
            "correlation_id": ids.correlation_id,
            "trace_id": ids.trace_id,
            "subjects": sorted(scope.subjects),
            "facts": scope.facts,  # type: ignore[dict-item] # `note` has checked that JSON can carry them
            "sealed": scope.sealed,
        }
    )
    scope.session.add(
        AuditEntryRow(
            id=entry_id,
            at=at,
            actor_kind=scope.actor.kind,
            actor_id=scope.actor.id,
            verb=scope.verb,
            correlation_id=ids.correlation_id,
            trace_id=ids.trace_id,
            leaf=leaf,
            leaf_hash=leaf_hash(leaf),
        )
    )
    scope.session.flush()
    scope.session.add_all(AuditSubjectRow(entry_id=entry_id, subject_id=s) for s in sorted(scope.subjects))
    noted = rfc8785.dumps(scope.facts)  # type: ignore[arg-type] # `note` has checked that JSON can carry them
    mentioned = sorted({each.decode() for each in _ID.findall(noted)})
    scope.session.add_all(AuditMentionRow(entry_id=entry_id, mentioned_id=each) for each in mentioned)
    scope.session.flush()


def entries(
    session: Session,
    page: PageRequest,
    *,
    search: str = "",
    since_at: datetime | None = None,
    before_at: datetime | None = None,
) -> Page[AuditEntryView]:
    """Return audit entries, newest first; `search` is an id of any kind that stands in them, or how a verb begins.

    With `since_at` and `before_at` those of a half-open span.
    """
    query = sa.select(AuditEntryRow).order_by(AuditEntryRow.id.desc()).limit(page.size + 1)
    if page.after:
        query = query.where(AuditEntryRow.id < page.after)
    if since_at is not None:
        query = query.where(AuditEntryRow.at >= since_at)
    if before_at is not None:
        query = query.where(AuditEntryRow.at < before_at)
    if search:
        about = sa.select(AuditSubjectRow.entry_id).where(AuditSubjectRow.subject_id == search)
        mentioning = sa.select(AuditMentionRow.entry_id).where(AuditMentionRow.mentioned_id == search)
        columns = (AuditEntryRow.id, AuditEntryRow.actor_id, AuditEntryRow.correlation_id, AuditEntryRow.trace_id)
        verb = sa.func.lower(AuditEntryRow.verb).startswith(search.lower(), autoescape=True)
        within = AuditEntryRow.id.in_(about.union(mentioning))
        query = query.where(sa.or_(within, verb, *(c == search for c in columns)))
    rows = session.scalars(query).all()
    views = [_view(row) for row in rows[: page.size]]
    return Page(views, views[-1].id if len(rows) > page.size else None)


def lately(session: Session, since_at: datetime, domains: Sequence[str]) -> frozenset[str]:
    """Return the ids of the entries since an instant that verbs of these domains wrote."""
    of_these = sa.or_(*(AuditEntryRow.verb.startswith(f"{domain}.", autoescape=True) for domain in domains))
    return frozenset(session.scalars(sa.select(AuditEntryRow.id).where(AuditEntryRow.at >= since_at, of_these)))


def _view(row: AuditEntryRow) -> AuditEntryView:
    leaf = json.loads(row.leaf)
    return AuditEntryView(
        id=row.id,
        at=row.at,
        actor_kind=row.actor_kind,
        actor_id=row.actor_id,
        verb=row.verb,
        correlation_id=row.correlation_id,
        trace_id=row.trace_id,
        subjects=tuple(leaf["subjects"]),
        facts=leaf["facts"],
        sealed=tuple(sorted({name for values in leaf["sealed"].values() for name in values})),
        leaf_hash=row.leaf_hash.hex(),
    )
