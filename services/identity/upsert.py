"""Rows that several transactions may make at the same time."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.infra.db import Base


def insert_if_absent(session: Session, table: type[Base], values: dict[str, object]) -> None:
    """Insert a row, unless its key is taken already or by somebody else meanwhile."""
    make = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.execute(make(table).values(values).on_conflict_do_nothing())
