import dataclasses
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.facts import Fact

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class PlayCounted(Fact):
    topic: ClassVar[str] = "kernel_tests.play_counted"
    play_id: str
    viewers: int
    ratio: float | None = None
    tags: tuple[str, ...] = ()


@given(
    play_id=st.text(),
    viewers=st.integers(-(2**53), 2**53),
    ratio=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    tags=st.lists(st.text()).map(tuple),
    at=st.datetimes(timezones=st.timezones()),
)
def test_a_fact_survives_storage_as_json(
    play_id: str, viewers: int, ratio: float | None, tags: tuple[str, ...], at: datetime
) -> None:
    try:
        fact = PlayCounted(occurred_at=at, play_id=play_id, viewers=viewers, ratio=ratio, tags=tags)
    except OverflowError:  # an instant that lies outside of UTC's own years
        return
    assert PlayCounted.from_payload(json.loads(json.dumps(fact.payload()))) == fact
    hash(fact)


def test_an_instant_is_held_and_stored_in_utc() -> None:
    fact = PlayCounted(occurred_at=NOON.astimezone(timezone(timedelta(hours=9))), play_id="p", viewers=1)
    assert fact.occurred_at.utcoffset() == timedelta(0)
    assert fact.payload()["occurred_at"] == "2026-11-24T12:00:00+00:00"


def test_a_naive_instant_is_refused_where_the_fact_is_made() -> None:
    with pytest.raises(ValueError, match="naive"):
        PlayCounted(occurred_at=datetime(2026, 11, 24), play_id="p", viewers=1)  # noqa: DTZ001 -- the mistake


def test_a_value_that_json_cannot_carry_is_refused_where_it_is_published() -> None:
    for wrong in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="JSON"):
            PlayCounted(occurred_at=NOON, play_id="p", viewers=1, ratio=wrong).payload()
    with pytest.raises(TypeError):
        PlayCounted(occurred_at=NOON, play_id=b"bytes", viewers=1).payload()  # type: ignore[arg-type] # the mistake


def test_an_older_reader_leaves_out_what_it_does_not_know() -> None:
    payload = {**PlayCounted(occurred_at=NOON, play_id="p", viewers=1).payload(), "added_later": {"x": 1}}
    assert PlayCounted.from_payload(payload).play_id == "p"


def test_a_newer_reader_takes_defaults_for_what_was_not_yet_written() -> None:
    payload: dict[str, object] = {"occurred_at": NOON.isoformat(), "play_id": "p", "viewers": 1}
    assert PlayCounted.from_payload(payload).tags == ()
    with pytest.raises(TypeError, match="viewers"):
        PlayCounted.from_payload({"occurred_at": NOON.isoformat(), "play_id": "p"})


def test_a_fact_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        PlayCounted(occurred_at=NOON, play_id="p", viewers=1).viewers = 2  # type: ignore[misc] # the mistake


def test_a_fact_is_found_by_its_topic_also_with_slots() -> None:
    @dataclass(frozen=True, kw_only=True, slots=True)
    class Slotted(Fact):
        topic: ClassVar[str] = "kernel_tests.slotted"
        name: str = ""

    assert Fact.registry["kernel_tests.slotted"] is Slotted
    assert Fact.registry[PlayCounted.topic] is PlayCounted


def test_two_facts_cannot_share_a_topic_nor_have_none() -> None:
    with pytest.raises(TypeError, match="share the topic"):
        type("Another", (Fact,), {"topic": PlayCounted.topic})
    with pytest.raises(TypeError, match="names no topic"):
        type("Nameless", (Fact,), {})
