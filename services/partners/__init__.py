"""Partners: programs that act by an API key."""

from services.partners.keys import Keys
from services.partners.views import KeyView, NewKey

__all__ = ["KeyView", "Keys", "NewKey"]
