"""The way out is shut while a transaction is open, and carries the running trace along."""

import re
import socket
from collections.abc import Iterator

import httpx
import pytest

from services.infra.http import GuardedTransport, NetworkInTransactionError, make_client, refuse_in_transaction
from services.infra.uow import UnitOfWork
from services.infra.verbs import command, query
from services.kernel.context import Actor, correlated, new_correlation
from tests.infra.collector import Received, collecting
from tests.infra.verb_examples import MINTER


@pytest.fixture(scope="module")
def server() -> Iterator[Received]:
    with collecting() as received:
        yield received


class Calling:
    """Verbs that wrongly go out."""

    def __init__(self, uow: UnitOfWork, client: httpx.Client, url: str) -> None:
        self.uow, self.client, self.url = uow, client, url

    @command(permission="coins.mint")
    def change(self, actor: Actor) -> int:
        """Go out while a change is open."""
        return self.client.get(self.url).status_code

    @query(permission="coins.read")
    def ask(self, actor: Actor) -> int:
        """Go out while a question is open."""
        return self.client.get(self.url).status_code


def test_no_verb_reaches_the_network(uow: UnitOfWork, server: Received) -> None:
    before = len(server.requests)
    with make_client() as client:
        calling = Calling(uow, client, server.url)
        for verb in (calling.change, calling.ask):
            with pytest.raises(NetworkInTransactionError, match=r"GET 127\.0\.0\.1 inside a transaction"):
                verb(MINTER)
        with uow.writing() as session, uow.lend(session):
            with pytest.raises(NetworkInTransactionError):
                client.post(server.url)
            with pytest.raises(NetworkInTransactionError):
                refuse_in_transaction("a vendor's SDK")
        assert len(server.requests) == before
        assert client.get(server.url).status_code == 200
    refuse_in_transaction("a vendor's SDK")


@pytest.mark.capability("ERR-2")
def test_a_request_carries_correlation_and_trace_context(server: Received) -> None:
    ids = new_correlation("checkout-0001")
    with make_client() as client, correlated(ids):
        client.get(server.url)
    sent = server.requests[-1]
    assert sent["x-correlation-id"] == "checkout-0001"
    assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]", sent["traceparent"])


@pytest.mark.capability("ERR-2")
def test_a_request_outside_of_any_work_gets_a_correlation_of_its_own(server: Received) -> None:
    with make_client() as client:
        client.get(server.url)
        client.get(server.url)
    first, second = (request["x-correlation-id"] for request in server.requests[-2:])
    assert first.startswith("cor_")
    assert first != second


def test_proxies_of_the_environment_do_not_lead_around_the_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    with make_client() as client:
        assert isinstance(client._transport_for_url(httpx.URL("http://example.com")), GuardedTransport)


def test_a_server_that_never_answers_is_given_up(free_listener: str) -> None:
    with make_client(timeout_seconds=0.2) as client, pytest.raises(httpx.TimeoutException):
        client.get(free_listener)


@pytest.fixture
def free_listener() -> Iterator[str]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
