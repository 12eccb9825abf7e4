"""Merges what several test runs proved, and draws the table of capabilities."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from tools.paths import ROOT

CATALOGUE = ROOT / "tests" / "plugins" / "capabilities.toml"
TITLE_WIDTH = 76


class Counts(TypedDict):
    """Proofs of one capability, or all tests of a run, by outcome."""

    passed: int
    failed: int
    skipped: int


class Run(TypedDict):
    """What one test run leaves in `test-results/`."""

    name: str
    totals: Counts
    capabilities: dict[str, Counts]


def nothing() -> Counts:
    """Return counts of zero."""
    return {"passed": 0, "failed": 0, "skipped": 0}


@dataclass(frozen=True)
class Capability:
    """A row of the product's capability table."""

    id: str
    group: str
    title: str


@dataclass
class Proofs:
    """What is known of one capability."""

    counts: Counts = field(default_factory=nothing)

    @property
    def verdict(self) -> str:
        """Say in one word how the capability stands."""
        if self.counts["failed"]:
            return "FAILED"
        if self.counts["passed"]:
            return "proved"
        return "skipped" if self.counts["skipped"] else "none"


def added(one: Counts, other: Counts) -> Counts:
    """Return the sum of two counts."""
    return {
        "passed": one["passed"] + other["passed"],
        "failed": one["failed"] + other["failed"],
        "skipped": one["skipped"] + other["skipped"],
    }


def catalogue() -> list[Capability]:
    """Return the capabilities in the order of the product's table."""
    document = tomllib.loads(CATALOGUE.read_text())
    return [
        Capability(identifier, group["title"], title)
        for group in document["groups"]
        for identifier, title in group["capabilities"].items()
    ]


def load(folder: Path) -> list[Run]:
    """Read what the test runs left behind."""
    return [json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))]


def merge(runs: Iterable[Run]) -> dict[str, Proofs]:
    """Add up the proofs of all runs, for every capability of the catalogue."""
    proofs = {capability.id: Proofs() for capability in catalogue()}
    for run in runs:
        for identifier, counts in run["capabilities"].items():
            place = proofs[identifier]
            place.counts = added(place.counts, counts)
    return proofs


def render(proofs: Mapping[str, Proofs], *, only_touched: bool = False) -> str:
    """Draw the table; `only_touched` leaves out what no test of the run carried."""
    lines = [f"{'capability':12} {'state':8} {'passed':>6} {'failed':>6} {'skipped':>7}  what it is"]
    rows = [row for row in catalogue() if not only_touched or proofs[row.id].verdict != "none"]
    for row in rows:
        proof = proofs[row.id]
        title = row.title if len(row.title) <= TITLE_WIDTH else f"{row.title[: TITLE_WIDTH - 1].rstrip()}…"
        counts = proof.counts
        lines.append(
            f"{row.id:12} {proof.verdict:8} {counts['passed']:6} {counts['failed']:6} {counts['skipped']:7}  {title}"
        )
    verdicts = [proof.verdict for proof in proofs.values()]
    proved, failed = verdicts.count("proved"), verdicts.count("FAILED")
    lines.append(f"{proved} of {len(verdicts)} capabilities have passing proofs, {failed} have failing ones")
    return "\n".join(lines)


def closing_line(runs: Iterable[Run]) -> str:
    """Return the one line that counts all tests of all runs."""
    total = nothing()
    for run in runs:
        total = added(total, run["totals"])
    return f"{total['passed']} passed, {total['failed']} failed, {total['skipped']} skipped"
