"""Drafts the next migration from what the code's tables have and the migrations do not.

Usage: python -m tools.new_revision "what changes"
"""

import sys
import tempfile
from pathlib import Path

import services.schema
from services.infra.db import make_engine
from services.infra.migrate import draft, upgrade


def run(message: str) -> Path:
    """Write the draft beside the other revisions, to be read and corrected by a person, and return its file."""
    with tempfile.TemporaryDirectory() as folder:
        engine = make_engine(f"sqlite:///{folder}/draft.db")
        with engine.begin() as connection:
            upgrade(connection)
            path = draft(connection, message)
        engine.dispose()
    return path


if __name__ == "__main__":
    if len(sys.argv) != 2:  # noqa: PLR2004 -- the program and its one argument
        raise SystemExit(__doc__)
    sys.stdout.write(
        f"{run(sys.argv[1])}: {len(services.schema.metadata.tables)} tables compared; read it before you commit it\n"
    )
