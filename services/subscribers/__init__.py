"""Subscribers: who wants to hear what of the status page, and what they were told."""

from services.subscribers.assembly import Subscribers, SubscriptionDoor, make_subscribers
from services.subscribers.payloads import Site
from services.subscribers.reactions import Hearing
from services.subscribers.rules import Channel, Choices

__all__ = ["Channel", "Choices", "Hearing", "Site", "Subscribers", "SubscriptionDoor", "make_subscribers"]
