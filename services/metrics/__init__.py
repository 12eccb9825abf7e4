"""What is measured, how it is kept, and what it says: player reports in, service levels out."""

from services.metrics.catalogue import METRICS, Dimensions, Observation
from services.metrics.door import Door, DoorPolicy
from services.metrics.exposition import Exposition
from services.metrics.figures import GRAINS, Figures
from services.metrics.intake import FoldReport, Intake
from services.metrics.ports import MetricStore, Summary, Window
from services.metrics.recording import Recording
from services.metrics.slis import SLIS, Sli
from services.metrics.store import SqlMetricStore
from services.metrics.views import CompanionView, FigureState, FigureView, PlaySessionView, PointView

__all__ = [
    "GRAINS",
    "METRICS",
    "SLIS",
    "CompanionView",
    "Dimensions",
    "Door",
    "DoorPolicy",
    "Exposition",
    "FigureState",
    "FigureView",
    "Figures",
    "FoldReport",
    "Intake",
    "MetricStore",
    "Observation",
    "PlaySessionView",
    "PointView",
    "Recording",
    "Sli",
    "SqlMetricStore",
    "Summary",
    "Window",
]
