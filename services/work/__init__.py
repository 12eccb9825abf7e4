"""Durable work as operators see it: what waits, runs and failed, why, and what they can do about it."""

from services.work.console import Work
from services.work.reactions import subscriptions
from services.work.retries import Retries, Retry
from services.work.views import FailedWorkView, OpenWorkView, ProcessView, WorkCounts

__all__ = ["FailedWorkView", "OpenWorkView", "ProcessView", "Retries", "Retry", "Work", "WorkCounts", "subscriptions"]
