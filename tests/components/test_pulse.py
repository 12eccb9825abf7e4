"""An outage that probes find is noticed at once by those who keep copies of what is public."""

import pytest

from services.evidence import Pulse
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor
from tests.components.conftest import VISITOR, House

WATCHER = JobActor("watcher", frozenset({"evidence.pulse"}))


@pytest.mark.capability("STATUS-1")
def test_a_verdict_of_probes_moves_the_pulse_and_nothing_new_does_not(
    house: House, uow: UnitOfWork, clock: FixedClock
) -> None:
    component = house.component()
    pulse = Pulse(uow, ("components",), lambda _actor: house.verbs.reads.moved_at(VISITOR))
    before = pulse.beats(WATCHER)
    clock.advance(seconds=1)
    house.judge(component, "down")
    after = pulse.beats(WATCHER)
    assert after != before
    clock.advance(seconds=1)
    assert pulse.beats(WATCHER) == after
