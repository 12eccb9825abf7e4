"""Service level agreements: what is promised, how it stands, and when a promise is broken."""

from services.slas.assembly import SlaVerbs, make_slas
from services.slas.engine import LOOKER, Engine
from services.slas.terms import RevisionView, TermsView

__all__ = ["LOOKER", "Engine", "RevisionView", "SlaVerbs", "TermsView", "make_slas"]
