"""Gatus's conditions as settings of our probes; one that they cannot demand is refused, and never left out.

Source: Gatus 5, README, “Conditions”.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from services.imports.watching import UnlikeError, known

_CONDITION = re.compile(r"\s*(\[[A-Z_]+\][^\s]*)\s*(==|!=|<=|>=|<|>)\s*(.+?)\s*")
_DURATION = re.compile(r"(?:(\d{1,6}(?:\.\d{1,3})?)(ns|us|µs|ms|s|m|h))+")
_PART = re.compile(r"(\d{1,6}(?:\.\d{1,3})?)(ns|us|µs|ms|s|m|h)")
_SECONDS: Final = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3_600.0}
_STATUS = re.compile(r"[1-5][0-9]{2}")
_ANY = re.compile(r"any\(([^()]*)\)")
_AROUND = re.compile(r"pat\(\*([^*?\[\]\\()]+)\*\)")
_PATH = re.compile(r"\[BODY\]\.([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+|\[[0-9]{1,4}\])*)")
_NUMBER = re.compile(r"-?[0-9]{1,15}")
_LOWEST, _HIGHEST = 100, 599
_MS_MAX, _DAYS_MAX = 60_000, 397
_HOURS_A_DAY = 24


def seconds_of(text: str, default: float) -> float:
    """Return a duration as Go writes it, such as 1m30s.

    Raises: UnlikeError for one that is none.
    """
    if not text:
        return default
    if not _DURATION.fullmatch(text):
        raise UnlikeError(f"“{known(text, 'A duration')[:20]}” is no duration.")
    return sum(float(amount) * _SECONDS[unit] for amount, unit in _PART.findall(text))


def settings_of(kind: str, conditions: Sequence[str]) -> dict[str, Any]:
    """Return what a probe of a kind demands so that all conditions hold.

    Raises: UnlikeError for a condition that no setting expresses.
    """
    settings: dict[str, Any] = {"statuses": f"{_LOWEST}-{_HIGHEST}"} if kind == "http" else {}
    for condition in conditions:
        matched = _CONDITION.fullmatch(known(condition, "A condition"))
        found = None
        if matched:
            left, operator, right = matched.groups()
            reader = _READERS.get((kind, left)) or _READERS.get(("", left))
            found = reader(operator, right) if reader else _body(kind, left, operator, right)
        if found is None or any(key in settings and key != "statuses" for key in found):
            raise UnlikeError(f"No setting of our probes says “{condition[:80]}”.")
        settings |= found
    return settings


def _status(operator: str, right: str) -> dict[str, Any] | None:
    among = _ANY.fullmatch(right)
    codes = [each.strip() for each in among[1].split(",")] if among else [right]
    if not all(_STATUS.fullmatch(each) for each in codes):
        return None
    if operator == "==":
        return {"statuses": ",".join(codes)}
    code = int(codes[0])
    bounds = {
        "<": (_LOWEST, code - 1),
        "<=": (_LOWEST, code),
        ">": (code + 1, _HIGHEST),
        ">=": (code, _HIGHEST),
    }
    if among or operator not in bounds or bounds[operator][0] > bounds[operator][1]:
        return None
    return {"statuses": "{}-{}".format(*bounds[operator])}


def _time(operator: str, right: str) -> dict[str, Any] | None:
    if operator not in {"<", "<="} or not right.isdigit() or not 1 <= int(right[:9]) <= _MS_MAX:
        return None
    return {"latency_ms_max": int(right)}


def _connected(operator: str, right: str) -> dict[str, Any] | None:
    return {} if (operator, right) == ("==", "true") else None


def _certificate(operator: str, right: str) -> dict[str, Any] | None:
    if operator not in {">", ">="} or not _DURATION.fullmatch(right):
        return None
    days = math.ceil(seconds_of(right, 0) / _SECONDS["h"] / _HOURS_A_DAY)
    return {"days_min": days} if days <= _DAYS_MAX else None


def _answered(operator: str, right: str) -> dict[str, Any] | None:
    return {} if (operator, right) == ("==", "NOERROR") else None


def _record(operator: str, right: str) -> dict[str, Any] | None:
    return {"expected": [right.rstrip(".")]} if operator == "==" and "(" not in right else None


def _body(kind: str, left: str, operator: str, right: str) -> dict[str, Any] | None:
    if kind != "http" or operator != "==":
        return None
    around = _AROUND.fullmatch(right)
    if left == "[BODY]":
        return {"contains": around[1]} if around else None
    path = _PATH.fullmatch(left)
    if path is None or "(" in right:
        return None
    value: object = right
    if right in {"true", "false"}:
        value = right == "true"
    elif _NUMBER.fullmatch(right):
        value = int(right)
    return {"json_path": path[1], "json_value": value}


_READERS: Final[Mapping[tuple[str, str], Callable[[str, str], dict[str, Any] | None]]] = {
    ("http", "[STATUS]"): _status,
    ("", "[RESPONSE_TIME]"): _time,
    ("", "[CONNECTED]"): _connected,
    ("tls", "[CERTIFICATE_EXPIRATION]"): _certificate,
    ("dns", "[DNS_RCODE]"): _answered,
    ("dns", "[BODY]"): _record,
}
