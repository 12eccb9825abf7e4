"""Webhooks: signed messages to programs elsewhere, tried for days, each attempt kept."""
