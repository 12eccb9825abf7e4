"""The base of the facts that domains publish: frozen, in the past tense, JSON-shaped."""

import dataclasses
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Self

from services.kernel.clock import require_utc


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that became true in a transaction.

    A subclass names its `topic` (`<domain>.<past_tense>`) and has fields of JSON types only: ids and plain values,
    never personal data in clear and never a secret, since a fact is stored by the durable queue.
    """

    topic: ClassVar[str]
    registry: ClassVar[dict[str, type["Fact"]]] = {}

    occurred_at: datetime

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        other = Fact.registry.setdefault(cls.topic, cls)
        if other.__qualname__ != cls.__qualname__:
            raise TypeError(f"Two facts share the topic {cls.topic}: {other.__qualname__} and {cls.__qualname__}.")

    def payload(self) -> dict[str, object]:
        """Return the fact as JSON values."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {**values, "occurred_at": self.occurred_at.isoformat()}

    @classmethod
    def from_payload(cls, payload: dict[str, object]) -> Self:
        """Return the fact that a payload describes; fields that it does not know are left out.

        Raises: TypeError where a field without a default is missing.
        """
        names = {f.name for f in dataclasses.fields(cls)}
        known = {k: v for k, v in payload.items() if k in names}
        known["occurred_at"] = require_utc(datetime.fromisoformat(str(payload["occurred_at"])))
        return cls(**known)  # type: ignore[arg-type] # the payload is JSON: its values are checked by use
