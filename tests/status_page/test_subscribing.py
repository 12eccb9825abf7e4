"""Subscribing by forms, as a browser without scripts sends them, on the whole product."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from processes.web import build
from services.infra.migrate import migrate
from services.infra.settings import read
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, UserActor
from services.wiring import Wired, wire

RUNNER = JobActor("tests", frozenset({"subscribers.run"}))
STAFF = UserActor("usr_" + "a" * 32, frozenset({"subscribers.read"}))


class Fields(HTMLParser):
    """Every form of a page, in order: where it goes, and the values that a browser would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((values.get("action", ""), {}))
        elif tag == "input" and self.forms and "name" in values:
            if values.get("type") == "checkbox" and "checked" not in values:
                return
            self.forms[-1][1][values["name"]] = values.get("value", "")


class Visitor:
    """A browser without scripts."""

    def __init__(self, server: Flask) -> None:
        self.http = server.test_client()
        self.page = ""

    def get(self, path: str) -> TestResponse:
        return self._kept(self.http.get(path, headers={"Accept": "text/html"}))

    def send(self, index: int = 0, /, **given: str) -> TestResponse:
        action, fields = Fields(self.page).forms[index]
        data = {name: value for name, value in (fields | given).items() if value is not None}
        return self._kept(self.http.post(action, data=data, headers={"Accept": "text/html"}))

    def press(self, label: str) -> TestResponse:
        """Press the button with this label, which is alone in its form."""
        for index, part in enumerate(re.findall(r"<form.*?</form>", self.page, re.DOTALL)):
            if f"<span>{label}</span>" in part:
                return self.send(index)
        raise AssertionError(f"There is no button {label}.")

    def _kept(self, response: TestResponse) -> TestResponse:
        self.page = response.get_data(as_text=True)
        return response


@pytest.fixture
def wired(empty_database_url: str, tmp_path_factory: pytest.TempPathFactory, clock: FixedClock) -> Iterator[Wired]:
    settings = read({}, database_url=empty_database_url, data_dir=tmp_path_factory.mktemp("data"))
    migrate(settings.database_url)
    made = wire(settings, clock)
    yield made
    made.engine.dispose()


@pytest.fixture
def visitor(wired: Wired) -> Visitor:
    return Visitor(build(wired))


def token(wired: Wired, purpose: str = "confirm") -> str:
    """The token that the newest subscriber's letter holds."""
    newest = wired.services.subscribers.search(STAFF, text="", purpose="the tests read the letters")[0]
    letters = wired.outreach.subscribers.letters
    letter = letters.confirmation(RUNNER, newest.id, purpose="test") or letters.reminder(
        RUNNER, newest.id, purpose="test"
    )
    assert letter is not None
    return str(getattr(letter, f"{purpose}_token"))


def subscribed(wired: Wired, visitor: Visitor, by: str = "email", **given: str) -> str:
    """Subscribe and confirm, and return the page that manages it."""
    visitor.get(f"/status/subscribe/?by={by}")
    assert visitor.send(email="ada@example.com", **given).status_code == 303
    visitor.get(f"/status/subscribe/confirm/{token(wired)}/")
    assert visitor.press("Confirm").status_code == 200
    found = re.search(r'href="(/status/subscribe/manage/[^"]+)"', visitor.page)
    assert found
    return found[1]


@pytest.mark.capability("STATUS-6")
def test_the_whole_way_by_forms_alone(wired: Wired, visitor: Visitor) -> None:
    page = visitor.get("/status/subscribe/")
    assert page.status_code == 200
    assert page.headers["Cache-Control"] == "no-store"
    sent = visitor.send(email="ada@example.com", min_impact="major")
    assert (sent.status_code, sent.headers["Location"]) == (303, "/status/subscribe/sent/")
    assert "Look into your mailbox" in visitor.get("/status/subscribe/sent/").get_data(as_text=True)
    visitor.get(f"/status/subscribe/confirm/{token(wired)}/")
    assert "ada@example.com" in visitor.page
    visitor.press("Confirm")
    manage = re.search(r'href="(/status/subscribe/manage/[^"]+)"', visitor.page)
    assert manage
    assert visitor.get(manage[1]).headers["Referrer-Policy"] == "same-origin"
    assert "selected" in visitor.page
    assert visitor.press("Pause").headers["Location"].endswith("?done=pause")
    assert "Paused" in visitor.get(f"{manage[1]}?done=pause").get_data(as_text=True)
    visitor.press("Go on")
    visitor.get(manage[1])
    visitor.press("Unsubscribe")
    assert "You are unsubscribed" in visitor.page
    gone = visitor.get(manage[1])
    assert gone.status_code == 410
    assert "ada@example.com" not in visitor.page


def test_what_is_wrong_is_said_at_its_field_and_kept_as_it_was_entered(visitor: Visitor) -> None:
    visitor.get("/status/subscribe/?by=webhook")
    answer = visitor.send(email="ada@example", target='http://10.0.0.1/"><script>alert(1)</script>')
    assert answer.status_code == 422
    assert "<script>alert" not in visitor.page
    assert 'id="email-error"' in visitor.page
    visitor.send(email="ada@example.com", target="http://169.254.169.254/latest")
    assert 'id="target-error"' in visitor.page


def test_another_site_cannot_subscribe_anybody(visitor: Visitor) -> None:
    visitor.get("/status/subscribe/")
    _, fields = Fields(visitor.page).forms[0]
    foreign = visitor.http.post(
        "/status/subscribe/", data=fields | {"email": "a@example.com"}, headers={"Origin": "https://evil.test"}
    )
    bare = visitor.http.post("/status/subscribe/", data={"email": "a@example.com", "channel": "email"})
    assert (foreign.status_code, bare.status_code) == (403, 403)


@pytest.mark.capability("STATUS-6")
def test_one_click_ends_a_subscription_without_cookie_or_form(wired: Wired, visitor: Visitor) -> None:
    subscribed(wired, visitor)
    path = f"/status/subscribe/stop/{token(wired, 'stop')}/"
    fresh = Visitor(build(wired))
    looked = fresh.get(path)
    assert looked.status_code == 200  # looking ends nothing: mail scanners follow links
    assert wired.services.subscribers.counts(STAFF).active == 1
    mail_program = build(wired).test_client()
    for _ in range(2):
        done = mail_program.post(path, data={"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
        assert "Set-Cookie" not in done.headers
    assert wired.services.subscribers.counts(STAFF).ended == 1
    assert mail_program.post("/status/subscribe/stop/sub_0.forged/").status_code == 404


def test_a_webhook_s_secret_is_shown_once_and_replaced_on_demand(wired: Wired, visitor: Visitor) -> None:
    visitor.get("/status/subscribe/?by=webhook")
    visitor.send(email="ada@example.com", target="https://hooks.example.com/status")
    visitor.get(f"/status/subscribe/confirm/{token(wired)}/")
    visitor.press("Confirm")
    secrets = re.findall(r"whsec_[A-Za-z0-9+/=]+", visitor.page)
    manage = re.search(r'href="(/status/subscribe/manage/[^"]+)"', visitor.page)
    assert manage
    assert len(secrets) == 1
    visitor.get(manage[1])
    assert "whsec_" not in visitor.page
    visitor.press("New secret")
    fresh = re.findall(r"whsec_[A-Za-z0-9+/=]+", visitor.page)
    assert len(fresh) == 1
    assert fresh != secrets


def test_a_forged_or_damaged_link_opens_nothing(visitor: Visitor) -> None:
    for kind in ("confirm", "manage"):
        for given in ("x", "sub_" + "0" * 32 + "." + "0" * 64, "%00", "a.b"):
            answer = visitor.get(f"/status/subscribe/{kind}/{given}/")
            assert answer.status_code == 404


def test_asking_too_often_is_said_on_the_page(visitor: Visitor) -> None:
    for n in range(10):
        visitor.get("/status/subscribe/")
        assert visitor.send(email=f"a{n}@example.com").status_code == 303
    visitor.get("/status/subscribe/")
    assert visitor.send(email="a11@example.com").status_code == 429
    assert "Try again in an hour" in visitor.page
