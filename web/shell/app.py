"""The one server that every surface stands on."""

from pathlib import Path

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from services.kernel.clock import Clock, SystemClock
from web.shell import bundles, csrf, guard, headers, health, metrics, public_files, sessions, state
from web.shell.boundary import Boundary
from web.shell.config import ShellConfig
from web.shell.micro_cache import CachedRule, MicroCache, rule_of
from web.shell.ports import Ports
from web.shell.problems import Problems
from web.shell.routes import declared_rules


def make_server(
    config: ShellConfig, ports: Ports, *, clock: Clock | None = None, metrics_folder: Path | None = None
) -> Flask:
    """Return a server with the shell around it and no surface yet.

    Everything that is added later must be declared by `route`, or made by `make_surface`; the rest answers 404.
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
    inner = server.wsgi_app
    if config.trusted_proxies:
        hops = config.trusted_proxies
        inner = ProxyFix(inner, x_for=hops, x_proto=hops, x_host=hops)
    boundary = Boundary(inner, config, problems, figures.observe)
    cache = MicroCache(boundary, lambda: cached_rules(server), version=ports.version, count=figures.add_cached)
    server.extensions["greenlight_micro_cache"] = cache
    server.wsgi_app = cache  # type: ignore[method-assign] # Flask documents this as the place for middleware


def cached_rules(server: Flask) -> list[CachedRule]:
    """Return the rules of the documents that the micro-cache may keep."""
    return [
        rule_of(rule.rule, declared.cache)
        for rule, declared in declared_rules(server)
        if declared is not None and declared.cache is not None
    ]
