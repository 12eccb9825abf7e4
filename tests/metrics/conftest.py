"""What the tests of the metrics domain share: actors, and a play as a player tells it."""

from collections.abc import Callable

import pytest

from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock, to_epoch_ms
from services.kernel.context import JobActor
from services.metrics import Door, DoorPolicy, Intake, Recording, SqlMetricStore

DEMO_KEY = "the demo generator's key"


@pytest.fixture
def actor() -> JobActor:
    """Somebody who may do everything in this domain."""
    verbs = ("read", "report", "run", "record", "forget")
    return JobActor("tests", frozenset(f"metrics.{verb}" for verb in verbs))


@pytest.fixture
def intake(uow: UnitOfWork) -> Intake:
    return Intake(uow)


@pytest.fixture
def recording(uow: UnitOfWork) -> Recording:
    return Recording(uow)


@pytest.fixture
def store(uow: UnitOfWork) -> SqlMetricStore:
    return SqlMetricStore(uow)


@pytest.fixture
def door(intake: Intake, clock: FixedClock) -> Door:
    return Door(intake, DoorPolicy(demo_key=DEMO_KEY, cdns=frozenset({"edge-1"})), clock)


@pytest.fixture
def told(clock: FixedClock) -> Callable[..., bytes]:
    """A maker of reports: a session's states, each with the milliseconds before now at which it was entered."""

    def tell(sid: str, *steps: tuple[str, int], first_sn: int = 0, more: str = "") -> bytes:
        now_ms = to_epoch_ms(clock.now())
        return "\n".join(
            f'cid="film",e=ps,sf=h,sid="{sid}",sn={sn},sta={state},ts={now_ms - before_ms},v=2{more}'
            for sn, (state, before_ms) in enumerate(steps, first_sn)
        ).encode()

    return tell
