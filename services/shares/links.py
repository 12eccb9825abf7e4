"""Share links: made and revoked by people, followed by anybody who has one, each view counted.

A guessed, an expired and a revoked link are answered alike, so that nobody learns which ones there were.
"""

import re
from datetime import datetime, timedelta
from typing import Final, Literal

import sqlalchemy as sa

from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, intake, query
from services.kernel.context import Actor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.ids import new_id, secret_token
from services.kernel.paging import Page, PageRequest
from services.shares.tables import ShareRow, ShareSightRow
from services.shares.views import NewShare, SharedView, ShareView

LABEL_MAX: Final = 80
LASTS_MAX: Final = timedelta(days=731)
What = Literal["page", "report"]
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


class Shares:
    """Makes, lists, revokes and opens share links."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="shares.manage")
    def create(self, actor: Actor, *, label: str, expires_at: datetime) -> NewShare:
        """Make a link for somebody.

        Raises: Invalid for a wrong label or end.
        """
        scope, now = current(), self.uow.clock.now()
        words = " ".join(label.split())
        if not words or len(words) > LABEL_MAX or not words.isprintable():
            message = f"Say in 1 to {LABEL_MAX} characters whom it is for."
            raise Invalid("share_label", message, fields={"label": message})
        if not now < expires_at <= now + LASTS_MAX:
            message = f"Choose an end within {LASTS_MAX.days} days from now."
            raise Invalid("share_end", message, fields={"expires_at": message})
        share_id, secret = new_id("shr"), secret_token()
        scope.session.add(
            ShareRow(
                id=share_id,
                label=words,
                secret_digest=self._digest(secret),
                made_by=actor.id,
                made_at=now,
                expires_at=expires_at,
            )
        )
        scope.note(share_id=share_id, label=words, expires_at=expires_at.isoformat())
        return NewShare(share_id, secret)

    @command(permission="shares.manage")
    def revoke(self, actor: Actor, *, share_id: str) -> None:
        """End a link at once.

        Raises: NotFound; Conflict where it is revoked already.
        """
        scope = current()
        row = scope.session.get(ShareRow, share_id, with_for_update=True)
        if row is None:
            raise NotFound("share_unknown", "There is no such link.")
        if row.revoked_at is not None:
            raise Conflict("share_revoked", "This link is revoked already.")
        row.revoked_at = self.uow.clock.now()
        scope.note(share_id=share_id, label=row.label)

    @query(permission="shares.manage")
    def shares(self, actor: Actor, page: PageRequest) -> Page[ShareView]:
        """Return links with what was seen through them, the newest first."""
        chosen = sa.select(ShareRow).order_by(ShareRow.id.desc()).limit(page.size + 1)
        if page.after is not None:
            chosen = chosen.where(ShareRow.id < page.after)
        session, now = current().session, self.uow.clock.now()
        rows = list(session.scalars(chosen))
        sights = sa.select(
            ShareSightRow.share_id,
            sa.func.count(),
            sa.func.sum(sa.case((ShareSightRow.what == "report", 1), else_=0)),
            sa.func.max(ShareSightRow.at),
        ).where(ShareSightRow.share_id.in_([row.id for row in rows[: page.size]]))
        seen = {
            one: (all_, reports, at)
            for one, all_, reports, at in session.execute(sights.group_by(ShareSightRow.share_id))
        }
        shown = [_view(row, now, *seen.get(row.id, (0, 0, None))) for row in rows[: page.size]]
        return Page(shown, shown[-1].id if len(rows) > page.size else None)

    @intake(permission="shares.follow", unaudited_because="each view has a row of its own, which is the record")
    def follow(self, actor: Actor, token: str, what: What) -> SharedView:
        """Open a link and count the view.

        Raises: NotFound for one that is guessed, expired or revoked, all alike.
        """
        session, now = current().session, self.uow.clock.now()
        row = None
        if _TOKEN.fullmatch(token):
            row = session.scalar(sa.select(ShareRow).where(ShareRow.secret_digest == self._digest(token)))
        if row is None or row.revoked_at is not None or row.expires_at <= now:
            raise NotFound("link_unknown", "This link leads nowhere: it is wrong, or it has ended. Ask for a new one.")
        session.add(ShareSightRow(id=new_id("sgt"), share_id=row.id, at=now, what=what))
        return SharedView(row.label, row.expires_at)

    def _digest(self, secret: str) -> str:
        return self.uow.vault.digest("shares.link", secret)


def _view(row: ShareRow, now: datetime, views: int, reports: int, last_at: datetime | None) -> ShareView:
    return ShareView(
        id=row.id,
        label=row.label,
        state="revoked" if row.revoked_at else "expired" if row.expires_at <= now else "active",
        made_by=row.made_by,
        made_at=row.made_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        views=views,
        reports=reports,
        last_viewed_at=last_at,
    )
