import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from demo.rhythm import Rhythm
from demo.traffic import PATIENCE, Audience
from services.kernel.clock import FixedClock, to_epoch_ms
from services.metrics.cmcd import PlayEvent, parse_report

EVENING = datetime(2026, 11, 24, 20, tzinfo=UTC)
Answer = Callable[[httpx.Request], httpx.Response]


class House:
    """Answers as it is told, keeps what came in, and moves the clock by what the audience waits."""

    def __init__(self, answer: Answer | None = None) -> None:
        self.clock = FixedClock(EVENING)
        self.answer: Answer = answer or (lambda _: httpx.Response(204))
        self.requests: list[tuple[datetime, httpx.Request]] = []
        self.waits: list[float] = []
        client = httpx.Client(transport=httpx.MockTransport(self._take), base_url="http://house")
        rhythm = Rhythm(plays_a_day=20_000)
        self.audience = Audience(client, "the-key", ["first", "second"], self.clock, rhythm)

    def _take(self, request: httpx.Request) -> httpx.Response:
        self.requests.append((self.clock.now(), request))
        return self.answer(request)

    def run(self, minutes: float) -> None:
        end = self.clock.now() + timedelta(minutes=minutes)

        def wait(seconds: float) -> bool:
            self.waits.append(seconds)
            self.clock.advance(seconds=seconds)
            return self.clock.now() >= end

        self.audience.run(wait)

    def posted(self) -> list[tuple[datetime, httpx.Request]]:
        return [(at, r) for at, r in self.requests if r.method == "POST"]

    def events(self) -> list[PlayEvent]:
        return [e for _, r in self.posted() for e in parse_report(r.content)]


def test_reports_go_through_the_public_door_with_the_demos_key() -> None:
    house = House()
    house.run(3)
    assert house.posted()
    for _, request in house.posted():
        assert request.url.path == "/ingest/cmcd"
        assert request.url.params["player"] in {"hls.js", "avplayer", "exoplayer", "shaka"}
        assert request.headers["Authorization"] == "Bearer the-key"
        assert request.headers["Content-Type"] == "application/cmcd"


def test_people_look_at_the_shop_and_a_title_before_they_play() -> None:
    house = House()
    house.run(3)
    pages = {r.url.path for _, r in house.requests if r.method == "GET"}
    assert pages == {"/shop/", "/shop/watch/first", "/shop/watch/second"}
    assert all("Authorization" not in r.headers for _, r in house.requests if r.method == "GET")


def test_every_report_is_sent_about_when_it_happened_and_in_order() -> None:
    house = House()
    house.run(4)
    numbers: dict[str, int] = {}
    for at, request in house.posted():
        for event in parse_report(request.content):
            assert -100 <= to_epoch_ms(at) - event.ts <= 1_600
            assert event.sn == numbers.get(event.sid, 0)
            numbers[event.sid] = event.sn + 1
    assert len(numbers) > 20


def test_a_busy_evening_costs_a_few_requests_a_second() -> None:
    house = House()
    house.run(5)
    assert len(house.requests) / 300 < 5


@pytest.mark.parametrize("status", [429, 503])
def test_it_waits_at_least_as_long_as_it_is_asked_to(status: int) -> None:
    house = House(lambda _: httpx.Response(status, headers={"Retry-After": "17"}))
    house.run(2)
    pauses = [b - a for (a, _), (b, _) in itertools.pairwise(house.requests)]
    assert pauses
    assert min(pauses) >= timedelta(seconds=17)


def test_it_waits_longer_each_time_when_nobody_answers_and_goes_on_when_somebody_does() -> None:
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    house = House(refuse)
    house.run(6)
    tries = len(house.requests)
    assert 3 < tries < 25
    house.answer = lambda _: httpx.Response(204)
    house.run(3)
    assert len(house.requests) > tries + 20


def test_no_flood_follows_an_outage_and_no_play_is_told_with_a_hole() -> None:
    house = House(lambda _: httpx.Response(503))
    house.run(30)
    back_at = house.clock.now()
    house.requests.clear()
    house.answer = lambda _: httpx.Response(204)
    house.run(5)
    first_minute = [r for at, r in house.requests if at < back_at + timedelta(minutes=1)]
    assert len(first_minute) < 400
    for at, request in house.posted():
        assert all(
            to_epoch_ms(at) - e.ts <= PATIENCE / timedelta(milliseconds=1) + 1_500
            for e in parse_report(request.content)
        )
    seen: dict[str, list[int]] = {}
    for event in house.events():
        seen.setdefault(event.sid, []).append(event.sn)
    assert all(numbers == list(range(len(numbers))) for numbers in seen.values())


def test_a_refused_play_is_not_told_any_further() -> None:
    house = House(lambda r: httpx.Response(401 if r.method == "POST" else 200))
    house.run(4)
    sessions = [parse_report(r.content)[0].sid for _, r in house.posted()]
    assert len(sessions) == len(set(sessions))


def test_when_collection_is_switched_off_it_asks_once_a_minute_or_less() -> None:
    house = House(lambda r: httpx.Response(410 if r.method == "POST" else 200))
    house.run(20)
    assert len(house.posted()) <= 30


def test_a_second_run_does_not_continue_the_sessions_of_the_first() -> None:
    first, second = House(), House()
    first.run(2)
    second.clock.advance(seconds=1)
    second.audience = Audience(
        httpx.Client(transport=httpx.MockTransport(second._take), base_url="http://house"),
        "the-key",
        ["first"],
        second.clock,
        Rhythm(plays_a_day=20_000),
    )
    second.run(2)
    assert {e.sid for e in first.events()}.isdisjoint({e.sid for e in second.events()})
