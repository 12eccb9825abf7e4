"""The way out to addresses that strangers chose: resolve, refuse what is not public, connect to what was checked.

The name is resolved anew at each attempt and the connection goes to the very address that was checked, so that a name
which answers differently the second time (DNS rebinding) gains nothing. TLS and the Host header keep the name. No
redirect is followed, one deadline covers everything, and of an answer only a bounded part is read.

Source: OWASP SSRF prevention; IANA special-purpose address registries; Standard Webhooks, "Security considerations".
"""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import httpcore
from opentelemetry.trace import SpanKind

from services.infra.http import refuse_in_transaction
from services.infra.targets import OutboundPolicy, TargetRefused, checked_url, literal
from services.infra.telemetry import span
from services.kernel.errors import Unavailable

Resolver: TypeAlias = Callable[[str, int], Iterable[str]]
"""Returns the addresses of a host; raises OSError where there is none."""

ANSWER_BYTES_MAX: Final = 64 * 1024
TIMEOUT_SECONDS: Final = 15.0
_HOST_LENGTH_MAX = 253
_RESOLVING = threading.BoundedSemaphore(64)
"""So many names are resolved at once, those included for which nobody waits any more."""


class TargetUnreachable(Unavailable):
    """It does not answer, or not in time: trying again may help."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most so many bytes of the body, and whether there was more."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cut: bool
    duration_seconds: float

    def excerpt(self, length: int = 500) -> str:
        """Return the body's beginning as printable text."""
        text = self.body[: length * 4].decode("utf-8", "replace")
        return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)[:length]


def _system_resolver(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True, slots=True)
class Outbound:
    """Goes out to addresses that strangers chose; holds no connection, so it may be made before a fork."""

    policy: OutboundPolicy = field(default_factory=OutboundPolicy)
    resolver: Resolver = _system_resolver
    tls: ssl.SSLContext | None = None

    def addresses(self, host: str, port: int, *, timeout_seconds: float = TIMEOUT_SECONDS) -> tuple[str, ...]:
        """Return the checked addresses of a host; connect to one of these and to nothing else.

        One forbidden address among them refuses all: a mixed answer is an attack or a mistake.

        Raises: TargetRefused, TargetUnreachable where the name has no address.
        """
        if not host or len(host) > _HOST_LENGTH_MAX or not host.isprintable():
            raise TargetRefused("target_malformed", "This is no host name.")
        try:
            spelled = literal(host)
            texts = (str(spelled),) if spelled else self._resolved(host, port, timeout_seconds)
            parsed = [(text, ipaddress.ip_address(text.partition("%")[0])) for text in texts]
        except TimeoutError as error:
            raise TargetUnreachable("target_timeout", "The host name was not resolved in time.") from error
        except (OSError, UnicodeError, ValueError) as error:
            raise TargetUnreachable("target_unresolved", "The host name has no address now.") from error
        if not parsed:
            raise TargetUnreachable("target_unresolved", "The host name has no address now.")
        for _, address in parsed:
            why = self.policy.refusal(address, port)
            if why is not None:
                raise TargetRefused("target_forbidden", f"We do not go to this address: {why}.")
        return texts

    def connect(self, host: str, port: int, *, timeout_seconds: float) -> socket.socket:
        """Open a TCP connection to a checked address of a host.

        Raises: TargetRefused, TargetUnreachable, NetworkInTransactionError.
        """
        refuse_in_transaction(f"TCP {host}")
        deadline = time.monotonic() + timeout_seconds
        for address in self.addresses(host, port, timeout_seconds=timeout_seconds):
            left = deadline - time.monotonic()
            if left <= 0:
                raise TargetUnreachable("target_timeout", "The target did not answer in time.")
            try:
                return socket.create_connection((address, port), left)
            except TimeoutError as error:
                raise TargetUnreachable("target_timeout", "The target did not answer in time.") from error
            except OSError:
                continue
        raise TargetUnreachable("target_unreachable", "The target does not accept connections.")

    def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        timeout_seconds: float = TIMEOUT_SECONDS,
        max_bytes: int = ANSWER_BYTES_MAX,
        verify_tls: bool = True,
    ) -> Answer:
        """Make one HTTP request and return what came back; a redirect is an answer like any other.

        Units: timeout_seconds covers everything, from the connection to the last byte that is read.

        Raises: TargetRefused, TargetUnreachable, NetworkInTransactionError.
        """
        target = checked_url(url)
        what = f"{method} {target.host}"
        refuse_in_transaction(what)
        began = time.monotonic()
        backend = _CheckedBackend(self, began + timeout_seconds)
        request = httpcore.Request(
            method,
            httpcore.URL(
                scheme=target.raw_scheme, host=target.raw_host, port=target.port or None, target=target.raw_path
            ),
            headers=[(b"host", target.netloc), *_headers(headers or {}, body)],
            content=body,
            extensions={"timeout": dict.fromkeys(("connect", "read", "write", "pool"), timeout_seconds)},
        )
        with span(what, SpanKind.CLIENT) as opened, _pool(backend, self._context(verify=verify_tls)) as pool:
            with _refusals_translated(), _closing(pool.handle_request(request)) as response:
                received, cut = _read(response, max_bytes)
            opened.set_attribute("http.response.status_code", response.status)
            return Answer(
                response.status,
                {k.decode("latin-1").lower(): v.decode("latin-1") for k, v in response.headers},
                received,
                cut,
                time.monotonic() - began,
            )

    def _resolved(self, host: str, port: int, timeout_seconds: float) -> tuple[str, ...]:
        """Resolve a name beside us: the system's resolver takes no deadline, and a slow one must not hold us up."""
        answered: queue.SimpleQueue[tuple[str, ...] | Exception] = queue.SimpleQueue()

        def resolve() -> None:
            try:
                answered.put(tuple(self.resolver(host, port)))
            except Exception as error:  # noqa: BLE001 -- whatever it is, it is raised where somebody waits for it
                answered.put(error)
            finally:
                _RESOLVING.release()

        began = time.monotonic()
        if not _RESOLVING.acquire(timeout=max(timeout_seconds, 0)):
            raise TimeoutError
        threading.Thread(target=resolve, name="resolver", daemon=True).start()
        try:
            answer = answered.get(timeout=max(began + timeout_seconds - time.monotonic(), 0))
        except queue.Empty as error:
            raise TimeoutError from error
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _context(self, *, verify: bool) -> ssl.SSLContext:
        if self.tls is not None:
            return self.tls
        context = ssl.create_default_context()
        if not verify:  # a probe of an expired certificate still wants to know what stands behind it
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context


@contextmanager
def _refusals_translated() -> Iterator[None]:
    try:
        yield
    except (httpcore.TimeoutException, TimeoutError) as error:
        raise TargetUnreachable("target_timeout", "The target did not answer in time.") from error
    except httpcore.LocalProtocolError as error:
        raise TargetRefused("target_malformed", "The request's headers or address are malformed.") from error
    except (httpcore.NetworkError, httpcore.ProtocolError, OSError) as error:
        if _from_tls(error):
            raise TargetUnreachable("target_tls", "The target's certificate or TLS is not good.") from error
        raise TargetUnreachable("target_unreachable", "The target does not answer as it should.") from error


@contextmanager
def _closing(response: httpcore.Response) -> Iterator[httpcore.Response]:
    """Close a response whatever happens, unread as it may be."""
    try:
        yield response
    finally:
        response.close()


def _headers(given: Mapping[str, str], body: bytes) -> list[tuple[bytes, bytes]]:
    try:
        pairs = [(name.encode("ascii"), value.encode("latin-1")) for name, value in given.items()]
    except UnicodeEncodeError as error:
        raise TargetRefused("target_malformed", "A header holds what no header can.") from error
    names = {name.lower() for name, _ in pairs}
    # Plain bytes only: what unpacks to a thousand times its size is not read.
    defaults = [(b"accept-encoding", b"identity"), (b"user-agent", b"Greenlight"), (b"connection", b"close")]
    if body:
        defaults.append((b"content-length", str(len(body)).encode()))
    return [*pairs, *((name, value) for name, value in defaults if name not in names)]


def _pool(backend: httpcore.NetworkBackend, context: ssl.SSLContext) -> httpcore.ConnectionPool:
    return httpcore.ConnectionPool(
        ssl_context=context, max_connections=1, max_keepalive_connections=0, retries=0, network_backend=backend
    )


def _read(response: httpcore.Response, max_bytes: int) -> tuple[bytes, bool]:
    received = bytearray()
    for chunk in response.iter_stream():
        received += chunk
        if len(received) > max_bytes:
            return bytes(received[:max_bytes]), True
    return bytes(received), False


def _from_tls(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError):
            return True
        error = error.__cause__ or error.__context__
    return False


class _CheckedBackend(httpcore.NetworkBackend):
    """Connects to checked addresses only, and lets nothing outlast the deadline."""

    def __init__(self, outbound: Outbound, deadline: float) -> None:
        self._outbound, self._deadline = outbound, deadline
        self._real = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first checked address that takes us."""
        last: Exception = httpcore.ConnectError("no address")
        for address in self._outbound.addresses(host, port, timeout_seconds=_left(self._deadline)):
            try:
                opened = self._real.connect_tcp(address, port, _left(self._deadline), None, socket_options)
                return _DeadlineStream(opened, self._deadline)
            except httpcore.ConnectError as error:
                last = error
        raise last

    def sleep(self, seconds: float) -> None:
        """Never: nothing is tried twice."""
        raise httpcore.ConnectError("no second try")


class _DeadlineStream(httpcore.NetworkStream):
    """A connection whose every wait ends with the deadline, so that a drip of bytes does not prolong it."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream, self._deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(self._deadline))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _left(self._deadline))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        started = self._stream.start_tls(ssl_context, server_hostname, _left(self._deadline))
        return _DeadlineStream(started, self._deadline)

    def get_extra_info(self, info: str) -> object:
        return self._stream.get_extra_info(info)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left
