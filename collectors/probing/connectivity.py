"""Whether the prober itself is offline: then what it cannot reach says nothing about what it looked at.

Down is said only on evidence: an answer that is wrong, something on this very machine, or silence while something else
out there answers. Silence all around is unknown.
"""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from collectors.probing.dns_probe import name_servers
from collectors.probing.looking import UNANSWERED
from services.infra.outbound import Outbound
from services.infra.targets import Opening, OutboundPolicy, literal
from services.kernel.errors import DomainError, Invalid
from services.probes.kinds import OWN_DATABASE, host_and_port, read_database
from services.probes.views import Assignment

Place: TypeAlias = tuple[str, int]

CHECK_SECONDS: Final = 1.5
REMEMBERED_SECONDS: Final = 3.0
GOOD_SECONDS: Final = 5.0
"""How long after a good look the network counts as there."""
WITNESSES_MAX: Final = 4
OFFLINE_REASON: Final = "the prober is offline"
_PORTS: Final = {"https": 443, "http": 80}
_DNS_PORT: Final = 53
_log = logging.getLogger(__name__)


class Connectivity:
    """Judges the prober's own way out, whenever something that it looks at does not answer.

    It asks the control targets, and the places that answered probes before. Where none of them answers, or none is
    known, nothing can be told.
    """

    def __init__(
        self,
        outbound: Outbound,
        controls: Sequence[Place],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._outbound, self._controls, self._monotonic = outbound, tuple(controls), monotonic
        # Whoever runs the prober chose the controls: they may stand in a private network.
        self._anywhere = Outbound(OutboundPolicy(Opening.parse("0.0.0.0/0,::/0"), any_port=True))
        self._lock = threading.Lock()
        self._witnesses: OrderedDict[Place, float] = OrderedDict()
        self._checked_at: float | None = None
        self._reached: Place | None = None

    def note_good(self, place: Place | None) -> None:
        """Note that something out there answered: the network is there, and this may be asked when in doubt."""
        if place is None:
            return
        with self._lock:
            self._witnesses[place] = self._monotonic()
            self._witnesses.move_to_end(place)
            while len(self._witnesses) > WITNESSES_MAX:
                self._witnesses.popitem(last=False)

    def offline(self, place: Place | None, reason: str) -> bool:
        """Tell whether what was seen at a place, for this reason, may be the prober's own fault."""
        if place is None or reason not in UNANSWERED:
            return False
        with self._lock:
            now = self._monotonic()
            if any(now - at <= GOOD_SECONDS for each, at in self._witnesses.items() if each != place):
                return False
            if self._checked_at is None or now - self._checked_at > REMEMBERED_SECONDS or self._reached == place:
                self._reached = self._first_reached(place)
                self._checked_at = self._monotonic()
                if self._reached is None:
                    _log.warning("prober_offline", extra={"controls": len(self._controls)})
            return self._reached is None

    def _first_reached(self, place: Place) -> Place | None:
        for each in self._controls:
            if each != place and _reaches(self._anywhere, each):
                return each
        for each in reversed(self._witnesses):
            if each != place and _reaches(self._outbound, each):
                return each
        return None


def _reaches(outbound: Outbound, place: Place) -> bool:
    try:
        outbound.connect(*place, timeout_seconds=CHECK_SECONDS).close()
    except (DomainError, OSError):
        return False
    return True


def place_of(assignment: Assignment) -> Place | None:
    """Return where a probe goes over the network; nothing where it stays on this machine."""
    try:
        place = _target(assignment)
    except (Invalid, ValueError):
        return None
    return None if place is None or _is_here(place[0]) else place


def _target(assignment: Assignment) -> Place | None:
    kind, target = assignment.kind, assignment.target
    if kind == "dns":
        server = str(assignment.settings.get("name_server", ""))
        return host_and_port(server, default_port=_DNS_PORT) if server else (target, _DNS_PORT)
    if kind in {"tcp", "tls"}:
        return host_and_port(target, default_port=443)
    if kind in {"sql", "redis"}:
        if target == OWN_DATABASE:
            return None
        database = read_database(kind, target)
        return database.host, database.port
    parts = urlsplit(target)
    return (parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 443))


def _is_here(host: str) -> bool:
    address = literal(host)
    return host == "localhost" or (address is not None and address.is_loopback)


def controls_of(text: str) -> list[Place]:
    """Read `host:port` by comma, as the setting has them."""
    pairs = (part.strip().rpartition(":") for part in text.split(",") if part.strip())
    return [(host.strip("[]"), int(port)) for host, _, port in pairs]


def controls_for(setting: str, server_url: str = "") -> list[Place]:
    """Return whom a prober asks when in doubt: whom the setting names, or else its installation and name servers."""
    if setting:
        return controls_of(setting)
    parts = urlsplit(server_url)
    found = [(parts.hostname, parts.port or _PORTS.get(parts.scheme, 443))] if parts.hostname else []
    return [place for place in [*found, *((server, _DNS_PORT) for server in name_servers())] if not _is_here(place[0])]
