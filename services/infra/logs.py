"""Logs: one JSON line an event, for our code and every library, without secrets and personal values.

Everything goes through one handler at the root; what a line may not say is decided in `redaction`, last of all.
"""

import contextlib
import json
import logging
import sys
import threading
import traceback
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any, TextIO

import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter

from services.infra import redaction
from services.infra.settings import Settings
from services.infra.telemetry import current_span_id, current_trace_id
from services.infra.uow import running
from services.kernel.context import current_actor, current_correlation
from services.kernel.errors import DomainError

LINE_LENGTH_MAX = 16_384
TRACEBACK_LENGTH_MAX = 8_000

_Entry = MutableMapping[str, Any]
_OWN = ("timestamp", "level", "event", "logger", "correlation_id", "trace_id", "span_id", "actor_kind", "actor_id")
_CHATTY = ("httpx", "httpcore", "urllib3", "apscheduler", "alembic", "dbos")


def start_logging(settings: Settings, process: str, stream: TextIO | None = None) -> None:
    """Send every logger's lines to one stream, standard error by default; call once, at the start of a process."""
    redaction.protect(
        settings.secret_key.get_secret_value(), settings.master_keyset.get_secret_value(), settings.demo_key
    )
    handler = SafeHandler(stream or sys.stderr)
    handler.setFormatter(_Lines(process, settings.release, console=settings.log_format == "console"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    logging.captureWarnings(capture=True)
    adopt_loggers()
    structlog.configure(
        processors=[structlog.contextvars.merge_contextvars, ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    _catch_uncaught()


def adopt_loggers() -> None:
    """Take the loggers that libraries gave handlers of their own; call again after a library configured its own."""
    for name in list(logging.root.manager.loggerDict):
        adopted = logging.getLogger(name)
        adopted.handlers.clear()
        adopted.propagate, adopted.disabled = True, False
    # DBOS makes itself a handler where its logger has none.
    logging.getLogger("dbos").addHandler(logging.NullHandler())
    for name in _CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.root.level))


def granian_logging(settings: Settings, process: str) -> dict[str, Any]:
    """Return the logging configuration that Granian takes, so that its own processes write the same lines."""
    own = {"handlers": ["greenlight"], "level": settings.log_level.upper(), "propagate": False}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "greenlight": {
                "()": "services.infra.logs.make_formatter",
                "process": process,
                "release": settings.release,
                "console": settings.log_format == "console",
            }
        },
        "handlers": {
            "greenlight": {
                "class": "services.infra.logs.SafeHandler",
                "formatter": "greenlight",
                "stream": "ext://sys.stderr",
            }
        },
        "loggers": {"_granian": own, "granian.access": own},
    }


def make_formatter(process: str, release: str, *, console: bool = False) -> logging.Formatter:
    """Return the formatter of our lines, for configurations by dictionary."""
    return _Lines(process, release, console=console)


class SafeHandler(logging.StreamHandler[TextIO]):
    """A handler that stays silent where its stream is gone; the standard one would print the raw record."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the library's name
        """Drop the line."""


class _Lines(ProcessorFormatter):
    """Formats a record as one line, and never raises."""

    def __init__(self, process: str, release: str, *, console: bool) -> None:
        self._process, self._release = process, release
        super().__init__(
            foreign_pre_chain=[ExtraAdder()], processors=[self._identified, _console_line if console else _json_line]
        )

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record; where that fails, a line that says so."""
        try:
            return super().format(_safe_copy(record))
        except Exception as error:  # noqa: BLE001 -- logging must not fail
            lost = {"event": "log_record_unreadable", "reason": type(error).__name__, "_record": record}
            return _json_line(None, "", self._identified(None, "", lost))

    def _identified(self, _: object, __: str, entry: _Entry) -> _Entry:
        record: logging.LogRecord = entry.pop("_record")
        entry.pop("_from_structlog", None)
        error = _exception_of(entry)
        event = redaction.redact_text(str(entry.pop("event", "")))
        said = redaction.redact_mapping({k: v for k, v in entry.items() if k not in _OWN})
        ids, scope = current_correlation(), running()
        actor = scope.actor if scope else current_actor()
        own = {
            "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": event,
            "logger": record.name,
            "correlation_id": redaction.redact_text(ids.correlation_id) if ids else None,
            "trace_id": current_trace_id() or (ids.trace_id if ids else None),
            "span_id": current_span_id(),
            "actor_kind": actor.kind if actor else None,
            "actor_id": redaction.redact_text(actor.id) if actor else None,
            "process": self._process,
            "release": self._release,
        }
        return {**own, **{k: v for k, v in said.items() if k not in own}, **error}


def _safe_copy(record: logging.LogRecord) -> logging.LogRecord:
    """Return a copy whose arguments are redacted while they still have keys, and whose message takes them or not."""
    copy = logging.makeLogRecord(record.__dict__)
    if isinstance(record.msg, dict) and hasattr(record, "_name"):
        return copy
    args = record.args
    if args:
        copy.args = redaction.redact_mapping(args) if isinstance(args, dict) else tuple(map(redaction.redact, args))
    try:
        copy.msg = copy.getMessage()
    except Exception:  # noqa: BLE001 -- a wrong format must not lose the line
        copy.msg = f"{record.msg} {copy.args}"
    copy.args = ()
    return copy


def _exception_of(entry: _Entry) -> dict[str, object]:
    """Take the exception out of an entry and return it as type, code and redacted traceback."""
    info, stack = entry.pop("exc_info", None), entry.pop("stack_info", None)
    if info is True or (isinstance(info, tuple) and info[:1] == (None,)):
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else info[1] if isinstance(info, tuple) else None
    found: dict[str, object] = {}
    if stack:
        found["stack"] = redaction.redact_text(str(stack), length_max=TRACEBACK_LENGTH_MAX)
    if error is not None:
        found["error_type"] = type(error).__name__
        found["exception"] = redaction.redact_text(_traceback(error), length_max=TRACEBACK_LENGTH_MAX)
    if isinstance(error, DomainError):
        found["error_code"] = error.code
    return found


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error)).rstrip()
    except Exception:  # noqa: BLE001 -- an exception whose own text fails
        return type(error).__name__


def _json_line(_: object, __: str, entry: _Entry) -> str:
    line = json.dumps(entry, default=str)
    if len(line) <= LINE_LENGTH_MAX:
        return line
    short = {
        key: value for key, value in entry.items() if key in {*_OWN, "process", "release", "error_type", "error_code"}
    }
    tail = str(entry.get("exception", ""))[-TRACEBACK_LENGTH_MAX // 4 :]
    return json.dumps({**short, "cut_from": len(line), **({"exception": tail} if tail else {})}, default=str)


def _console_line(_: object, __: str, entry: _Entry) -> str:
    exception = str(entry.pop("exception", ""))
    time, level, event = (entry.pop(key) for key in ("timestamp", "level", "event"))
    said = " ".join(f"{key}={json.dumps(value, default=str)}" for key, value in entry.items() if value is not None)
    # As JSON strings, without their quotes: no control character reaches the terminal.
    line = f"{time[11:23]} {level:<8} {json.dumps(event)[1:-1]}  {said}"[:LINE_LENGTH_MAX]
    return "\n    ".join([line, *(json.dumps(part)[1:-1] for part in exception.splitlines())])


def _catch_uncaught() -> None:
    """Log what nobody caught, which Python would print raw."""
    log = logging.getLogger("greenlight.uncaught")

    def of_main(kind: type[BaseException], error: BaseException, _: object) -> None:
        if issubclass(kind, KeyboardInterrupt):
            return
        log.critical("uncaught_exception", exc_info=error)

    def of_thread(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            name = args.thread.name if args.thread else "?"
            log.critical("uncaught_exception", exc_info=args.exc_value, extra={"thread_name": name})

    def of_finaliser(args: "sys.UnraisableHookArgs") -> None:
        with contextlib.suppress(Exception):
            log.error("unraisable_exception", exc_info=args.exc_value)

    sys.excepthook, threading.excepthook, sys.unraisablehook = of_main, of_thread, of_finaliser
