"""Probes that come from elsewhere, within an import that is already running."""

from collections.abc import Mapping
from typing import Any, Protocol

from services.infra.targets import OutboundPolicy
from services.infra.uow import current
from services.probes.definitions import made, room_for_one
from services.probes.rules import NAME_LENGTH_MAX
from services.probes.tables import ProbeRow
from services.probes.views import ProbeDraft


class Adopted(Protocol):
    """What is looked at there, as our kinds of probe can do it.

    Units: seconds.
    """

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def kind(self) -> str:
        """How it is looked at."""
        ...

    @property
    def target(self) -> str:
        """Where."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """What must be found there."""
        ...

    @property
    def interval_seconds(self) -> int:
        """How often."""
        ...

    @property
    def timeout_seconds(self) -> float:
        """How long an attempt may take."""
        ...

    @property
    def retries(self) -> int:
        """How many further attempts one result may take."""
        ...

    @property
    def confirm_down(self) -> int:
        """How many bad results in a row count."""
        ...

    @property
    def secret(self) -> str | None:
        """What stands in the place of the mark."""
        ...

    @property
    def enabled(self) -> bool:
        """Whether it is looked at."""
        ...


class Adopting:
    """Makes probes in the running transaction; they go only where this installation's probes may."""

    def __init__(self, policy: OutboundPolicy) -> None:
        self._policy = policy

    def add(self, probe: Adopted, component_id: str) -> str:
        """Make a probe and return its id.

        Raises: Invalid, naming the fields; Conflict where there are too many.
        """
        draft = ProbeDraft(
            name=" ".join(probe.name.split())[:NAME_LENGTH_MAX],
            kind=probe.kind,
            target=probe.target,
            settings=probe.settings,
            component_id=component_id,
            interval_seconds=probe.interval_seconds,
            timeout_seconds=probe.timeout_seconds,
            retries=probe.retries,
            confirm_down=probe.confirm_down,
            secret=probe.secret,
        )
        room_for_one()
        return made(current(), self._policy, draft, enabled=probe.enabled)

    def exists(self, probe_id: str) -> bool:
        """Tell whether a probe is still there."""
        return current().session.get(ProbeRow, probe_id) is not None
