"""Folds reports without a pause until it is killed, by the settings of its environment."""

from services.infra.settings import read
from services.kernel.context import JobActor
from services.kernel.errors import Unavailable
from services.wiring import wire

METER = JobActor("tests", frozenset({"metrics.run"}))

if __name__ == "__main__":
    intake = wire(read()).services.intake
    while True:
        try:
            intake.fold(METER, limit_events=200)
        except Unavailable:
            continue
