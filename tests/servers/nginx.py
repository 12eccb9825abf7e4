"""A real nginx that serves the files of its folder."""

from collections.abc import Sequence

from tests.servers.process import ServerProcess
from tools import system


class NginxServer(ServerProcess):
    """nginx on a free loopback port; `root` is what it serves."""

    def __init__(self) -> None:
        super().__init__("nginx")
        self.root = self.folder / "www"
        self.root.mkdir()

    def command(self) -> Sequence[str]:
        """Write the configuration and return the server's command."""
        program = system.find("nginx")
        if program is None:
            raise FileNotFoundError("nginx is not installed: `make test` installs it as root")
        here = self.folder
        configuration = here / "nginx.conf"
        # One process: its workers would be somebody else, who may not read this folder.
        configuration.write_text(f"""
            daemon off; master_process off; pid {here}/nginx.pid; error_log {here}/error.log;
            events {{ worker_connections 64; }}
            http {{
              access_log off; default_type application/octet-stream;
              client_body_temp_path {here}/b; proxy_temp_path {here}/p; fastcgi_temp_path {here}/f;
              uwsgi_temp_path {here}/u; scgi_temp_path {here}/s;
              server {{ listen 127.0.0.1:{self.port}; root {self.root}; }}
            }}""")
        return [program, "-c", str(configuration), "-e", str(here / "error.log")]

    @property
    def url(self) -> str:
        """Where the server is, without a trailing slash."""
        return f"http://127.0.0.1:{self.port}"
