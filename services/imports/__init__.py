"""Imports: components, incidents, subscribers and probes of other products, brought over once, with a report."""

from services.imports.bringing import Imports, Shelves, Upload
from services.imports.report import Line, Report
from services.imports.sources import SOURCES

__all__ = ["SOURCES", "Imports", "Line", "Report", "Shelves", "Upload"]
