"""The composition root: the only place that knows which adapter stands behind which port."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.catalogue import Catalogue
from services.components import make_components
from services.components.concise import Concise
from services.components.reads import Components
from services.components.views import ComponentBrief
from services.evidence import AuditTrail, Pulse
from services.facade import Services
from services.identity import PUBLIC_PERMISSIONS, make_identity
from services.identity.roles import KEY_PERMISSIONS, MACHINE_PERMISSIONS, PERMISSIONS
from services.imports import Imports, Shelves
from services.incidents import Incidents, make_incidents
from services.incidents.ports import NamedComponent
from services.infra.crypto import Vault
from services.infra.db import make_engine
from services.infra.durable import Client, Outbox, Subscription
from services.infra.outbound import Outbound
from services.infra.settings import Settings
from services.infra.targets import Opening, OutboundPolicy
from services.infra.uow import UnitOfWork
from services.kernel.clock import Clock, SystemClock
from services.kernel.context import JobActor, VisitorActor
from services.kernel.ids import derived_public_id
from services.metrics import Counts, Door, DoorPolicy, Figures, Intake, MetricStore, Recording, SqlMetricStore
from services.metrics.exposition import Exposition
from services.metrics.reactions import Counting
from services.notifications import Messages, Post, SubscriberMessages, SubscriberPost
from services.partners import Keys
from services.partners.keys import KeyPowers
from services.payments import Payments, Teller
from services.probes import make_probes
from services.public import PublicServices
from services.releases import Releases
from services.shares import Shares
from services.slas import make_slas
from services.subscribers import Site, Subscribers, make_subscribers
from services.vendors.prometheus import PrometheusMetricStore
from services.vendors.slack import SlackWebhooks
from services.vendors.smtp import SmtpGateway
from services.vendors.stripe import StripeGateway, StripeNotices
from services.webhooks import Console, Deliveries, Desk, Sender
from services.work import Retries, Work
from services.work import subscriptions as work_subscriptions

_ALL_SESSIONS_PER_MINUTE = 6_000
"""New playback sessions that all web workers let in together: half an hour of them can be remembered."""
_PUBLIC_DOMAINS = ("components", "incidents", "slas", "releases")
"""Whose changes are to be seen by everybody at once."""
_EYE = JobActor("evidence.pulse", frozenset({"components.read"}))
_BOOKKEEPER = JobActor("incidents.component_book", frozenset({"components.read"}))


@dataclass(frozen=True, slots=True)
class Outreach:
    """What goes out to subscribers and programs elsewhere, and who listens for it."""

    console: Console
    sender: Sender
    subscribers: Subscribers
    subscriptions: tuple[Subscription[Any], ...]


@dataclass(frozen=True, slots=True)
class Wired:
    """Everything that a process root takes: the facades, and the machinery that it starts and stops."""

    settings: Settings
    clock: Clock
    engine: sa.Engine
    uow: UnitOfWork
    client: Client
    services: Services
    public: PublicServices
    recording: Recording
    exposition: Exposition
    pulse: Pulse
    post: Post
    outreach: Outreach
    teller: Teller
    subscriptions: tuple[Subscription[Any], ...]


def wire(settings: Settings, clock: Clock | None = None) -> Wired:
    """Put the product together; nothing connects yet, so it may be done before a fork.

    Raises: Invalid, naming the setting, for one that contradicts another.
    """
    ground = _ground(settings, clock or SystemClock())
    house = _house(ground)
    ground.outbox.subscribe(house.subscriptions)
    return Wired(
        settings=settings,
        clock=ground.clock,
        engine=ground.engine,
        uow=ground.uow,
        client=ground.client,
        services=house.services,
        public=_public(house.services, house.outreach),
        recording=house.recording,
        exposition=Exposition(ground.uow),
        pulse=Pulse(ground.uow, _PUBLIC_DOMAINS, lambda _asking: house.services.components.reads.moved_at(_EYE)),
        post=house.post,
        outreach=house.outreach,
        teller=house.teller,
        subscriptions=house.subscriptions,
    )


@dataclass(frozen=True, slots=True)
class _Ground:
    """What every domain stands on."""

    settings: Settings
    clock: Clock
    engine: sa.Engine
    client: Client
    outbox: Outbox
    uow: UnitOfWork


@dataclass(frozen=True, slots=True)
class _House:
    """Every domain, put together, and who listens to whom."""

    services: Services
    recording: Recording
    post: Post
    outreach: Outreach
    teller: Teller
    subscriptions: tuple[Subscription[Any], ...]


def _ground(settings: Settings, clock: Clock) -> _Ground:
    engine = make_engine(settings.database_url)
    client = Client(settings.database_url)
    outbox = Outbox(client, clock)
    vault = Vault(settings.master_keyset.get_secret_value(), settings.secret_key.get_secret_value(), clock)
    return _Ground(settings, clock, engine, client, outbox, UnitOfWork(engine, clock, vault, outbox))


def _house(ground: _Ground) -> _House:
    settings, uow = ground.settings, ground.uow
    identity = make_identity(uow, settings)
    components = make_components(uow)
    incidents = make_incidents(uow, _ComponentBook(components.reads))
    messages = Messages(uow, identity.letters, settings.public_url, Retries())
    post = Post(messages, SmtpGateway(settings.smtp_url, settings.mail_from) if settings.smtp_url else None)
    outreach = _outreach(settings, uow, messages, incidents)
    recording, catalogue = Recording(uow), Catalogue(uow)
    teller = _teller(settings, uow, catalogue)
    slas = make_slas(uow, Counts(uow), components.record)
    intake, store = Intake(uow), _metric_store(settings, uow, ground.clock)
    probes = make_probes(uow, probe_policy(settings))
    shelves = Shelves(components.adopting, incidents.adopting, outreach.subscribers.adopting, probes.adopting)
    services = Services(
        identity=identity,
        components=components,
        releases=Releases(uow),
        incidents=incidents,
        slas=slas,
        figures=Figures(store, ground.clock),
        metric_store=store,
        intake=intake,
        door=Door(intake, _door_policy(settings), ground.clock),
        catalogue=catalogue,
        messages=messages,
        payments=teller.payments,
        subscribers=outreach.subscribers.staff,
        webhooks=outreach.console,
        evidence=AuditTrail(uow),
        work=Work(uow, ground.client),
        probes=probes,
        imports=Imports(uow, shelves),
        keys=Keys(uow, KeyPowers(KEY_PERMISSIONS, MACHINE_PERMISSIONS, PUBLIC_PERMISSIONS, PERMISSIONS)),
        shares=Shares(uow),
        clock=ground.clock,
        demo=settings.demo,
    )
    subscriptions = (
        *post.subscriptions(),
        *work_subscriptions(ground.client),
        *outreach.subscriptions,
        *components.hearing.subscriptions(),
        *incidents.reactions.subscriptions(),
        *slas.accounting.subscriptions(),
        *Counting(recording).subscriptions(),
        *teller.subscriptions(),
    )
    return _House(services, recording, post, outreach, teller, subscriptions)


def _public(services: Services, outreach: Outreach) -> PublicServices:
    return PublicServices(
        figures=services.figures,
        visitor=VisitorActor(PUBLIC_PERMISSIONS),
        clock=services.clock,
        components=services.components.reads,
        incidents=services.incidents.reads,
        slas=services.slas.reads,
        releases=services.releases,
        troubles=services.components.troubles,
        shares=services.shares,
        demo=services.demo,
        subscriptions=outreach.subscribers.door,
    )


def _outreach(settings: Settings, uow: UnitOfWork, messages: Messages, incidents: Incidents) -> Outreach:
    policy = OutboundPolicy(Opening.parse(settings.outbound_allow))
    desk = Desk(policy)
    sender = Sender(Deliveries(uow), Outbound(policy), uow.clock)
    subscribers = make_subscribers(
        uow,
        webhooks=desk,
        slack=SlackWebhooks(settings.slack_url),
        incidents=incidents.reads,
        components=Concise(uow),
        site=Site(settings.public_url, derived_public_id(settings.public_url)),
    )
    letters = SubscriberPost(SubscriberMessages(uow, messages, subscribers.letters))
    subscriptions = (*sender.subscriptions(), *subscribers.hearing.subscriptions(), *letters.subscriptions())
    return Outreach(Console(uow, desk), sender, subscribers, subscriptions)


class _ComponentBook:
    """Tells incidents of components, whoever asks: a reaction may know of them what anybody may."""

    def __init__(self, components: Components) -> None:
        self._components = components

    def named(self, component_ids: Sequence[str]) -> Mapping[str, NamedComponent]:
        """Return those of these components that exist, by id."""
        return {c: _named(each) for c, each in self._components.named(_BOOKKEEPER, component_ids).items()}

    def every(self) -> Sequence[NamedComponent]:
        """Return all components in the order in which pages show them."""
        return [_named(each) for each in self._components.every(_BOOKKEEPER)]


def _named(brief: ComponentBrief) -> NamedComponent:
    return NamedComponent(brief.id, brief.name, brief.group, brief.status)


def probe_policy(settings: Settings) -> OutboundPolicy:
    """Return where this installation's probes may go."""
    allowed = ",".join(part for part in (settings.outbound_allow, settings.probe_allow) if part)
    return OutboundPolicy(openings=Opening.parse(allowed), any_port=True)


def _teller(settings: Settings, uow: UnitOfWork, catalogue: Catalogue) -> Teller:
    key, secret = settings.stripe_secret_key.get_secret_value(), settings.stripe_webhook_secret.get_secret_value()
    configured = bool(key and secret)
    reader = StripeNotices(secret) if configured else None
    payments = Payments.assemble(uow, catalogue, reader, demo_key=settings.demo_key if settings.demo else "")
    return Teller(payments, StripeGateway(key, settings.stripe_url) if configured else None)


def _metric_store(settings: Settings, uow: UnitOfWork, clock: Clock) -> MetricStore:
    if settings.metric_store == "prometheus":
        return PrometheusMetricStore(settings.prometheus_url, clock)
    return SqlMetricStore(uow)


def _door_policy(settings: Settings) -> DoorPolicy:
    return DoorPolicy(
        demo_key=settings.demo_key if settings.demo else "",
        enabled=settings.ingest_enabled,
        body_bytes=settings.ingest_body_bytes,
        events_per_second=settings.ingest_events_per_second,
        sessions_per_minute=settings.ingest_sessions_per_minute,
        cdns=_listed(settings.ingest_cdns),
        regions=_listed(settings.ingest_regions),
        region_told=settings.trusted_proxies > 0,
        all_sessions_per_minute=max(1, _ALL_SESSIONS_PER_MINUTE // settings.web_workers),
        max_waiting=max(1, settings.web_threads - 2),
    )


def _listed(names: str) -> frozenset[str]:
    return frozenset(names.split(",")) if names else frozenset()
