"""Ids that audit entries mention."""

import json
import re

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BATCH = 1_000
_ID = re.compile(r'"([a-z]{2,5}_[0-9a-f]{32})"')


def upgrade() -> None:
    """Go to this revision."""
    op.create_table(
        "audit_mentions",
        sa.Column("entry_id", sa.String(), nullable=False),
        sa.Column("mentioned_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["entry_id"], ["audit_entries.id"], name=op.f("fk_audit_mentions_entry_id")),
        sa.PrimaryKeyConstraint("entry_id", "mentioned_id", name=op.f("pk_audit_mentions")),
    )
    with op.batch_alter_table("audit_mentions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_mentions_mentioned_id"), ["mentioned_id"], unique=False)
    _find_in_older_entries(op.get_bind())


def _find_in_older_entries(connection: sa.Connection) -> None:
    entries = sa.table("audit_entries", sa.column("id", sa.String), sa.column("leaf", sa.LargeBinary))
    mentions = sa.table("audit_mentions", sa.column("entry_id"), sa.column("mentioned_id"))
    after = ""
    while True:
        chosen = sa.select(entries).where(entries.c.id > after).order_by(entries.c.id).limit(_BATCH)
        batch = connection.execute(chosen).all()
        if not batch:
            return
        found = [
            {"entry_id": entry_id, "mentioned_id": each}
            for entry_id, leaf in batch
            for each in sorted(set(_ID.findall(json.dumps(json.loads(leaf)["facts"]))))
        ]
        if found:
            connection.execute(sa.insert(mentions), found)
        after = batch[-1].id


def downgrade() -> None:
    """Go back to the revision before."""
    with op.batch_alter_table("audit_mentions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_audit_mentions_mentioned_id"))

    op.drop_table("audit_mentions")
