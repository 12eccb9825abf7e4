"""Where things lie in the tree."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = VENV / "var" / "stamps"
RESULTS = ROOT / "test-results"
