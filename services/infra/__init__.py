"""Machinery under the domains: settings, database, verbs, durable work, audit, crypto, telemetry."""
