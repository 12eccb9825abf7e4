"""A shop with a till: payments on one database, a real payment sandbox, and a durable queue that is carried by hand."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from payment_sandbox.server import Sandbox
from payment_sandbox.webhooks import signature
from services.events.payments import CheckoutEnded
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import Actor, JobActor, UserActor, VisitorActor
from services.kernel.errors import NotFound
from services.kernel.ids import secret_token
from services.kernel.money import Money
from services.metrics import Recording, SqlMetricStore, Window
from services.metrics.reactions import Counting
from services.payments import Payments, Teller
from services.payments.views import OrderView, PayoutView
from services.vendors.stripe import StripeGateway, StripeNotices
from tests.webhooks.carrying import Carrier

KEY, SECRET, DEMO_KEY = "sk_test_of_the_tests", "whsec_of_the_tests", "the demo's own"
BUYER = VisitorActor(frozenset({"payments.buy"}))
STAFF = UserActor(
    "usr_" + "a" * 32,
    frozenset({"payments.read", "payments.price", "payments.payout.request", "payments.payout.approve"}),
)
CLEANER = JobActor("cleaner", frozenset({"payments.forget"}))
READER = JobActor("reader", frozenset({"metrics.read"}))
VISA, DECLINED, SLOW = "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_slow"
PRICE = Money(499, "EUR")


@dataclass(frozen=True)
class Film:
    """A title, as an order remembers it."""

    slug: str
    title: str


class Shelf:
    """A catalogue of two films."""

    def title(self, _actor: Actor, slug: str) -> Film:
        """Return one of them."""
        if slug not in {"film", "other"}:
            raise NotFound("title_not_found", "There is no such title.")
        return Film(slug, f"<i>{slug}</i>")


@dataclass
class Shop:
    """Everything that buyers, staff and the processor meet."""

    uow: UnitOfWork
    clock: FixedClock
    carrier: Carrier
    payments: Payments
    teller: Teller
    sandbox: Sandbox
    counting: Counting
    store: SqlMetricStore

    def place(self, slug: str = "film", *, key: str = "", address: str = "203.0.113.7", demo_key: str = "") -> str:
        """Place an order and return its key."""
        key = key or secret_token()
        self.payments.orders.place(BUYER, slug=slug, key=key, client_address=address, demo_key=demo_key)
        return key

    def pay(self, key: str, card: str = VISA, number: int = 1) -> OrderView:
        """Ask for an order's payment, let the background do its part, and return the order."""
        self.payments.orders.pay(BUYER, key=key, card=card, number=number)
        self.carry()
        return self.order(key)

    def order(self, key: str) -> OrderView:
        """Return an order as its buyer sees it."""
        return self.payments.orders.order(BUYER, key)

    def carry(self) -> None:
        """Do what the background process does with everything that waits."""
        self.carrier.carry(self.uow, *self.teller.subscriptions(), *self.counting.subscriptions())

    def behave(self, **how: str) -> None:
        """Let the sandbox behave so."""
        with self.sandbox.store.changing():
            for name, value in how.items():
                self.sandbox.store.behave(name, value)

    def tick(self, **delta: float) -> None:
        """Let time pass, and do what the clock does then."""
        now = self.clock.advance(**delta)
        self.sandbox.messenger.turn()
        self.teller.watch()
        self.teller.reconcile(now)
        self.carry()

    def notices(self, *kinds: str) -> list[bytes]:
        """Return the processor's events of these kinds, the oldest first."""
        events = [event for event in reversed(self.sandbox.store.events(100)) if event["type"] in kinds]
        return [json.dumps(event).encode() for event in events]

    def hear(self, *bodies: bytes) -> None:
        """Take notices at the door, as they would come over HTTP, and do what follows."""
        for body in bodies:
            self.payments.notices.accept(body, signature(body, SECRET, int(time.time())))
            self.carry()

    def outcomes(self) -> list[str]:
        """Return how the checkouts ended, in order."""
        return [fact.outcome for fact in self.carrier.seen if isinstance(fact, CheckoutEnded)]

    def counted(self, metric: str) -> int:
        """Return how often something was measured so far."""
        now = self.clock.now()
        return self.store.summary(READER, metric, Window(now - timedelta(days=2), now + timedelta(minutes=5))).count

    def taken(self) -> int:
        """Return how many charges the processor took money by."""
        charges = self.sandbox.store.latest("charge", "", limit=100, since=0, before_id=None)
        return sum(charge["paid"] for charge in charges)

    def payout(self, account: str = "acct_1A2b3C") -> str:
        """Ask for a payout and return its id."""
        return self.payments.payouts.request(STAFF, account=account, creator_name="Ada", money=Money(12_345, "EUR"))

    def approve(self, payout_id: str) -> PayoutView:
        """Approve a payout, let the background do its part, and return it."""
        self.payments.payouts.approve(STAFF, payout_id=payout_id)
        self.carry()
        return self.seen(payout_id)

    def seen(self, payout_id: str) -> PayoutView:
        """Return a payout as staff see it."""
        return self.payments.payouts.found(STAFF, payout_id)

    def sent(self, account: str = "acct_1A2b3C") -> int:
        """Return how many payouts the processor sent to an account."""
        return len(self.sandbox.store.latest("payout", account, limit=100, since=0, before_id=None))


@pytest.fixture
def sandbox(tmp_path: Path, clock: FixedClock) -> Iterator[Sandbox]:
    """A payment sandbox that serves; it tells nobody by itself, and its time is the test's."""
    made = Sandbox(tmp_path / "sandbox.db", port=0, api_key=KEY, clock=lambda: clock.now().timestamp())
    made.start()
    yield made
    made.stop()


@pytest.fixture
def shop(uow: UnitOfWork, clock: FixedClock, sandbox: Sandbox) -> Shop:
    """A shop that sells one of its two films."""
    carrier = Carrier()
    uow.outbox = carrier
    payments = Payments.assemble(uow, Shelf(), StripeNotices(SECRET), demo_key=DEMO_KEY)
    teller = Teller(payments, StripeGateway(KEY, sandbox.url, timeout_seconds=2))
    payments.prices.set_price(STAFF, slug="film", price=PRICE)
    return Shop(uow, clock, carrier, payments, teller, sandbox, Counting(Recording(uow)), SqlMetricStore(uow))
