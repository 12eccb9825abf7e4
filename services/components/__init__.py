"""Components: what people depend on, how each stands, and how that was over time."""

from services.components.arranging import ComponentDraft
from services.components.assembly import ComponentVerbs, make_components

__all__ = ["ComponentDraft", "ComponentVerbs", "make_components"]
