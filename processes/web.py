"""The web process: wires the product and puts the surfaces that the settings name on one server."""

from flask import Flask, redirect
from werkzeug.wrappers import Response

from account.surface import register as register_account
from admin.surface import surface as admin_surface
from api.beacons import blueprint as beacons
from api.components import blueprint as components_api
from api.hooks import blueprint as hooks
from api.incidents import blueprint as incidents_api
from api.maintenance import blueprint as maintenance_api
from api.probes import blueprint as probes_api
from dashboards.surface import surface as dashboards_surface
from processes.mailbox import FOLDER
from processes.readiness import probes
from processes.sandbox import practises
from services.identity import PUBLIC_PERMISSIONS
from services.infra.logs import start_logging
from services.infra.settings import read
from services.infra.telemetry import start_tracing
from services.kernel.context import JobActor
from services.metrics.exposition import Exposition
from services.vendors.prometheus_exposition import ExpositionCollector, SlaCollector
from services.wiring import Wired, wire
from status_page.documents import blueprint as status_documents
from status_page.programs.documents import blueprint as status_programs
from status_page.programs.site import Site
from status_page.snapshot import SERVED, Snapshot
from status_page.subscribing import register as register_subscribing
from status_page.surface import register as register_status_page
from storefront.ports import Checkout, Storefront
from storefront.surface import register as register_storefront
from web.shell.app import make_server
from web.shell.config import config_of
from web.shell.dash_surface import make_surface
from web.shell.ports import Client, Ports, SignedIn
from web.shell.routes import PUBLIC, route
from web.ui.static import StaticManifest

_WATCHER = JobActor("status.watch", frozenset({"evidence.pulse"}))
_SCRAPER = JobActor("metrics.scrape", frozenset({"metrics.read"}))


def application() -> Flask:
    """Return the WSGI application of this process, by the settings of its environment.

    Raises: Invalid, naming the setting, for a wrong one.
    """
    settings = read()
    start_logging(settings, "web")
    start_tracing(settings, "web")
    return build(wire(settings))


def build(wired: Wired, static: StaticManifest | None = None) -> Flask:
    """Return a server with the surfaces that the settings name."""
    settings, manifest = wired.settings, static or StaticManifest.load()
    snapshot = Snapshot(wired.public, settings.data_dir / "status-snapshot.json", SERVED)
    ports = _ports(wired, manifest, snapshot)
    server = make_server(config_of(settings), ports, clock=wired.clock, metrics_folder=settings.data_dir / "metrics")
    for name in settings.enabled_surfaces:
        if name == "status_page":
            _status_page(server, wired, manifest, snapshot)
        else:
            _SURFACES[name](server, wired, manifest)
    if "status_page" in settings.enabled_surfaces:
        route(server, "/", access=PUBLIC, anonymous=True, endpoint="start")(_to_status)
    return server


def _to_status() -> Response:
    return redirect("/status/")


def _ports(wired: Wired, manifest: StaticManifest, snapshot: Snapshot) -> Ports:
    def authenticate(token: str, _: Client) -> SignedIn | None:
        found = wired.services.identity.sessions.authenticate(wired.public.visitor, token)
        if found is None:
            return None
        return SignedIn(
            found.actor, found.session_id, found.name, found.roles, second_factor_pending=not found.complete
        )

    return Ports(
        authenticate=authenticate,
        recognise_key=lambda token: wired.services.keys.authenticate(wired.public.visitor, token),
        visitor_permissions=PUBLIC_PERMISSIONS,
        probes=probes(wired),
        metrics=(_collector(wired.exposition), _sla_collector(wired)),
        static=manifest,
        version=lambda: snapshot.pulse(lambda: wired.pulse.beats(_WATCHER)),
    )


def _collector(exposition: Exposition) -> ExpositionCollector:
    return ExpositionCollector(lambda: exposition.families(_SCRAPER))


def _sla_collector(wired: Wired) -> SlaCollector:
    return SlaCollector(lambda: wired.services.slas.reads.slas(wired.public.visitor))


def _status_page(server: Flask, wired: Wired, manifest: StaticManifest, snapshot: Snapshot) -> None:
    server.register_blueprint(status_documents(wired.public, snapshot))
    server.register_blueprint(status_programs(Site(wired.public, snapshot, wired.settings.public_url, manifest)))
    register_status_page(server, wired.public, snapshot, manifest)
    register_subscribing(server, wired.public, snapshot, manifest)


def _account(server: Flask, wired: Wired, manifest: StaticManifest) -> None:
    register_account(server, wired.services, manifest, wired.settings.data_dir / FOLDER)


def _admin(server: Flask, wired: Wired, _: StaticManifest) -> None:
    make_surface(server, admin_surface(wired.services))


def _dashboards(server: Flask, wired: Wired, _: StaticManifest) -> None:
    make_surface(server, dashboards_surface(wired.services))


def _storefront(server: Flask, wired: Wired, manifest: StaticManifest) -> None:
    settings, payments = wired.settings, wired.services.payments
    checkout = Checkout(payments.prices, payments.orders, sandbox=practises(settings), clock=wired.clock)
    register_storefront(
        server,
        Storefront(
            wired.services.catalogue,
            manifest,
            settings.data_dir / "media",
            settings.demo,
            checkout if payments.orders.enabled else None,
        ),
    )


def _api(server: Flask, wired: Wired, _: StaticManifest) -> None:
    server.register_blueprint(beacons(wired.services.door, wired.services.intake))
    server.register_blueprint(components_api(wired.services))
    server.register_blueprint(hooks(wired.services.payments))
    server.register_blueprint(incidents_api(wired.services))
    server.register_blueprint(maintenance_api(wired.services))
    server.register_blueprint(probes_api(wired.services.probes))


_SURFACES = {
    "account": _account,
    "admin": _admin,
    "dashboards": _dashboards,
    "storefront": _storefront,
    "api": _api,
}
