import gzip
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import brotli
import pytest
from flask.testing import FlaskClient
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Request, Response

from tests.servers.waiting import until
from tests.web.shell.product import Knobs
from web.shell.micro_cache import SLOTS_MAX, MicroCache
from web.shell.routes import CachedDocument

DOCUMENT = CachedDocument(ttl_seconds=1.0, query=frozenset({"range"}), stale_seconds=60.0)


@dataclass
class Origin:
    """An application whose answers a test decides, behind a cache whose clock it moves."""

    now: float = 1000.0
    text: str = "hello " * 200
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    asked: int = 0
    version: int = 0
    hits: list[int] = field(default_factory=list)
    before: Callable[[], None] = lambda: None

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        self.before()
        request = Request(environ)
        response = Response(
            f"{request.path}?{request.args.get('range')} {self.text}", self.status, mimetype="text/html"
        )
        response.headers["Cache-Control"] = "public, max-age=1"
        response.headers.update(self.headers)
        return response(environ, start_response)

    def find(self, path: str) -> CachedDocument | None:
        return DOCUMENT if path.startswith("/status/") else None

    def cache(self, **options: Any) -> MicroCache:
        return MicroCache(self, self.find, count=self.hits.append, clock=lambda: self.now, **options)


@pytest.fixture
def origin() -> Origin:
    return Origin()


@pytest.fixture
def cached(origin: Origin) -> Client:
    return Client(origin.cache(), Response, use_cookies=False)


def test_the_same_document_is_made_once_while_it_is_fresh(origin: Origin, cached: Client) -> None:
    bodies = {cached.get("/status/").data for _ in range(5)}
    assert len(bodies) == 1
    assert origin.asked == 1
    origin.now += 1.01
    cached.get("/status/")
    assert origin.asked == 2


def test_each_document_and_each_allowed_query_is_its_own(origin: Origin, cached: Client) -> None:
    for path in ("/status/", "/status/a", "/status/?range=7d", "/status/?range=30d"):
        first, second = cached.get(path), cached.get(path)
        assert first.data == second.data
    assert origin.asked == 4


@pytest.mark.parametrize("path", ["/status/?other=1", "/status/?range=7d&other=1", "/admin/"])
def test_what_is_not_declared_goes_past_the_cache(origin: Origin, cached: Client, path: str) -> None:
    cached.get(path)
    cached.get(path)
    assert origin.asked == 2


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("POST", {}),
        ("OPTIONS", {}),
        ("GET", {"Cookie": "greenlight-session=x"}),
        ("GET", {"Authorization": "Bearer x"}),
    ],
)
def test_whoever_brings_credentials_or_changes_something_goes_past_the_cache(
    origin: Origin, cached: Client, method: str, headers: dict[str, str]
) -> None:
    cached.get("/status/")
    cached.open("/status/", method=method, headers=headers)
    cached.open("/status/", method=method, headers=headers)
    assert origin.asked == 3


@pytest.mark.parametrize(
    "headers", [{"Set-Cookie": "a=b"}, {"Cache-Control": "no-store"}, {"Cache-Control": "private"}]
)
def test_an_answer_for_one_person_is_never_kept(origin: Origin, cached: Client, headers: dict[str, str]) -> None:
    origin.headers = headers
    first = cached.get("/status/")
    cached.get("/status/")
    assert origin.asked == 2
    assert all(first.headers[name] == value for name, value in headers.items())


@pytest.mark.parametrize("status", [301, 404, 500, 503])
def test_only_a_good_answer_is_kept(origin: Origin, cached: Client, status: int) -> None:
    origin.status = status
    assert cached.get("/status/").status_code == status
    assert cached.get("/status/").status_code == status
    assert origin.asked == 2


def test_a_document_comes_in_the_coding_that_is_asked_for(cached: Client) -> None:
    plain = cached.get("/status/")
    squeezed = cached.get("/status/", headers={"Accept-Encoding": "gzip, deflate, br"})
    zipped = cached.get("/status/", headers={"Accept-Encoding": "gzip"})
    refused = cached.get("/status/", headers={"Accept-Encoding": "br;q=0, gzip;q=0"})
    assert squeezed.headers["Content-Encoding"] == "br"
    assert zipped.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert "Content-Encoding" not in refused.headers
    assert brotli.decompress(squeezed.data) == gzip.decompress(zipped.data) == plain.data == refused.data
    for response in (plain, squeezed, zipped):
        assert response.headers["Vary"] == "Accept-Encoding"
        assert response.headers["Content-Length"] == str(len(response.data))
        assert response.headers["ETag"] == plain.headers["ETag"]


def test_an_unchanged_document_is_not_sent_again(origin: Origin, cached: Client) -> None:
    tag = cached.get("/status/").headers["ETag"]
    for given in (tag, tag.removeprefix("W/"), f'"other", {tag}', "*"):
        unchanged = cached.get("/status/", headers={"If-None-Match": given})
        assert (unchanged.status_code, unchanged.data) == (304, b"")
        assert unchanged.headers["ETag"] == tag
        assert unchanged.headers["Cache-Control"] == "public, max-age=1"
        assert "Content-Length" not in unchanged.headers
    assert cached.get("/status/", headers={"If-None-Match": '"other"'}).status_code == 200
    origin.text, origin.now = "changed", origin.now + 2
    assert cached.get("/status/", headers={"If-None-Match": tag}).status_code == 200


def test_a_conditional_or_partial_first_request_still_keeps_the_whole(origin: Origin, cached: Client) -> None:
    assert cached.get("/status/", headers={"If-None-Match": '"x"', "Range": "bytes=0-1"}).status_code == 200
    assert len(cached.get("/status/").data) > 1000
    assert origin.asked == 1


def test_head_has_the_headers_and_no_body(cached: Client) -> None:
    for _ in range(2):
        head = cached.head("/status/")
        assert head.data == b""
        assert int(head.headers["Content-Length"]) > 1000
    assert len(cached.get("/status/").data) > 1000


def test_every_answer_has_a_correlation_id_of_its_own(cached: Client) -> None:
    seen = {cached.get("/status/").headers["X-Correlation-Id"] for _ in range(20)}
    assert len(seen) >= 19
    assert (
        cached.get("/status/", headers={"X-Correlation-Id": "order-4711"}).headers["X-Correlation-Id"] == "order-4711"
    )
    assert cached.get("/status/", headers={"X-Correlation-Id": "b a d"}).headers["X-Correlation-Id"] != "b a d"


@pytest.mark.capability("STATUS-1")
def test_a_dead_database_never_fails_a_public_page(origin: Origin, cached: Client) -> None:
    good = cached.get("/status/", headers={"Accept-Encoding": "br"})
    origin.status = 503
    for seconds in (1.5, 3.0, 20.0):
        origin.now = 1000.0 + seconds
        stale = cached.get("/status/", headers={"Accept-Encoding": "br"})
        assert (stale.status_code, stale.data) == (200, good.data)
        assert stale.headers["Age"] == str(int(seconds))
    origin.status, origin.now = 200, origin.now + 1.1
    assert "Age" not in cached.get("/status/").headers
    assert "Age" not in cached.get("/status/").headers


def test_while_it_fails_the_origin_is_asked_once_a_ttl(origin: Origin, cached: Client) -> None:
    cached.get("/status/")
    origin.status, origin.now = 500, origin.now + 1.5
    for _ in range(10):
        assert cached.get("/status/").status_code == 200
    assert origin.asked == 2


def test_a_copy_that_is_too_old_is_not_served_any_more(origin: Origin, cached: Client) -> None:
    cached.get("/status/")
    origin.status, origin.now = 503, origin.now + 61
    assert cached.get("/status/").status_code == 503


def test_one_request_at_a_time_makes_a_document(origin: Origin) -> None:
    cache = origin.cache()
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        assert leave.wait(20)

    origin.before = hold
    results: list[TestResponse] = []
    callers = [threading.Thread(target=lambda: results.append(Client(cache).get("/status/"))) for _ in range(8)]
    for caller in callers:
        caller.start()
    assert entered.wait(20)
    leave.set()
    for caller in callers:
        caller.join(20)
    assert origin.asked == 1
    assert len({r.data for r in results}) == 1
    assert len(results) == 8


def test_nobody_waits_for_the_replacement_of_a_copy(origin: Origin) -> None:
    cache = origin.cache()
    old = Client(cache).get("/status/").data
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        entered.set()
        assert leave.wait(20)

    origin.before, origin.text, origin.now = hold, "new", origin.now + 2
    replacing = threading.Thread(target=lambda: Client(cache).get("/status/"))
    replacing.start()
    assert entered.wait(20)
    assert Client(cache).get("/status/").data == old
    leave.set()
    replacing.join(20)
    assert b"new" in Client(cache).get("/status/").data


def test_a_changed_version_makes_every_copy_anew(origin: Origin) -> None:
    cache = origin.cache(version=lambda: origin.version, poll_seconds=0.01)
    client = Client(cache)
    # The first version that is seen may be newer than the first copy, so it counts as a change.
    until(lambda: client.get("/status/") and origin.asked == 2, "the document of the first version")
    origin.version = 1
    until(lambda: client.get("/status/") and origin.asked == 3, "the document of the next version")
    cache.stop()


def test_a_version_that_cannot_be_read_changes_nothing(origin: Origin) -> None:
    polled = threading.Event()

    def fail() -> object:
        polled.set()
        raise OSError("database gone")

    cache = origin.cache(version=fail, poll_seconds=0.01)
    client = Client(cache)
    client.get("/status/")
    assert polled.wait(20)
    assert client.get("/status/").status_code == 200
    cache.stop()


def test_memory_is_bounded_however_many_documents_are_asked_for(origin: Origin) -> None:
    cache = origin.cache()
    client = Client(cache)
    for number in range(SLOTS_MAX + 50):
        client.get(f"/status/{number}")
    assert len(cache._slots) <= SLOTS_MAX
    origin.status = 404
    for number in range(20):
        client.get(f"/status/missing-{number}")
    assert not [key for key in cache._slots if "missing" in key[0]]


def test_memory_is_bounded_however_many_codings_are_named(origin: Origin) -> None:
    cache = origin.cache()
    client = Client(cache)
    for number in range(200):
        assert (
            client.get("/status/", headers={"Accept-Encoding": f"br, x-{number}"}).headers["Content-Encoding"] == "br"
        )
    assert len(cache._slots["/status/", ""].variants) <= 32


def test_answers_from_copies_are_counted(origin: Origin, cached: Client) -> None:
    for _ in range(6):
        cached.get("/status/")
    origin.now += 2
    cached.get("/status/")
    assert sum(origin.hits) == 5


def test_the_product_s_public_documents_are_cached_and_its_private_ones_are_not(
    client: FlaskClient, knobs: Knobs
) -> None:
    for _ in range(3):
        assert client.get("/status/summary.json").status_code == 200
    assert knobs.asked == 1
    for _ in range(2):
        client.get("/status/")
    assert knobs.asked == 2


def test_the_product_serves_its_last_good_page_while_the_database_is_gone(client: FlaskClient, knobs: Knobs) -> None:
    good = client.get("/status/").text
    knobs.failing = True
    client.application.extensions["greenlight_micro_cache"].expire()
    assert client.get("/status/").text == good
