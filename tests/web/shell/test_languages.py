"""The language of a request, and the micro-cache that never hands one reader's language to another."""

from gettext import NullTranslations
from pathlib import Path
from typing import Any

import pytest
from flask import Blueprint, Flask, Response, request
from flask.testing import FlaskClient
from werkzeug.test import Client
from werkzeug.wrappers import Request
from werkzeug.wrappers import Response as Answer

from services.infra.settings import read
from services.kernel.clock import FixedClock
from services.kernel.errors import Invalid, NotFound
from web.shell.app import make_server
from web.shell.config import ShellConfig, config_of
from web.shell.languages import Languages, named
from web.shell.micro_cache import SLOTS_MAX, MicroCache
from web.shell.ports import Ports
from web.shell.routes import PUBLIC, CachedDocument, route
from web.ui.language import Language, _, current

pytestmark = pytest.mark.capability("STATUS-5")
PAGE = CachedDocument(ttl_seconds=60.0, query=frozenset({"days"}), translated=True)


class Shouting(NullTranslations):
    """A language that only shouts."""

    def gettext(self, message: str) -> str:
        return message.upper()


SHOUTED = Language("de", "DEUTSCH", Shouting())


def find(code: str) -> Language:
    return SHOUTED if code == "de" else Language(code, "English")


@pytest.fixture
def server(tmp_path: Path, clock: FixedClock) -> Flask:
    config = ShellConfig("a secret of the tests", "http://127.0.0.1:8050", tmp_path / "bundles")
    made = make_server(config, Ports(), clock=clock, spoken=Languages("en", ("en", "de"), find=find))
    pages = Blueprint("pages", __name__)

    @route(pages, "/page/", access=PUBLIC, cache=PAGE)
    def page() -> Response:
        return Response(f"{current().code}: {_('hello')} {request.args.get('days')}", mimetype="text/html")

    @route(pages, "/form/", access=PUBLIC, translated=True)
    def form() -> Response:
        return Response(_("hello"), mimetype="text/html")

    @route(pages, "/document/", access=PUBLIC, cache=CachedDocument(query=frozenset({"days"})))
    def document() -> Response:
        return Response(_("hello"), mimetype="text/html")

    @route(pages, "/missing/", access=PUBLIC, translated=True)
    def missing() -> Response:
        raise NotFound("thing_unknown", "There is no such thing.")

    made.register_blueprint(pages)
    return made


@pytest.fixture
def client(server: Flask) -> FlaskClient:
    return server.test_client()


def get(client: FlaskClient, path: str, header: str | None = None, **more: str) -> Any:
    headers = {"Accept": "text/html", **({"Accept-Language": header} if header is not None else {}), **more}
    return client.get(path, headers=headers)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("", "en"), ("de", "de"), ("DE", "de"), ("de-AT,de;q=0.9,en;q=0.8", "de"), ("fr,de;q=0.2", "de"),
        ("en-GB,de;q=0.9", "en"), ("de;q=0,en", "en"), ("fr", "en"), ("*", "en"), ("deutsch", "en"), ("den", "en"),
        ("de;q=x", "en"), (";;,,q=", "en"), ("de" + ",xx" * 5_000, "de"), ("\N{SNOWMAN}", "en"),
    ],
)  # fmt: skip
def test_the_language_that_a_browser_wants_most_is_chosen(header: str, code: str) -> None:
    assert Languages().asked(header) == code


def test_a_closer_language_goes_before_a_wider_one() -> None:
    codes = ("en", "pt", "pt-BR")
    assert Languages(codes=codes).asked("pt-BR-x-y,pt;q=0.5") == "pt-BR"
    assert Languages(codes=codes).asked("pt-PT") == "pt"


def test_the_house_s_language_is_for_those_who_ask_for_none_of_ours() -> None:
    house = Languages("de")
    assert [house.chosen(None, header) for header in ("", "fr", "en")] == ["de", "de", "en"]
    assert [house.chosen(name, "") for name in ("en", "de", "xx", "")] == ["en", "de", "en", "en"]


def test_what_is_remembered_of_headers_has_a_bound() -> None:
    languages = Languages()
    for number in range(2_000):
        languages.asked(f"de;q=0.{number}")
    languages.asked("de," * 10_000)
    assert len(languages._by_header) <= 512
    assert max(map(len, languages._by_header)) <= 200


def test_the_address_goes_before_the_browser(client: FlaskClient) -> None:
    for header, path, said in (
        (None, "/form/", "hello"), ("de", "/form/", "HELLO"), ("de", "/form/?lang=en", "hello"),
        ("en", "/form/?lang=de", "HELLO"), ("de", "/form/?lang=xx", "hello"), ("de", "/form/?lang=", "hello"),
        ("de", "/form/?lang=../../etc", "hello"),
    ):  # fmt: skip
        answer = get(client, path, header)
        assert (answer.status_code, answer.text) == (200, said)
        assert "Accept-Language" in answer.headers["Vary"]
        assert answer.headers["Content-Language"] == ("de" if said == "HELLO" else "en")


def test_documents_for_programs_speak_english_and_do_not_vary(client: FlaskClient) -> None:
    answer = get(client, "/document/", "de")
    assert answer.text == "hello"
    assert answer.headers["Vary"] == "Accept-Encoding"
    assert "Content-Language" not in answer.headers


def test_a_copy_is_for_readers_of_its_language_alone(client: FlaskClient) -> None:
    for _turn in range(3):
        for header, said in (("de", "de: HELLO None"), ("en", "en: hello None"), (None, "en: hello None")):
            answer = get(client, "/page/", header)
            assert answer.text == said
            assert answer.headers["Vary"] == "Accept-Encoding, Accept-Language"
    german, english = (get(client, "/page/", header).headers["ETag"] for header in ("de", "en"))
    assert german != english
    assert get(client, "/page/", "en", **{"If-None-Match": german}).status_code == 200
    unchanged = get(client, "/page/", "de", **{"If-None-Match": german})
    assert unchanged.status_code == 304
    assert unchanged.headers["Vary"] == "Accept-Encoding, Accept-Language"


def test_a_named_language_is_the_same_to_every_reader(client: FlaskClient) -> None:
    for header in ("de", "en", "fr", None):
        assert get(client, "/page/?lang=de", header).text == "de: HELLO None"
        assert get(client, "/page/?days=7&lang=en", header).text == "en: hello 7"
        assert get(client, "/page/?l%61ng=de", header).text == "de: HELLO None"


def test_an_error_is_told_in_the_language_of_its_page(client: FlaskClient) -> None:
    for path in ("/missing/", "/nothing-here/"):
        page = get(client, path, "de")
        assert page.status_code == 404
        assert '<html lang="de">' in page.text
        assert "<h1>NOT FOUND</h1>" in page.text
        assert set(page.headers["Vary"].split(", ")) == {"Accept", "Accept-Language"}
        program = client.get(path, headers={"Accept": "application/json", "Accept-Language": "de"})
        assert program.json is not None
        assert program.json["title"] == "Not found"
    assert get(client, "/document/?days=1").text == "hello"


def test_nothing_of_a_language_is_left_when_a_request_is_over(client: FlaskClient) -> None:
    get(client, "/form/", "de")
    assert current().code == "en"


class Origin:
    """An application that counts how often it is asked."""

    asked = 0

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.asked += 1
        code = Languages().chosen(named(environ.get("QUERY_STRING", "")), environ.get("HTTP_ACCEPT_LANGUAGE", ""))
        answer = Answer(f"{Request(environ).path} in {code}", mimetype="text/html")
        answer.headers["Cache-Control"] = "public, max-age=60"
        answer.headers["Vary"] = "Accept-Language"
        return answer(environ, start_response)


def test_invented_languages_fill_no_cache() -> None:
    origin = Origin()
    cache = MicroCache(origin, lambda _path: PAGE)
    client = Client(cache)
    for number in range(SLOTS_MAX + 100):
        assert b"in en" in client.get("/page/", headers={"Accept-Language": f"x{number}, en;q=0.{number}"}).data
    assert origin.asked == 1
    for number in range(50):
        assert b"in en" in client.get(f"/page/?lang=x{number}").data
        assert b"in en" in client.get(f"/page/?days=1&lang=x{number}").data
    assert list(cache._slots) == [("/page/", "")]
    for header in ("de", "de-CH", "de-DE,en"):
        assert b"in de" in client.get("/page/", headers={"Accept-Language": header}).data
    assert origin.asked == 1 + 100 + 1


def test_every_language_is_made_anew_once_something_changed() -> None:
    origin = Origin()
    cache = MicroCache(origin, lambda _path: PAGE)
    client = Client(cache)
    for turn in (1, 2):
        for header in ("de", "en", "de", "en"):
            client.get("/page/", headers={"Accept-Language": header})
        assert origin.asked == 2 * turn
        cache.expire()


def test_the_setting_names_a_language_that_there_is(tmp_path: Path) -> None:
    assert config_of(read({"GREENLIGHT_LANGUAGE": "de"}, data_dir=tmp_path)).language == "de"
    with pytest.raises(Invalid, match="GREENLIGHT_LANGUAGE"):
        read({"GREENLIGHT_LANGUAGE": "tlh"}, data_dir=tmp_path)
