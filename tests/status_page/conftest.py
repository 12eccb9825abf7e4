"""The public surface on a server of its own, over measurements that a test writes."""

from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.identity import PUBLIC_PERMISSIONS
from services.infra.uow import UnitOfWork
from services.kernel.clock import FixedClock
from services.kernel.context import JobActor, VisitorActor
from services.metrics import Figures, Recording, SqlMetricStore
from services.public import PublicServices
from status_page.documents import blueprint
from status_page.snapshot import Snapshot
from status_page.surface import register
from tests.status_page.absent import public_with
from web.shell.app import make_server
from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.ui.static import StaticManifest

METER = JobActor("test", frozenset({"metrics.record"}))


@pytest.fixture
def recording(uow: UnitOfWork) -> Recording:
    """Where the test writes measurements."""
    return Recording(uow)


@pytest.fixture
def public(uow: UnitOfWork, clock: FixedClock) -> PublicServices:
    """What the public surface reads through."""
    return public_with(Figures(SqlMetricStore(uow), clock), clock, VisitorActor(PUBLIC_PERMISSIONS))


@pytest.fixture
def snapshot_path(tmp_path: Path) -> Path:
    """Where the last good state is kept."""
    return tmp_path / "status.json"


@pytest.fixture
def server(public: PublicServices, snapshot_path: Path, tmp_path: Path, clock: FixedClock) -> Flask:
    """A server with the public surface alone."""
    config = ShellConfig("a secret of the tests", "http://127.0.0.1:8050", tmp_path / "bundles")
    made = make_server(config, Ports(visitor_permissions=PUBLIC_PERMISSIONS), clock=clock)
    snapshot = Snapshot(public, snapshot_path)
    made.register_blueprint(blueprint(public, snapshot))
    register(made, public, snapshot, StaticManifest.load())
    return made


@pytest.fixture
def browser_client(server: Flask) -> FlaskClient:
    """A client that asks past the micro-cache, whose copies would outlive the test's clock."""
    return server.test_client()
