"""The history of our tables, run by `services.infra.migrate`; the durable engine keeps its own beside it."""
