"""Whether the process lives, and whether it can do its work: for load balancers, supervisors and people."""

import logging
from dataclasses import dataclass

from flask import Blueprint, Response, jsonify, request
from werkzeug.wrappers import Response as WerkzeugResponse

from web.shell.ports import Probe
from web.shell.problem_kinds import BY_STATUS
from web.shell.problems import Problem
from web.shell.routes import PUBLIC, route
from web.shell.state import current_shell

_RETRY_SECONDS = 5
_log = logging.getLogger("greenlight.web.health")


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """What one probe said; no reason means that it is met."""

    name: str
    reason: str | None

    @property
    def ok(self) -> bool:
        """Whether the condition is met."""
        return self.reason is None


def run_probes(probes: tuple[Probe, ...]) -> list[ProbeResult]:
    """Ask every probe; one that fails is a condition that is not met."""
    return [ProbeResult(probe.name, _reason(probe)) for probe in probes]


def _reason(probe: Probe) -> str | None:
    try:
        return probe.check()
    except Exception as error:  # noqa: BLE001 -- any failure of a probe means that its condition is not met
        _log.warning("probe_failed", exc_info=error, extra={"probe": probe.name})
        return "does not answer"


def blueprint(probes: tuple[Probe, ...]) -> Blueprint:
    """Return the routes of this module."""
    views = Blueprint("health", __name__, url_prefix="/health")

    @route(views, "/live", access=PUBLIC)
    def live() -> Response:
        """Tell that the process answers; asks nothing else."""
        return jsonify(status="live")

    @route(views, "/ready", access=PUBLIC)
    def ready() -> WerkzeugResponse:
        """Tell whether everything is there that the process needs, and what is missing."""
        results = run_probes(probes)
        checks = [{"name": r.name, "ok": r.ok, "reason": r.reason} for r in results]
        if all(r.ok for r in results):
            return jsonify(status="ready", checks=checks)
        missing = "; ".join(f"{r.name} {r.reason}" for r in results if not r.ok)
        problem = Problem(
            BY_STATUS[503],
            "not_ready",
            f"Not ready: {missing}.",
            retryable=True,
            retry_after_seconds=_RETRY_SECONDS,
            extensions={"checks": checks},
        )
        return current_shell().problems.respond(request.environ, problem)

    return views
