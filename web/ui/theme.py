"""The words of the look that Python needs: states with their icon and word, and the scheme script's name."""

from enum import StrEnum


class State(StrEnum):
    """What a colour may mean; it is always shown with an icon and a word, never alone."""

    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    PLAN = "plan"
    UNKNOWN = "unknown"
    PLAIN = "plain"

    @property
    def icon(self) -> str | None:
        """The icon that stands beside the word; a plain chip has none."""
        return _ICONS[self]

    @property
    def severity(self) -> int:
        """The order from harmless to worst, for "the worst of these days"."""
        return _SEVERITY[self]


_ICONS: dict[State, str | None] = {
    State.GOOD: "check",
    State.WARN: "triangle-alert",
    State.BAD: "circle-x",
    State.PLAN: "calendar-clock",
    State.UNKNOWN: "circle-question-mark",
    State.PLAIN: None,
}
# Not measured ranks above good: three days with one unmeasured are not a green bar.
_SEVERITY: dict[State, int] = {
    State.PLAIN: 0,
    State.GOOD: 1,
    State.UNKNOWN: 2,
    State.PLAN: 3,
    State.WARN: 4,
    State.BAD: 5,
}


def worst(states: "list[State] | tuple[State, ...]") -> State:
    """The worst of the states; of none, unknown."""
    return max(states, key=lambda state: state.severity, default=State.UNKNOWN)
