"""The kinds of probe: what each looks at, and what it must find there; typed, so that a wrong one is never stored."""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import regex
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from services.infra.targets import OutboundPolicy, address_checked, literal
from services.kernel.errors import Invalid

SECRET_MARK: Final = "{secret}"  # noqa: S105 -- the place of a secret, and none
OWN_DATABASE: Final = "own"
"""The target of an SQL probe that asks the installation's own database, which only the built-in vantage can."""

_HOST_PORT = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]{1,253})(?::([0-9]{1,5}))?")
_DNS_NAME = re.compile(r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,62})?(\.[A-Za-z0-9_-]{1,63})*\.?")
_STATUSES = re.compile(r"[1-5][0-9]{2}(-[1-5][0-9]{2})?(,[1-5][0-9]{2}(-[1-5][0-9]{2})?)*")
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}")
_JSON_PATH = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+|\[[0-9]{1,4}\])*")
_PORT_MAX = 65_535
_TARGET_LENGTH_MAX = 500
_HEADERS_MAX = 10
_OWN_HEADERS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_SCHEMES: Final[Mapping[str, tuple[str, ...]]] = {"sql": ("postgresql",), "redis": ("redis", "rediss")}
_PORTS: Final[Mapping[str, int]] = {"postgresql": 5432, "redis": 6379, "rediss": 6379}


def _statuses(text: str) -> str:
    squeezed = text.replace(" ", "")
    if not _STATUSES.fullmatch(squeezed):
        raise ValueError("write statuses such as 200-299,301")
    return squeezed


def _pattern(text: str) -> str:
    try:
        regex.compile(text)
    except regex.error as error:
        raise ValueError(f"is no regular expression: {error}") from error
    return text


def _headers(headers: dict[str, str]) -> dict[str, str]:
    for name, value in headers.items():
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _OWN_HEADERS or not value.isprintable():
            raise ValueError(f"cannot send or expect the header {name[:64]}")
    return headers


def _json_path(text: str) -> str:
    if text and not _JSON_PATH.fullmatch(text):
        raise ValueError("write a path such as status.indicator or items[0].id")
    return text


Headers = Annotated[dict[str, str], Field(max_length=_HEADERS_MAX), AfterValidator(_headers)]


class Check(BaseModel):
    """What every probe may demand.

    Units: latency_ms_max in milliseconds; slower than that counts as down.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    latency_ms_max: int | None = Field(None, ge=1, le=60_000)


class HttpCheck(Check):
    """One request, and what its answer must be; redirects are answers and are not followed."""

    method: Literal["GET", "HEAD", "POST"] = "GET"
    headers: Headers = Field(default_factory=dict)
    body: str = Field("", max_length=4_096)
    statuses: Annotated[str, Field(max_length=200), AfterValidator(_statuses)] = "200-299"
    answer_headers: Headers = Field(default_factory=dict)
    contains: str = Field("", max_length=500)
    matches: Annotated[str, Field(max_length=200), AfterValidator(_pattern)] = ""
    json_path: Annotated[str, Field(max_length=200), AfterValidator(_json_path)] = ""
    json_value: JsonValue = None
    verify_tls: bool = True


class TcpCheck(Check):
    """A connection, and what the server must say first."""

    greeting: str = Field("", max_length=100)


class DnsCheck(Check):
    """A question to a name server; by default to the machine's own."""

    record_type: Literal["A", "AAAA", "CNAME", "MX", "NS", "TXT"] = "A"
    expected: tuple[Annotated[str, Field(min_length=1, max_length=255)], ...] = Field((), max_length=20)
    exactly: bool = False
    name_server: str = Field("", max_length=100)


class TlsCheck(Check):
    """A certificate: how long it is good, for which name, and signed by whom."""

    days_min: int = Field(14, ge=0, le=397)
    check_name: bool = True
    check_chain: bool = True


class HlsCheck(Check):
    """A playlist, the media playlist behind it and the first segment, really fetched."""

    bytes_min: int = Field(188, ge=1, le=10_000_000)
    segment_seconds_max: float = Field(30.0, gt=0, le=120)


class EvmCheck(Check):
    """A node of an EVM chain: the right chain, and a block that is not old.

    Units: block_age_seconds_max in seconds; none leaves the age of the latest block out.
    """

    chain_id: int = Field(ge=1)
    block_age_seconds_max: int | None = Field(120, ge=1, le=86_400)


class SqlCheck(Check):
    """A database that answers `select 1`."""


class RedisCheck(Check):
    """A Redis that answers a ping."""


class PrometheusCheck(Check):
    """A question to Prometheus: up while every value compares as demanded; no value, or NaN, is unknown."""

    query: str = Field(min_length=1, max_length=1_000)
    operator: Literal["<", "<=", ">", ">=", "==", "!="] = ">"
    threshold: float = Field(allow_inf_nan=False)


KINDS: Final[Mapping[str, type[Check]]] = {
    "http": HttpCheck,
    "tcp": TcpCheck,
    "dns": DnsCheck,
    "tls": TlsCheck,
    "hls": HlsCheck,
    "evm": EvmCheck,
    "sql": SqlCheck,
    "redis": RedisCheck,
    "prometheus": PrometheusCheck,
}
"""Every kind of probe with what it may demand."""


def read_check(kind: str, settings: Mapping[str, Any]) -> Check:
    """Return what a probe demands.

    Raises: Invalid, naming the field, for an unknown kind or a wrong setting.
    """
    model = KINDS.get(kind)
    if model is None:
        raise _wrong("kind", f"Choose one of {', '.join(KINDS)}.")
    try:
        return model.model_validate(dict(settings))
    except ValidationError as error:
        fields = {
            ".".join(str(part) for part in each["loc"]) or "settings": each["msg"].removeprefix("Value error, ")
            for each in error.errors(include_url=False, include_input=False)
        }
        raise Invalid("probe_settings", "Some settings of the probe are wrong.", fields=fields) from error


def checked_target(kind: str, target: str, policy: OutboundPolicy) -> str:
    """Return a target as it is stored, with the mark where its secret stands.

    Raises: Invalid where it is none of its kind, carries credentials in clear, or leads where we do not go.
    """
    text = target.strip()
    if not text or len(text) > _TARGET_LENGTH_MAX or not text.isprintable() or " " in text:
        raise _wrong("target", "Give a target without spaces.")
    if kind in {"http", "hls", "evm", "prometheus"}:
        address_checked(policy, text.replace(SECRET_MARK, "secret"))
        return text
    if kind in _SCHEMES:
        return _database_checked(kind, text, policy)
    if kind == "dns":
        if not _DNS_NAME.fullmatch(text):
            raise _wrong("target", "Give a domain name.")
        return text
    host, port = host_and_port(text, default_port=443 if kind == "tls" else None)
    _refuse_forbidden(policy, host, port)
    return text


def host_and_port(text: str, *, default_port: int | None = None) -> tuple[str, int]:
    """Read `host:port`, `[::1]:port`, or a host alone where there is a default.

    Raises: Invalid.
    """
    matched = _HOST_PORT.fullmatch(text)
    port = int(matched[2]) if matched and matched[2] else default_port
    if matched is None or port is None or not 0 < port <= _PORT_MAX:
        raise _wrong("target", "Write host:port.")
    return matched[1].strip("[]"), port


class DatabaseTarget(BaseModel):
    """Where a database or a Redis is, and as whom to go there."""

    model_config = ConfigDict(frozen=True)

    scheme: str
    user: str = ""
    password: str = Field("", repr=False)
    host: str
    port: int
    name: str = ""


_DATABASE = re.compile(
    r"(?P<scheme>[a-z]+)://(?:(?P<user>[^:@/]*)(?::(?P<password>[^@/]*))?@)?(?P<place>[^/@?#]+)(?:/(?P<name>[^/?#]*))?"
)


def read_database(kind: str, text: str) -> DatabaseTarget:
    """Read the address of a database.

    Raises: Invalid.
    """
    matched = _DATABASE.fullmatch(text)
    if matched is None or matched["scheme"] not in _SCHEMES[kind]:
        raise _wrong("target", f"Write {_SCHEMES[kind][0]}://user:{SECRET_MARK}@host:port/name.")
    host, port = host_and_port(matched["place"], default_port=_PORTS[matched["scheme"]])
    return DatabaseTarget(
        scheme=matched["scheme"],
        user=matched["user"] or "",
        password=matched["password"] or "",
        host=host,
        port=port,
        name=matched["name"] or "",
    )


def _database_checked(kind: str, text: str, policy: OutboundPolicy) -> str:
    if kind == "sql" and text == OWN_DATABASE:
        return text
    read = read_database(kind, text)
    if read.password not in {"", SECRET_MARK}:
        raise _wrong("target", f"Write {SECRET_MARK} in place of the password, and give it as the secret.")
    _refuse_forbidden(policy, read.host, read.port)
    return text


def _refuse_forbidden(policy: OutboundPolicy, host: str, port: int) -> None:
    address = literal(host)
    why = policy.refusal(address, port) if address else policy.port_refusal(port)
    if why is not None:
        raise _wrong("target", f"We do not go to this address: {why}.")


def _wrong(field: str, message: str) -> Invalid:
    return Invalid("probe_wrong", message, fields={field: message})
