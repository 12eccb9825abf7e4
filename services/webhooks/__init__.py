"""Webhooks: signed messages to programs elsewhere, tried for days, each attempt kept."""

from services.webhooks.console import Console
from services.webhooks.deliveries import Deliveries
from services.webhooks.desk import Desk
from services.webhooks.sender import Sender

__all__ = ["Console", "Deliveries", "Desk", "Sender"]
