"""What an import did, or would do: one line for each thing, without an address of anybody."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import orjson


class Noun(StrEnum):
    """What a line is about."""

    GROUP = "group"
    COMPONENT = "component"
    PROBE = "probe"
    INCIDENT = "incident"
    SUBSCRIBER = "subscriber"
    FILE = "file"


class Outcome(StrEnum):
    """What became of it."""

    MADE = "made"
    UPDATED = "updated"
    FOUND = "found"
    """There was one of that name already: it is taken as the same, and stays as it is."""
    UNCHANGED = "unchanged"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of the file: a subscriber stands by their row. `own_id` is what it became here."""

    noun: Noun
    name: str
    outcome: Outcome
    reason: str = ""
    own_id: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that an import did, or would do where it is a `rehearsal`."""

    source: str
    rehearsal: bool
    lines: tuple[Line, ...] = field(default=())

    @property
    def counts(self) -> dict[str, dict[str, int]]:
        """How many of what came to what."""
        counted: dict[str, Counter[str]] = {}
        for line in self.lines:
            counted.setdefault(line.noun.value, Counter())[line.outcome.value] += 1
        return {noun: dict(outcomes) for noun, outcomes in counted.items()}

    @property
    def changes(self) -> int:
        """How many things it makes or changes."""
        return sum(line.outcome in {Outcome.MADE, Outcome.UPDATED} for line in self.lines)

    @property
    def digest(self) -> str:
        """The same for a rehearsal and for what follows it, as long as nothing changed in between."""
        said = [[line.noun, line.name, line.outcome, line.reason] for line in self.lines]
        return hashlib.sha256(orjson.dumps([self.source, said])).hexdigest()


def skipped(noun: Noun, name: str, reason: str) -> Line:
    """Return the line of something that is left out."""
    return Line(noun, shown(name), Outcome.SKIPPED, reason)


def shown(name: str) -> str:
    """Return a name as a report can show it, whatever a file calls it."""
    return "".join(c if c.isprintable() else "�" for c in name)[:120] or "(no name)"
