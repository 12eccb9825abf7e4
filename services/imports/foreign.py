"""What another product's file holds, in words that fit all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from services.imports.report import Line


@dataclass(frozen=True, slots=True)
class ForeignGroup:
    """A group of components."""

    id: str
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class ForeignComponent:
    """A component; `status` is nothing where probes are to tell how it stands."""

    id: str
    name: str
    description: str = ""
    group_id: str | None = None
    status: str | None = None
    showcase: bool = True
    only_show_if_degraded: bool = False
    start_on: date | None = None


@dataclass(frozen=True, slots=True)
class ForeignUpdate:
    """A public word on an incident; `statuses` are by the component's id over there."""

    id: str
    status: str
    body: str
    at: datetime
    statuses: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ForeignIncident:
    """An incident with all that was said of it, oldest first."""

    id: str
    name: str
    impact: str
    updates: tuple[ForeignUpdate, ...]
    postmortem: str = ""
    postmortem_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ForeignSubscriber:
    """Somebody who is told by mail; `confirmed` only where the file itself says that they agreed."""

    row: int
    email: str = field(repr=False)
    confirmed: bool = False
    confirmed_at: datetime | None = None
    component_ids: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ForeignProbe:
    """Something that is looked at, as our probes can do it; `remark` says what is otherwise here.

    Units: seconds.
    """

    id: str
    name: str
    component_id: str
    kind: str
    target: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    interval_seconds: int = 60
    timeout_seconds: float = 10.0
    retries: int = 0
    confirm_down: int = 2
    secret: str | None = field(default=None, repr=False)
    enabled: bool = True
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Everything that a file holds; `refused` is what it holds that nobody can bring over."""

    source: str
    groups: tuple[ForeignGroup, ...] = ()
    components: tuple[ForeignComponent, ...] = ()
    incidents: tuple[ForeignIncident, ...] = ()
    subscribers: tuple[ForeignSubscriber, ...] = ()
    probes: tuple[ForeignProbe, ...] = ()
    refused: tuple[Line, ...] = ()
