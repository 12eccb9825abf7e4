"""Captures the lines that a process with our logging would write, and puts everything back."""

import io
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import structlog

from services.infra import logs
from services.infra.settings import Settings, read


class Lines:
    """What was logged."""

    def __init__(self) -> None:
        self.stream = io.StringIO()

    @property
    def text(self) -> str:
        """Everything as it would stand in a file."""
        return self.stream.getvalue()

    @property
    def entries(self) -> list[dict[str, object]]:
        """Every line as the object that it holds."""
        return [json.loads(line) for line in self.text.splitlines()]

    @property
    def last(self) -> dict[str, object]:
        """The line written last."""
        return self.entries[-1]

    def clear(self) -> None:
        """Forget what was logged."""
        self.stream.seek(0)
        self.stream.truncate()


@contextmanager
def captured(settings: Settings) -> Iterator[Lines]:
    """Run with our logging, as `start_logging` sets it up."""
    root = logging.getLogger()
    handlers, level, hooks = list(root.handlers), root.level, (sys.excepthook, threading.excepthook, sys.unraisablehook)
    lines = Lines()
    logs.start_logging(settings, "test", lines.stream)
    try:
        yield lines
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
        logging.captureWarnings(capture=False)
        warnings.resetwarnings()
        structlog.reset_defaults()


def make_settings(tmp_path: object, **values: str) -> Settings:
    """Return settings that touch nothing but a folder of the test's own."""
    return read({"GREENLIGHT_DATA_DIR": str(tmp_path), **{f"GREENLIGHT_{k.upper()}": v for k, v in values.items()}})
