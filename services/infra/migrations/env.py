"""What Alembic runs: our tables only, on the connection and in the transaction that `services.infra.migrate` opened."""

from alembic import context

from services.infra.migrate import comparison_options

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    transaction_per_migration=False,
    **comparison_options(),
)
with context.begin_transaction():
    context.run_migrations()
