"""Shares: unlisted links by which somebody outside reads the investor view, until they end."""

from services.shares.links import Shares
from services.shares.views import NewShare, ShareView

__all__ = ["NewShare", "ShareView", "Shares"]
