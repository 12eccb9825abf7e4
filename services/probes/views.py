"""What is shown of probes, what probers are told, and what they hand in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class ProbeDraft:
    """A probe as somebody wants it.

    `vantages` names from where it is looked at, all of them where it is empty. `quorum` is how many of them must see it
    down; `confirm_down` and `confirm_up` how many equal results in a row change one vantage's word. `secret` replaces
    the mark `{secret}` in the target, in headers and in the body; nothing keeps the one that is stored.
    """

    name: str
    kind: str
    target: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    component_id: str | None = None
    vantages: tuple[str, ...] = ()
    interval_seconds: int = 10
    timeout_seconds: float = 5.0
    retries: int = 1
    quorum: int = 1
    confirm_down: int = 2
    confirm_up: int = 2
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class VantageStateView:
    """How one vantage sees a probe; `silent` where it has not said anything for too long, or never has."""

    vantage: str
    silent: bool
    at: datetime | None
    outcome: str | None
    reason: str
    detail: str
    latency_ms: int | None
    word: str | None
    word_since_at: datetime | None
    run_count: int


@dataclass(frozen=True, slots=True)
class ProbeView:
    """A probe, what it came to, and how each vantage sees it; the secret is never among it.

    `detection_seconds` is how long an outage lasts at the most before it is known.
    """

    id: str
    name: str
    kind: str
    target: str
    settings: Mapping[str, Any]
    has_secret: bool
    component_id: str | None
    vantages: tuple[str, ...]
    interval_seconds: int
    timeout_seconds: float
    retries: int
    quorum: int
    confirm_down: int
    confirm_up: int
    enabled: bool
    verdict: str
    verdict_since_at: datetime | None
    explanation: str
    asked_at: datetime | None
    detection_seconds: float
    seen_from: tuple[VantageStateView, ...] = ()


@dataclass(frozen=True, slots=True)
class VantageView:
    """A place from where probes look; `state` is watching, silent or never (seen).

    `waiting` is how many results it still had to hand in when it was last seen.
    """

    name: str
    built_in: bool
    state: str
    added_at: datetime
    seen_at: datetime | None
    release: str
    waiting: int


@dataclass(frozen=True, slots=True)
class ResultView:
    """One raw result."""

    vantage: str
    at: datetime
    outcome: str
    latency_ms: int | None
    reason: str


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a vantage is to do: one probe, with its secret in its place. Never shown to a person."""

    probe_id: str
    kind: str
    target: str
    settings: Mapping[str, Any]
    interval_seconds: int
    timeout_seconds: float
    retries: int
    enabled: bool
    asked_at: datetime | None
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Assignments:
    """Everything that a vantage is to do."""

    vantage: str
    probes: tuple[Assignment, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One result as a prober hands it in. `id` has 32 hexadecimal digits and makes handing in twice harmless.

    `reason` is a few words that anybody may read; `detail` is for operators. Neither holds a secret.
    """

    id: str
    probe_id: str
    at: datetime
    outcome: str
    latency_ms: int | None = None
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of results that were handed in; refused ones (by id, with why) are not to be sent again."""

    taken: int
    known: int
    refused: Mapping[str, str]
