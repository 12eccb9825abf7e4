"""Prometheus: a question whose answer is compared with a threshold; no value is unknown, and neither up nor down."""

import math
import operator
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import orjson

from collectors.probing.looking import CannotTellError, SeenDownError, Task, Tools
from services.infra.outbound import TargetUnreachable
from services.probes.kinds import PrometheusCheck

_OK, _BAD_QUERY = 200, frozenset({400, 422})
_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip


def look(task: Task, check: PrometheusCheck, tools: Tools) -> str:
    """Ask, and compare each value.

    Raises: SeenDownError, CannotTellError.
    """
    try:
        answer = tools.outbound.fetch(
            "POST",
            f"{task.filled(task.target).rstrip('/')}/api/v1/query",
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode({"query": check.query}).encode(),
            timeout_seconds=task.deadline.left(),
            max_bytes=4_194_304,
        )
    except TargetUnreachable as error:
        # What is measured may be well: only the one who measures is away.
        raise CannotTellError("Prometheus does not answer", error.message) from error
    if answer.status in _BAD_QUERY:
        raise CannotTellError("Prometheus refuses the question", answer.excerpt(200))
    if answer.status != _OK:
        raise CannotTellError("Prometheus does not answer", f"{answer.status}")
    values = _values(answer.body)
    if not values or any(math.isnan(value) for value in values):
        raise CannotTellError("Prometheus has no value")
    bad = [value for value in values if not _COMPARE[check.operator](value, check.threshold)]
    if bad:
        raise SeenDownError(
            "a measured value is out of bounds", f"{bad[0]:g}, not {check.operator} {check.threshold:g}"
        )
    return ", ".join(f"{value:g}" for value in values[:5])


def _values(body: bytes) -> list[float]:
    try:
        data: Any = orjson.loads(body)["data"]
        rows = [data["result"]] if data["resultType"] == "scalar" else [row["value"] for row in data["result"]]
        return [float(row[1]) for row in rows]
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, IndexError) as error:
        raise CannotTellError("Prometheus answers with something else") from error
