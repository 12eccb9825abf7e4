"""The base of the facts that domains publish: frozen, in the past tense, JSON-shaped."""

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import datetime
from typing import ClassVar, Self

from services.kernel.clock import require_utc
from services.kernel.ids import new_id


@dataclass(frozen=True, kw_only=True)
class Fact:
    """Something that became true in a transaction.

    A subclass names its `topic` (`<domain>.<past_tense>`) and has fields of JSON types only: ids and plain values,
    never personal data in clear and never a secret, since a fact is stored by the durable queue.
    """

    topic: ClassVar[str]
    registry: ClassVar[dict[str, type["Fact"]]] = {}

    occurred_at: datetime
    fact_id: str = field(default_factory=lambda: new_id("fct"), compare=False)
    """One fact has one id, so that publishing it twice reaches each subscriber once."""

    def __init_subclass__(cls, **kwargs: object) -> None:
        super().__init_subclass__(**kwargs)
        if not isinstance(getattr(cls, "topic", None), str):
            raise TypeError(f"The fact {cls.__qualname__} names no topic.")
        # `@dataclass(slots=True)` makes a second class of the same name: the last one is the real one.
        other = Fact.registry.get(cls.topic, cls)
        if (other.__module__, other.__name__) != (cls.__module__, cls.__name__):
            raise TypeError(f"Two facts share the topic {cls.topic}: {other.__qualname__} and {cls.__qualname__}.")
        Fact.registry[cls.topic] = cls

    def __post_init__(self) -> None:
        """Hold the instant in UTC, so that a naive one fails where it is published and not where it arrives."""
        object.__setattr__(self, "occurred_at", require_utc(self.occurred_at))

    def payload(self) -> dict[str, object]:
        """Return the fact as JSON values.

        Raises: TypeError or ValueError for a value that JSON cannot carry.
        """
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        json.dumps(payload := {**values, "occurred_at": self.occurred_at.isoformat()}, allow_nan=False)
        return payload

    @classmethod
    def from_payload(cls, payload: dict[str, object]) -> Self:
        """Return the fact that a payload describes: fields that it does not know are left out.

        Raises: TypeError where a field without a default is missing.
        """
        known = {f.name: _restored(f, payload[f.name]) for f in dataclasses.fields(cls) if f.name in payload}
        known["occurred_at"] = require_utc(datetime.fromisoformat(str(payload["occurred_at"])))
        return cls(**known)  # type: ignore[arg-type] # the payload is JSON: its values are checked by use


def _restored(declared: "dataclasses.Field[object]", value: object) -> object:
    """Return a JSON array as the tuple that the field declares."""
    return tuple(value) if isinstance(value, list) and str(declared.type).startswith("tuple") else value
