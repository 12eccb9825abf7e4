"""How assignments and findings travel between a prober and the installation, as JSON."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from services.kernel.clock import require_utc
from services.kernel.errors import Invalid
from services.probes.views import Assignment, Assignments, Finding, Receipt

_TEXT_MAX = 1_000


def assignments_json(assignments: Assignments) -> dict[str, Any]:
    """Return assignments as JSON values."""
    return {
        "vantage": assignments.vantage,
        "probes": [
            {
                "probe_id": each.probe_id,
                "kind": each.kind,
                "target": each.target,
                "settings": dict(each.settings),
                "interval_seconds": each.interval_seconds,
                "timeout_seconds": each.timeout_seconds,
                "retries": each.retries,
                "enabled": each.enabled,
                "asked_at": each.asked_at.isoformat() if each.asked_at else None,
                "secret": each.secret,
            }
            for each in assignments.probes
        ],
    }


def assignments_of(document: Mapping[str, Any]) -> Assignments:
    """Read assignments; fields that this release does not know are left out.

    Raises: Invalid for what are none.
    """
    try:
        probes = tuple(
            Assignment(
                probe_id=str(each["probe_id"]),
                kind=str(each["kind"]),
                target=str(each["target"]),
                settings=dict(each["settings"]),
                interval_seconds=int(each["interval_seconds"]),
                timeout_seconds=float(each["timeout_seconds"]),
                retries=int(each["retries"]),
                enabled=bool(each["enabled"]),
                asked_at=_instant(each["asked_at"]) if each.get("asked_at") else None,
                secret=str(each.get("secret", "")),
            )
            for each in document["probes"]
        )
        return Assignments(str(document["vantage"]), probes)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid("assignments_malformed", "These are no assignments.") from error


def finding_json(finding: Finding) -> dict[str, Any]:
    """Return a finding as JSON values."""
    return {
        "id": finding.id,
        "probe_id": finding.probe_id,
        "at": finding.at.isoformat(),
        "outcome": finding.outcome,
        "latency_ms": finding.latency_ms,
        "reason": finding.reason,
        "detail": finding.detail,
    }


def finding_of(document: Any) -> Finding:  # noqa: ANN401 -- JSON
    """Read a finding.

    Raises: Invalid for what is none.
    """
    try:
        return Finding(
            id=_text(document["id"]),
            probe_id=_text(document["probe_id"]),
            at=_instant(document["at"]),
            outcome=_text(document["outcome"]),
            latency_ms=_count(document.get("latency_ms")),
            reason=_text(document.get("reason", "")),
            detail=_text(document.get("detail", "")),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Invalid("result_malformed", "A result is malformed; see docs/probes.md for its fields.") from error


def batch_of(document: Any) -> tuple[datetime, list[Finding]]:  # noqa: ANN401 -- JSON
    """Read what a prober hands in: when its clock says that it does, and the findings.

    Raises: Invalid for what is none.
    """
    if not isinstance(document, dict) or not isinstance(document.get("results"), list):
        raise Invalid("results_malformed", "Send an object with sent_at and results.")
    try:
        sent_at = _instant(document["sent_at"])
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("results_malformed", "Say in sent_at what your clock shows, as ISO 8601 with a zone.") from error
    return sent_at, [finding_of(each) for each in document["results"]]


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """Return a receipt as JSON values."""
    return {"taken": receipt.taken, "known": receipt.known, "refused": dict(receipt.refused)}


def receipt_of(document: Mapping[str, Any]) -> Receipt:
    """Read a receipt.

    Raises: Invalid for what is none.
    """
    try:
        return Receipt(int(document["taken"]), int(document["known"]), dict(document["refused"]))
    except (KeyError, TypeError, ValueError) as error:
        raise Invalid("receipt_malformed", "This is no receipt.") from error


def _instant(value: object) -> datetime:
    if not isinstance(value, str):
        raise TypeError("no instant")
    return require_utc(datetime.fromisoformat(value))


def _count(value: object) -> int | None:
    if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
        raise TypeError("no count")
    return value


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value[:_TEXT_MAX]
