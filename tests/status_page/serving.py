"""Applications on ports of their own, as another site or another program sees them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from wsgiref.types import WSGIApplication

from flask import Flask
from werkzeug.serving import make_server

from status_page.programs.documents import blueprint as programs
from status_page.programs.site import Site
from status_page.snapshot import Snapshot
from status_page.surface import register
from tests.servers.process import free_port
from tests.status_page.doubles import World
from web.shell.app import make_server as make_shell
from web.shell.config import ShellConfig
from web.shell.ports import Ports
from web.ui.static import StaticManifest


@contextmanager
def on_a_port(app: Callable[[str], WSGIApplication]) -> Iterator[str]:
    """Serve an application, made for its own address, on a port of this machine."""
    port = free_port()
    origin = f"http://127.0.0.1:{port}"
    server = make_server("127.0.0.1", port, app(origin), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield origin
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


def site_of(world: World, folder: Path, origin: str = "https://status.example.com") -> Flask:
    """A server with the pages and the documents for programs over a world in memory."""
    manifest, public = StaticManifest.load(), world.public()
    config = ShellConfig("a secret of the tests", origin, folder / "bundles")
    server = make_shell(config, Ports(static=manifest), clock=world.clock)
    snapshot = Snapshot(public, folder / "status.json")
    server.register_blueprint(programs(Site(public, snapshot, origin, manifest)))
    register(server, public, snapshot, manifest)
    return server
