"""A real Prometheus that scrapes the targets it is given."""

from collections.abc import Sequence

import httpx

from tests.servers.process import ServerProcess
from tools import system


class PrometheusServer(ServerProcess):
    """Prometheus on a free loopback port, scraping `targets` (`host:port`) every second."""

    def __init__(
        self, targets: Sequence[str] = (), *, scrape_interval: str = "1s", metrics_path: str = "/metrics"
    ) -> None:
        super().__init__("prometheus")
        self.targets, self.scrape_interval, self.metrics_path = tuple(targets), scrape_interval, metrics_path

    def command(self) -> Sequence[str]:
        """Write the configuration and return the server's command."""
        program = system.find("prometheus")
        if program is None:
            raise FileNotFoundError("prometheus is not installed: `make test` installs it as root")
        configuration = self.folder / "prometheus.yml"
        configuration.write_text(self._configuration())
        return [
            program,
            f"--config.file={configuration}",
            f"--storage.tsdb.path={self.folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{self.port}",
            "--web.enable-remote-write-receiver",
            "--log.level=warn",
        ]

    def ready(self) -> bool:
        """Say whether the server answers queries."""
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=2, trust_env=False).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    @property
    def url(self) -> str:
        """The URL under which the product queries the server."""
        return f"http://127.0.0.1:{self.port}"

    def _configuration(self) -> str:
        lines = ["global:", f"  scrape_interval: {self.scrape_interval}", "scrape_configs:"]
        lines += ["  - job_name: greenlight", f"    metrics_path: {self.metrics_path}", "    static_configs:"]
        lines.append(f"      - targets: [{', '.join(repr(target) for target in self.targets)}]")
        return "\n".join(lines) + "\n"
