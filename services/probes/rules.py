"""What holds for every probe: its numbers, its names, and how long a silence may last."""

import re
from collections.abc import Sequence
from datetime import timedelta
from typing import Final, Protocol

from services.kernel.errors import Invalid
from services.probes.judging import Damping
from services.probes.views import ProbeDraft

BUILT_IN: Final = "local"
"""The vantage inside the background process."""
NAME_LENGTH_MAX: Final = 80
SECRET_LENGTH_MAX: Final = 1_000
DETAIL_LENGTH_MAX: Final = 300
REASON_LENGTH_MAX: Final = 120
DELIVERY_SECONDS: Final = 5.0
"""What handing in and judging may take."""
_VANTAGE = re.compile(r"[a-z][a-z0-9-]{0,30}[a-z0-9]")
_ATTEMPTS_SECONDS_MAX = 60
_REASON_UNFIT = re.compile(r"[^A-Za-z0-9 .,:;'%/=()_+-]")


class Attempted(Protocol):
    """What a probe says of its attempts."""

    @property
    def timeout_seconds(self) -> float:
        """How long one attempt may take."""
        ...

    @property
    def retries(self) -> int:
        """How many further attempts one result may take."""
        ...


class Timed(Attempted, Protocol):
    """What a probe says of its times."""

    @property
    def interval_seconds(self) -> int:
        """How often it is looked at."""
        ...

    @property
    def confirm_down(self) -> int:
        """How many bad results in a row count."""
        ...

    @property
    def confirm_up(self) -> int:
        """How many good results in a row count."""
        ...


def attempt_seconds(probe: Attempted) -> float:
    """Return how long one result takes at the most."""
    return probe.timeout_seconds * (probe.retries + 1)


def damping_of(probe: Timed) -> Damping:
    """Return how a probe's flaps are damped, and how long a vantage may say nothing."""
    silence = 3 * probe.interval_seconds + attempt_seconds(probe) + DELIVERY_SECONDS
    return Damping(probe.confirm_down, probe.confirm_up, timedelta(seconds=silence))


def detection_seconds(probe: Timed) -> float:
    """Return how long an outage lasts at the most before it is known."""
    one = attempt_seconds(probe)
    return probe.interval_seconds + (probe.confirm_down - 1) * max(probe.interval_seconds, one) + one + DELIVERY_SECONDS


def checked_numbers(draft: ProbeDraft, known_vantages: Sequence[str]) -> None:
    """Refuse a draft whose name, numbers or vantages make no probe.

    Raises: Invalid, naming the fields.
    """
    wrong: dict[str, str] = {}
    if not 1 <= len(draft.name.strip()) <= NAME_LENGTH_MAX or not draft.name.isprintable():
        wrong["name"] = f"Give a name of 1 to {NAME_LENGTH_MAX} characters."
    bounds = {
        "interval_seconds": (5, 3_600),
        "timeout_seconds": (0.5, 30),
        "retries": (0, 5),
        "quorum": (1, 20),
        "confirm_down": (1, 10),
        "confirm_up": (1, 10),
    }
    for name, (least, most) in bounds.items():
        if not least <= getattr(draft, name) <= most:
            wrong[name] = f"Choose between {least} and {most}."
    if not wrong and attempt_seconds(draft) > _ATTEMPTS_SECONDS_MAX:
        wrong["timeout_seconds"] = "All attempts together may take a minute at the most."
    unknown = set(draft.vantages) - set(known_vantages)
    if unknown or len(draft.vantages) != len(set(draft.vantages)):
        wrong["vantages"] = "Choose each from the vantages that there are."
    elif draft.vantages and draft.quorum > len(draft.vantages):
        wrong["quorum"] = f"Only {len(draft.vantages)} vantages are chosen."
    if draft.secret is not None and len(draft.secret) > SECRET_LENGTH_MAX:
        wrong |= {"secret": "It is too long."}
    if wrong:
        raise Invalid("probe_wrong", " ".join(wrong.values()), fields=wrong)


def checked_vantage(name: str) -> str:
    """Return a vantage's name.

    Raises: Invalid.
    """
    if not _VANTAGE.fullmatch(name):
        message = "Give 2 to 32 lower-case letters, digits and dashes, such as eu-1."
        raise Invalid("vantage_name", message, fields={"vantage": message})
    return name


def fit_reason(text: str) -> str:
    """Return a reason as anybody may read it: a few plain words, whatever a prober sends."""
    return _REASON_UNFIT.sub("", " ".join(text.split()))[:REASON_LENGTH_MAX]


def fit_detail(text: str) -> str:
    """Return a detail as operators read it: one printable line."""
    return "".join(c if c.isprintable() else " " for c in text)[:DETAIL_LENGTH_MAX]
