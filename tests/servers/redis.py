"""A real Redis that keeps nothing on disk."""

from collections.abc import Sequence

import redis

from tests.servers.process import ServerProcess
from tools import system


class RedisServer(ServerProcess):
    """Redis on a free loopback port."""

    def __init__(self) -> None:
        super().__init__("redis-server")

    def command(self) -> Sequence[str]:
        """Return the server's command."""
        program = system.find("redis-server")
        if program is None:
            raise FileNotFoundError("redis-server is not installed: `make test` installs it as root")
        return [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]

    def ready(self) -> bool:
        """Say whether the server answers a ping."""
        try:
            with redis.Redis.from_url(self.url, socket_timeout=2) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    @property
    def url(self) -> str:
        """The URL under which the product reaches the server."""
        return f"redis://127.0.0.1:{self.port}/0"

    @staticmethod
    def flush(url: str) -> None:
        """Empty the database of the URL."""
        with redis.Redis.from_url(url) as client:
            client.flushdb()
