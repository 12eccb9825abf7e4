from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest

from services.kernel.clock import FixedClock
from services.kernel.context import Actor
from services.kernel.errors import NotFound, Unavailable
from services.metrics.views import CompanionView, FigureState, FigureView, PointView
from status_page.snapshot import SERVED, Snapshot
from status_page.state import StatusState
from status_page.verdict import overall
from tests.status_page.absent import public_with


def figure(clock: FixedClock, state: FigureState = FigureState.MET, title: str = "Join time, p95") -> FigureView:
    now = clock.now()
    return FigureView(
        name="join_time_p95",
        title=title,
        definition="…",
        unit="milliseconds",
        value=None if state is FigureState.NO_DATA else 1_400.5,
        target=2_000,
        state=state,
        samples=31,
        demo_samples=3,
        minimum_samples=20,
        newest_at=None if state is FigureState.NO_DATA else now,
        as_of=now,
        window_seconds=86_400,
        series=(PointView(now, 1_400.5, 31), PointView(now, None, 0)),
        companions=(CompanionView("exits_before_start", "Exits before start", 2, "occurrences"),),
        good_share=0.99,
    )


class Source:
    """Figures that fail when told to."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.failure: Exception | None = None

    def figures(self, actor: Actor) -> Sequence[FigureView]:
        if self.failure:
            raise self.failure
        return [figure(self.clock)]

    def figure(self, actor: Actor, name: str) -> FigureView:
        return self.figures(actor)[0]

    def history(self, actor: Actor, name: str, days: int) -> pd.DataFrame:
        raise NotImplementedError


def snapshot_of(source: Source, path: Path) -> Snapshot:
    return Snapshot(public_with(source, source.clock), path)


PARTLY = "What is measured meets its target; not everything is measured"
GONE = Unavailable("database_unavailable", "The database does not take this now; try again shortly.")


def test_the_last_good_state_is_shown_while_the_database_is_gone(tmp_path: Path, clock: FixedClock) -> None:
    source = Source(clock)
    snapshot = snapshot_of(source, tmp_path / "status.json")
    good = snapshot.state()
    source.failure = GONE
    clock.advance(minutes=7)
    later = snapshot.state()
    assert later == StatusState(good.figures, good.as_of, current=False)
    assert overall(later)[0] == "Our measurements cannot be read just now"


def test_a_process_that_starts_without_a_database_reads_the_state_from_disk(tmp_path: Path, clock: FixedClock) -> None:
    source = Source(clock)
    good = snapshot_of(source, tmp_path / "status.json").state()
    source.failure = GONE
    restarted = snapshot_of(source, tmp_path / "status.json").state()
    assert restarted.figures == good.figures
    assert not restarted.current


@pytest.mark.parametrize("rest", ["", "{", "[]", '{"as_of": "yesterday", "figures": []}'])
def test_a_broken_file_is_no_state(tmp_path: Path, clock: FixedClock, rest: str) -> None:
    source = Source(clock)
    source.failure = GONE
    (tmp_path / "status.json").write_text(rest)
    with pytest.raises(Unavailable):
        snapshot_of(source, tmp_path / "status.json").state()


def test_a_folder_that_cannot_be_written_does_not_fail_the_page(tmp_path: Path, clock: FixedClock) -> None:
    (tmp_path / "file").write_text("")
    assert snapshot_of(Source(clock), tmp_path / "file" / "status.json").state().current


def test_a_refusal_that_waiting_does_not_cure_is_not_covered_up(tmp_path: Path, clock: FixedClock) -> None:
    source = Source(clock)
    snapshot = snapshot_of(source, tmp_path / "status.json")
    snapshot.state()
    source.failure = NotFound("figure_unknown", "There is no such figure.")
    with pytest.raises(NotFound):
        snapshot.state()


@pytest.mark.parametrize(
    ("states", "words", "colour"),
    [
        ([FigureState.MET, FigureState.MET], "All figures meet their targets", "good"),
        ([FigureState.MET, FigureState.MISSED], "B misses its target", "bad"),
        ([FigureState.MISSED, FigureState.MISSED], "A and B miss their targets", "bad"),
        ([FigureState.NEAR, FigureState.MET], "A is near the limit", "warn"),
        ([FigureState.NEAR, FigureState.MISSED], "B misses its target", "bad"),
        ([FigureState.MET, FigureState.NO_DATA], PARTLY, "unknown"),
        ([FigureState.NO_DATA, FigureState.STALE], "Not enough measured to judge", "unknown"),
        ([], "Not enough measured to judge", "unknown"),
    ],
)  # fmt: skip
def test_the_first_words_follow_the_worst_figure_and_are_never_green_on_nothing(
    clock: FixedClock, states: list[FigureState], words: str, colour: str
) -> None:
    figures = tuple(figure(clock, state, "AB"[index]) for index, state in enumerate(states))
    assert overall(StatusState(figures, clock.now())) == (words, colour)


def test_a_page_that_only_an_invented_cursor_names_leaves_nothing_on_disk(tmp_path: Path, clock: FixedClock) -> None:
    snapshot = snapshot_of(Source(clock), tmp_path / "status.json")
    for number in range(5):
        snapshot.known(f"history/None/{number}", int, lambda: 1, on_disk=False)
    assert [file for file in tmp_path.rglob("*.json") if file.name != "status.json"] == []
    snapshot.known("history/None/None", int, lambda: 1)
    assert len([file for file in tmp_path.rglob("*.json") if file.name != "status.json"]) == 1


@pytest.mark.parametrize(("heeds_pulse", "reads"), [(True, 2), (False, 1)])
def test_what_is_kept_for_a_while_is_read_again_when_something_changes_unless_it_has_no_pulse(
    tmp_path: Path, clock: FixedClock, *, heeds_pulse: bool, reads: int
) -> None:
    source, read = Source(clock), list[int]()
    snapshot = Snapshot(public_with(source, clock), tmp_path / "status.json", SERVED)

    def ask() -> int:
        def load() -> int:
            read.append(len(read))
            return len(read)

        return snapshot.known("trend", int, load, keep_seconds=3_600, heeds_pulse=heeds_pulse).value

    snapshot.pulse(lambda: "before")
    assert [ask(), ask()] == [1, 1]
    snapshot.pulse(lambda: "after")
    assert [ask(), ask()] == [reads, reads]
