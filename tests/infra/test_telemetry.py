"""One trace from the caller through request, verb and outgoing call, exported without what exceptions say."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from services.infra.telemetry import outgoing_headers, received, span
from services.kernel.context import correlated, current_correlation, new_correlation
from tests.infra import traced_work
from tests.infra.collector import Received, collecting


@dataclass
class Exported:
    """What the collector got and what the process printed."""

    collector: Received
    output: list[list[str]]

    def span(self, part: str) -> Span:
        """Return the span whose name holds a text."""
        return next(span for name, span in self.collector.spans.items() if part in name)


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    with collecting() as collector:
        command = [sys.executable, "-m", traced_work.__name__, collector.url, str(tmp_path_factory.mktemp("traced"))]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        yield Exported(collector, [line.split() for line in done.stdout.splitlines()])


def attributes(span: Span) -> dict[str, object]:
    return {a.key: getattr(a.value, str(a.value.WhichOneof("value"))) for a in span.attributes}


@pytest.mark.capability("ERR-2")
def test_a_request_continues_the_callers_trace_and_keeps_its_correlation_id(exported: Exported) -> None:
    root = exported.span("POST /shop/buy")
    assert root.trace_id.hex() == traced_work.TRACE
    assert root.parent_span_id.hex() == traced_work.CALLER
    assert root.kind == Span.SPAN_KIND_SERVER
    assert attributes(root)["greenlight.correlation_id"] == "checkout-0001"
    assert exported.output[0] == ["checkout-0001", traced_work.TRACE, traced_work.CALLER]


@pytest.mark.capability("ERR-2")
def test_verbs_and_outgoing_calls_are_children_of_the_request(exported: Exported) -> None:
    root, call = exported.span("POST /shop/buy"), exported.span("GET 127.0.0.1")
    failed = exported.span("fail ValueError")
    assert call.parent_span_id == failed.parent_span_id == root.span_id
    assert call.trace_id == root.trace_id
    assert call.kind == Span.SPAN_KIND_CLIENT
    assert attributes(call)["http.response.status_code"] == 204
    sent = next(headers for headers in exported.collector.requests if "x-correlation-id" in headers)
    assert sent["traceparent"] == f"00-{traced_work.TRACE}-{call.span_id.hex()}-01"
    assert sent["tracestate"] == "vendor=1"
    assert sent["x-correlation-id"] == "checkout-0001"


@pytest.mark.capability("ERR-2")
def test_work_without_a_request_has_one_trace_in_span_and_audit_row(exported: Exported) -> None:
    verb = exported.span("Coins.mint")  # exported last: the job's
    assert verb.parent_span_id == b""
    correlation_id, trace_id = exported.output[1]
    assert verb.trace_id.hex() == trace_id
    assert attributes(verb)["greenlight.correlation_id"] == correlation_id


@pytest.mark.capability("ERR-5")
def test_a_failed_span_names_the_error_and_never_what_it_says(exported: Exported) -> None:
    failed, refused = exported.span("fail ValueError"), exported.span("fail Invalid")
    assert (failed.status.code, failed.status.message) == (Status.STATUS_CODE_ERROR, "ValueError")
    assert (refused.status.code, refused.status.message) == (Status.STATUS_CODE_ERROR, "card_refused")
    assert attributes(refused)["error.type"] == "card_refused"
    everything = b"".join(span.SerializeToString() for span in exported.collector.spans.values())
    assert b"quizstar" not in everything
    assert not failed.events


def test_spans_name_service_release_and_process(exported: Exported) -> None:
    (resource,) = exported.collector.resources[:1]
    assert resource["service.name"] == "greenlight"
    assert resource["service.version"] == "r7"
    assert resource["greenlight.process"] == "web"


@pytest.mark.capability("ERR-2")
@pytest.mark.parametrize(
    "traceparent",
    [
        "",
        "nonsense",
        f"00-{'0' * 32}-{'1' * 16}-01",
        f"00-{'1' * 32}-{'0' * 16}-01",
        f"ff-{'1' * 32}-{'1' * 16}-01",
        "00-1-1-1",
    ],
)
def test_a_callers_malformed_trace_is_not_continued(traceparent: str) -> None:
    with received("GET /", {"traceparent": traceparent}, None) as ids:
        assert ids.trace_id not in {"0" * 32, "1" * 32}
        assert len(ids.trace_id) == 32
        assert ids.parent_span_id is None


@pytest.mark.capability("ERR-2")
def test_a_callers_trace_is_continued_without_any_exporter() -> None:
    headers = {"traceparent": f"00-{traced_work.TRACE}-{traced_work.CALLER}-00"}
    with received("GET /", headers, "checkout-0001") as ids:
        assert (ids.trace_id, ids.parent_span_id) == (traced_work.TRACE, traced_work.CALLER)
        assert outgoing_headers()["traceparent"].startswith(f"00-{traced_work.TRACE}-")


def test_a_span_keeps_the_correlation_of_what_runs_around_it() -> None:
    with correlated(new_correlation("checkout-0001")) as ids, span("inner"):
        assert current_correlation() is ids
    assert current_correlation() is None


def test_a_collector_that_is_gone_does_not_stop_the_work(tmp_path: Path) -> None:
    program = (
        "import sys; from services.infra import settings, telemetry\n"
        f"s = settings.read({{'GREENLIGHT_DATA_DIR': {str(tmp_path)!r}, 'GREENLIGHT_OTLP_ENDPOINT': 'http://127.0.0.1:1'}})\n"
        "telemetry.start_tracing(s, 'web')\n"
        "with telemetry.span('work'): print('done', flush=True)\n"
        "import os; os._exit(0)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "done\n")
