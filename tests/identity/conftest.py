"""Identity's verbs on a database of the test's own, with an outbox that remembers and cheap hashes."""

from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from sqlalchemy.orm import Session

from services.identity import PUBLIC_PERMISSIONS, ROLE_PERMISSIONS, Client, Identity, Role, make_identity
from services.identity.passwords import Passwords
from services.identity.rules import current_code
from services.identity.views import OpenedSession, SignedIn
from services.infra.crypto import Vault
from services.infra.settings import Settings, read
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, UserActor, VisitorActor
from services.kernel.facts import Fact

VISITOR = VisitorActor(permissions=PUBLIC_PERMISSIONS)
ADMIN = UserActor("usr_" + "a" * 32, ROLE_PERMISSIONS[Role.ADMIN])
OPERATOR_LINE = JobActor("command-line", frozenset({"identity.found", "identity.demo", "identity.tidy"}))
CLIENT = Client("203.0.113.7", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
PASSWORD = "violet harbour 93 kettle"


@dataclass
class RememberingOutbox:
    facts: list[Fact] = field(default_factory=list)

    def publish(self, _session: Session, fact: Fact) -> None:
        self.facts.append(fact)


@dataclass
class Person:
    """Somebody with an account, and how they get in."""

    identity: Identity
    clock: FixedClock
    user_id: str
    email: str
    password: str = PASSWORD
    secret: str | None = None

    def sign_in(self, *, client: Client = CLIENT, device: str | None = None) -> OpenedSession:
        return self.identity.sign_in.sign_in(
            VISITOR, email=self.email, password=self.password, client=client, device=device
        )

    def code(self) -> str:
        assert self.secret is not None
        return current_code(self.secret, self.clock.now())

    def signed_in(self) -> SignedIn:
        """Sign in with everything that is needed, and return who that is."""
        return self.recognised(self.token())

    def token(self) -> str:
        opened = self.sign_in()
        if self.secret is None:
            return opened.token
        pending = self.recognised(opened.token)
        self.clock.advance(seconds=30)
        done = self.identity.second_factor.verify(pending.actor, session_id=pending.session_id, code=self.code())
        assert done is not None
        return done.token

    def recognised(self, token: str) -> SignedIn:
        found = self.identity.sessions.authenticate(VISITOR, token)
        assert found is not None
        return found

    def proof(self, me: SignedIn) -> str:
        """Prove the present password."""
        return self.identity.passwords.prove(me.actor, password=PASSWORD)

    def enrol(self, token: str) -> tuple[str, tuple[str, ...]]:
        """Set up a second factor from a session, and return its new token and the recovery codes."""
        me, factor = self.recognised(token), self.identity.second_factor
        proof = self.proof(me) if self.secret else None
        begun = factor.begin_enrolment(me.actor, session_id=me.session_id, proof=proof)
        self.secret = begun.secret.replace(" ", "")
        confirmed = factor.confirm_enrolment(me.actor, session_id=me.session_id, code=self.code())
        assert confirmed is not None
        return confirmed[0].token, confirmed[1]


@pytest.fixture
def outbox() -> RememberingOutbox:
    return RememberingOutbox()


@pytest.fixture
def uow(engine: sa.Engine, clock: FixedClock, vault: Vault, outbox: RememberingOutbox) -> UnitOfWork:
    return UnitOfWork(engine, clock, vault, outbox)


@pytest.fixture
def settings(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder = tmp_path_factory.mktemp("data")
    return read({}, database_url=database_url, data_dir=folder, demo=True, session_hours=12, session_idle_minutes=60)


@pytest.fixture(scope="session")
def cheap_passwords() -> Passwords:
    """Hashes with the least work that Argon2 allows, for tests that are not about them."""
    return Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))


@pytest.fixture
def identity(uow: UnitOfWork, settings: Settings, cheap_passwords: Passwords) -> Identity:
    return make_identity(uow, settings, cheap_passwords)


class People:
    """Makes people with accounts, through the same doors as everybody."""

    def __init__(self, identity: Identity, clock: FixedClock) -> None:
        self.identity, self.clock = identity, clock

    def join(self, role: Role, email: str | None = None, *, enrolled: bool = True) -> Person:
        address = email or f"{role}@example.com"
        organisation = None
        if role in {Role.AFFILIATE, Role.AGENCY}:
            organisation = self.identity.people.found_organisation(ADMIN, name=f"Company of {address}").id
        issued = self.identity.invitations.invite(ADMIN, email=address, role=role, organisation_id=organisation)
        opened = self.identity.invitations.accept(
            VISITOR, token=issued.token, name="Ada Byron", password=PASSWORD, client=CLIENT
        )
        found = self.identity.sessions.authenticate(VISITOR, opened.token)
        assert found is not None
        person = Person(self.identity, self.clock, found.actor.user_id, address)
        if enrolled and role in {Role.OPERATOR, Role.COMPLIANCE, Role.ADMIN}:
            person.enrol(opened.token)
        return person


@pytest.fixture
def people(identity: Identity, clock: FixedClock) -> People:
    return People(identity, clock)
