"""Every table of the product in one metadata, for migrations and for tests."""

import services.catalogue.tables
import services.components.tables
import services.identity.tables
import services.imports.tables
import services.incidents.tables
import services.infra.audit
import services.infra.crypto
import services.infra.durable.tables
import services.metrics.tables
import services.notifications.tables
import services.partners.tables
import services.payments.tables
import services.probes.tables
import services.releases.tables
import services.shares.tables
import services.slas.tables
import services.subscribers.tables
import services.webhooks.tables  # noqa: F401 -- imported for their tables
from services.infra.db import Base

metadata = Base.metadata
