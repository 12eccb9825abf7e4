"""Fixtures of real servers; a test skips, loudly, where its server is not installed."""

from collections.abc import Callable, Iterator

import pytest

from tests.servers import postgresql
from tests.servers.process import ServerProcess, end_with_parent, free_port, remove_abandoned_folders
from tests.servers.prometheus import PrometheusServer
from tests.servers.redis import RedisServer
from tests.servers.shared import SharedServers, of_this_run
from tools import system


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option with which the gate refuses to skip."""
    parser.addoption("--require-servers", action="store_true", help="fail, not skip, where a server is missing")


def pytest_configure(config: pytest.Config) -> None:
    """Let a worker die with the run that started it, even when that is killed; tidy up after runs that were."""
    if hasattr(config, "workerinput"):
        end_with_parent()
    else:
        remove_abandoned_folders()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not proved for want of a program."""
    if lacking := system.missing(system.TEST_PROGRAMS):
        names = ", ".join(program.name for program in lacking)
        terminalreporter.section(f"NOT PROVED HERE, program missing: {names}", red=True)


def require(request: pytest.FixtureRequest, program: str) -> str:
    """Return the program's path; where it is missing, skip the test, or fail it in the gate."""
    path = system.find(program)
    if path is not None:
        return path
    reason = f"{program} is not installed: `make test` installs it as root"
    if request.config.getoption("--require-servers"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SharedServers:
    """The servers that all workers of this run share."""
    return of_this_run(request, tmp_path_factory)


@pytest.fixture
def port() -> int:
    """A free loopback port."""
    return free_port()


@pytest.fixture(scope="session")
def postgresql_port(request: pytest.FixtureRequest, shared_servers: SharedServers) -> int:
    """The port of the run's PostgreSQL."""
    require(request, "postgres")
    return shared_servers.port("postgresql")


@pytest.fixture
def empty_postgresql_url(postgresql_port: int) -> Iterator[str]:
    """A new PostgreSQL database without tables."""
    name = postgresql.create_database(postgresql_port)
    yield postgresql.sqlalchemy_url(postgresql_port, name)
    postgresql.drop_database(postgresql_port, name)


@pytest.fixture
def own_postgresql(request: pytest.FixtureRequest) -> Iterator[postgresql.PostgresServer]:
    """A PostgreSQL for one test alone, which may kill and restart it."""
    require(request, "postgres")
    with postgresql.PostgresServer() as server:
        yield server


@pytest.fixture
def redis_url(request: pytest.FixtureRequest, shared_servers: SharedServers, worker_id: str) -> str:
    """The run's Redis, in a database of this worker's own that is empty at the start of each test."""
    require(request, "redis-server")
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    url = f"redis://127.0.0.1:{shared_servers.port('redis')}/{number}"
    RedisServer.flush(url)
    return url


@pytest.fixture
def own_redis(request: pytest.FixtureRequest) -> Iterator[RedisServer]:
    """A Redis for one test alone, which may kill and restart it."""
    require(request, "redis-server")
    with RedisServer() as server:
        yield server


@pytest.fixture
def start_prometheus(request: pytest.FixtureRequest) -> Iterator[Callable[..., PrometheusServer]]:
    """A launcher of Prometheus servers, which scrape the `host:port` targets they are given; all end with the test."""
    require(request, "prometheus")
    started: list[ServerProcess] = []

    def start(*targets: str, scrape_interval: str = "1s", metrics_path: str = "/metrics") -> PrometheusServer:
        server = PrometheusServer(targets, scrape_interval=scrape_interval, metrics_path=metrics_path)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.close()
