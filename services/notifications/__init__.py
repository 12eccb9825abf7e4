"""Notifications: letters to people, composed from facts and delivered by mail."""

from services.notifications.messages import Messages
from services.notifications.ports import Mail, MailGateway, MailRefused, MailUnavailable
from services.notifications.reactions import Post
from services.notifications.subscriber_post import SubscriberMessages, SubscriberPost

__all__ = [
    "Mail",
    "MailGateway",
    "MailRefused",
    "MailUnavailable",
    "Messages",
    "Post",
    "SubscriberMessages",
    "SubscriberPost",
]
