"""The one server that every surface stands on."""

from pathlib import Path
from wsgiref.types import WSGIApplication

from flask import Flask
from werkzeug.exceptions import HTTPException
from werkzeug.middleware.proxy_fix import ProxyFix

from services.kernel.clock import Clock, SystemClock
from web.shell import bundles, csrf, guard, headers, health, languages, metrics, public_files, sessions, state
from web.shell.body_gate import BodyGate
from web.shell.boundary import Boundary
from web.shell.config import ShellConfig
from web.shell.languages import Languages
from web.shell.micro_cache import MicroCache
from web.shell.ports import Ports
from web.shell.problems import Problems
from web.shell.routes import CachedDocument, declarations


def make_server(
    config: ShellConfig, ports: Ports, *, clock: Clock | None = None, metrics_folder: Path | None = None,
    spoken: Languages | None = None,
) -> Flask:  # fmt: skip
    """Return a server with the shell around it and no surface yet.

    Everything that is added later must be declared by `route`, or made by `make_surface`; the rest answers 404.
    `spoken` are the languages of translated pages.
    """
    server = Flask("greenlight", static_folder=None, template_folder=None)
    server.config.update(
        SECRET_KEY=config.key("dash").decode(),
        MAX_CONTENT_LENGTH=config.body_bytes,
        MAX_FORM_MEMORY_SIZE=config.body_bytes,
        MAX_FORM_PARTS=200,
    )
    problems = Problems(config.public_url, guard.SIGN_IN_PATH)
    state.install(server, state.Shell(config, ports, problems))
    # Hooks after a request run last to first: the headers see what everybody else has set.
    headers.install(server)
    languages.install(server, spoken or Languages(config.language))
    guard.install(server)
    sessions.install(server)
    csrf.install(server)
    problems.install(server)
    figures = metrics.RequestMetrics(metrics_folder)
    server.register_blueprint(health.blueprint(ports.probes))
    server.register_blueprint(metrics.blueprint(config, figures, ports.metrics))
    server.register_blueprint(public_files.blueprint(config, clock or SystemClock(), ports.static))
    server.register_blueprint(bundles.blueprint(server))
    _wrap(server, config, ports, problems, figures)
    return server


def _wrap(
    server: Flask, config: ShellConfig, ports: Ports, problems: Problems, figures: metrics.RequestMetrics
) -> None:
    gate = BodyGate(server.wsgi_app, problems, threads=config.threads, whole_bytes=config.body_bytes)
    boundary = Boundary(_behind_proxies(gate, config.trusted_proxies), config, problems, figures.observe)
    cache = MicroCache(
        boundary,
        lambda path: cached_document(server, path),
        version=ports.version,
        count=figures.add_cached,
        languages=languages.languages_of(server),
    )
    server.extensions["greenlight_micro_cache"] = cache
    server.wsgi_app = cache  # type: ignore[method-assign] # Flask documents this as the place for middleware


def _behind_proxies(app: WSGIApplication, hops: int) -> WSGIApplication:
    return ProxyFix(app, x_for=hops, x_proto=hops) if hops else app


def cached_document(server: Flask, path: str) -> CachedDocument | None:
    """Return how the document at a path of the WSGI environment is cached, if it is."""
    try:
        endpoint, _ = server.url_map.bind("").match(path.encode("latin-1").decode(errors="replace"), "GET")
    except HTTPException:
        return None
    declared = declarations(server).find(endpoint)
    return None if declared is None else declared.cache
