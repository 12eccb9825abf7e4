"""Leased loops: one holder at a time, taken over from the silent, and a holder that lost its lease changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from services.infra.durable import Beat
from services.infra.durable.leases import LeasedLoop
from services.infra.uow import UnitOfWork, current
from services.infra.verbs import intake
from services.kernel.context import Actor, JobActor

FOLDER = JobActor("metrics.folder", frozenset({"metrics.fold"}))
TURNS = sa.Table("turns", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("holder", sa.String))


@dataclass(frozen=True)
class Silence:
    beat_seconds: float = 0.01
    missed_beats: int = 3


class Fold:
    """What a loop does: one row a turn."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @intake(permission="metrics.fold", unaudited_because="a test's own rows are the record")
    def turn(self, actor: Actor, holder: str) -> None:
        current().session.execute(sa.insert(TURNS).values(holder=holder))


@pytest.fixture
def loop(uow: UnitOfWork) -> Callable[..., LeasedLoop]:
    TURNS.create(uow.engine)
    fold = Fold(uow)

    def make(holder: str, then: Callable[[], None] = lambda: None) -> LeasedLoop:
        def run() -> None:
            fold.turn(FOLDER, holder)
            then()

        return LeasedLoop(uow, Beat("metrics.fold", run, 0.01), holder, Silence())

    return make


def turns(uow: UnitOfWork) -> list[str]:
    with uow.engine.connect() as connection:
        return list(connection.execute(sa.select(TURNS.c.holder).order_by(TURNS.c.id)).scalars())


def test_one_process_holds_a_loop_while_it_beats(uow: UnitOfWork, loop: Callable[..., LeasedLoop]) -> None:
    first, second = loop("first"), loop("second")
    for _ in range(10):
        assert first.turn()
        assert not second.turn()
    assert turns(uow) == ["first"] * 10


def test_a_silent_holder_is_followed_and_changes_nothing_when_it_wakes(
    uow: UnitOfWork, loop: Callable[..., LeasedLoop]
) -> None:
    first, second = loop("first"), loop("second")
    assert first.turn()
    looks = [second.turn() for _ in range(4)]
    assert looks == [False, False, False, True]
    assert not first.turn()
    assert turns(uow) == ["first", "second"]


def test_a_returned_lease_is_taken_at_once(uow: UnitOfWork, loop: Callable[..., LeasedLoop]) -> None:
    first, second = loop("first"), loop("second")
    assert first.turn()
    first.stop()
    assert second.turn()
    assert turns(uow) == ["first", "second"]


def test_a_turn_that_fails_leaves_nothing_behind_not_even_its_beat(
    uow: UnitOfWork, loop: Callable[..., LeasedLoop]
) -> None:
    def fail() -> None:
        raise LookupError("no minute to fold")

    failing, other = loop("failing", fail), loop("other")
    for _ in range(2):
        with pytest.raises(LookupError):
            failing.turn()
    assert turns(uow) == []
    assert other.turn(), "who cannot finish a turn holds no lease"
