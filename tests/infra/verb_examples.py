"""A small domain of the tests: one table and its verbs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, Session

from services.infra import audit
from services.infra.audit import AuditEntryView
from services.infra.db import PersonalData, UtcDateTime, column
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import command, intake, query
from services.kernel.context import Actor, JobActor
from services.kernel.facts import Fact
from services.kernel.paging import Page, PageRequest


class ExampleBase(DeclarativeBase):
    """Keeps the tests' tables out of the product's metadata."""


class CoinRow(ExampleBase):
    """A coin, as an example of something that is stored."""

    __tablename__ = "example_coins"

    id: Mapped[str] = column(PersonalData.NONE, primary_key=True)
    owner: Mapped[str] = column(PersonalData.SUBJECT_ID, sa.String(40))
    value: Mapped[int] = column(PersonalData.NONE)
    made_at: Mapped[datetime | None] = column(PersonalData.NONE, UtcDateTime)


class LetterRow(ExampleBase):
    """Facts, as an outbox would enqueue them."""

    __tablename__ = "example_letters"

    id: Mapped[int] = column(PersonalData.NONE, primary_key=True)
    topic: Mapped[str] = column(PersonalData.NONE)


@dataclass(frozen=True, kw_only=True)
class CoinMinted(Fact):
    """A coin was minted."""

    topic: ClassVar[str] = "example.coin_minted"
    coin_id: str


class TableOutbox:
    """An outbox that writes into the caller's session, as the durable queue does."""

    def publish(self, session: Session, fact: Fact) -> None:
        """Write the fact's topic."""
        session.add(LetterRow(topic=fact.topic))


MINTER = JobActor("minter", frozenset({"coins.mint", "coins.read"}))


class Coins:
    """Verbs of the example."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @command(permission="coins.mint")
    def mint(self, actor: Actor, coin_id: str, owner: str = "usr_1", *, value: int = 1, mail: str = "") -> str:
        """Make a coin, tell the outbox, note who it is for."""
        scope = current()
        scope.session.add(CoinRow(id=coin_id, owner=owner, value=value, made_at=self.uow.clock.now()))
        scope.note(coin_id=coin_id, value=value)
        scope.about(owner)
        if mail:
            scope.note_personal(owner, {"mail": mail})
        scope.publish(CoinMinted(occurred_at=self.uow.clock.now(), coin_id=coin_id))
        return coin_id

    @command(permission="coins.mint")
    def mint_and_fail(self, actor: Actor, coin_id: str) -> None:
        """Make a coin and fail afterwards."""
        current().session.add(CoinRow(id=coin_id, owner="usr_1", value=1))
        current().session.flush()
        raise ZeroDivisionError

    @command(permission="coins.mint")
    def mint_inside(self, actor: Actor, coin_id: str) -> str:
        """Call a command inside a command, which is refused."""
        return self.mint(actor, coin_id)

    @command(permission="coins.mint")
    def mint_and_count(self, actor: Actor, coin_id: str) -> int:
        """Ask inside a change: the answer sees the change."""
        current().session.add(CoinRow(id=coin_id, owner="usr_1", value=1))
        return self.count(actor)

    @command(permission="coins.mint")
    def double(self, actor: Actor, coin_id: str) -> int:
        """Read, then write: the classic that loses or fails without a lock at the start."""
        row = current().session.get_one(CoinRow, coin_id, with_for_update=True)
        row.value += 1
        return row.value

    @intake(permission="coins.mint", unaudited_because="the example's rows are the record")
    def take_in(self, actor: Actor, coin_id: str) -> None:
        """Store without an audit row."""
        current().session.add(CoinRow(id=coin_id, owner="usr_1", value=1))

    @query(permission="coins.read")
    def count(self, actor: Actor) -> int:
        """Count the coins."""
        return current().session.scalar(sa.select(sa.func.count()).select_from(CoinRow)) or 0

    @query(permission="coins.read")
    def write_by_orm(self, actor: Actor) -> None:
        """Try to write in a query."""
        current().session.add(CoinRow(id="smuggled", owner="usr_1", value=1))
        current().session.commit()

    @query(permission="coins.read")
    def write_by_sql(self, actor: Actor) -> None:
        """Try to write in a query, past the ORM."""
        current().session.execute(sa.delete(CoinRow))
        current().session.commit()

    @query(permission="coins.read")
    def add_only(self, actor: Actor) -> None:
        """Leave a row behind for whoever flushes next."""
        current().session.add(CoinRow(id="smuggled", owner="usr_1", value=1))

    @query(permission="coins.read")
    def change_only(self, actor: Actor) -> None:
        """Leave a changed row behind for whoever flushes next."""
        current().session.scalars(sa.select(CoinRow)).first().value = 99  # type: ignore[union-attr] # one is there

    @query(permission="coins.read")
    def delete_by_text(self, actor: Actor) -> None:
        """Try to write in a query, past SQLAlchemy's knowledge."""
        current().session.connection().exec_driver_sql("delete from example_coins")

    @query(permission="coins.read")
    def insert_by_core(self, actor: Actor) -> None:
        """Try to write in a query by a statement."""
        current().session.execute(sa.insert(CoinRow).values(id="smuggled", owner="usr_1", value=1))

    @query(permission="coins.read")
    def who_asks(self, actor: Actor) -> tuple[str, str]:
        """Return as whom, and in which verb, a question is asked."""
        return current().actor.id, current().verb

    @query(permission="coins.read")
    def ask_and_write(self, actor: Actor) -> int:
        """Ask another question, then try to write: the guard holds until the outer question has its answer."""
        before = self.count(actor)
        current().session.execute(sa.insert(CoinRow).values(id="smuggled", owner="usr_1", value=1))
        return before

    @query(permission="coins.read")
    def count_twice(self, actor: Actor) -> int:
        """Ask questions in a question."""
        return self.count(actor) + self.count(actor)

    @command(permission="coins.mint")
    def mint_and_ask(self, actor: Actor, asker: Actor, question: str) -> object:
        """Change something, then ask as somebody else."""
        current().session.add(CoinRow(id="asked", owner="usr_1", value=1))
        return getattr(self, question)(asker)

    @query(permission="coins.read")
    def trail(
        self,
        actor: Actor,
        page: PageRequest,
        *,
        search: str = "",
        since_at: datetime | None = None,
        before_at: datetime | None = None,
    ) -> Page[AuditEntryView]:
        """Read the audit trail."""
        return audit.entries(current().session, page, search=search, since_at=since_at, before_at=before_at)


def coins_on(uow: UnitOfWork) -> Coins:
    """Return the example's verbs, with their tables in the unit of work's database."""
    ExampleBase.metadata.create_all(uow.engine)
    uow.outbox = TableOutbox()
    return Coins(uow)


def letters(uow: UnitOfWork) -> int:
    """Count the facts that were published."""
    with uow.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(LetterRow)) or 0


def audit_rows(uow: UnitOfWork) -> int:
    """Count the audit rows."""
    with uow.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(audit.AuditEntryRow)) or 0


@contextmanager
def locked_by_another(engine: sa.Engine, table: str) -> Iterator[None]:
    """Hold a lock that writers need, as another process would."""
    with engine.connect() as other:
        if engine.dialect.name == "postgresql":
            other.execute(sa.text(f"lock table {table} in access exclusive mode"))
        else:
            other.execute(sa.text(f"update {table} set id = id where 1 = 0"))  # noqa: S608 -- our own name
        yield
        other.rollback()
