"""What differs between installations, in the shell's words."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from services.infra.settings import Settings, derive_key
from services.kernel.languages import SOURCE


@dataclass(frozen=True, slots=True)
class ShellConfig:
    """The shell's part of the settings.

    `metrics_token` opens `/metrics` to callers that are not on this machine; without one only this machine may read.
    `bundle_folder` keeps the compressed component bundles between starts. `language` is for readers who ask for none of
    ours.
    """

    secret: str
    public_url: str
    bundle_folder: Path
    trusted_proxies: int = 0
    threads: int = 8
    metrics_token: str = ""
    security_contact: str = ""
    language: str = SOURCE
    body_bytes: int = 1_048_576
    header_bytes: int = 32_768
    target_bytes: int = 8_192

    @property
    def secure(self) -> bool:
        """Whether people reach us by https, so that cookies and HSTS may rely on it."""
        return urlsplit(self.public_url).scheme == "https"

    @property
    def public_origin(self) -> str:
        """Scheme, host and port of where people reach us."""
        parts = urlsplit(self.public_url)
        return f"{parts.scheme}://{parts.netloc}"

    def key(self, purpose: str) -> bytes:
        """The key for one purpose."""
        return derive_key(self.secret, purpose).encode()

    def cookie_name(self, name: str) -> str:
        """The name of a cookie, bound to this host by its prefix where we are reached by https.

        Source: RFC 6265bis §4.1.3.2.
        """
        return f"__Host-{name}" if self.secure else name


def config_of(settings: Settings) -> ShellConfig:
    """Take the shell's part from the settings."""
    return ShellConfig(
        secret=settings.secret_key.get_secret_value(),
        public_url=settings.public_url.rstrip("/"),
        bundle_folder=settings.data_dir / "bundles",
        trusted_proxies=settings.trusted_proxies,
        threads=settings.web_threads,
        metrics_token=settings.metrics_token.get_secret_value(),
        security_contact=settings.security_contact,
        language=settings.language,
    )
