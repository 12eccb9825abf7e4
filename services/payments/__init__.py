"""Payments: what titles cost, orders and how they are paid, and payouts to creators."""

from services.payments.assembly import Payments
from services.payments.ports import PaymentGateway, ProcessorRefused, ProcessorUnavailable
from services.payments.reactions import Teller

__all__ = ["PaymentGateway", "Payments", "ProcessorRefused", "ProcessorUnavailable", "Teller"]
