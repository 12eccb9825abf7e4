"""Brakes on guessing: each lane (account, client, trusted device) waits longer after each failure, up to a cap.

A try is counted before it is checked, so that many at once gain nothing. While a lane waits, tries are refused unread
and do not prolong the wait. A device that has signed in before has a lane of its own, so that strangers who guess at
an account cannot keep its owner out.

Source: OWASP, "Slow Down Online Guessing Attacks with Device Cookies".
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from services.identity.rules import FORGIVEN_AFTER, wait_seconds
from services.identity.tables import AttemptsRow
from services.identity.upsert import insert_if_absent
from services.infra.uow import Scope, UnitOfWork, current
from services.infra.verbs import intake
from services.kernel.context import Actor
from services.kernel.errors import RateLimited


@dataclass(frozen=True, slots=True)
class Lane:
    """Where failures are counted: what kind of thing, which one, and how many failures cost no waiting."""

    kind: str
    key: str
    free: int

    def digest(self, uow: UnitOfWork) -> str:
        """Return the keyed digest under which the lane is stored."""
        return uow.vault.digest(f"identity.attempts.{self.kind}", self.key)


class Attempts:
    """Counts tries that are checked outside the transaction which counted them."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @intake(permission="identity.sign_in", unaudited_because="what the try came to has an audit row of its own")
    def reserve(self, actor: Actor, lanes: Sequence[Lane]) -> None:
        """Count a try in each lane before it is checked.

        Raises: RateLimited while one of the lanes waits.
        """
        count_try(current(), lanes)


def count_try(scope: Scope, lanes: Sequence[Lane]) -> None:
    """Count a try in each lane.

    Raises: RateLimited while one of the lanes waits; the try is then not counted.
    """
    now = scope.uow.clock.now()
    digests = {lane.digest(scope.uow): lane for lane in lanes}
    rows = [(_locked(scope, digest, now), digests[digest]) for digest in sorted(digests)]
    blocked_until = max(row.blocked_until for row, _ in rows)
    if blocked_until > now:
        seconds = math.ceil((blocked_until - now).total_seconds())
        raise RateLimited(
            "too_many_attempts", f"Too many tries. Try again in {_in_words(seconds)}.", retry_after_seconds=seconds
        )
    for row, lane in rows:
        row.failures = 1 if now - row.last_at > FORGIVEN_AFTER else row.failures + 1
        row.last_at = now
        row.blocked_until = now + timedelta(seconds=wait_seconds(row.failures, lane.free))


def forgive(scope: Scope, lanes: Sequence[Lane]) -> None:
    """Forget the failures of lanes whose owner proved themselves."""
    digests = [lane.digest(scope.uow) for lane in lanes]
    scope.session.execute(sa.delete(AttemptsRow).where(AttemptsRow.lane_digest.in_(digests)))


def take_back(scope: Scope, lane: Lane) -> None:
    """Take back the one try that succeeded from a lane which others share."""
    now = scope.uow.clock.now()
    row = _locked(scope, lane.digest(scope.uow), now)
    row.failures, row.blocked_until = max(row.failures - 1, 0), now


def _locked(scope: Scope, digest: str, now: datetime) -> AttemptsRow:
    insert_if_absent(
        scope.session, AttemptsRow, {"lane_digest": digest, "failures": 0, "last_at": now, "blocked_until": now}
    )
    found = sa.select(AttemptsRow).where(AttemptsRow.lane_digest == digest).with_for_update()
    return scope.session.execute(found, execution_options={"populate_existing": True}).scalar_one()


def _in_words(seconds: int) -> str:
    if seconds < 60:  # noqa: PLR2004 - a minute has 60 seconds
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minute{'s' if minutes != 1 else ''}"
