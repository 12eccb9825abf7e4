"""Subscribers: who wants to hear what of the status page, and what they were told."""
