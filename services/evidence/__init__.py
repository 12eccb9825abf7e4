"""Evidence: who changed what, when and why, for those who audit it."""

from services.evidence.pulse import Pulse
from services.evidence.trail import AuditTrail
from services.infra.audit import AuditEntryView

__all__ = ["AuditEntryView", "AuditTrail", "Pulse"]
