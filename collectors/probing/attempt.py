"""One result of one probe: its attempts, its retries, and every failure in a few words."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from collectors.probing import (
    dns_probe,
    evm_probe,
    hls_probe,
    http_probe,
    prometheus_probe,
    redis_probe,
    sql_probe,
    tcp_probe,
    tls_probe,
)
from collectors.probing.looking import CannotTellError, Deadline, SeenDownError, Task, Tools
from services.infra.outbound import TargetUnreachable
from services.infra.targets import TargetRefused
from services.kernel.errors import Invalid
from services.probes.judging import Outcome
from services.probes.kinds import Check, read_check
from services.probes.views import Assignment

_LOOKS: Final[dict[str, Callable[[Task, Any, Tools], str]]] = {
    "http": http_probe.look,
    "tcp": tcp_probe.look,
    "dns": dns_probe.look,
    "tls": tls_probe.look,
    "hls": hls_probe.look,
    "evm": evm_probe.look,
    "sql": sql_probe.look,
    "redis": redis_probe.look,
    "prometheus": prometheus_probe.look,
}
_REASONS: Final = {
    "target_timeout": "timeout",
    "target_unresolved": "the name has no address",
    "target_tls": "the certificate or TLS is not good",
    "target_unreachable": "no connection",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What one probe found."""

    outcome: Outcome
    reason: str = ""
    detail: str = ""
    latency_ms: int | None = None


def look(assignment: Assignment, tools: Tools) -> Look:
    """Look, and look again where it seems down, as often as the probe allows."""
    try:
        check = read_check(assignment.kind, assignment.settings)
    except Invalid as error:
        # A prober of another release may not know what it is asked for.
        return Look(Outcome.UNKNOWN, "this prober does not know how to look at it", error.message)
    found = _once(assignment, check, tools)
    for _ in range(assignment.retries):
        if found.outcome is not Outcome.DOWN:
            break
        found = _once(assignment, check, tools)
    return found


def _once(assignment: Assignment, check: Check, tools: Tools) -> Look:
    task = Task(assignment.target, check, assignment.secret, Deadline(assignment.timeout_seconds))
    began = time.monotonic()

    def after(outcome: Outcome, reason: str, detail: str) -> Look:
        latency = round((time.monotonic() - began) * 1_000)
        return Look(outcome, _without(assignment.secret, reason), _without(assignment.secret, detail), latency)

    try:
        detail = _LOOKS[assignment.kind](task, check, tools)
    except Exception as error:  # noqa: BLE001 -- a probe that breaks must say so, and not end the prober
        return after(*_told(error))
    took = after(Outcome.UP, "", detail)
    if check.latency_ms_max is not None and took.latency_ms is not None and took.latency_ms > check.latency_ms_max:
        return after(Outcome.DOWN, f"slower than {check.latency_ms_max} ms", detail)
    return took


def _told(error: Exception) -> tuple[Outcome, str, str]:
    match error:
        case SeenDownError():
            return Outcome.DOWN, error.reason, error.detail
        case CannotTellError():
            return Outcome.UNKNOWN, error.reason, error.detail
        case TargetUnreachable():
            return Outcome.DOWN, _REASONS.get(error.code, "no connection"), error.message
        case TargetRefused():
            return Outcome.UNKNOWN, "this vantage may not go there", error.message
    return Outcome.UNKNOWN, "the probe itself failed", type(error).__name__


def _without(secret: str, text: str) -> str:
    return text.replace(secret, "***") if secret else text
