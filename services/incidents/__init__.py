"""Incidents and maintenance: what the public is told, from the first word to the post-mortem."""

from services.incidents.assembly import Incidents, make_incidents
from services.incidents.reads import IncidentReads

__all__ = ["IncidentReads", "Incidents", "make_incidents"]
