"""Probes: what is watched, from where, what was found, and what the vantages together come to."""

from services.probes.assembly import Probes, make_probes
from services.probes.views import ProbeDraft, ProbeView, VantageView

__all__ = ["ProbeDraft", "ProbeView", "Probes", "VantageView", "make_probes"]
