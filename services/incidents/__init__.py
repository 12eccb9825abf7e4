"""Incidents and maintenance: what the public is told, from the first word to the post-mortem."""
