"""Noting that a version went live, and reading when which one did."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.clock import require_utc
from services.kernel.context import Actor
from services.kernel.errors import Invalid
from services.kernel.ids import new_id
from services.releases.tables import ReleaseRow
from services.releases.views import ReleaseView

VERSION_MAX, NOTE_MAX = 100, 500
SHOWN_MAX = 500
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+/-]*")
_AHEAD = timedelta(minutes=5)
"""How far the clock of whoever tells may be ahead of ours."""

Origin = Literal["real", "demo"]


class Releases:
    """When which version went live."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="releases.note")
    def note(
        self,
        actor: Actor,
        *,
        version: str,
        note: str = "",
        deployed_at: datetime | None = None,
        origin: Origin = "real",
    ) -> str:
        """Note that a version went live, now or at an instant that is past, and return the note's id.

        The same version at the same instant is noted once.

        Raises: Invalid.
        """
        now = self.uow.clock.now()
        at = require_utc(deployed_at) if deployed_at else now
        words = " ".join(note.split())
        _check(version, words, at, now)
        session = current().session
        same = sa.select(ReleaseRow.id).where(ReleaseRow.version == version, ReleaseRow.deployed_at == at)
        release_id = session.scalar(same) or new_id("rel")
        if session.get(ReleaseRow, release_id) is None:
            session.add(ReleaseRow(id=release_id, version=version, note=words, origin=origin, deployed_at=at))
        current().note(release_id=release_id, version=version, deployed_at=at.isoformat())
        return release_id

    @command(permission="releases.note")
    def forget_origin(self, actor: Actor, origin: Origin) -> int:
        """Remove what one origin noted, such as the demo, and return how much that was.

        Raises: Invalid for real releases, which are not removed.
        """
        if origin == "real":
            raise Invalid("origin_is_real", "Real releases stay; name another origin.", origin=origin)
        ids = current().session.scalars(
            sa.delete(ReleaseRow).where(ReleaseRow.origin == origin).returning(ReleaseRow.id)
        )
        removed = len(ids.all())
        current().note(origin=origin, releases=removed)
        return removed

    @query(permission="releases.read")
    def newest(self, actor: Actor) -> ReleaseView | None:
        """Return what went live last, or nothing where nothing was noted."""
        chosen = sa.select(ReleaseRow).where(ReleaseRow.origin == "real")
        row = current().session.scalar(chosen.order_by(ReleaseRow.deployed_at.desc(), ReleaseRow.id.desc()).limit(1))
        return _view(row) if row is not None else None

    @query(permission="releases.read")
    def between(self, actor: Actor, starts_at: datetime, ends_at: datetime) -> Sequence[ReleaseView]:
        """Return what went live from one instant until before another, oldest first; the newest 500 of them."""
        chosen = sa.select(ReleaseRow).where(ReleaseRow.deployed_at >= starts_at, ReleaseRow.deployed_at < ends_at)
        rows = (
            current()
            .session.scalars(chosen.order_by(ReleaseRow.deployed_at.desc(), ReleaseRow.id.desc()).limit(SHOWN_MAX))
            .all()
        )
        return [_view(row) for row in reversed(rows)]


def _check(version: str, note: str, at: datetime, now: datetime) -> None:
    wrong: dict[str, str] = {}
    if len(version) > VERSION_MAX or not _VERSION.fullmatch(version):
        wrong["version"] = f"Write letters, digits and ._+/- only, at most {VERSION_MAX}."
    if len(note) > NOTE_MAX or not note.isprintable():
        wrong["note"] = f"A note has at most {NOTE_MAX} printable characters."
    if at > now + _AHEAD:
        wrong["deployed_at"] = "This lies in the future: note what went live."
    if wrong:
        raise Invalid("release_invalid", f"The release was not noted: correct {', '.join(wrong)}.", fields=wrong)


def _view(row: ReleaseRow) -> ReleaseView:
    return ReleaseView(row.id, row.version, row.note, row.deployed_at, row.origin)
