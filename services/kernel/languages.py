"""The languages that public pages speak; one is added here, with its catalogues (docs/status-page.md)."""

from typing import Final

SOURCE: Final = "en"
"""The language in which texts stand in the code: a text that a catalogue lacks is said in it."""
LANGUAGES: Final = (SOURCE, "de")
