from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from services.components.days import DAY_MS, Sums, day_of, day_views, into_days, is_long, seconds_of, start_of
from services.components.timeline import RANKS, Kind, Span, Statement, course, effective
from services.components.views import ComponentStatus as Is

NOW = 4 * DAY_MS + 12_345_678
_instants = st.integers(0, 6 * DAY_MS)
_kinds = st.sampled_from(list(Kind))


@st.composite
def words(draw: st.DrawFn) -> list[Statement]:
    """Statements of few sources, some with an end, some saying nothing, some of a time to come."""
    found = []
    for number in range(draw(st.integers(0, 14))):
        starts = draw(_instants)
        found.append(
            Statement(
                id=f"s{number}",
                kind=draw(_kinds),
                source_id=draw(st.sampled_from(["a", "b"])),
                said=draw(st.integers(0, 5)),
                starts_ms=starts,
                ends_ms=draw(st.none() | st.integers(0, 6 * DAY_MS)),
                status=draw(st.none() | st.sampled_from(list(Is))),
                reason=draw(st.sampled_from(["", "Broken", "A disk. "])),
            )
        )
    return found


def _standing(statements: Sequence[Statement], at_ms: int) -> tuple[Is, bool]:
    """How it stands at one instant, straight from the definition."""
    said: dict[tuple[Kind, str], Statement] = {}
    for each in sorted(statements, key=lambda s: (s.said, s.id)):
        if each.kind is Kind.ACCOUNTED or each.starts_ms <= at_ms:
            said[each.kind, each.source_id] = each
    now = [
        s
        for s in said.values()
        if s.starts_ms <= at_ms and (s.ends_ms is None or at_ms < s.ends_ms) and s.status is not None
    ]
    excused = any(s.kind is Kind.ACCOUNTED for s in now)
    decrees = sorted((s for s in now if s.kind in {Kind.OVERRIDE, Kind.CORRECTION}), key=lambda s: (s.said, s.id))
    if decrees:
        return decrees[-1].status, excused  # type: ignore[return-value] # silent ones were left out
    told = {s.status for s in now if s.kind is not Kind.ACCOUNTED and s.status is not None}
    bad = [s for s in told if RANKS[s] >= RANKS[Is.DEGRADED]]
    if bad:
        return max(bad, key=RANKS.__getitem__), excused
    if excused or Is.MAINTENANCE in told:
        return Is.MAINTENANCE, excused
    return (Is.OPERATIONAL if Is.OPERATIONAL in told else Is.UNKNOWN), excused


@given(words(), st.randoms(), st.integers(0, NOW))
def test_the_order_in_which_words_arrive_changes_nothing(
    statements: list[Statement], chance: object, from_ms: int
) -> None:
    shuffled = list(statements)
    chance.shuffle(shuffled)  # type: ignore[attr-defined] # a seeded random.Random
    assert course(shuffled, from_ms, NOW) == course(statements, from_ms, NOW)


@given(words(), st.integers(0, NOW), st.lists(st.integers(0, NOW), max_size=20))
def test_at_every_instant_a_component_stands_as_the_definition_says(
    statements: list[Statement], from_ms: int, instants: list[int]
) -> None:
    spans = course(statements, from_ms, NOW).spans
    edges = [s.starts_ms for s in statements if from_ms <= s.starts_ms <= NOW]
    for at in [i for i in instants if i >= from_ms] + edges + [from_ms, NOW]:
        (found,) = [s for s in spans if s.starts_ms <= at and (s.ends_ms is None or at < s.ends_ms)]
        assert (found.status, found.excused) == _standing(statements, at)


@given(words(), st.integers(0, NOW))
def test_spans_leave_no_gap_and_no_two_neighbours_are_alike(statements: list[Statement], from_ms: int) -> None:
    found = course(statements, from_ms, NOW)
    assert found.spans[0].starts_ms == from_ms
    assert found.spans[-1].ends_ms is None
    for one, following in zip(found.spans, found.spans[1:], strict=False):
        assert one.ends_ms == following.starts_ms
        assert not one.alike(following)
    assert found.next_change_ms is None or found.next_change_ms > NOW


@given(words(), st.integers(0, NOW), st.integers(0, NOW))
def test_a_course_from_later_on_is_the_end_of_the_course_from_earlier_on(
    statements: list[Statement], one: int, other: int
) -> None:
    first, later = sorted((one, other))
    whole, part = course(statements, first, NOW), course(statements, later, NOW)
    cut = [
        Span(max(s.starts_ms, later), s.ends_ms, s.status, s.excused, s.overridden, s.reason)
        for s in whole.spans
        if s.ends_ms is None or s.ends_ms > later
    ]
    assert cut == list(part.spans)
    assert whole.next_change_ms == part.next_change_ms


@given(words(), st.integers(0, NOW))
def test_the_parts_of_each_day_add_up_to_the_day_or_to_what_has_passed_of_it(
    statements: list[Statement], from_ms: int
) -> None:
    spans = course(statements, from_ms, NOW).spans
    sums: dict[object, Sums] = {}
    into_days(sums, [s for s in spans if is_long(s.starts_ms, s.ends_ms)], 0, NOW)  # type: ignore[arg-type] # days
    into_days(sums, [s for s in spans if not is_long(s.starts_ms, s.ends_ms)], 0, NOW)  # type: ignore[arg-type] # days
    views = day_views(sums, day_of(0), day_of(NOW), NOW)  # type: ignore[arg-type] # days
    assert [round(sum(seconds_of(v)) * 1000) for v in views] == [DAY_MS] * 4 + [NOW - 4 * DAY_MS]


def test_a_span_is_long_where_it_covers_a_whole_day() -> None:
    day = start_of(day_of(10 * DAY_MS))
    assert is_long(day, day + DAY_MS)
    assert is_long(day - 1, day + DAY_MS)
    assert not is_long(day + 1, day + DAY_MS)
    assert not is_long(day + 1, day + 2 * DAY_MS - 1)
    assert is_long(day + 1, day + 2 * DAY_MS)
    assert is_long(day, None)


def _says(kind: Kind, status: Is | None, source: str = "x", reason: str = "told") -> Statement:
    return Statement(f"{kind}{source}", kind, source, 1, 0, None, status, reason)


def test_maintenance_never_hides_an_outage() -> None:
    planned = _says(Kind.ACCOUNTED, Is.MAINTENANCE)
    for bad in (Is.DEGRADED, Is.PARTIAL_OUTAGE, Is.MAJOR_OUTAGE):
        assert effective([planned, _says(Kind.PROBE, bad)], 0).status is bad
    assert effective([planned, _says(Kind.PROBE, Is.OPERATIONAL)], 0).status is Is.MAINTENANCE
    assert effective([planned, _says(Kind.PROBE, Is.UNKNOWN)], 0).status is Is.MAINTENANCE


def test_where_nothing_tells_the_status_is_unknown_and_never_green() -> None:
    assert effective([], 0).status is Is.UNKNOWN
    assert effective([_says(Kind.PROBE, Is.UNKNOWN)], 0).status is Is.UNKNOWN
    assert effective([_says(Kind.INCIDENT, None)], 0).status is Is.UNKNOWN


def test_a_silent_probe_beside_one_that_speaks_is_named_and_decides_nothing() -> None:
    span = effective([_says(Kind.PROBE, Is.UNKNOWN, "a"), _says(Kind.PROBE, Is.OPERATIONAL, "b", "All pass")], 0)
    assert (span.status, span.reason) == (Is.OPERATIONAL, "All pass. 1 of its probes is silent.")


def test_many_reasons_are_told_in_short() -> None:
    down = [_says(Kind.PROBE, Is.MAJOR_OUTAGE, f"p{n}", f"Probe {n} fails") for n in range(6)]
    assert effective(down, 0).reason == "Probe 0 fails. Probe 1 fails. Probe 2 fails. And 3 more."
