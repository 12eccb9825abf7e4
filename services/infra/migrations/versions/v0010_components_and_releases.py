"""The tables of components and of releases."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    _create_components_groups()
    _create_components_statements()
    _create_releases_deploys()
    _create_components_components()
    _create_components_group_days()
    _create_components_days()
    _create_components_dependencies()
    _create_components_parts()
    _create_components_sources()
    _create_components_spans()


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("components_spans")
    op.drop_table("components_sources")
    op.drop_table("components_parts")
    op.drop_table("components_dependencies")
    op.drop_table("components_days")
    op.drop_table("components_group_days")
    op.drop_table("components_components")
    op.drop_table("releases_deploys")
    op.drop_table("components_statements")
    op.drop_table("components_groups")


def _create_components_groups() -> None:
    op.create_table(
        "components_groups",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("rolled_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_components_groups")),
    )
    op.create_index(op.f("ix_components_groups_origin"), "components_groups", ["origin"], unique=False)


def _create_components_statements() -> None:
    op.create_table(
        "components_statements",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.Column("said", sa.BigInteger(), nullable=False),
        sa.Column("starts_ms", sa.BigInteger(), nullable=False),
        sa.Column("ends_ms", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("retroactive", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_components_statements")),
    )
    op.create_index(
        "ix_components_statements_source", "components_statements", ["kind", "source_id", "said"], unique=False
    )


def _create_releases_deploys() -> None:
    op.create_table(
        "releases_deploys",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("version", sa.String(length=100), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("deployed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_releases_deploys")),
    )
    op.create_index(op.f("ix_releases_deploys_deployed_at"), "releases_deploys", ["deployed_at"], unique=False)
    op.create_index(op.f("ix_releases_deploys_origin"), "releases_deploys", ["origin"], unique=False)


def _create_components_components() -> None:
    op.create_table(
        "components_components",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("group_id", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("manual", sa.Boolean(), nullable=False),
        sa.Column("showcase", sa.Boolean(), nullable=False),
        sa.Column("only_show_if_degraded", sa.Boolean(), nullable=False),
        sa.Column("start_on", sa.Date(), nullable=True),
        sa.Column("origin", sa.String(length=8), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("status_since_ms", sa.BigInteger(), nullable=False),
        sa.Column("status_reason", sa.String(), nullable=False),
        sa.Column("overridden", sa.Boolean(), nullable=False),
        sa.Column("next_change_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["group_id"], ["components_groups.id"], name=op.f("fk_components_components_group_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_components_components")),
    )
    op.create_index(op.f("ix_components_components_group_id"), "components_components", ["group_id"], unique=False)
    op.create_index(
        op.f("ix_components_components_next_change_ms"), "components_components", ["next_change_ms"], unique=False
    )
    op.create_index(op.f("ix_components_components_origin"), "components_components", ["origin"], unique=False)


def _create_components_group_days() -> None:
    op.create_table(
        "components_group_days",
        sa.Column("group_id", sa.String(length=64), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("operational_ms", sa.BigInteger(), nullable=False),
        sa.Column("degraded_ms", sa.BigInteger(), nullable=False),
        sa.Column("partial_ms", sa.BigInteger(), nullable=False),
        sa.Column("major_ms", sa.BigInteger(), nullable=False),
        sa.Column("maintenance_ms", sa.BigInteger(), nullable=False),
        sa.Column("unknown_ms", sa.BigInteger(), nullable=False),
        sa.Column("worst_rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["components_groups.id"], name=op.f("fk_components_group_days_group_id")),
        sa.PrimaryKeyConstraint("group_id", "day_on", name=op.f("pk_components_group_days")),
    )


def _create_components_days() -> None:
    op.create_table(
        "components_days",
        sa.Column("component_id", sa.String(length=64), nullable=False),
        sa.Column("day_on", sa.Date(), nullable=False),
        sa.Column("operational_ms", sa.BigInteger(), nullable=False),
        sa.Column("degraded_ms", sa.BigInteger(), nullable=False),
        sa.Column("partial_ms", sa.BigInteger(), nullable=False),
        sa.Column("major_ms", sa.BigInteger(), nullable=False),
        sa.Column("maintenance_ms", sa.BigInteger(), nullable=False),
        sa.Column("unknown_ms", sa.BigInteger(), nullable=False),
        sa.Column("worst_rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components_components.id"], name=op.f("fk_components_days_component_id")
        ),
        sa.PrimaryKeyConstraint("component_id", "day_on", name=op.f("pk_components_days")),
    )


def _create_components_dependencies() -> None:
    op.create_table(
        "components_dependencies",
        sa.Column("component_id", sa.String(length=64), nullable=False),
        sa.Column("depends_on_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components_components.id"], name=op.f("fk_components_dependencies_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["depends_on_id"], ["components_components.id"], name=op.f("fk_components_dependencies_depends_on_id")
        ),
        sa.PrimaryKeyConstraint("component_id", "depends_on_id", name=op.f("pk_components_dependencies")),
    )
    op.create_index(
        op.f("ix_components_dependencies_depends_on_id"), "components_dependencies", ["depends_on_id"], unique=False
    )


def _create_components_parts() -> None:
    op.create_table(
        "components_parts",
        sa.Column("statement_id", sa.String(length=64), nullable=False),
        sa.Column("component_id", sa.String(length=64), nullable=False),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components_components.id"], name=op.f("fk_components_parts_component_id")
        ),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["components_statements.id"], name=op.f("fk_components_parts_statement_id")
        ),
        sa.PrimaryKeyConstraint("statement_id", "component_id", name=op.f("pk_components_parts")),
    )
    op.create_index(op.f("ix_components_parts_component_id"), "components_parts", ["component_id"], unique=False)


def _create_components_sources() -> None:
    op.create_table(
        "components_sources",
        sa.Column("component_id", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("source_id", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components_components.id"], name=op.f("fk_components_sources_component_id")
        ),
        sa.PrimaryKeyConstraint("component_id", "kind", "source_id", name=op.f("pk_components_sources")),
    )


def _create_components_spans() -> None:
    op.create_table(
        "components_spans",
        sa.Column("component_id", sa.String(length=64), nullable=False),
        sa.Column("starts_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ends_ms", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.String(length=24), nullable=False),
        sa.Column("excused", sa.Boolean(), nullable=False),
        sa.Column("overridden", sa.Boolean(), nullable=False),
        sa.Column("long", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["component_id"], ["components_components.id"], name=op.f("fk_components_spans_component_id")
        ),
        sa.PrimaryKeyConstraint("component_id", "starts_ms", name=op.f("pk_components_spans")),
    )
    op.create_index("ix_components_spans_long", "components_spans", ["component_id", "long", "ends_ms"], unique=False)
