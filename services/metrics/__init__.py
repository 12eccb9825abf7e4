"""What is measured, how it is kept, and what it says: player reports in, service levels out."""

from services.metrics.catalogue import METRICS, Dimensions, Observation
from services.metrics.counting import CellCount, Counts
from services.metrics.door import Door, DoorPolicy
from services.metrics.exposition import Exposition
from services.metrics.figures import GRAINS, Figures
from services.metrics.intake import SESSIONS_MAX, WOKEN_MAX, FoldReport, Intake, IntakeRoom
from services.metrics.ports import MetricStore, Summary, Window
from services.metrics.recording import Recording
from services.metrics.slis import SLIS, Sli
from services.metrics.store import SqlMetricStore
from services.metrics.views import CompanionView, FigureState, FigureView, PlaySessionView, PointView

__all__ = [
    "GRAINS",
    "METRICS",
    "SESSIONS_MAX",
    "SLIS",
    "WOKEN_MAX",
    "CellCount",
    "CompanionView",
    "Counts",
    "Dimensions",
    "Door",
    "DoorPolicy",
    "Exposition",
    "FigureState",
    "FigureView",
    "Figures",
    "FoldReport",
    "Intake",
    "IntakeRoom",
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
