"""How probes and vantages are shown: verdicts, words, and what was found."""

from typing import Final

from dash.development.base_component import Component

from services.probes import ProbeView
from services.probes.views import VantageStateView
from web.ui import chip, fmt
from web.ui.theme import State as Colour

VERDICTS: Final = {
    "up": ("up", Colour.GOOD),
    "partial": ("below quorum", Colour.WARN),
    "down": ("down", Colour.BAD),
    "unknown": ("unknown", Colour.PLAIN),
}
OUTCOMES: Final = {"up": Colour.GOOD, "down": Colour.BAD, "unknown": Colour.PLAIN}
STATES: Final = {
    "watching": ("watching", Colour.GOOD),
    "silent": ("silent", Colour.WARN),
    "never": ("never seen", Colour.PLAIN),
}


def verdict_chip(view: ProbeView) -> Component:
    """What a probe comes to."""
    if not view.enabled:
        return chip("paused", Colour.PLAIN)
    word, colour = VERDICTS.get(view.verdict, VERDICTS["unknown"])
    return chip(word, colour)


def word_chip(seen: VantageStateView) -> Component:
    """What one vantage says: a silent one, or one that is not sure yet, says neither up nor down."""
    if seen.silent or seen.word is None:
        why = "silent" if seen.silent else "not sure yet"
        return chip(f"unknown ({why})", Colour.PLAIN)
    return chip(seen.word, OUTCOMES.get(seen.word, Colour.PLAIN))


def quorum_words(view: ProbeView) -> str:
    """How many vantages must see it down, of how many that look."""
    total = len(view.seen_from)
    downs = sum(1 for each in view.seen_from if each.word == "down" and not each.silent)
    return f"{min(view.quorum, max(total, 1))} of {total} must see it down; {downs} {'does' if downs == 1 else 'do'}"


def known_within(view: ProbeView) -> str:
    """How long an outage lasts at the most before it is known."""
    return fmt.duration(view.detection_seconds)
