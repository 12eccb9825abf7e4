"""Gatus's YAML configuration: its endpoints as components and probes, its groups as groups.

Source: Gatus 5, README, “Configuration”.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from services.imports.conditions import seconds_of, settings_of
from services.imports.foreign import Foreign, ForeignComponent, ForeignGroup, ForeignProbe
from services.imports.reading import Wrong, listed, mapped, named, once, required, text, unreadable, yes
from services.imports.report import Line, Noun, skipped
from services.imports.watching import (
    REDIRECTS,
    UnlikeError,
    address,
    known,
    patience,
    seconds_between,
    with_secret,
)
from services.imports.yaml_reading import read_yaml

_METHODS: Final = frozenset({"GET", "HEAD", "POST"})
_RECORDS: Final = frozenset({"A", "AAAA", "CNAME", "MX", "NS", "TXT"})
_LISTS: Final = ("endpoints", "services", "external-endpoints")
"""`services` is what they were called until version 3."""
_INTERVAL_SECONDS, _TIMEOUT_SECONDS = 60.0, 10.0
_UNFIT = re.compile(r"[ /_,.#+&]")


def read_gatus(data: bytes, label: str) -> Foreign:
    """Return what a configuration holds.

    Raises: Invalid for a file that is none.
    """
    document = read_yaml(data)
    if not any(name in document for name in _LISTS):
        raise unreadable("The file is no configuration of Gatus: it has no “endpoints”.")
    reading = _Reading()
    for name in _LISTS:
        for entry in listed(document.get(name), name):
            reading.take(entry, watched=name != "external-endpoints")
    return Foreign(
        label or "gatus",
        tuple(reading.groups.values()),
        tuple(reading.components.values()),
        probes=tuple(reading.probes),
        refused=tuple(reading.refused),
    )


@dataclass(slots=True)
class _Reading:
    """What was read so far, each thing once."""

    groups: dict[str, ForeignGroup] = field(default_factory=dict)
    components: dict[str, ForeignComponent] = field(default_factory=dict)
    probes: list[ForeignProbe] = field(default_factory=list)
    refused: list[Line] = field(default_factory=list)

    def take(self, entry: object, *, watched: bool) -> None:
        """Take an endpoint in, and what looks at it, where our probes can."""
        try:
            endpoint = mapped(entry)
            name, group = required(_word(endpoint, "name"), "It has no name."), _word(endpoint, "group")
            own = f"{_UNFIT.sub('-', group.lower())}_{_UNFIT.sub('-', name.lower())}"
            once(self.components, own, "This group and name")
        except Wrong as wrong:
            self.refused.append(skipped(Noun.COMPONENT, named(entry), str(wrong)))
            return
        group_id = group.lower() or None
        if group_id is not None:
            self.groups.setdefault(group_id, ForeignGroup(group_id, group))
        self.components[own] = ForeignComponent(own, name, group_id=group_id)
        try:
            self.probes += _probes(own, endpoint, name) if watched else _sent()
        except Wrong as wrong:
            self.refused.append(skipped(Noun.PROBE, name, str(wrong)))


def _sent() -> list[ForeignProbe]:
    raise UnlikeError("Gatus does not look at it either: results are sent to it.")


def _word(endpoint: Mapping[str, Any], key: str) -> str:
    """Return a word that YAML may have read as a number."""
    value = endpoint.get(key)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else text(endpoint, key)


def _probes(own: str, endpoint: Mapping[str, Any], name: str) -> list[ForeignProbe]:
    url = text(endpoint, "url")
    conditions = listed(endpoint.get("conditions"), "conditions", most=50)
    if not conditions or not all(isinstance(each, str) for each in conditions):
        raise Wrong("It has no conditions.")
    client = endpoint.get("client") or {}
    interval, remark = seconds_between(seconds_of(text(endpoint, "interval", most=20), _INTERVAL_SECONDS))
    timeout = patience(seconds_of(text(mapped(client), "timeout", most=20), _TIMEOUT_SECONDS))
    for unlike in ("proxy-url", "oauth2", "identity-aware-proxy", "tls", "tunnel"):
        if unlike in client:
            raise UnlikeError(f"It goes by “{unlike}”, which our probes do not.")
    made = []
    for number, (kind, target, settings, secret) in enumerate(_asked(endpoint, url, conditions, client)):
        redirects = REDIRECTS if kind == "http" and not yes(client, "ignore-redirect", default=False) else ""
        made.append(
            ForeignProbe(
                id=own if number == 0 else f"{own} {kind}",
                name=name if number == 0 else f"{name} ({kind})",
                component_id=own,
                kind=kind,
                target=target,
                settings=settings,
                interval_seconds=interval if kind != "tls" or number == 0 else 3_600,
                timeout_seconds=timeout,
                secret=secret,
                enabled=yes(endpoint, "enabled", default=True),
                remark=f"{redirects} {remark}".strip(),
            )
        )
    return made


def _asked(
    endpoint: Mapping[str, Any], url: str, conditions: list[str], client: Mapping[str, Any]
) -> list[tuple[str, str, dict[str, Any], str | None]]:
    if "dns" in endpoint:
        return [_dns(mapped(endpoint["dns"]), url, conditions)]
    parts = address(url)
    place = parts.netloc
    if parts.scheme == "tcp":
        return [("tcp", place, settings_of("tcp", conditions), None)]
    if parts.scheme == "tls":
        return [("tls", place, settings_of("tls", conditions), None)]
    if parts.scheme not in {"http", "https"}:
        raise UnlikeError(f"Gatus looks by “{parts.scheme[:20] or url[:20]}”, which our probes do not.")
    certificate = [each for each in conditions if each.startswith("[CERTIFICATE_EXPIRATION]")]
    rest = [each for each in conditions if each not in certificate]
    made: list[tuple[str, str, dict[str, Any], str | None]] = [_http(endpoint, url, rest, client)]
    if certificate:
        made.append(("tls", place if parts.port else f"{place}:443", settings_of("tls", certificate), None))
    return made


def _http(
    endpoint: Mapping[str, Any], url: str, conditions: list[str], client: Mapping[str, Any]
) -> tuple[str, str, dict[str, Any], str | None]:
    method = text(endpoint, "method", most=20) or "GET"
    if method not in _METHODS or yes(endpoint, "graphql", default=False):
        raise UnlikeError("It asks by another method, or by GraphQL, which our probes do not.")
    headers = mapped(endpoint.get("headers") or {})
    if not all(isinstance(each, str) for each in headers.values()):
        raise Wrong("Its headers are no texts.")
    shown, secret = with_secret(headers)
    settings: dict[str, Any] = {
        "method": method,
        "headers": shown,
        "verify_tls": not yes(client, "insecure", default=False),
    }
    if body := text(endpoint, "body", most=4_096):
        settings["body"] = known(body, "Its body")
    return "http", url, settings | settings_of("http", conditions), secret


def _dns(asked: Mapping[str, Any], url: str, conditions: list[str]) -> tuple[str, str, dict[str, Any], str | None]:
    record = text(asked, "query-type", most=20) or "A"
    if record not in _RECORDS:
        raise UnlikeError(f"It asks for the record {record[:20]}, which our probes do not.")
    settings = {"record_type": record, "name_server": known(url, "Its name server")}
    return "dns", text(asked, "query-name").rstrip("."), settings | settings_of("dns", conditions), None
