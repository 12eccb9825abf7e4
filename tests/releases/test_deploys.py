from datetime import timedelta

import pytest

from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, VisitorActor
from services.kernel.errors import Invalid, Unauthenticated
from services.releases import Releases

DEPLOYER = JobActor("test", frozenset({"releases.note", "releases.read"}))
VISITOR = VisitorActor(frozenset({"releases.read"}))
HOUR = timedelta(hours=1)


@pytest.fixture
def releases(uow: UnitOfWork) -> Releases:
    return Releases(uow)


def test_what_went_live_is_read_by_anybody_in_order(releases: Releases, clock: FixedClock) -> None:
    now = clock.now()
    releases.note(DEPLOYER, version="1.1.0", note="  Faster\n checkout ")
    releases.note(DEPLOYER, version="1.0.0", deployed_at=now - HOUR)
    found = releases.between(VISITOR, now - 2 * HOUR, now + HOUR)
    assert [(r.version, r.note) for r in found] == [("1.0.0", ""), ("1.1.0", "Faster checkout")]
    assert releases.between(VISITOR, now - 2 * HOUR, now)[0].version == "1.0.0"
    newest = releases.newest(VISITOR)
    assert newest is not None
    assert newest.version == "1.1.0"


def test_noting_the_same_twice_notes_it_once(releases: Releases) -> None:
    assert releases.note(DEPLOYER, version="1.0.0") == releases.note(DEPLOYER, version="1.0.0")


@pytest.mark.parametrize(("version", "note"), [("<b>", ""), ("", ""), ("v" * 101, ""), ("1", "x" * 501)])
def test_what_no_chart_can_show_is_refused(releases: Releases, version: str, note: str) -> None:
    with pytest.raises(Invalid):
        releases.note(DEPLOYER, version=version, note=note)


def test_the_future_has_not_gone_live(releases: Releases, clock: FixedClock) -> None:
    with pytest.raises(Invalid):
        releases.note(DEPLOYER, version="2.0.0", deployed_at=clock.now() + HOUR)


def test_the_demo_goes_and_real_releases_stay(releases: Releases, clock: FixedClock) -> None:
    releases.note(DEPLOYER, version="1.0.0")
    releases.note(DEPLOYER, version="0.9.0", origin="demo", deployed_at=clock.now() - HOUR)
    assert releases.forget_origin(DEPLOYER, "demo") == 1
    assert [r.version for r in releases.between(VISITOR, clock.now() - 2 * HOUR, clock.now() + HOUR)] == ["1.0.0"]
    with pytest.raises(Invalid):
        releases.forget_origin(DEPLOYER, "real")


def test_a_visitor_notes_nothing(releases: Releases) -> None:
    with pytest.raises(Unauthenticated):
        releases.note(VISITOR, version="1.0.0")
