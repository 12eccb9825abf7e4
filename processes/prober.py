"""A prober process: one vantage, anywhere, that works for an installation over HTTPS by its own API key."""

import logging
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

import httpx
import orjson

from collectors.probing.attempt import look
from collectors.probing.connectivity import Connectivity, controls_for
from collectors.probing.looking import Tools
from collectors.probing.prober import Prober
from collectors.probing.spool import Spool
from services.infra.http import make_client
from services.infra.outbound import Outbound
from services.infra.settings import Settings
from services.kernel.clock import Clock, SystemClock
from services.kernel.errors import DomainError, Forbidden, Invalid, Unauthenticated, Unavailable
from services.probes.views import Assignments, Finding, Receipt
from services.probes.wire import assignments_of, finding_json, receipt_of
from services.wiring import probe_policy

_log = logging.getLogger(__name__)


class RemoteServer:
    """The installation, asked over HTTPS."""

    def __init__(self, client: httpx.Client, *, vantage: str, release: str) -> None:
        self._client, self._vantage, self._release = client, vantage, release

    def assignments(self, *, waiting: int) -> Assignments:
        """Return what this vantage is to do.

        Raises: Unavailable, Unauthenticated; Forbidden where the key is another vantage's.
        """
        document = self._asked(
            lambda: self._client.get(
                "/api/probes/assignments", params={"release": self._release, "waiting": str(waiting)}
            )
        )
        found = assignments_of(document)
        if found.vantage != self._vantage:
            message = f"This key belongs to the vantage {found.vantage}, not to {self._vantage}."
            raise Forbidden("vantage_mismatch", message)
        return found

    def report(self, sent_at: datetime, findings: list[Finding]) -> Receipt:
        """Hand in results.

        Raises: Unavailable, Unauthenticated, Forbidden.
        """
        body = {"sent_at": sent_at.isoformat(), "results": [finding_json(each) for each in findings]}
        try:
            content = orjson.dumps(body)
        except orjson.JSONEncodeError as error:
            raise Invalid("results_malformed", "A result holds what JSON cannot carry.") from error
        kind = {"Content-Type": "application/json"}
        document = self._asked(lambda: self._client.post("/api/probes/results", content=content, headers=kind))
        return receipt_of(document)

    def _asked(self, ask: Callable[[], httpx.Response]) -> dict[str, Any]:
        try:
            answer = ask()
            document = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable("server_unreachable", "The installation does not answer.") from error
        if answer.status_code == httpx.codes.OK and isinstance(document, dict):
            return document
        raise _refusal(answer.status_code, document)


def run(settings: Settings, vantage: str, *, clock: Clock | None = None) -> None:
    """Probe until SIGTERM or Ctrl-C.

    Raises: Invalid for a missing setting; Unauthenticated, Forbidden for a wrong key.
    """
    if not settings.prober_server or not settings.prober_key.get_secret_value():
        raise Invalid("prober_unset", "Set GREENLIGHT_PROBER_SERVER and GREENLIGHT_PROBER_KEY (or …_KEY_FILE).")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    outbound = Outbound(probe_policy(settings))
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with make_client() as client:
        client.base_url = settings.prober_server
        client.headers["Authorization"] = f"Bearer {settings.prober_key.get_secret_value()}"
        client.headers["User-Agent"] = "greenlight-prober"
        server = RemoteServer(client, vantage=vantage, release=settings.release)
        _refuse_wrong_key(server)
        Prober(
            server,
            partial(look, tools=Tools(outbound)),
            Spool(settings.data_dir / f"prober-{vantage}.spool"),
            clock or SystemClock(),
            connectivity=Connectivity(outbound, controls_for(settings.prober_control, settings.prober_server)),
        ).run(stop)


def _refuse_wrong_key(server: RemoteServer) -> None:
    """Say at once that a key is wrong; an installation that is away now may come later."""
    try:
        server.assignments(waiting=0)
    except Unavailable:
        _log.warning("server_unreachable")


def _refusal(status: int, document: object) -> DomainError:
    said = document if isinstance(document, dict) else {}
    code = str(said.get("code", "server_refused"))
    detail = str(said.get("detail", f"The installation answers {status}."))
    if status == httpx.codes.UNAUTHORIZED:
        return Unauthenticated(code, detail)
    if status == httpx.codes.FORBIDDEN:
        return Forbidden(code, detail)
    if status in {httpx.codes.BAD_REQUEST, httpx.codes.REQUEST_ENTITY_TOO_LARGE, httpx.codes.UNPROCESSABLE_ENTITY}:
        return Invalid(code, detail)
    return Unavailable(code, detail)
