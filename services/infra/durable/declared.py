"""What is declared about durable work: who listens to which fact, and what the clock starts."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeAlias, TypeVar

from services.kernel.facts import Fact

F = TypeVar("F", bound=Fact)

Json: TypeAlias = Mapping[str, "Json"] | list["Json"] | str | int | float | bool | None
NAME_LENGTH_MIN = 3


@dataclass(frozen=True, slots=True)
class Failure:
    """Why a piece of work failed, kept by us since the engine shows only that it did."""

    code: str
    message: str
    retryable: bool
    attempt: int


@dataclass(frozen=True, slots=True)
class Reaction(Generic[F]):
    """A change to our own database that a fact brings about, exactly once.

    `run` is called inside a transaction: the verbs that it calls, their audit rows, the facts that they publish and the
    mark that this is done commit together. It must not reach the network.
    """

    fact: type[F]
    name: str
    run: Callable[[F], object]
    attempts: int = 5

    def __post_init__(self) -> None:
        _check(self.name, self.attempts)


@dataclass(frozen=True, slots=True)
class Effect(Generic[F]):
    """A change to the outside world that a fact brings about, at least once.

    `run(fact, key)` goes out with no transaction open; `key` is the same at every try, so hand it to the vendor as the
    idempotency key. What it returns (JSON) goes to `settle(fact, result)`, which runs once, inside a transaction.
    `give_up(fact, failure)` runs once, inside a transaction, when no try is left or the failure is permanent.
    """

    fact: type[F]
    name: str
    run: Callable[[F, str], Json]
    settle: Callable[[F, Json], object] | None = None
    give_up: Callable[[F, Failure], object] | None = None
    attempts: int = 8

    def __post_init__(self) -> None:
        _check(self.name, self.attempts)


Subscription: TypeAlias = Reaction[F] | Effect[F]


@dataclass(frozen=True, slots=True)
class Job:
    """What the clock starts: every so many seconds, or by a cron line in UTC.

    `run(tick_at)` is called outside any transaction, at least once a tick, and never twice at the same time: a tick
    that comes while the last one still runs, or waits for another attempt, is left out.
    """

    name: str
    run: Callable[[datetime], object]
    every_seconds: int | None = None
    cron: str | None = None
    attempts: int = 3

    def __post_init__(self) -> None:
        _check(self.name, self.attempts)
        if (self.every_seconds is None) == (self.cron is None):
            raise ValueError(f"{self.name} runs either every so many seconds or by a cron line.")


@dataclass(frozen=True, slots=True)
class Beat:
    """A short loop that one process at a time runs, at most every so many seconds.

    `run` is called inside a transaction that also holds the loop's lease: a process that was paused and has lost the
    lease cannot commit. Its verbs join that transaction. Use it for what is too frequent to be a job.
    """

    name: str
    run: Callable[[], object]
    every_seconds: float

    def __post_init__(self) -> None:
        _check(self.name, 1)
        if self.every_seconds <= 0:
            raise ValueError(f"{self.name} needs an interval above zero.")


def _check(name: str, attempts: int) -> None:
    if len(name) < NAME_LENGTH_MIN:
        raise ValueError(f"The name {name!r} is too short: it is shown to operators; write <domain>.<what_is_done>.")
    if attempts < 1:
        raise ValueError(f"{name} needs at least one attempt.")
