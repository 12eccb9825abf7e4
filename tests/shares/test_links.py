from datetime import timedelta

import pytest

from services.identity import PUBLIC_PERMISSIONS
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, VisitorActor
from services.kernel.errors import Conflict, Invalid, NotFound
from services.kernel.paging import PageRequest
from services.shares import Shares

MAKER = JobActor("test", frozenset({"shares.manage"}))
VISITOR = VisitorActor(PUBLIC_PERMISSIONS)


@pytest.fixture
def shares(uow: UnitOfWork) -> Shares:
    return Shares(uow)


def ask(shares: Shares, token: str) -> str:
    with pytest.raises(NotFound) as refused:
        shares.follow(VISITOR, token, "page")
    return f"{refused.value.code} {refused.value.message}"


@pytest.mark.capability("STATUS-5")
def test_every_view_through_a_link_is_counted_by_what_was_seen(shares: Shares, clock: FixedClock) -> None:
    made = shares.create(MAKER, label="  Northern   Fund ", expires_at=clock.now() + timedelta(days=30))
    assert shares.follow(VISITOR, made.token, "page").label == "Northern Fund"
    clock.advance(hours=1)
    shares.follow(VISITOR, made.token, "report")
    (view,) = shares.shares(MAKER, PageRequest()).items
    assert (view.views, view.reports, view.last_viewed_at, view.state) == (2, 1, clock.now(), "active")
    assert made.token not in repr(made) + repr(view)


@pytest.mark.capability("STATUS-5")
def test_a_guessed_an_expired_and_a_revoked_link_are_answered_alike(shares: Shares, clock: FixedClock) -> None:
    ends = clock.now() + timedelta(days=1)
    expired, revoked = (shares.create(MAKER, label=name, expires_at=ends) for name in ("a", "b"))
    shares.revoke(MAKER, share_id=revoked.id)
    after_revoking = ask(shares, revoked.token)
    clock.advance(days=1)
    answers = {
        ask(shares, token) for token in (expired.token, "", "x" * 43, "'; drop table shares_links; --", "ü" * 43)
    }
    assert answers == {after_revoking}
    states = {view.label: (view.state, view.views) for view in shares.shares(MAKER, PageRequest()).items}
    assert states == {"a": ("expired", 0), "b": ("revoked", 0)}


def test_a_link_is_revoked_once(shares: Shares, clock: FixedClock) -> None:
    made = shares.create(MAKER, label="a", expires_at=clock.now() + timedelta(days=1))
    shares.revoke(MAKER, share_id=made.id)
    with pytest.raises(Conflict):
        shares.revoke(MAKER, share_id=made.id)
    with pytest.raises(NotFound):
        shares.revoke(MAKER, share_id="shr_none")


@pytest.mark.parametrize(("label", "days"), [("", 1), ("x" * 81, 1), ("a\x00b", 1), ("a", 0), ("a", -1), ("a", 800)])
def test_a_link_needs_a_label_and_an_end_ahead(shares: Shares, clock: FixedClock, label: str, days: int) -> None:
    with pytest.raises(Invalid):
        shares.create(MAKER, label=label, expires_at=clock.now() + timedelta(days=days))
