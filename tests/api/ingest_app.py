"""The beacon door alone behind the real shell, by the settings of its environment: what the ingest tests serve."""

from api.beacons import blueprint
from services.infra.settings import read
from services.wiring import wire
from web.shell.app import make_server
from web.shell.config import config_of
from web.shell.ports import Ports

settings = read()
wired = wire(settings)
app = make_server(config_of(settings), Ports(), clock=wired.clock)
app.register_blueprint(blueprint(wired.services.door, wired.services.intake))
