"""The account surface on a real shell, with a browser that sends forms as people do."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from account.surface import register
from services.facade import Services
from services.identity import PUBLIC_PERMISSIONS, ROLE_PERMISSIONS, Client, Identity, Role, make_identity
from services.identity.passwords import Passwords
from services.identity.rules import current_code
from services.infra.crypto import Vault
from services.infra.settings import Settings, read
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import UserActor, VisitorActor
from services.kernel.facts import Fact
from services.wiring import wire
from web.shell.app import make_server
from web.shell.config import config_of
from web.shell.ports import Client as ShellClient
from web.shell.ports import Ports, SignedIn
from web.ui.static import StaticManifest

VISITOR = VisitorActor(permissions=PUBLIC_PERMISSIONS)
ADMIN = UserActor("usr_" + "a" * 32, ROLE_PERMISSIONS[Role.ADMIN])
PASSWORD = "violet harbour 93 kettle"
NEW = "seven quiet tram stops"


@dataclass
class RememberingOutbox:
    facts: list[Fact] = field(default_factory=list)

    def publish(self, _session: Session, fact: Fact) -> None:
        self.facts.append(fact)


class Forms(HTMLParser):
    """The forms of a page, by action: their fields with the values that a browser would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.by_action: dict[str, dict[str, str]] = {}
        self._open: dict[str, str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self._open = self.by_action.setdefault(str(values.get("action")), {})
        elif tag == "input" and self._open is not None and values.get("name"):
            self._open[str(values["name"])] = values.get("value") or ""
        elif tag == "button" and self._open is not None and values.get("formaction"):
            self.by_action[str(values["formaction"])] = self._open

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


class Browser:
    """Keeps cookies, reads forms and sends them."""

    def __init__(self, server: Flask) -> None:
        self.http = server.test_client()
        self.page = ""

    def get(self, path: str, **options: Any) -> TestResponse:
        response = self.http.get(path, headers={"Accept": "text/html"}, **options)
        self.page = response.get_data(as_text=True)
        return response

    def send(self, action: str, **fields: str) -> TestResponse:
        """Send the form with this action that is on the page, with some of its fields filled in."""
        form = Forms(self.page).by_action[action]
        response = self.http.post(action, data=form | fields, headers={"Accept": "text/html"})
        self.page = response.get_data(as_text=True)
        return response

    def sign_in(self, email: str, password: str = PASSWORD, *, to: str = "") -> TestResponse:
        self.get(f"/account/sign-in{'?next=' + to if to else ''}")
        return self.send("/account/sign-in", email=email, password=password)

    def cookie(self, name: str) -> str | None:
        found = self.http.get_cookie(name)
        return found.value if found else None

    @property
    def token(self) -> str:
        """The token against forged requests that a form of the page carries."""
        return next(form["_csrf_token"] for form in Forms(self.page).by_action.values() if "_csrf_token" in form)

    @property
    def key(self) -> str:
        """The key of an authenticator app that the page shows for typing."""
        found = re.search(r'<code class="mono">([A-Z2-7 ]{32,})</code>', self.page)
        assert found
        return found[1].replace(" ", "")

    @property
    def codes(self) -> list[str]:
        """The recovery codes that the page shows."""
        return re.findall(r'<code class="mono">([a-z2-7-]{19})</code>', self.page)


@pytest.fixture
def outbox() -> RememberingOutbox:
    return RememberingOutbox()


@pytest.fixture
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return read({}, database_url=database_url, data_dir=tmp_path_factory.mktemp("data"), public_url="http://localhost")


@pytest.fixture
def services(
    engine: sa.Engine, clock: FixedClock, vault: Vault, outbox: RememberingOutbox, settings: Settings
) -> Services:
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    identity = make_identity(UnitOfWork(engine, clock, vault, outbox), settings, cheap)
    return replace(wire(settings, clock).services, identity=identity)


@pytest.fixture
def identity(services: Services) -> Identity:
    return services.identity


@pytest.fixture
def mail_folder() -> Path | None:
    """Where a demo's mail server keeps its mails; tests of the mailbox have one."""
    return None


@pytest.fixture
def server(services: Services, settings: Settings, clock: FixedClock, mail_folder: Path | None) -> Flask:
    def authenticate(token: str, _: ShellClient) -> SignedIn | None:
        found = services.identity.sessions.authenticate(VISITOR, token)
        if found is None:
            return None
        return SignedIn(
            found.actor, found.session_id, found.name, found.roles, second_factor_pending=not found.complete
        )

    ports = Ports(authenticate=authenticate, visitor_permissions=PUBLIC_PERMISSIONS)
    made = make_server(config_of(settings), ports, clock=clock)
    register(made, services, StaticManifest.load(), mail_folder)
    return made


@pytest.fixture
def browser(server: Flask) -> Browser:
    return Browser(server)


@pytest.fixture
def new_browser(server: Flask) -> Callable[[], Browser]:
    return lambda: Browser(server)


@dataclass
class Somebody:
    email: str
    user_id: str
    secret: str | None
    clock: FixedClock

    def code(self) -> str:
        """The next code of the authenticator app."""
        assert self.secret
        self.clock.advance(seconds=30)
        return current_code(self.secret, self.clock.now())


@pytest.fixture
def join(identity: Identity, clock: FixedClock) -> Callable[..., Somebody]:
    def made(role: Role = Role.FAN, *, enrolled: bool = False, email: str = "ada@example.com") -> Somebody:
        issued = identity.invitations.invite(ADMIN, email=email, role=role)
        opened = identity.invitations.accept(
            VISITOR, token=issued.token, name="Ada Byron", password=PASSWORD, client=Client("203.0.113.7")
        )
        me = identity.sessions.authenticate(VISITOR, opened.token)
        assert me is not None
        somebody = Somebody(email, me.actor.user_id, None, clock)
        if enrolled:
            begun = identity.second_factor.begin_enrolment(me.actor, session_id=me.session_id)
            somebody.secret = begun.secret.replace(" ", "")
            confirmed = identity.second_factor.confirm_enrolment(
                me.actor, session_id=me.session_id, code=somebody.code()
            )
            assert confirmed is not None
        return somebody

    return made
