from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.identity import PUBLIC_PERMISSIONS
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import UserActor, VisitorActor
from services.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from services.kernel.paging import PageRequest
from services.partners import Keys
from services.partners.keys import USED_EVERY, KeyPowers

pytestmark = pytest.mark.capability("STATUS-4")

VISITOR = VisitorActor(PUBLIC_PERMISSIONS)
ADMIN = UserActor("usr_" + "a" * 32, frozenset({"partners.manage", "incidents.write"}))
POWERS = KeyPowers(
    frozenset({"incidents.write", "payments.pay"}),
    frozenset({"probes.report"}),
    PUBLIC_PERMISSIONS,
    {"incidents.write": "Write.", "payments.pay": "Pay.", "probes.report": "Report."},
)
WRITE = frozenset({"incidents.write"})


@pytest.fixture
def keys(uow: UnitOfWork) -> Keys:
    return Keys(uow, POWERS)


def test_a_key_acts_with_what_it_was_given_and_what_anybody_may(keys: Keys) -> None:
    made = keys.create(ADMIN, name=" Deploy   robot ", permissions=WRITE)
    actor = keys.authenticate(VISITOR, made.token)
    assert actor is not None
    assert (actor.id, actor.permissions) == (made.id, WRITE | PUBLIC_PERMISSIONS)
    (view,) = keys.keys(ADMIN, PageRequest()).items
    assert (view.name, view.state, view.permissions) == ("Deploy robot", "active", ("incidents.write",))


def test_the_secret_is_stored_nowhere_and_shown_by_nothing(keys: Keys, engine: sa.Engine) -> None:
    made = keys.create(ADMIN, name="Robot", permissions=WRITE)
    secret = made.token.split("_", 2)[2]
    with engine.connect() as connection:
        stored = connection.execute(sa.text("select * from partners_keys")).all()
        audited = connection.execute(sa.text("select * from audit_entries")).all()
    assert secret not in f"{stored}{audited}"
    assert secret not in repr(made)


@pytest.mark.parametrize("permission", ["payments.pay", "identity.manage", "nothing"])
def test_nobody_gives_a_key_what_they_may_not_give(keys: Keys, permission: str) -> None:
    with pytest.raises(Invalid):
        keys.create(ADMIN, name="Robot", permissions=WRITE | {permission})


def test_whoever_manages_keys_may_give_what_only_machines_do(keys: Keys) -> None:
    made = keys.create(ADMIN, name="eu-1", permissions=frozenset({"probes.report"}))
    assert [key.id for key in keys.holders(ADMIN, permission="probes.report")] == [made.id]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\x00b"])
def test_a_key_has_a_name(keys: Keys, name: str) -> None:
    with pytest.raises(Invalid):
        keys.create(ADMIN, name=name, permissions=WRITE)


def test_a_key_without_any_permission_or_with_an_end_in_the_past_is_not_made(keys: Keys, clock: FixedClock) -> None:
    with pytest.raises(Invalid):
        keys.create(ADMIN, name="Robot", permissions=frozenset())
    with pytest.raises(Invalid):
        keys.create(ADMIN, name="Robot", permissions=WRITE, expires_at=clock.now())


def test_an_expired_key_opens_nothing(keys: Keys, clock: FixedClock) -> None:
    made = keys.create(ADMIN, name="Robot", permissions=WRITE, expires_at=clock.now() + timedelta(days=1))
    assert keys.authenticate(VISITOR, made.token) is not None
    clock.advance(days=1)
    assert keys.authenticate(VISITOR, made.token) is None
    assert keys.keys(ADMIN, PageRequest()).items[0].state == "expired"
    assert keys.holders(ADMIN, permission="incidents.write") == []


def test_a_revoked_key_opens_nothing_and_is_revoked_once(keys: Keys) -> None:
    made = keys.create(ADMIN, name="Robot", permissions=WRITE)
    keys.revoke(ADMIN, key_id=made.id)
    assert keys.authenticate(VISITOR, made.token) is None
    with pytest.raises(Conflict):
        keys.revoke(ADMIN, key_id=made.id)
    with pytest.raises(NotFound):
        keys.revoke(ADMIN, key_id="key_0")


@pytest.mark.parametrize(
    "change",
    [
        lambda t: t[:37] + ("A" if t[37] != "A" else "B") + t[38:],
        lambda t: t.upper(),
        lambda t: t + "x",
        lambda t: t.replace(t[4:36], "0" * 32),
        lambda _: "",
        lambda t: t + "\n",
    ],
)
def test_a_forged_or_damaged_key_opens_nothing(keys: Keys, change: Callable[[str], str]) -> None:
    made = keys.create(ADMIN, name="Robot", permissions=WRITE)
    assert keys.authenticate(VISITOR, change(made.token)) is None


def test_one_key_s_secret_does_not_open_another(keys: Keys) -> None:
    one, two = (keys.create(ADMIN, name=name, permissions=WRITE).token for name in ("one", "two"))
    assert keys.authenticate(VISITOR, one[:37] + two[37:]) is None


def test_a_permission_that_the_product_takes_from_keys_is_gone_from_those_that_had_it(keys: Keys) -> None:
    made = keys.create(ADMIN, name="Robot", permissions=WRITE)
    later = Keys(keys.uow, KeyPowers(frozenset(), frozenset(), PUBLIC_PERMISSIONS, POWERS.words))
    actor = later.authenticate(VISITOR, made.token)
    assert actor is not None
    assert actor.permissions == PUBLIC_PERMISSIONS


def test_use_is_noted_coarsely(keys: Keys, clock: FixedClock) -> None:
    made = keys.create(ADMIN, name="Robot", permissions=WRITE)
    first = clock.now()
    keys.authenticate(VISITOR, made.token)
    clock.advance(seconds=30)
    keys.authenticate(VISITOR, made.token)
    assert keys.keys(ADMIN, PageRequest()).items[0].last_used_at == first
    clock.advance(seconds=USED_EVERY.total_seconds())
    keys.authenticate(VISITOR, made.token)
    assert keys.keys(ADMIN, PageRequest()).items[0].last_used_at == clock.now()


def test_only_whoever_manages_keys_makes_lists_and_revokes_them(keys: Keys) -> None:
    made = keys.create(ADMIN, name="Robot", permissions=WRITE)
    robot = keys.authenticate(VISITOR, made.token)
    assert robot is not None
    with pytest.raises(Forbidden):
        keys.create(robot, name="Another", permissions=WRITE)
    with pytest.raises(Forbidden):
        keys.keys(robot, PageRequest())
    with pytest.raises(Forbidden):
        keys.revoke(robot, key_id=made.id)


def test_keys_are_listed_page_by_page_the_newest_first(keys: Keys) -> None:
    made = [keys.create(ADMIN, name=str(n), permissions=WRITE).id for n in range(5)]
    first = keys.keys(ADMIN, PageRequest(size=3))
    rest = keys.keys(ADMIN, PageRequest(after=first.next_cursor, size=3))
    assert [k.id for k in (*first.items, *rest.items)] == made[::-1]
    assert rest.next_cursor is None
