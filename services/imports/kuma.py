"""Uptime Kuma's JSON backup: its monitors as components and probes, its group monitors as groups.

Source: Uptime Kuma 1.x/2.x, Settings → Backup (`monitorList`), and the same list as its API gives it.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

from services.imports.foreign import Foreign, ForeignComponent, ForeignGroup, ForeignProbe
from services.imports.reading import (
    Wrong,
    identity,
    listed,
    mapped,
    named,
    number,
    once,
    read_json,
    text,
    unreadable,
    yes,
)
from services.imports.report import Line, Noun, skipped
from services.imports.watching import (
    REDIRECTS,
    SECRET_MARK,
    UnlikeError,
    address,
    basic,
    known,
    patience,
    seconds_between,
    with_secret,
)

Monitor = Mapping[str, Any]
Asked = tuple[str, str, dict[str, Any], str | None]
"""A probe's kind, target, settings and secret."""
_DEPTH_MAX = 10
_CONFIRM_MAX = 10
_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_RECORDS: Final = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "TXT"})


def read_kuma(data: bytes, label: str) -> Foreign:
    """Return what a backup holds.

    Raises: Invalid for a file that is none.
    """
    document = read_json(data)
    found = document.get("monitorList") if isinstance(document, dict) else document
    if isinstance(found, dict):
        found = list(found.values())
    if found is None:
        raise unreadable("The file is no backup of Uptime Kuma: it has no “monitorList”.")
    monitors: dict[str, Monitor] = {}
    refused: list[Line] = []
    for entry in listed(found, "monitorList"):
        try:
            own = identity(mapped(entry))
            once(monitors, own)
            monitors[own] = entry
        except Wrong as wrong:
            refused.append(skipped(Noun.COMPONENT, named(entry), str(wrong)))
    return _brought(monitors, refused, label or "kuma")


def _brought(monitors: Mapping[str, Monitor], refused: list[Line], source: str) -> Foreign:
    groups: dict[str, ForeignGroup] = {}
    components: list[ForeignComponent] = []
    probes: list[ForeignProbe] = []
    for own, monitor in monitors.items():
        name = named(monitor)
        try:
            if monitor.get("type") == "group":
                continue
            group_id = _group_of(monitor, monitors, groups)
            component = ForeignComponent(own, text(monitor, "name"), text(monitor, "description"), group_id)
        except Wrong as wrong:
            refused.append(skipped(Noun.COMPONENT, name, str(wrong)))
            continue
        components.append(component)
        try:
            probes.append(_probe(own, monitor, component.name))
        except Wrong as wrong:
            refused.append(skipped(Noun.PROBE, name, str(wrong)))
    return Foreign(source, tuple(groups.values()), tuple(components), probes=tuple(probes), refused=tuple(refused))


def _group_of(monitor: Monitor, monitors: Mapping[str, Monitor], groups: dict[str, ForeignGroup]) -> str | None:
    """Return the group of a monitor: groups inside groups become one, named by the way to it."""
    way: list[tuple[str, str]] = []
    at: Monitor = monitor
    while at.get("parent") is not None:
        parent_id = identity(at, "parent")
        parent = monitors.get(parent_id)
        if parent is None:
            raise Wrong("Its group is not in the file.")
        if parent_id in {each for each, _ in way} or len(way) >= _DEPTH_MAX:
            raise Wrong("Its groups lead round in a circle, or are nested deeper than any page shows.")
        way.append((parent_id, text(parent, "name")))
        at = parent
    if not way:
        return None
    own = way[0][0]
    groups.setdefault(own, ForeignGroup(own, " / ".join(name for _, name in reversed(way))))
    return own


def _probe(own: str, monitor: Monitor, name: str) -> ForeignProbe:
    kind = text(monitor, "type", most=40)
    asks = _KINDS.get(kind)
    if asks is None:
        raise UnlikeError(f"Uptime Kuma looks by “{kind[:40]}”, which our probes do not.")
    if yes(monitor, "upsideDown", default=False):
        raise UnlikeError("It is upside down: it counts as well what fails.")
    if monitor.get("proxyId"):
        raise UnlikeError("It looks through a proxy.")
    asked, target, settings, secret = asks(monitor)
    interval, remark = seconds_between(number(monitor, "interval", 60))
    if asked == "http" and number(monitor, "maxredirects", 10) > 0:
        remark = f"{REDIRECTS} {remark}".strip()
    return ForeignProbe(
        id=own,
        name=name,
        component_id=own,
        kind=asked,
        target=target,
        settings=settings,
        interval_seconds=interval,
        timeout_seconds=patience(number(monitor, "timeout", 10) or 10),
        confirm_down=min(_CONFIRM_MAX, int(number(monitor, "maxretries", 1)) + 1),
        secret=secret,
        enabled=yes(monitor, "active", default=True),
        remark=remark,
    )


def _http(monitor: Monitor) -> Asked:
    url = text(monitor, "url")
    if address(url).scheme not in {"http", "https"}:
        raise Wrong("Its address is no web address.")
    if text(monitor, "authMethod", most=40) not in {"", "basic"}:
        raise UnlikeError("It signs in in a way that our probes do not.")
    method = text(monitor, "method", most=20) or "GET"
    if method not in _METHODS:
        raise UnlikeError(f"It asks by {method[:20]}, which our probes do not.")
    headers = _headers(text(monitor, "headers", most=10_000))
    if user := text(monitor, "basic_auth_user"):
        headers["Authorization"] = basic(user, text(monitor, "basic_auth_pass"))
    shown, secret = with_secret(headers)
    settings: dict[str, Any] = {
        "method": method,
        "headers": shown,
        "verify_tls": not yes(monitor, "ignoreTls", default=False),
    }
    if body := text(monitor, "body", most=4_096):
        settings["body"] = known(body, "Its body")
    codes = listed(monitor.get("accepted_statuscodes"), "accepted_statuscodes", most=100)
    if codes:
        settings["statuses"] = ",".join(str(each) for each in codes)
    return "http", url, settings, secret


def _headers(text_of_them: str) -> dict[str, str]:
    if not text_of_them:
        return {}
    try:
        found = json.loads(text_of_them)
    except ValueError as error:
        raise Wrong("Its headers are no JSON.") from error
    if not isinstance(found, dict) or not all(isinstance(each, str) for each in found.values()):
        raise Wrong("Its headers are no names with values.")
    return found


def _keyword(monitor: Monitor) -> Asked:
    kind, target, settings, secret = _http(monitor)
    if yes(monitor, "invertKeyword", default=False):
        raise UnlikeError("It looks for a word that must not be there.")
    word = text(monitor, "keyword")
    if not word:
        raise Wrong("It looks for a word, and names none.")
    return kind, target, settings | {"contains": word}, secret


def _json_query(monitor: Monitor) -> Asked:
    kind, target, settings, secret = _http(monitor)
    path = text(monitor, "jsonPath").removeprefix("$").removeprefix(".")
    if text(monitor, "jsonPathOperator", most=20) not in {"", "=="}:
        raise UnlikeError("It compares a value in another way than for being equal.")
    if not path or not all(part.replace("_", "").replace("-", "").isalnum() for part in path.split(".")):
        raise UnlikeError("Its query is more than a path such as status.indicator.")
    wanted = text(monitor, "expectedValue")
    try:
        value = json.loads(wanted)
    except ValueError:
        value = wanted
    if isinstance(value, dict | list):
        value = wanted
    return kind, target, settings | {"json_path": path, "json_value": value}, secret


def _port(monitor: Monitor) -> Asked:
    return "tcp", f"{known(text(monitor, 'hostname'), 'Its host')}:{int(number(monitor, 'port', 0))}", {}, None


def _dns(monitor: Monitor) -> Asked:
    record = text(monitor, "dns_resolve_type", most=20) or "A"
    if record not in _RECORDS:
        raise UnlikeError(f"It asks for the record {record[:20]}, which our probes do not.")
    server = text(monitor, "dns_resolve_server", most=400)
    if "," in server:
        raise UnlikeError("It asks several name servers in turn.")
    settings: dict[str, Any] = {"record_type": record}
    if server:
        settings["name_server"] = server
    return "dns", text(monitor, "hostname"), settings, None


def _database(kind: str) -> Callable[[Monitor], Asked]:
    def asks(monitor: Monitor) -> Asked:
        url = text(monitor, "databaseConnectionString").replace("postgres://", "postgresql://", 1)
        head, _, place = url.rpartition("@")
        scheme, _, person = head.partition("://")
        user, _, password = person.partition(":")
        if not head:
            return kind, url.partition("?")[0], {}, None
        target = f"{scheme}://{user}:{SECRET_MARK}@{place}" if password else f"{scheme}://{user}@{place}"
        return kind, target.partition("?")[0], {}, password or None

    return asks


_KINDS: Final[Mapping[str, Callable[[Monitor], Asked]]] = {
    "http": _http,
    "keyword": _keyword,
    "json-query": _json_query,
    "port": _port,
    "dns": _dns,
    "postgres": _database("sql"),
    "redis": _database("redis"),
}
