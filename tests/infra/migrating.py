"""Migrates a database and says on standard output when each step begins, so that a test can kill it there."""

import sys

import sqlalchemy as sa
from sqlalchemy import event

from services.infra.migrate import migrate


def announce(statement: str) -> None:
    """Write one word to whoever watches, and wait for the answer."""
    print(statement, flush=True)
    sys.stdin.readline()


def announce_changes(_: object, __: object, statement: str, *___: object) -> None:
    """Announce every statement that changes something, before it runs."""
    if statement.strip().upper().startswith(("CREATE", "INSERT", "UPDATE", "ALTER", "DROP")):
        announce(" ".join(statement.split())[:80])


if __name__ == "__main__":
    if sys.argv[2:] == ["watched"]:
        event.listen(sa.Engine, "before_cursor_execute", announce_changes)
    migrate(sys.argv[1])
    print("migrated", flush=True)
