"""How two people who arrange at once notice each other: a version follows from everything that can be arranged."""

import hashlib
from collections.abc import Sequence

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from services.components.tables import ComponentRow, DependencyRow, GroupRow
from services.kernel.errors import Conflict

_DIGITS = 16


def component_version(row: ComponentRow, depends_on: Sequence[str]) -> str:
    """Return a component's version: the same while nobody arranges it anew, whatever its status does."""
    return _digest(
        row.name,
        row.description,
        row.group_id,
        row.manual,
        row.showcase,
        row.only_show_if_degraded,
        row.start_on,
        row.archived_at is not None,
        sorted(depends_on),
    )


def group_version(row: GroupRow) -> str:
    """Return a group's version: the same while nobody changes what it is called."""
    return _digest(row.name, row.description, row.archived_at is not None)


def check_component(session: Session, row: ComponentRow, version: str | None) -> None:
    """Refuse a change by somebody who saw another version; no version asks for no check.

    Raises: Conflict.
    """
    if version is not None:
        needs = sa.select(DependencyRow.depends_on_id).where(DependencyRow.component_id == row.id)
        _check("component", component_version(row, session.scalars(needs).all()), version)


def check_group(row: GroupRow, version: str | None) -> None:
    """Refuse a change by somebody who saw another version; no version asks for no check.

    Raises: Conflict.
    """
    if version is not None:
        _check("group", group_version(row), version)


def _check(noun: str, version: str, seen: str) -> None:
    if version != seen:
        message = (
            f"Somebody changed this {noun} while you wrote. Nothing of yours is lost: "
            f"read how it is now, and send again with its version."
        )
        raise Conflict(f"{noun}_changed", message, version=version, seen=seen[:64])


def _digest(*parts: object) -> str:
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:_DIGITS]
