"""Spans by OpenTelemetry; exported by OTLP where a collector is set, and always carrying our correlation id.

Source: W3C Trace Context Level 1; OpenTelemetry.
"""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial

from opentelemetry import propagate, trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Span, SpanKind, StatusCode, format_span_id, format_trace_id
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from services.infra.settings import Settings
from services.kernel.context import Correlation, correlated, current_correlation, new_correlation
from services.kernel.errors import DomainError

# What an exception says may hold a person's data, so spans carry its code or type only.
_open = partial(
    trace.get_tracer("greenlight").start_as_current_span, record_exception=False, set_status_on_exception=False
)
_w3c = TraceContextTextMapPropagator()


def start_tracing(settings: Settings, process: str) -> None:
    """Install the tracer of this process; call once, after any fork."""
    resource = Resource.create(
        {"service.name": "greenlight", "service.version": settings.release, "greenlight.process": process}
    )
    provider = TracerProvider(resource=resource, shutdown_on_exit=True)
    if settings.otlp_endpoint:
        exporter = OTLPSpanExporter(endpoint=f"{settings.otlp_endpoint.rstrip('/')}/v1/traces", timeout=5)
        provider.add_span_processor(BatchSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    propagate.set_global_textmap(_w3c)


@contextmanager
def span(name: str, kind: SpanKind = SpanKind.INTERNAL, **attributes: str | float | bool) -> Iterator[Span]:
    """Open a span inside the running one; an exception marks it, with the error's code where it has one.

    Work that belongs to no request gets its correlation here, so that audit rows, logs and spans show one trace.
    """
    with _open(name, kind=kind, attributes=attributes) as opened, ExitStack() as inside:
        ids = current_correlation() or inside.enter_context(correlated(_of_span(opened, None)))
        opened.set_attribute("greenlight.correlation_id", ids.correlation_id)
        inside.enter_context(_failure_marked(opened))
        yield opened


def describe_span(name: str, **attributes: str | float | bool) -> None:
    """Name the running span anew, once it is known what it does."""
    opened = trace.get_current_span()
    opened.update_name(name)
    opened.set_attributes(attributes)


@contextmanager
def received(name: str, headers: Mapping[str, str], correlation_id: str | None) -> Iterator[Correlation]:
    """Open the span of an incoming request or work, continuing the caller's trace where it sent a valid one."""
    parent = _w3c.extract({k.lower(): v for k, v in headers.items()})
    caller = trace.get_current_span(parent).get_span_context()
    with _open(name, context=parent, kind=SpanKind.SERVER) as opened:
        ids = _of_span(opened, correlation_id)
        if caller.is_valid:
            ids = replace(ids, parent_span_id=format_span_id(caller.span_id))
        opened.set_attribute("greenlight.correlation_id", ids.correlation_id)
        with _failure_marked(opened), correlated(ids):
            yield ids


def outgoing_headers() -> dict[str, str]:
    """Return the headers that carry the running trace and correlation id to another system."""
    headers: dict[str, str] = {}
    _w3c.inject(headers)
    ids = current_correlation()
    if ids is not None:
        headers["X-Correlation-Id"] = ids.correlation_id
        if "traceparent" not in headers:
            headers["traceparent"] = f"00-{ids.trace_id}-{ids.trace_id[:16]}-00"
    return headers


def current_span_id() -> str | None:
    """Return the id of the running span, or nothing outside of any."""
    context = trace.get_current_span().get_span_context()
    return format_span_id(context.span_id) if context.is_valid else None


def current_trace_id() -> str | None:
    """Return the id of the running span's trace, or nothing outside of any."""
    context = trace.get_current_span().get_span_context()
    return format_trace_id(context.trace_id) if context.is_valid else None


def _of_span(opened: Span, correlation_id: str | None) -> Correlation:
    ids, context = new_correlation(correlation_id), opened.get_span_context()
    return replace(ids, trace_id=format_trace_id(context.trace_id)) if context.is_valid else ids


@contextmanager
def _failure_marked(opened: Span) -> Iterator[None]:
    try:
        yield
    except DomainError as error:
        opened.set_status(StatusCode.ERROR, error.code)
        opened.set_attribute("error.type", error.code)
        raise
    except Exception as error:
        opened.set_status(StatusCode.ERROR, type(error).__name__)
        opened.set_attribute("error.type", type(error).__name__)
        raise
