"""Journeys of people who are really signed in, and what the browser complained about meanwhile."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import pyotp
import pytest
from aiosmtpd.controller import Controller
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

from account.mailbox import Mailbox
from demo.history import tell_history
from demo.rhythm import Rhythm
from e2e.proving import Prover
from processes.mailbox import FOLDER
from services.infra.migrate import migrate
from services.infra.settings import read
from services.kernel.clock import SystemClock
from services.metrics import SqlMetricStore
from services.wiring import wire
from tests.servers.process import free_port
from tests.servers.product import Person, Product
from tests.servers.waiting import until

SIGN_IN = "/account/sign-in"
PLAYS_A_DAY = 120.0
ACTION_MS = 15_000
Opens = Callable[..., BrowserContext]
Letter = Callable[[str, str], str]
"""Waits for the mail to an address that holds a link below a path, and returns the link."""


class ToldProduct(Product):
    """The product with its demo, whose last ninety days are short enough to be told before it starts."""

    def start(self) -> Self:
        """Tell the history, then start."""
        settings = read({}, data_dir=self.data, demo=True)
        migrate(settings.database_url)
        wired = wire(settings)
        tell_history(
            wired.recording,
            SqlMetricStore(wired.uow),
            wired.clock.now(),
            lambda _: None,
            rhythm=Rhythm(plays_a_day=PLAYS_A_DAY),
        )
        wired.engine.dispose()
        return super().start()


class MailServer:
    """A mail server that refuses every mail until it is told to take them."""

    def __init__(self) -> None:
        self.port, self.takes = free_port(), False
        self.taken: list[bytes] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 - aiosmtpd's name
        """Answer one mail."""
        if not self.takes:
            return "554 No"
        self.taken.append(envelope.content)
        return "250 Yes"

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def sign_in(page: Page, product: Product, person: Person, *, wanted: str = "") -> None:
    """Sign a person in as they do it: address, password, and the code of their app."""
    give_password(page, product, person.email, person.password, wanted=wanted)
    if person.totp_secret:
        expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
        page.get_by_label("Code").fill(pyotp.TOTP(person.totp_secret).at(SystemClock().now()))
        page.get_by_role("button", name="Continue").click()
    page.wait_for_url(lambda url: "/account/" not in url)


def give_password(page: Page, product: Product, email: str, password: str, *, wanted: str = "") -> None:
    """Begin a sign-in: its second step follows where the person has one."""
    page.goto(f"{product.url}{wanted or SIGN_IN}")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def send_invitation(page: Page, email: str, role: str) -> None:
    """Invite somebody from the open page of people."""
    page.get_by_role("button", name="Invite").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Role").select_option(role)
    page.get_by_role("button", name="Send invitation").click()
    expect(page.get_by_text("Invitation queued")).to_be_visible()


def create_account(page: Page, link: str, name: str, password: str) -> None:
    """Accept an invitation."""
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Create the account").click()


def recovery_codes(page: Page) -> list[str]:
    """Return the recovery codes that the page shows, this once."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Keep your recovery codes")
    return page.locator("main li code").all_inner_texts()


def set_up_app(page: Page) -> list[str]:
    """Set up an authenticator app as somebody does who cannot scan, and return the recovery codes."""
    page.get_by_role("button", name="Show the QR code").click()
    page.get_by_text("You cannot scan it?").click()
    secret = "".join(page.locator("details code").inner_text().split())
    page.get_by_label("2. Type the code that it shows").fill(pyotp.TOTP(secret).at(SystemClock().now()))
    page.get_by_role("button", name="Confirm").click()
    codes = recovery_codes(page)
    page.get_by_role("link", name="I have kept them").click()
    return codes


def heard_beside(heard: list[str], status: int) -> list[str]:
    """What the browser complained about, without its telling of the document's own status."""
    return [words for words in heard if not (status >= 400 and f"status of {status}" in words)]


def listen(page: Page) -> list[str]:
    """Return a list that fills with what the browser complains about: errors, and violations of the policy."""
    heard: list[str] = []
    page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: heard.append(str(error)))
    return heard


@pytest.fixture(scope="session")
def watched_port() -> int:
    """A port of this machine that the product's probes may look at, where nothing listens until a test does."""
    return free_port()


@pytest.fixture(scope="session")
def product(watched_port: int) -> Iterator[Product]:
    """The product with its demo and a short history, for all journeys of the run."""
    with ToldProduct(probe_allow=f"127.0.0.1:{watched_port}") as running:
        yield running


@pytest.fixture(scope="session")
def mail_server() -> Iterator[MailServer]:
    """The mail server of the bare product."""
    with MailServer() as server:
        yield server


@pytest.fixture(scope="session")
def bare_product(mail_server: MailServer) -> Iterator[Product]:
    """The product without a demo: nothing was measured, nobody is there yet."""
    with Product(demo=False, smtp_url=f"smtp://127.0.0.1:{mail_server.port}") as running:
        yield running


@pytest.fixture(scope="session")
def letter(product: Product) -> Letter:
    """Waits for the demo's mail to an address that holds a link below a path, and returns the link."""
    mailbox = Mailbox(product.data / FOLDER)

    def link_to(address: str, path: str) -> str:
        def found() -> str | None:
            texts = [mail.text for mail in mailbox.latest() if address in mail.to]
            words = [word for text in texts for word in text.split() if f"{product.url}{path}/" in word]
            return words[0] if words else None

        return until(found, f"the mail to {address}") or ""

    return link_to


@pytest.fixture(scope="session")
def people(product: Product) -> dict[str, Person]:
    """The demo's people by role."""
    return product.people()


@pytest.fixture(scope="session")
def signed_in_state(browser: Browser, product: Product, people: dict[str, Person]) -> Callable[[str], Any]:
    """The cookies of somebody of a role, who signs in once for all journeys: a code of the app is good once."""
    known: dict[str, Any] = {}

    def state_of(role: str) -> Any:
        if role not in known:
            with contextlib.closing(browser.new_context()) as context:
                sign_in(context.new_page(), product, people[role])
                known[role] = context.storage_state()
        return known[role]

    return state_of


@pytest.fixture
def opened(browser: Browser, signed_in_state: Callable[[str], Any]) -> Iterator[Opens]:
    """A maker of browser profiles, signed in as somebody of a role or as nobody; all are closed with the test."""
    made: list[BrowserContext] = []

    def make(role: str = "visitor", *, width: int = 1280, **options: Any) -> BrowserContext:
        state = None if role == "visitor" else signed_in_state(role)
        size = ViewportSize(width=width, height=844 if width < 700 else 900)
        made.append(browser.new_context(viewport=size, storage_state=state, **options))
        made[-1].set_default_timeout(ACTION_MS)
        return made[-1]

    yield make
    for context in made:
        context.close()


@pytest.fixture(scope="session")
def repository(pytestconfig: pytest.Config) -> Path:
    """The root of the tree."""
    return pytestconfig.rootpath


@pytest.fixture(scope="session")
def prove(repository: Path) -> Prover:
    """Holds a page that is open against what every page keeps, and leaves its pictures in test-results/pages."""
    folder = repository / "test-results" / "pages"
    folder.mkdir(parents=True, exist_ok=True)
    return Prover(repository, folder)


@pytest.fixture(scope="session")
def first_admin(browser: Browser, bare_product: Product) -> Iterator[Page]:
    """The first administrator of the bare product: invited from the command line, with password and app set up."""
    invited = bare_product.manage("invite-admin", "ada@house.example")
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    create_account(page, invited.strip().splitlines()[-1], "Ada First", "nine calm otters swim")
    set_up_app(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    yield page
    context.close()
