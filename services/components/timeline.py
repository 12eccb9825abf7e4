"""From what the sources said to how a component stood: pure, and the same in whatever order the words came.

At any instant a source says what the last of its statements says that had begun by then. The component's status is the
worst of what its sources say. Three rules stand around that: a person's override or correction wins over everything;
maintenance shows only where nothing is worse; and where nothing tells, the status is unknown.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from services.components.views import ComponentStatus

FOREVER = 1 << 62
"""Later than any instant.

Units: milliseconds since the epoch.
"""


class Kind(StrEnum):
    """What sort of source speaks."""

    PROBE = "probe"
    INCIDENT = "incident"
    ACCOUNTED = "accounted"
    """A span that counts as maintenance; the last statement about it replaces all earlier ones."""
    WORD = "word"
    """A person's word on a component that is kept by hand."""
    RECORD = "record"
    """History from elsewhere: an import, or the demo."""
    OVERRIDE = "override"
    CORRECTION = "correction"
    """A person's word on a span that is over."""


DECREES = frozenset({Kind.OVERRIDE, Kind.CORRECTION})
"""Sources that win over all others; among them, the last word."""

RANKS = {
    ComponentStatus.OPERATIONAL: 0,
    ComponentStatus.MAINTENANCE: 1,
    ComponentStatus.UNKNOWN: 2,
    ComponentStatus.DEGRADED: 3,
    ComponentStatus.PARTIAL_OUTAGE: 4,
    ComponentStatus.MAJOR_OUTAGE: 5,
}
"""How bad a status is. Not knowing is worse than anything that is fine, and better than anything that is not."""

BAD_FROM = RANKS[ComponentStatus.DEGRADED]
BAD = tuple(str(status) for status, rank in RANKS.items() if rank >= BAD_FROM)
"""The statuses of a trouble as rows have them, the worst last."""
NO_PROBE = "No probe watches this component, and nobody has said how it stands."
SILENT = "Its probes are silent: how it stands is not known."


@dataclass(frozen=True, slots=True)
class Statement:
    """What a source said once of one component; `status` is nothing where it says nothing of it (any more).

    Units: milliseconds since the epoch; `said` orders the statements of one source.
    """

    id: str
    kind: Kind
    source_id: str
    said: int
    starts_ms: int
    ends_ms: int | None
    status: ComponentStatus | None
    reason: str


@dataclass(frozen=True, slots=True)
class Span:
    """A span with one status, one reason and one treatment in accounting.

    Units: milliseconds since the epoch; `ends_ms` is nothing while it lasts.
    """

    starts_ms: int
    ends_ms: int | None
    status: ComponentStatus
    excused: bool
    overridden: bool
    reason: str

    def alike(self, other: "Span") -> bool:
        """Tell whether another span differs in its time only."""
        mine = (self.status, self.excused, self.overridden, self.reason)
        return mine == (other.status, other.excused, other.overridden, other.reason)


@dataclass(frozen=True, slots=True)
class _Segment:
    starts_ms: int
    ends_ms: int
    statement: Statement


@dataclass(frozen=True, slots=True)
class Course:
    """How a component stood from an instant up to now, and when that changes by itself (nothing where it does not)."""

    spans: tuple[Span, ...]
    next_change_ms: int | None


def course(statements: Iterable[Statement], from_ms: int, now_ms: int) -> Course:
    """Return the spans from an instant on, without gaps; the last one is open and holds now.

    Raises: ValueError where the instant lies after now.
    """
    if from_ms > now_ms:
        raise ValueError("A course begins before it is looked at.")
    segments = [segment for segment in _segments(statements) if segment.ends_ms > from_ms]
    begins: dict[int, list[_Segment]] = defaultdict(list)
    ends: dict[int, list[_Segment]] = defaultdict(list)
    for segment in segments:
        begins[max(segment.starts_ms, from_ms)].append(segment)
        ends[segment.ends_ms].append(segment)
    boundaries = sorted({from_ms, *begins, *(at for at in ends if at < FOREVER)})
    spans: list[Span] = []
    active: dict[tuple[Kind, str], Statement] = {}
    for at in boundaries:
        for segment in ends[at]:
            if active.get(_key(segment.statement)) is segment.statement:
                del active[_key(segment.statement)]
        for segment in begins[at]:
            active[_key(segment.statement)] = segment.statement
        span = effective(active.values(), at)
        if spans and spans[-1].alike(span):
            continue
        if at > now_ms:
            return Course(_closed(spans), at)
        spans.append(span)
    return Course(_closed(spans), None)


def effective(active: Iterable[Statement], at_ms: int) -> Span:
    """Return how a component stands while these statements hold, one of each source."""
    by_status: dict[ComponentStatus, list[Statement]] = defaultdict(list)
    decrees, accounted = [], []
    # In a settled order, so that the reason does not depend on the order in which words came.
    for each in sorted(active, key=lambda s: (s.kind, s.source_id)):
        if each.status is None:
            continue
        if each.kind in DECREES:
            decrees.append(each)
        elif each.kind is Kind.ACCOUNTED:
            accounted.append(each)
        else:
            by_status[each.status].append(each)
    excused = bool(accounted)
    if decrees:
        last = max(decrees, key=lambda s: (s.said, s.id))
        assert last.status is not None  # noqa: S101 -- silent ones were left out above
        return Span(at_ms, None, last.status, excused, True, f"Set by hand: {_sentence(last.reason)}")  # noqa: FBT003 -- a field of the value
    status, reason = _by_sources(by_status, accounted)
    return Span(at_ms, None, status, excused, False, reason)  # noqa: FBT003 -- a field of the value


def _by_sources(
    by_status: dict[ComponentStatus, list[Statement]], accounted: Sequence[Statement]
) -> tuple[ComponentStatus, str]:
    bad = [status for status in by_status if RANKS[status] >= BAD_FROM]
    if bad:
        worst = max(bad, key=RANKS.__getitem__)
        return worst, _reasons(by_status[worst])
    maintained = [*by_status.get(ComponentStatus.MAINTENANCE, ()), *accounted]
    if maintained:
        return ComponentStatus.MAINTENANCE, _reasons(maintained)
    silent = by_status.get(ComponentStatus.UNKNOWN, [])
    fine = by_status.get(ComponentStatus.OPERATIONAL)
    if fine:
        told = _reasons(fine)
        verb = "is" if len(silent) == 1 else "are"
        told += f" {len(silent)} of its probes {verb} silent." if silent else ""
        return ComponentStatus.OPERATIONAL, told
    if silent:
        return ComponentStatus.UNKNOWN, _reasons(silent) or SILENT
    return ComponentStatus.UNKNOWN, NO_PROBE


def _reasons(statements: Sequence[Statement]) -> str:
    """Return what these say, each sentence once; people read the first ones."""
    told = list(dict.fromkeys(_sentence(s.reason) for s in statements if s.reason))
    shown = " ".join(told[:3])
    return f"{shown} And {len(told) - 3} more." if len(told) > 3 else shown  # noqa: PLR2004 -- the three shown


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _segments(statements: Iterable[Statement]) -> list[_Segment]:
    by_source: dict[tuple[Kind, str], list[Statement]] = defaultdict(list)
    for each in statements:
        by_source[_key(each)].append(each)
    found: list[_Segment] = []
    for (kind, _), said in by_source.items():
        said.sort(key=lambda s: (s.said, s.id))
        found += _of_source(said[-1:] if kind is Kind.ACCOUNTED else said)
    return found


def _of_source(said: Sequence[Statement]) -> list[_Segment]:
    """Lay each word of a source over the earlier ones, from its own beginning on."""
    laid: list[_Segment] = []
    for each in said:
        while laid and laid[-1].starts_ms >= each.starts_ms:
            laid.pop()
        if laid and laid[-1].ends_ms > each.starts_ms:
            laid[-1] = _Segment(laid[-1].starts_ms, each.starts_ms, laid[-1].statement)
        ends_ms = FOREVER if each.ends_ms is None else each.ends_ms
        # A word without any time still ends the earlier one where it begins.
        laid.append(_Segment(each.starts_ms, max(ends_ms, each.starts_ms), each))
    return [segment for segment in laid if segment.ends_ms > segment.starts_ms and segment.statement.status]


def _closed(spans: Sequence[Span]) -> tuple[Span, ...]:
    """Return spans of which each ends where the next begins."""
    ends = [*(span.starts_ms for span in spans[1:]), None]
    return tuple(
        Span(s.starts_ms, end, s.status, s.excused, s.overridden, s.reason) for s, end in zip(spans, ends, strict=True)
    )


def _key(statement: Statement) -> tuple[Kind, str]:
    return statement.kind, statement.source_id
