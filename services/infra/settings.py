"""Settings: read once from `GREENLIGHT_…` variables, frozen, refused with their name where they are wrong."""

import contextlib
import difflib
import hmac
import ipaddress
import os
import re
import secrets
from collections.abc import Callable, Iterable, Mapping
from email.utils import parseaddr
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from services.infra.crypto import master_key, new_master_keyset
from services.infra.targets import Opening
from services.kernel.errors import Invalid
from services.kernel.languages import LANGUAGES, SOURCE

PREFIX = "GREENLIGHT_"
SURFACES = ("status_page", "account", "admin", "dashboards", "storefront", "api")
SECRET_KEY_LENGTH_MIN = 32
_NAMES_MAX = 64

_URL_PASSWORD = re.compile(r"//[^/\s]*@")
_HOST_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*")


def _database_url(url: str) -> str:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError) as error:
        raise ValueError("is no database URL; write sqlite:///path or postgresql+psycopg://user@host/name") from error
    if parsed.drivername not in {"sqlite", "postgresql", "postgresql+psycopg"}:
        raise ValueError(f"names {parsed.drivername}; only sqlite and postgresql are supported")
    if parsed.drivername == "sqlite" and parsed.database in {None, "", ":memory:"}:
        raise ValueError("names no file; several processes share the database, so it cannot live in memory")
    if parsed.drivername != "sqlite" and not parsed.database:
        raise ValueError("names no database; write postgresql+psycopg://user@host/name")
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _surfaces(text: str) -> str:
    names = [name.strip() for name in text.split(",")]
    unknown = set(names) - {"all", *SURFACES}
    if unknown:
        raise ValueError(f"names no surface: {', '.join(sorted(unknown))}; known: all, {', '.join(SURFACES)}")
    return ",".join(dict.fromkeys(names))


def _language(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"is no language of the public pages: {', '.join(LANGUAGES)}")
    return code


def _url(*schemes: str) -> AfterValidator:
    """Return a check that a text is empty or a URL of one of these schemes; a slash at its end is taken off."""

    def check(text: str) -> str:
        try:
            parts = urlsplit(text)
            whole = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
        except ValueError:
            whole = False
        if text and (not whole or re.search(r"\s", text)):
            raise ValueError(f"is no URL; write {schemes[0]}://host:port")
        return text.rstrip("/")

    return AfterValidator(check)


def _host(text: str) -> str:
    with contextlib.suppress(ValueError):
        return str(ipaddress.ip_address(text))
    if not _HOST_NAME.fullmatch(text) or text.replace(".", "").isdigit():
        raise ValueError("is no address or host name to listen on")
    return text


def _sender(text: str) -> str:
    address = parseaddr(text)[1]
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", address) or not text.isprintable():
        raise ValueError("is no sender; write Name <name@example.com>")
    return text


def _names(text: str) -> str:
    names = list(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if len(names) > _NAMES_MAX or not all(re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,31}", name) for name in names):
        raise ValueError(f"is no list of at most {_NAMES_MAX} names; write europe,north-america")
    return ",".join(names)


def _openings(text: str) -> str:
    try:
        Opening.parse(text)
    except ValueError as error:
        raise ValueError("names no network; write 10.1.0.0/16, 127.0.0.1:9100 or [::1]:9100, by comma") from error
    return text


def _secret_key(secret: SecretStr) -> SecretStr:
    if 0 < len(secret.get_secret_value()) < SECRET_KEY_LENGTH_MIN:
        raise ValueError(
            f"is too short to guess-proof anything; give at least {SECRET_KEY_LENGTH_MIN} random characters"
        )
    return secret


def _keyset(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value():
        master_key(secret.get_secret_value())
    return secret


def _test_key(secret: SecretStr) -> SecretStr:
    if secret.get_secret_value() and not secret.get_secret_value().startswith(("sk_test_", "rk_test_")):
        raise ValueError("is no test key of Stripe; this release's checkout offers test cards only, so none else fits")
    return secret


class Settings(BaseModel):
    """Everything that differs between one installation and another."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    data_dir: Path = Field(Path("var"), description="Folder of everything that the embedded default keeps.")
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        "", validate_default=False, description="Database; by default SQLite in the data folder."
    )
    host: Annotated[str, AfterValidator(_host)] = Field(
        "127.0.0.1", description="Address that the web server listens on."
    )
    port: int = Field(8050, ge=1, le=65535, description="Port that the web server listens on.")
    public_url: Annotated[str, _url("http", "https")] = Field(
        "", description="Where people reach us, without a trailing slash; by default host and port."
    )
    surfaces: Annotated[str, AfterValidator(_surfaces)] = Field(
        "all", description="Surfaces that this web process serves, by comma."
    )
    web_workers: int = Field(2, ge=1, le=64, description="Web worker processes.")
    web_threads: int = Field(8, ge=1, le=256, description="Threads of each web worker.")
    demo: bool = Field(
        default=False, description="Label this installation as a demo and accept the demo generator's beacons."
    )
    language: Annotated[str, AfterValidator(_language)] = Field(
        SOURCE, description="Language of the public pages for readers whose browser asks for none of ours."
    )
    secret_key: Annotated[SecretStr, AfterValidator(_secret_key)] = Field(
        SecretStr(""), description="Signs cookies and keys digests; by default kept in the data folder."
    )
    master_keyset: Annotated[SecretStr, AfterValidator(_keyset)] = Field(
        SecretStr(""), description="Tink keyset that wraps every subject's key; by default in the data folder."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="Reverse proxies in front of us whose X-Forwarded-… headers count."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token that opens /metrics; without one only this machine may read it."
    )
    security_contact: str = Field(
        "",
        pattern=r"^(mailto:[^\s@]+@[^\s@]+|https://\S+)?$",
        description="Address for reports of vulnerabilities (mailto: or https:) in /.well-known/security.txt.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="JSON lines for machines, or lines for a terminal."
    )
    export_dir: str = Field(
        "", description="Folder of a static copy of the status page, for hosting elsewhere; none by default."
    )
    release: str = Field("dev", description="Release that logs, spans and errors name.")
    otlp_endpoint: Annotated[str, _url("http", "https")] = Field(
        "", description="OTLP/HTTP collector for spans, such as http://127.0.0.1:4318; none by default."
    )
    prometheus_url: Annotated[str, _url("http", "https")] = Field(
        "", description="Prometheus-compatible server that figures are read from; none by default."
    )
    metric_store: Literal["sql", "prometheus"] = Field("sql", description="Store that figures are read from.")
    stripe_secret_key: Annotated[SecretStr, AfterValidator(_test_key)] = Field(
        SecretStr(""),
        description="Secret test key at Stripe; without it and the webhook's secret nothing can be bought.",
    )
    stripe_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Signing secret of the webhook at Stripe that points to /hooks/stripe."
    )
    stripe_url: Annotated[str, _url("https", "http")] = Field(
        "https://api.stripe.com", description="Where Stripe's API is; the demo puts its local sandbox here."
    )
    smtp_url: Annotated[str, _url("smtp", "smtps")] = Field(
        "", description="Mail server, such as smtp://127.0.0.1:2525; mails wait in the queue while there is none."
    )
    mail_from: Annotated[str, AfterValidator(_sender)] = Field(
        "Greenlight <no-reply@greenlight.invalid>", description="Sender of our mails."
    )
    outbound_allow: Annotated[str, AfterValidator(_openings)] = Field(
        "", description="Private networks that webhooks and probes may go to, such as 10.1.0.0/16,127.0.0.1:9100."
    )
    probe_allow: Annotated[str, AfterValidator(_openings)] = Field(
        "", description="Private networks that probes alone may go to; `up` opens what it starts on this machine."
    )
    built_in_vantage: bool = Field(default=True, description="Run probes inside the background process.")
    prober_server: Annotated[str, _url("https", "http")] = Field(
        "", description="Installation that a prober process reports to, such as https://status.example.com."
    )
    prober_key: SecretStr = Field(SecretStr(""), description="API key of a prober process's vantage.")
    prober_control: str = Field(
        "",
        pattern=r"^([^\s,]+:\d{1,5}(,[^\s,]+:\d{1,5})*)?$",
        description="Servers (host:port, by comma) that a prober asks whether it is offline itself; by default its "
        "installation and this machine's name servers.",
    )
    slack_url: Annotated[str, _url("https", "http")] = Field(
        "https://hooks.slack.com", description="Where Slack's incoming webhooks stand."
    )
    ingest_enabled: bool = Field(
        default=True, description="Accept player beacons; off answers 410, which tells players to stop."
    )
    ingest_body_bytes: int = Field(262_144, ge=1_024, le=16_777_216, description="Largest beacon body that is read.")
    ingest_events_per_second: int = Field(2_000, ge=1, description="Beacon events a second that one client may send.")
    ingest_sessions_per_minute: int = Field(
        60, ge=1, description="New playback sessions a minute that one client may start."
    )
    ingest_cdns: Annotated[str, AfterValidator(_names)] = Field(
        "", description="Delivery networks that players name, by comma; plays over any other count as `other`."
    )
    ingest_regions: Annotated[str, AfterValidator(_names)] = Field(
        "",
        description="Regions that the proxy in front names in X-Viewer-Region, by comma, such as europe,asia; plays "
        "of any other count as `other`. Without trusted proxies nobody's word is taken.",
    )
    session_hours: int = Field(12, ge=1, le=720, description="Longest life of a sign-in.")
    session_idle_minutes: int = Field(60, ge=1, le=1_440, description="Sign-ins that rest this long end.")
    durable_poll_seconds: float = Field(0.2, gt=0, le=10, description="How often the durable queue is polled.")
    durable_concurrency: int = Field(50, ge=1, le=500, description="Durable workflows that one worker runs at once.")
    durable_slot: str = Field(
        "0", pattern=r"^[a-z0-9-]{1,32}$", description="Stable name of this background process among several."
    )

    @property
    def enabled_surfaces(self) -> tuple[str, ...]:
        """The surfaces that this web process serves."""
        return SURFACES if "all" in self.surfaces.split(",") else tuple(self.surfaces.split(","))

    def shown(self) -> dict[str, str]:
        """Return every setting as text by the name of its variable, with secrets and credentials in URLs masked."""
        return {PREFIX + name.upper(): _URL_PASSWORD.sub("//***@", str(value)) for name, value in self}

    def __repr_args__(self) -> Iterable[tuple[str, str]]:
        return self.shown().items()

    @property
    def demo_key(self) -> str:
        """The bearer key of the demo generator, known to processes that share the secret key."""
        return derive_key(self.secret_key.get_secret_value(), "demo-beacons")


def derive_key(secret: str, purpose: str) -> str:
    """Return a key for one purpose, from which the secret cannot be told.

    Source: RFC 5869 (HKDF-Expand with SHA-256, one block).
    """
    return hmac.digest(secret.encode(), f"greenlight:{purpose}\x01".encode(), "sha256").hex()


def read(environment: Mapping[str, str] | None = None, **overrides: object) -> Settings:
    """Read the settings from `GREENLIGHT_…` variables; `…_FILE` names a file that holds the value.

    Raises: Invalid, naming the setting, for a wrong value, an unknown name or an unreadable file.
    """
    source = os.environ if environment is None else environment  # noqa: TID251 -- the one place
    values = {k.removeprefix(PREFIX).lower(): v for k, v in source.items() if k.startswith(PREFIX)} | overrides
    for ignored in ("conformance", "shared"):  # where tests find public vectors
        values.pop(ignored, None)
    _take_files(values)
    _refuse_unknown(values)
    try:
        partial = Settings(**values)  # type: ignore[arg-type] # pydantic checks them
    except ValidationError as error:
        raise _refusal(error) from error
    return _with_defaults(partial)


def _take_files(values: dict[str, Any]) -> None:
    for key in [k for k in values if k.endswith("_file") and k.removesuffix("_file") in Settings.model_fields]:
        path, name = Path(str(values.pop(key))), f"{PREFIX}{key.upper()}"
        if key.removesuffix("_file") in values:
            message = f"{name}: {name.removesuffix('_FILE')} is set as well; give one of the two."
            raise Invalid("setting_invalid", message, setting=name)
        try:
            values[key.removesuffix("_file")] = path.read_text().strip()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is no text"
            raise Invalid("setting_unreadable", f"{name}: cannot read {path}: {reason}.", setting=name) from error


def _refuse_unknown(values: Mapping[str, object]) -> None:
    for key in values:
        if key not in Settings.model_fields:
            name = f"{PREFIX}{key.upper()}"
            close = difflib.get_close_matches(key, Settings.model_fields, 1)
            hint = f" Did you mean {PREFIX}{close[0].upper()}?" if close else ""
            raise Invalid("setting_unknown", f"{name} is no setting.{hint}", setting=name)


def _refusal(error: ValidationError) -> Invalid:
    first = error.errors(include_url=False, include_input=False)[0]
    name = PREFIX + str(first["loc"][0] if first["loc"] else "?").upper()
    return Invalid("setting_invalid", f"{name}: {first['msg']}.", setting=name)


def _with_defaults(partial: Settings) -> Settings:
    """Fill in what depends on other settings, keeping generated secrets in the data folder."""
    changes: dict[str, object] = {}
    if not partial.database_url:
        _made(partial.data_dir)
        changes["database_url"] = f"sqlite:///{(partial.data_dir / 'greenlight.db').absolute()}"
    if not partial.public_url:
        changes["public_url"] = f"http://{partial.host}:{partial.port}"
    if not partial.secret_key.get_secret_value():
        changes["secret_key"] = SecretStr(_kept(partial.data_dir / "secret-key", lambda: secrets.token_hex(32)))
    if not partial.master_keyset.get_secret_value():
        changes["master_keyset"] = SecretStr(_kept(partial.data_dir / "master-keyset.json", new_master_keyset))
    return partial.model_copy(update=changes)


def _kept(path: Path, make: Callable[[], str]) -> str:
    """Return what a private file holds, creating it whole and once even when two processes start together."""
    try:
        _made(path.parent)
        if not path.exists():
            _write_once(path, make())
        kept = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise _unusable(path, getattr(error, "strerror", None) or "it is no text") from error
    if not kept:
        raise _unusable(path, "it is empty; restore it from a backup, or remove it if nothing was ever stored")
    return kept


def _write_once(path: Path, text: str) -> None:
    """Put a whole private file where there is none; whoever is second leaves the first one's."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with open(draft, "x", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink(missing_ok=True)


def _made(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise _unusable(folder, error.strerror) from error


def _unusable(path: Path, reason: str | None) -> Invalid:
    name = f"{PREFIX}DATA_DIR"
    return Invalid("setting_unreadable", f"{name}: cannot use {path}: {reason}.", setting=name)
