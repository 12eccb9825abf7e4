"""Settings: read once from `GREENLIGHT_…` variables, frozen, refused with their name where they are wrong."""

import contextlib
import difflib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import sqlalchemy as sa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError

from services.infra.crypto import new_master_keyset
from services.kernel.errors import Invalid

PREFIX = "GREENLIGHT_"
SURFACES = ("status_page", "account", "admin", "dashboards", "storefront", "api")


def _database_url(url: str) -> str:
    try:
        backend = sa.make_url(url).get_backend_name()
    except sa.exc.ArgumentError as error:
        raise ValueError("is no database URL; write sqlite:///path or postgresql+psycopg://user@host/name") from error
    if backend not in {"sqlite", "postgresql"}:
        raise ValueError(f"names {backend}; only sqlite and postgresql are supported")
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


def _surfaces(text: str) -> str:
    unknown = set(text.split(",")) - {"all", *SURFACES}
    if unknown:
        raise ValueError(f"names no surface: {', '.join(sorted(unknown))}; known: all, {', '.join(SURFACES)}")
    return text


class Settings(BaseModel):
    """Everything that differs between one installation and another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    data_dir: Path = Field(Path("var"), description="Folder of everything that the embedded default keeps.")
    database_url: Annotated[str, AfterValidator(_database_url)] = Field(
        "", validate_default=False, description="Database; by default SQLite in the data folder."
    )
    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(8050, ge=1, le=65535, description="Port that the web server listens on.")
    public_url: str = Field(
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
    secret_key: SecretStr = Field(
        SecretStr(""), description="Signs cookies and keys digests; by default kept in the data folder."
    )
    master_keyset: SecretStr = Field(
        SecretStr(""), description="Tink keyset that wraps every subject's key; by default in the data folder."
    )
    trusted_proxies: int = Field(
        0, ge=0, le=8, description="Reverse proxies in front of us whose X-Forwarded-… headers count."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token that opens /metrics; without one only this machine may read it."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severity that is logged."
    )
    log_format: Literal["json", "console"] = Field(
        "json", description="JSON lines for machines, or lines for a terminal."
    )
    release: str = Field("dev", description="Release that logs, spans and errors name.")
    otlp_endpoint: str = Field(
        "", description="OTLP/HTTP collector for spans, such as http://127.0.0.1:4318; none by default."
    )
    redis_url: str = Field("", description="Redis for limits shared by several web processes; none by default.")
    prometheus_url: str = Field(
        "", description="Prometheus-compatible server that figures are read from; none by default."
    )
    metric_store: Literal["sql", "prometheus"] = Field("sql", description="Store that figures are read from.")
    smtp_url: str = Field(
        "", description="Mail server, such as smtp://127.0.0.1:2525; mails wait in the queue while there is none."
    )
    mail_from: str = Field("Greenlight <no-reply@greenlight.invalid>", description="Sender of our mails.")
    ingest_enabled: bool = Field(
        default=True, description="Accept player beacons; off answers 410, which tells players to stop."
    )
    ingest_body_bytes: int = Field(262_144, ge=1_024, le=16_777_216, description="Largest beacon body that is read.")
    ingest_events_per_second: int = Field(2_000, ge=1, description="Beacon events a second that one client may send.")
    ingest_sessions_per_minute: int = Field(
        600, ge=1, description="New playback sessions a minute that one client may start."
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
        path = Path(str(values.pop(key)))
        try:
            values[key.removesuffix("_file")] = path.read_text().strip()
        except OSError as error:
            name = f"{PREFIX}{key.upper()}"
            raise Invalid(
                "setting_unreadable", f"{name}: cannot read {path}: {error.strerror}.", setting=name
            ) from error


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
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
            draft.touch(mode=0o600)
            draft.write_text(make())
            with contextlib.suppress(FileExistsError):
                path.hardlink_to(draft)
            draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        name = f"{PREFIX}DATA_DIR"
        raise Invalid("setting_unreadable", f"{name}: cannot use {path}: {error.strerror}.", setting=name) from error
