"""A real PostgreSQL: `initdb` in a temporary folder, durability off, one database per test from a template."""

import shutil
import signal
import uuid
from collections.abc import Sequence

import psycopg
from psycopg import sql

from tests.servers.process import ServerProcess, unprivileged_user
from tools import system

USER = "greenlight"


class PostgresServer(ServerProcess):
    """PostgreSQL on a free loopback port, trusting local connections."""

    stop_signal = signal.SIGINT  # a fast shutdown: clients are cut off

    def __init__(self) -> None:
        super().__init__("postgresql", user=unprivileged_user())
        self.data = self.folder / "data"

    def command(self) -> Sequence[str]:
        """Return the server's command; commits reach the kernel, not the disk."""
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": self.port,
            "unix_socket_directories": "",
            "fsync": "off",  # a commit survives a kill, though not a power cut
            "full_page_writes": "off",
            "max_connections": 200,
            "shared_buffers": "64MB",
            "log_min_messages": "warning",
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [_program("postgres"), "-D", str(self.data), *options]

    def ready(self) -> bool:
        """Say whether the server answers a query."""
        try:
            with psycopg.connect(admin_url(self.port), connect_timeout=2) as connection:
                return connection.execute("select 1").fetchone() is not None
        except psycopg.OperationalError:
            return False

    def start(self) -> "PostgresServer":
        """Make the cluster on the first start, then run it."""
        if not self.data.exists():
            options = [
                "--auth=trust",
                f"--username={USER}",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
                "--no-instructions",
            ]
            self.run_as_user([_program("initdb"), "-D", str(self.data), *options])
        super().start()
        return self

    @property
    def url(self) -> str:
        """The URL of the maintenance database."""
        return admin_url(self.port)


def _program(name: str) -> str:
    path = system.find(name) or shutil.which(name)
    if path is None:
        raise FileNotFoundError(f"{name} is not installed: `make test` installs it as root")
    return path


def admin_url(port: int) -> str:
    """Return the libpq URL of the server's maintenance database."""
    return f"postgresql://{USER}@127.0.0.1:{port}/postgres"


def sqlalchemy_url(port: int, database: str) -> str:
    """Return the URL under which the product reaches a database of the server."""
    return f"postgresql+psycopg://{USER}@127.0.0.1:{port}/{database}"


def _execute(port: int, statement: sql.Composed) -> None:
    with psycopg.connect(admin_url(port), autocommit=True) as connection:
        connection.execute(statement)


def create_database(port: int, template: str | None = None, name: str | None = None) -> str:
    """Create a database, as a copy of `template` where one is named, and return its name."""
    database = name or f"test_{uuid.uuid4().hex}"
    statement = sql.SQL("create database {}").format(sql.Identifier(database))
    if template is not None:
        # Copying files is the fast way for a small template with durability off.
        statement += sql.SQL(" template {} strategy file_copy").format(sql.Identifier(template))
    _execute(port, statement)
    return database


def drop_database(port: int, database: str) -> None:
    """Remove a database and cut off whoever uses it."""
    _execute(port, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))
