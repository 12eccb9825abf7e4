"""Publishing, withdrawing and reading titles."""

from dataclasses import asdict

import sqlalchemy as sa

from services.catalogue.rules import check_draft
from services.catalogue.tables import TitleRow
from services.catalogue.views import Origin, TitleDraft, TitleView
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, query
from services.kernel.context import Actor
from services.kernel.errors import NotFound
from services.kernel.ids import new_id


class Catalogue:
    """What can be watched."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="catalogue.publish")
    def publish(self, actor: Actor, draft: TitleDraft) -> str:
        """Put a title into the catalogue, or replace the one of the same slug; return its id.

        Raises: Invalid.
        """
        check_draft(draft)
        scope = current()
        row = scope.session.scalar(sa.select(TitleRow).where(TitleRow.slug == draft.slug))
        if row is None:
            row = TitleRow(id=new_id("ttl"), published_at=self.uow.clock.now(), slug=draft.slug)
            scope.session.add(row)
        for name, value in asdict(draft).items():
            setattr(row, name, value)
        scope.note(title_id=row.id, slug=draft.slug, hls_path=draft.hls_path, origin=draft.origin)
        return row.id

    @command(permission="catalogue.publish")
    def withdraw_all(self, actor: Actor, origin: Origin) -> tuple[str, ...]:
        """Take every title of an origin out of the catalogue and return their slugs."""
        session = current().session
        slugs = tuple(session.scalars(sa.delete(TitleRow).where(TitleRow.origin == origin).returning(TitleRow.slug)))
        current().note(origin=origin, slugs=sorted(slugs))
        return slugs

    @query(permission="catalogue.read")
    def titles(self, actor: Actor) -> tuple[TitleView, ...]:
        """Return every title in the order of publishing."""
        return tuple(map(_view, current().session.scalars(sa.select(TitleRow).order_by(TitleRow.id))))

    @query(permission="catalogue.read")
    def title(self, actor: Actor, slug: str) -> TitleView:
        """Return one title.

        Raises: NotFound.
        """
        row = current().session.scalar(sa.select(TitleRow).where(TitleRow.slug == slug))
        if row is None:
            raise NotFound("title_not_found", "There is no such title; look in the shop for what can be watched.")
        return _view(row)


def _view(row: TitleRow) -> TitleView:
    columns = row.__table__.columns
    return TitleView(**{column.name: getattr(row, column.name) for column in columns})
