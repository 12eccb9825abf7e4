"""Logs are JSON lines with their context, whoever writes them and whatever is in them."""

import io
import json
import logging
import logging.config
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog

from services.infra import logs
from services.infra.telemetry import span
from services.kernel.context import JobActor, UserActor, acting_as, correlated, new_correlation
from services.kernel.errors import Invalid
from tests.infra.logging_lines import Lines, captured, make_settings

log = logging.getLogger("greenlight.test")
NAN = float("nan")
TWO = "too many %s %s"


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


@pytest.fixture
def lines(tmp_path: Path) -> Iterator[Lines]:
    with captured(make_settings(tmp_path, release="2026.11")) as found:
        yield found


@pytest.mark.capability("ERR-5")
def test_a_line_is_one_json_object_with_time_level_event_logger_process_and_release(lines: Lines) -> None:
    before = datetime.now(UTC)  # noqa: TID251 -- log records read the machine's clock
    log.warning("payout %s stopped", "pay_1", extra={"attempt": 3})
    entry = lines.last
    assert {k: entry[k] for k in ("level", "event", "logger", "process", "release", "attempt")} == {
        "level": "warning",
        "event": "payout pay_1 stopped",
        "logger": "greenlight.test",
        "process": "test",
        "release": "2026.11",
        "attempt": 3,
    }
    written = datetime.fromisoformat(str(entry["timestamp"]))
    assert written.utcoffset() is not None
    assert abs((written - before).total_seconds()) < 5


@pytest.mark.capability("ERR-2")
def test_a_line_names_the_request_and_the_actor_it_belongs_to(lines: Lines) -> None:
    ids = new_correlation("order-2026-0001")
    with correlated(ids), acting_as(UserActor("usr_7", frozenset())):
        log.info("inside")
    log.info("outside")
    inside, outside = lines.entries
    assert (inside["correlation_id"], inside["trace_id"]) == ("order-2026-0001", ids.trace_id)
    assert (inside["actor_kind"], inside["actor_id"]) == ("user", "usr_7")
    assert [outside[k] for k in ("correlation_id", "trace_id", "span_id", "actor_kind", "actor_id")] == [None] * 5


@pytest.mark.capability("ERR-2")
def test_a_line_inside_work_without_a_request_names_the_trace_of_its_span(lines: Lines) -> None:
    with span("roll up") as opened:
        log.info("working")
    context = opened.get_span_context()
    if context.is_valid:
        assert lines.last["trace_id"] == f"{context.trace_id:032x}"
        assert lines.last["span_id"] == f"{context.span_id:016x}"
    assert str(lines.last["correlation_id"]).startswith("cor_")


def test_structlog_and_the_standard_library_write_the_same_lines(lines: Lines) -> None:
    structlog.get_logger("greenlight.test").info("sent", mails=2)
    log.info("sent", extra={"mails": 2})
    first, second = lines.entries
    first.pop("timestamp"), second.pop("timestamp")
    assert first == second


def test_libraries_that_brought_handlers_of_their_own_write_our_lines(lines: Lines) -> None:
    foreign = logging.getLogger("_granian")
    stray = io.StringIO()
    foreign.addHandler(logging.StreamHandler(stray))
    foreign.propagate = False
    logs.adopt_loggers()
    foreign.error("worker died")
    assert stray.getvalue() == ""
    assert lines.last["event"] == "worker died"


@pytest.mark.parametrize("name", ["werkzeug", "_granian", "sqlalchemy.engine", "dbos", "apscheduler.scheduler"])
def test_every_library_writes_json(lines: Lines, name: str) -> None:
    logging.getLogger(name).error("trouble at %s:%d", "here", 5)
    assert lines.last["event"] == "trouble at here:5"
    assert lines.last["logger"] == name


def test_dbos_does_not_add_a_handler_of_its_own_afterwards(lines: Lines) -> None:
    from dbos._logger import init_logger  # noqa: PLC0415 -- as DBOS itself calls it, later

    init_logger()
    logging.getLogger("dbos").error("recovering")
    assert lines.last["event"] == "recovering"


def test_granian_takes_our_lines_by_its_dictionary(tmp_path: Path) -> None:
    config = logs.granian_logging(make_settings(tmp_path), "web")
    config["handlers"]["greenlight"]["stream"] = stream = io.StringIO()
    logger = logging.getLogger("granian.access")
    before = (list(logger.handlers), logger.propagate)
    try:
        logging.config.dictConfig(config)
        logger.error('GET /account/reset?token=abcdef from 203.0.113.9 "%s"', "curl")
    finally:
        logger.handlers[:], logger.propagate = before[0], before[1]
    entry = json.loads(stream.getvalue())
    assert entry["process"] == "web"
    assert "abcdef" not in stream.getvalue()
    assert "203.0.113.9" not in stream.getvalue()


def test_an_exception_stands_in_the_line_with_its_type_code_and_traceback(lines: Lines) -> None:
    log.error("refused", exc_info=raised(Invalid("amount_invalid", "Give an amount.")))
    entry = lines.last
    assert (entry["error_type"], entry["error_code"]) == ("Invalid", "amount_invalid")
    assert "test_logs.py" in str(entry["exception"])
    assert len(lines.text.splitlines()) == 1


@pytest.mark.capability("ERR-5")
@pytest.mark.parametrize(
    "poison", ["a\nb", 'a\r\n{"event":"forged"}', "\x1b[2Jcleared", "\u2028line", "\x00nul", "\ud800"]
)
def test_no_value_starts_a_line_of_its_own(lines: Lines, poison: str) -> None:
    log.info("got %s", poison, extra={"also": poison, "nested": {poison: [poison]}})
    assert len(lines.text.split("\n")) == 2
    assert lines.text.isascii()
    assert "\x1b" not in lines.text
    assert lines.last["level"] == "info"


def test_lines_on_a_terminal_carry_no_control_characters(tmp_path: Path) -> None:
    with captured(make_settings(tmp_path, log_format="console")) as lines:
        log.info("got %s", "\x1b[2J\nforged line", extra={"also": "\x1b[31m"})
    assert "\x1b" not in lines.text
    assert len(lines.text.splitlines()) == 1


class Hostile:
    """An object whose every text fails."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    __str__ = __repr__

    def __iter__(self) -> Iterator[object]:
        raise RuntimeError("no items")

    def __len__(self) -> int:
        raise RuntimeError("no length")


class HostileError(Exception):
    """An exception whose text fails."""

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.capability("ERR-5")
def test_logging_never_raises_whatever_it_is_given(tmp_path: Path) -> None:
    cyclic: dict[str, object] = {}
    cyclic["self"] = cyclic
    with captured(make_settings(tmp_path)) as lines:
        log.info(TWO, "one")
        log.info("wrong kind %d", "text")
        log.info("%(absent)s", {"present": 1})
        log.info(Hostile())
        log.info("hostile %s", Hostile(), extra={"cyclic": cyclic, "hostile": Hostile(), "bytes": b"\xff", "nan": NAN})
        log.info("kind", extra={"kind": Hostile, "range": range(10**9), "timestamp": "forged", "level": "forged"})
        log.info("generator", extra={"lazy": (i for i in range(3))})
        log.error("failed", exc_info=raised(HostileError()))
    assert len(lines.entries) == 8
    assert [entry["level"] for entry in lines.entries] == ["info"] * 7 + ["error"]
    assert all(entry["timestamp"] != "forged" for entry in lines.entries)


def test_a_line_has_a_bounded_length_and_keeps_who_and_when(lines: Lines) -> None:
    log.info("x" * 10**6, extra={f"key{i}": "word " * 10_000 for i in range(200)})
    log.info("deep", extra={"deep": json.loads("[" * 500 + "]" * 500)})
    assert max(map(len, lines.text.splitlines())) <= logs.LINE_LENGTH_MAX
    assert [entry["level"] for entry in lines.entries] == ["info", "info"]


def test_a_long_traceback_keeps_its_end(lines: Lines) -> None:
    def deeper(n: int) -> None:
        if n == 0:
            raise ValueError("the very end")
        deeper(n - 1)

    try:
        deeper(300)
    except ValueError:
        log.exception("deep")
    assert str(lines.last["exception"]).endswith("the very end")


def test_a_stream_that_is_gone_does_not_stop_the_work(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with captured(make_settings(tmp_path)) as lines:
        lines.stream.close()
        log.error("password=hunter2")
        lines.stream = io.StringIO()
    assert capsys.readouterr().err == ""


def test_dataclasses_and_actors_are_logged_by_field(lines: Lines) -> None:
    log.info("acting", extra={"by": JobActor("roll-up", frozenset({"metrics.write"}))})
    assert lines.last["by"] == {"name": "roll-up", "permissions": ["metrics.write"], "kind": "job"}


def test_warnings_and_uncaught_exceptions_of_threads_become_lines(lines: Lines) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("mail to alice@example.com bounced", UserWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: 1 / 0, name="worker-3")
    thread.start()
    thread.join()
    by_logger = {entry["logger"]: entry for entry in lines.entries}
    assert "alice@example.com" not in lines.text
    assert by_logger["greenlight.uncaught"]["error_type"] == "ZeroDivisionError"
    assert by_logger["greenlight.uncaught"]["thread_name"] == "worker-3"


@pytest.mark.capability("ERR-5")
def test_an_uncaught_exception_ends_the_process_with_one_line_and_no_raw_traceback(tmp_path: Path) -> None:
    program = (
        "import sys; from services.infra import logs, settings\n"
        f"logs.start_logging(settings.read({{'GREENLIGHT_DATA_DIR': {str(tmp_path)!r}}}), 'web')\n"
        "raise ValueError('bearer abcdef0123456789 of bob@example.com')\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout == ""
    entry = json.loads(done.stderr)
    assert entry["error_type"] == "ValueError"
    assert "abcdef0123456789" not in done.stderr
    assert "bob@example.com" not in done.stderr


def test_log_level_is_a_setting(tmp_path: Path) -> None:
    with captured(make_settings(tmp_path, log_level="error")) as lines:
        log.warning("unheard")
        log.error("heard")
    assert [entry["event"] for entry in lines.entries] == ["heard"]


def test_a_line_of_four_fields_is_cheap(tmp_path: Path) -> None:
    """A bound against accidents such as a quadratic pattern, not a benchmark."""
    with captured(make_settings(tmp_path)) as lines:
        started = time.thread_time()
        for _ in range(500):
            log.info("GET %s", "/status/", extra={"status": 200, "took_ms": 1.5, "sent_bytes": 2_800, "surface": "api"})
        took_seconds = time.thread_time() - started
    assert len(lines.entries) == 500
    assert took_seconds < 1
