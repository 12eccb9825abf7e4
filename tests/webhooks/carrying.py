"""Facts carried as the durable queue carries them, and a receiver that behaves as it is told."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from sqlalchemy.orm import Session

from services.infra.durable import Effect, Failure, Reaction
from services.infra.uow import UnitOfWork
from services.kernel.context import Correlation, correlated, correlation
from services.kernel.errors import DomainError
from services.kernel.facts import Fact


@dataclass
class Carrier:
    """Reactions in one transaction each, effects outside of any; what an effect raises is kept."""

    waiting: list[tuple[Fact, Correlation]] = field(default_factory=list)
    seen: list[Fact] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def publish(self, _session: Session, fact: Fact) -> None:
        self.waiting.append((fact, correlation()))

    def carry(self, uow: UnitOfWork, *subscriptions: Reaction[Any] | Effect[Any]) -> None:
        """Carry everything that waits, and what follows from it."""
        while self.waiting:
            fact, ids = self.waiting.pop(0)
            self.seen.append(fact)
            for subscription in subscriptions:
                if type(fact) is subscription.fact:
                    with correlated(ids):
                        self.run(uow, subscription, fact)

    def run(self, uow: UnitOfWork, subscription: Reaction[Any] | Effect[Any], fact: Fact) -> None:
        """Run one subscription as the hands do."""
        again = type(fact).from_payload(fact.payload())
        if isinstance(subscription, Reaction):
            with uow.writing() as session, uow.lend(session):
                subscription.run(again)
            return
        try:
            result = subscription.run(again, "key")
        except DomainError as error:
            self.failures.append(error.code)
            if not error.retryable and subscription.give_up:
                with uow.writing() as session, uow.lend(session):
                    subscription.give_up(again, Failure(error.code, error.message, error.retryable, 1))
            return
        if subscription.settle:
            with uow.writing() as session, uow.lend(session):
                subscription.settle(again, result)


@dataclass(frozen=True)
class Heard:
    """One request that a receiver got."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """An HTTP server that answers with one status, or by a function of its own."""

    port: int = 0
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    answer: bytes = b""
    heard: list[Heard] = field(default_factory=list)
    behave: Callable[[BaseHTTPRequestHandler], None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"


@contextmanager
def receiving(receiver: Receiver) -> Iterator[Receiver]:
    """Serve until the end."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            receiver.heard.append(Heard(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            if receiver.behave is not None:
                receiver.behave(self)
                return
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(receiver.answer)))
            self.end_headers()
            self.wfile.write(receiver.answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        allow_reuse_address = True
        daemon_threads = True

    with Server(("127.0.0.1", receiver.port), Handler) as server:
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
