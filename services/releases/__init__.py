"""Releases: when which version went live, as marks on the charts of what happened then."""

from services.releases.deploys import Releases
from services.releases.views import ReleaseView

__all__ = ["ReleaseView", "Releases"]
