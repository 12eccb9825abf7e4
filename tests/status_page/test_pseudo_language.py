"""Every public page in a language whose letters are all foreign: a plain letter that is left was never translated.

What operators wrote is given in foreign letters too, so that only words of the code can be plain.
"""

import calendar
import json
import re
import string
from dataclasses import replace
from datetime import timedelta
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.components.views import ComponentStatus, UptimePolicy
from services.incidents.views import Impact
from services.kernel.clock import FixedClock
from services.kernel.errors import Unavailable
from services.metrics.slis import SLIS
from services.metrics.views import FigureState
from services.shares.views import SharedView
from services.slas.agreements import DECLARED
from services.slas.reads import policy_of, promise_of
from services.slas.views import SlaState
from services.subscribers import Channel, Choices
from services.subscribers.rules import SubscriberState
from services.subscribers.views import SubscriptionView, ToldView
from status_page.pages import subscribe, subscription
from status_page.pages.method import method_page
from status_page.pages.shared import shared_page
from status_page.snapshot import Snapshot
from status_page.surface import register
from tests.status_page.doubles import World, full
from tests.status_page.views import figure, sla
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.languages import Languages
from web.shell.ports import Ports
from web.ui.language import Language, language, speaking
from web.ui.render import to_html
from web.ui.static import StaticManifest

pytestmark = pytest.mark.capability("STATUS-5")
CODE = "en-XA"
PLACES = re.compile(r"(\{\w+\})")
FOREIGN = {ord(letter): 0x24B6 + index for index, letter in enumerate(string.ascii_uppercase + string.ascii_lowercase)}
OURS = frozenset({"Greenlight", "English", "Deutsch", "UTC", "RSS", "Atom", "ms", "min", "and", *calendar.month_name,
                  *calendar.month_abbr})  # fmt: skip
"""Proper names, units, dates and what joins a list: the locale's data, not a catalogue, has them."""
SPOKEN = ("title", "aria-label", "aria-valuetext", "alt", "data-name", "data-days", "data-busy", "data-age")


def foreign(text: str) -> str:
    """The text in foreign letters, its places as they are."""
    return "".join(part if PLACES.fullmatch(part) else part.translate(FOREIGN) for part in PLACES.split(text))


class Pseudo(NullTranslations):
    """A catalogue that has everything, in foreign letters."""

    def gettext(self, message: str) -> str:
        return foreign(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return foreign(msgid1 if n == 1 else msgid2)


PSEUDO = Language(CODE, "123", Pseudo())


def find(code: str) -> Language:
    return PSEUDO if code == CODE else language(code)


def strange(value: Any, *names: str) -> Any:
    """A view whose named fields are in foreign letters, as an operator of that language would have written them."""
    return replace(value, **{name: foreign(getattr(value, name)) for name in names})


def written_in_foreign_letters(world: World) -> World:
    """Let everything that operators write be in foreign letters."""
    world.components = [strange(each, "name", "description", "status_reason") for each in world.components]
    world.groups = [strange(each, "name", "description") for each in world.groups]
    world.incidents = [
        replace(
            strange(each, "name", "note", "postmortem"),
            # Tags stay tags.
            postmortem_html=f"<p>{foreign('why')}</p>" if each.postmortem_html else "",
            affected=tuple(strange(other, "name") for other in each.affected),
            updates=tuple(
                replace(
                    update,
                    body_html=f"<p>{foreign('we look')}</p>",
                    changes=tuple(strange(change, "name") for change in update.changes),
                )
                for update in each.updates
            ),
        )
        for each in world.incidents
    ]
    world.breaches = [strange(each, "explanation") for each in world.breaches]
    world.months = [
        replace(each, exclusions=tuple(strange(one, "reason") for one in each.exclusions)) for each in world.months
    ]
    world.releases = [strange(each, "version") for each in world.releases]
    return world


def supplied(world: World) -> World:
    """Let the figures and agreements have the texts that the services really supply."""
    now = world.clock.now()
    states = [FigureState.MET, FigureState.NEAR, FigureState.MISSED, FigureState.NO_DATA]
    world.figures = [
        replace(
            figure(now, state, sli.name), title=sli.title, definition=sli.definition, sample_noun=sli.sample_noun,
            unit="milliseconds", target=sli.target if sli.unit == "milliseconds" else 2_000,
        )
        for sli, state in zip(SLIS.values(), states, strict=True)
    ]  # fmt: skip
    world.slas = [
        sla(
            now, agreement.name, state, title=agreement.title, promise=promise_of(agreement),
            policy=policy_of(agreement), event_unit=agreement.event_unit, state_reason="No rule fires.",
            breached_since_at=now - timedelta(hours=2), component_id="playback",
        )
        for agreement, state in zip(DECLARED, SlaState, strict=False)
    ]  # fmt: skip
    first = world.slas[0]
    world.months = [
        replace(each, name=first.name, title=first.title, promise=first.promise, policy=first.policy)
        for each in world.months
    ]
    world.breaches = [replace(each, sla=first.name) for each in world.breaches]
    world.incidents = [replace(each, sla=each.sla and first.name) for each in world.incidents]
    return world


@pytest.fixture
def world(clock: FixedClock) -> World:
    return supplied(written_in_foreign_letters(full(World(clock))))


@pytest.fixture
def server(world: World, tmp_path: Path) -> Flask:
    return server_of(world, tmp_path)


def server_of(world: World, folder: Path, *, copied: bool = False) -> Flask:
    config = ShellConfig("a secret of the tests", "http://127.0.0.1:8050", folder / "bundles")
    made = make_server(config, Ports(), clock=world.clock, spoken=Languages("en", ("en", CODE), find=find))
    snapshot = Snapshot(world.public(), folder / "status.json")
    register(made, world.public(), snapshot, StaticManifest.load(), copied=copied)
    return made


class Said(HTMLParser):
    """What a page says: its text and the attributes that are seen or heard, without code and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said: list[str] = []
        self._unsaid: list[str] = []
        self._words = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._words = values.get("id") == "words"
        if self._unsaid:
            self._unsaid += [tag] if tag == self._unsaid[0] else []
        elif tag in {"script", "style", "pre", "code"} or "mono" in values.get("class", "").split():
            self._unsaid.append(tag)
        about = (values.get("name") or values.get("property") or "").rpartition(":")[2]
        if tag == "meta" and about in {"title", "description", "alt"}:
            self.said.append(values["content"])
        self.said += [values.get(name, "") for name in SPOKEN]

    def handle_endtag(self, tag: str) -> None:
        if self._unsaid and tag == self._unsaid[-1]:
            self._unsaid.pop()

    def handle_data(self, data: str) -> None:
        if self._words:
            # Names of texts, and units as the house writes them, are no words of a catalogue.
            told = json.dumps(json.loads(data), ensure_ascii=False)
            self.said.append(re.sub(r'"\w+": ?|\{\w+\}|: "\{n\}\W*\w+"', "", told))
        elif not self._unsaid:
            self.said.append(data)


def plain_words(page: str) -> list[str]:
    """Words in plain letters that somebody sees or hears and that are none of `OURS`."""
    words = re.findall(r"[A-Za-z]{2,}", " ".join(re.sub(r"\{age\}|true", "", each) for each in Said(page).said))
    return sorted({word for word in words if word not in OURS})


PATHS = (
    "/status/", "/status/?bars=30&days=7", "/status/history/", "/status/history/?component=playback",
    "/status/incidents/inc000000001/", "/status/incidents/inc000000002/", "/status/incidents/inc000000003/",
    "/status/maintenance/", "/status/components/playback/", "/status/components/creator-payouts/",
    "/status/groups/video/", "/status/service-levels/", "/status/service-levels/?month=2026-10",
    "/status/how-we-measure/", "/status/figures/join_time_p95/", "/status/figures/payout_latency_p95/?days=30",
    "/status/widget/", "/status/incidents/nothing/", "/status/nothing",
)  # fmt: skip


def asked(client: FlaskClient, path: str) -> str:
    headers = {"Accept-Language": CODE, "Accept": "text/html"}
    told = client.get(path, headers=headers).text
    return re.sub(r"cor_\w+|[0-9a-f]{32}|incident_unknown|not_found|It is up\.", "", told)


@pytest.mark.parametrize("path", PATHS)
def test_no_page_says_a_word_that_no_catalogue_has(server: Flask, path: str) -> None:
    page = asked(server.test_client(), path)
    assert f'lang="{CODE}"' in page
    assert plain_words(page) == []


@pytest.mark.parametrize("path", [path for path in PATHS if "nothing" not in path])
def test_no_empty_page_and_no_page_without_a_database_does(clock: FixedClock, tmp_path: Path, path: str) -> None:
    world = supplied(World(clock))
    if "incident" not in path and "component" not in path and "groups" not in path:
        world.figures, slas = world.figures if "figures" in path else [], world.slas
        world.slas = [] if "month" in path else slas
        assert plain_words(asked(server_of(world, tmp_path / "empty").test_client(), path)) == []
    world = supplied(written_in_foreign_letters(full(World(clock))))
    client = server_of(world, tmp_path / "gone").test_client()
    client.set_cookie("past", "the-cache")
    asked(client, path)
    world.failure = Unavailable("database_unavailable", "gone")
    clock.advance(minutes=4)
    page = asked(client, path)
    assert foreign("last known state") in page
    assert plain_words(page) == []


def test_a_copy_says_so_in_its_language(world: World, tmp_path: Path) -> None:
    page = asked(server_of(world, tmp_path, copied=True).test_client(), "/status/")
    assert foreign("Live page") in page
    assert plain_words(page) == []
    assert "hreflang" not in page


@pytest.mark.parametrize("status", ComponentStatus)
def test_the_first_words_in_every_state(world: World, tmp_path: Path, status: ComponentStatus) -> None:
    world.incidents, world.slas = [], []
    world.figures = world.figures[:1]
    world.components = [replace(each, status=status, overridden=True) for each in world.components]
    assert plain_words(asked(server_of(world, tmp_path).test_client(), "/status/")) == []
    world.components, world.figures = world.components[:1], []
    assert plain_words(asked(server_of(world, tmp_path).test_client(), "/status/")) == []


@pytest.mark.parametrize("impact", Impact)
def test_incidents_in_every_impact_and_phase(world: World, tmp_path: Path, impact: Impact) -> None:
    phases = ("investigating", "identified", "monitoring", "resolved", "postmortem", "in_progress", "verifying",
              "completed", "cancelled", "scheduled")  # fmt: skip
    world.incidents = [
        replace(world.incidents[0], impact=impact, id=f"inc{phase}", status=phase, automatic=True,
                kind="maintenance" if impact is Impact.MAINTENANCE else "incident")
        for phase in phases
    ]  # fmt: skip
    client = server_of(world, tmp_path).test_client()
    for path in ("/status/", "/status/history/", "/status/maintenance/", "/status/incidents/incresolved/"):
        assert plain_words(asked(client, path)) == []


def drawn(tree: Any) -> list[str]:
    return plain_words(f"<main>{to_html(tree)}</main>")


def mine(channel: Channel, state: SubscriberState, world: World) -> SubscriptionView:
    now, because = world.clock.now(), foreign("gone") if state is SubscriberState.BROKEN else None
    states = ("sent", "delivered", "queued", "pending", "held", "failed", "dropped")
    told = [ToldView(now, foreign("news"), each, "", "msg" if each == "failed" else None) for each in states]
    where = "1@2.3"
    return SubscriptionView("sub", channel, state, where, where, Choices(), now, because, 2, told)


@pytest.mark.parametrize("channel", Channel)
def test_the_pages_of_subscribing(world: World, channel: Channel) -> None:
    components, act = world.public().components.overview(world.public().visitor), "/status/x/"
    with speaking(PSEUDO):
        for given in (subscribe.Given(), subscribe.Given(errors={"email": "1", "target": "2"})):
            assert drawn(subscribe.subscribe_page(channel, given, components, "")) in ([], ["hooks", "https"])
        assert drawn(subscribe.sent_page()) == []
        for confirmed in (True, False):
            assert drawn(subscribe.confirm_page(channel, "1", act, "", confirmed=confirmed)) == []
        assert drawn(subscribe.confirmed_page(act, "1")) == []
        assert drawn(subscribe.over_page("1", "2")) == []
        for ended in (True, False):
            assert drawn(subscription.stop_page(act, ended=ended)) == []
        for state in SubscriberState:
            for done in ("", *subscription._DONE):
                view = mine(channel, state, world)
                page = subscription.subscription_page(
                    view, components, action=act, csrf_token="", now=world.clock.now(), done=done, secret="1",
                    refused="2",
                )  # fmt: skip
                assert drawn(page) == []
        empty = replace(mine(channel, SubscriberState.ACTIVE, world), told=[], secrets=1)
        assert drawn(subscription.subscription_page(
            empty, components, action=act, csrf_token="", now=world.clock.now())) == []  # fmt: skip


def test_the_view_of_investors_and_the_method(world: World) -> None:
    now = world.clock.now()
    link = SharedView(foreign("a fund"), now + timedelta(days=3))
    months = {each.month: (each, replace(each, met=False), replace(each, met=None, complete=True))
              for each in world.months}  # fmt: skip
    with speaking(PSEUDO):
        assert drawn(shared_page(link, months, world.figures)) == []
        assert drawn(shared_page(link, {}, [])) == []
        state = Snapshot(world.public(), Path("/nowhere/status.json")).state()
        assert drawn(method_page(state, UptimePolicy())) == []


def test_the_proof_itself_finds_what_is_not_translated() -> None:
    assert plain_words('<main><p title="A title">Some words, 12 min</p></main>') == ["Some", "title", "words"]
    assert set(foreign("abcxyzABCXYZ")) & set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == set()
