"""The tables of catalogue."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_catalogue_titles()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("catalogue_titles")


def _create_catalogue_titles() -> None:
    op.create_table(
        "catalogue_titles",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("creator_name", sa.String(), nullable=False),
        sa.Column("attribution", sa.String(), nullable=False),
        sa.Column("duration_seconds", sa.Integer(), nullable=False),
        sa.Column("hls_path", sa.String(), nullable=False),
        sa.Column("poster_path", sa.String(), nullable=False),
        sa.Column("thumbnail_path", sa.String(), nullable=False),
        sa.Column("origin", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_catalogue_titles")),
        sa.UniqueConstraint("slug", name=op.f("uq_catalogue_titles_slug")),
    )
    op.create_index(op.f("ix_catalogue_titles_origin"), "catalogue_titles", ["origin"], unique=False)
