"""The titles that can be watched: what they are called, who made them, and where their files lie."""

from services.catalogue.titles import Catalogue
from services.catalogue.views import TitleDraft, TitleView

__all__ = ["Catalogue", "TitleDraft", "TitleView"]
