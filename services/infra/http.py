"""The only way out: a client that refuses while a transaction is open, and carries the running trace along."""

import httpx
from opentelemetry.trace import SpanKind

from services.infra.telemetry import outgoing_headers, span
from services.infra.uow import in_transaction

TIMEOUT_SECONDS = 10.0


class NetworkInTransactionError(RuntimeError):
    """A network call was tried while a transaction was open."""


def refuse_in_transaction(what: str) -> None:
    """Refuse to go out while a transaction is open; vendors call this before they use their SDK.

    Raises: NetworkInTransactionError.
    """
    if in_transaction():
        raise NetworkInTransactionError(f"{what} inside a transaction: request, effect, settle.")


class GuardedTransport(httpx.HTTPTransport):
    """A transport that refuses while a transaction is open."""

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request with the running trace's headers."""
        what = f"{request.method} {request.url.host}"
        refuse_in_transaction(what)
        with span(what, SpanKind.CLIENT) as opened:
            request.headers.update(outgoing_headers())
            response = super().handle_request(request)
            opened.set_attribute("http.response.status_code", response.status_code)
            return response


def make_client(*, timeout_seconds: float = TIMEOUT_SECONDS) -> httpx.Client:
    """Return an HTTP client with a timeout and no redirects."""
    return httpx.Client(transport=GuardedTransport(retries=0), timeout=timeout_seconds, follow_redirects=False)
