"""The composition root: the only place that knows which adapter stands behind which port."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from services.catalogue import Catalogue
from services.components import make_components
from services.components.reads import Components
from services.evidence import AuditTrail, Pulse
from services.facade import Services
from services.identity import PUBLIC_PERMISSIONS, make_identity
from services.identity.roles import KEY_PERMISSIONS, MACHINE_PERMISSIONS, PERMISSIONS
from services.incidents import make_incidents
from services.incidents.ports import NamedComponent
from services.infra.crypto import Vault
from services.infra.db import make_engine
from services.infra.durable import Client, Outbox, Subscription
from services.infra.settings import Settings
from services.infra.targets import Opening, OutboundPolicy
from services.infra.uow import UnitOfWork
from services.kernel.clock import Clock, SystemClock
from services.kernel.context import Actor, JobActor, VisitorActor
from services.metrics import Door, DoorPolicy, Figures, Intake, MetricStore, Recording, SqlMetricStore
from services.metrics.exposition import Exposition
from services.metrics.reactions import Counting
from services.notifications import Messages, Post
from services.partners import Keys
from services.partners.keys import KeyPowers
from services.probes import make_probes
from services.public import PublicServices
from services.releases import Releases
from services.vendors.prometheus import PrometheusMetricStore
from services.vendors.smtp import SmtpGateway
from services.work import Work
from services.work import subscriptions as work_subscriptions

_ALL_SESSIONS_PER_MINUTE = 6_000
"""New playback sessions that all web workers let in together: half an hour of them can be remembered."""
_PUBLIC_DOMAINS = ("components", "incidents", "slas", "releases")
"""Whose changes are to be seen by everybody at once."""
_BOOKKEEPER = JobActor("incidents.component_book", frozenset({"components.read"}))


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
    subscriptions: tuple[Subscription[Any], ...]


def wire(settings: Settings, clock: Clock | None = None) -> Wired:
    """Put the product together; nothing connects yet, so it may be done before a fork.

    Raises: Invalid, naming the setting, for one that contradicts another.
    """
    time = clock or SystemClock()
    engine = make_engine(settings.database_url)
    client = Client(settings.database_url)
    outbox = Outbox(client, time)
    vault = Vault(settings.master_keyset.get_secret_value(), settings.secret_key.get_secret_value(), time)
    uow = UnitOfWork(engine, time, vault, outbox)
    identity = make_identity(uow, settings)
    components, releases = make_components(uow), Releases(uow)
    incidents = make_incidents(uow, _ComponentBook(components.reads))
    messages = Messages(uow, identity.letters, settings.public_url)
    post = Post(messages, SmtpGateway(settings.smtp_url, settings.mail_from) if settings.smtp_url else None)
    intake = Intake(uow)
    store = _metric_store(settings, uow, time)
    figures = Figures(store, time)
    recording = Recording(uow)
    subscriptions = (
        *post.subscriptions(),
        *work_subscriptions(client),
        *components.hearing.subscriptions(),
        *incidents.reactions.subscriptions(),
        *Counting(recording).subscriptions(),
    )
    outbox.subscribe(subscriptions)
    services = Services(
        identity=identity,
        components=components,
        releases=releases,
        incidents=incidents,
        figures=figures,
        metric_store=store,
        intake=intake,
        door=Door(intake, _door_policy(settings), time),
        catalogue=Catalogue(uow),
        messages=messages,
        evidence=AuditTrail(uow),
        work=Work(uow, client),
        probes=make_probes(uow, probe_policy(settings)),
        keys=Keys(uow, KeyPowers(KEY_PERMISSIONS, MACHINE_PERMISSIONS, PUBLIC_PERMISSIONS, PERMISSIONS)),
        clock=time,
        demo=settings.demo,
    )
    public = PublicServices(
        figures,
        VisitorActor(PUBLIC_PERMISSIONS),
        time,
        settings.demo,
        components=components.reads,
        incidents=incidents.reads,
        releases=releases,
    )
    return Wired(
        settings=settings,
        clock=time,
        engine=engine,
        uow=uow,
        client=client,
        services=services,
        public=public,
        recording=recording,
        exposition=Exposition(uow),
        pulse=Pulse(uow, _PUBLIC_DOMAINS),
        post=post,
        subscriptions=subscriptions,
    )


class _ComponentBook:
    """Tells incidents of components, whoever asks: a reaction may know of them what anybody may."""

    def __init__(self, components: Components) -> None:
        self._components = components

    def named(self, _actor: Actor, component_ids: Sequence[str]) -> Mapping[str, NamedComponent]:
        """Return those of these components that exist, by id."""
        wanted = set(component_ids)
        listed = self._components.listing(_BOOKKEEPER) if wanted else ()
        return {each.id: NamedComponent(each.id, each.name, "", each.status) for each in listed if each.id in wanted}

    def every(self, _actor: Actor) -> Sequence[NamedComponent]:
        """Return all components in the order in which pages show them."""
        groups = {group.id: group.name for group in self._components.overview(_BOOKKEEPER).groups}
        listed = self._components.listing(_BOOKKEEPER)
        return [NamedComponent(each.id, each.name, groups.get(each.group_id or "", ""), each.status) for each in listed]


def probe_policy(settings: Settings) -> OutboundPolicy:
    """Return where this installation's probes may go."""
    allowed = ",".join(part for part in (settings.outbound_allow, settings.probe_allow) if part)
    return OutboundPolicy(openings=Opening.parse(allowed), any_port=True)


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
        all_sessions_per_minute=max(1, _ALL_SESSIONS_PER_MINUTE // settings.web_workers),
        max_waiting=max(1, settings.web_threads - 2),
    )
