"""The demo's payment processor: the sandbox as a process of its own, and how a stranger breaks it and mends it.

Where it listens is kept in the data folder, so that a second terminal finds it; its keys follow from the installation's
secret key. Only the base address differs from real Stripe.
"""

import logging
import signal
import socket
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import httpx
from pydantic import SecretStr

from api.hooks import STRIPE_PATH
from demo.orders import PAYOUT_MEDIAN_SECONDS
from payment_sandbox.server import Sandbox
from processes.breaks import BREAKS, MENDED
from services.infra.http import make_client
from services.infra.settings import Settings, derive_key
from services.kernel.errors import Conflict, Invalid, Unavailable

FOLDER: Final = "payment-sandbox"
_HOST: Final = "127.0.0.1"
_ANY: Final = {"0.0.0.0": _HOST, "::": "[::1]"}  # noqa: S104 -- compared with, not listened on
_ENDINGS: Final = {signal.SIGTERM, signal.SIGINT}
_log = logging.getLogger(__name__)


def with_sandbox(settings: Settings, *, starting: bool = False) -> Settings:
    """Return the settings of an installation that practises here, where it is a demo without a payment processor.

    `starting` looks for another port where something else has taken the one of before.
    """
    if not settings.demo or settings.stripe_secret_key.get_secret_value():
        return settings
    return settings.model_copy(
        update={
            "stripe_secret_key": SecretStr(_derived(settings, "sk_test_")),
            "stripe_webhook_secret": SecretStr(_derived(settings, "whsec_")),
            "stripe_url": _address(settings.data_dir / FOLDER, starting=starting),
        }
    )


def practises(settings: Settings) -> bool:
    """Tell whether payments of this installation go to the sandbox that it brings itself."""
    return settings.demo and settings.stripe_secret_key.get_secret_value() == _derived(settings, "sk_test_")


def environment_of(settings: Settings) -> dict[str, str]:
    """Return what the processes of an installation that practises must be told."""
    if not practises(settings):
        return {}
    return {
        "GREENLIGHT_STRIPE_SECRET_KEY": settings.stripe_secret_key.get_secret_value(),
        "GREENLIGHT_STRIPE_WEBHOOK_SECRET": settings.stripe_webhook_secret.get_secret_value(),
        "GREENLIGHT_STRIPE_URL": settings.stripe_url,
    }


def open_sandbox(settings: Settings) -> Sandbox:
    """Return the sandbox of an installation, which listens but does not serve yet.

    Raises: Conflict where payments go elsewhere, or where its port is taken.
    """
    place = urlsplit(settings.stripe_url)
    key = settings.stripe_secret_key.get_secret_value()
    if place.scheme != "http" or place.hostname not in {_HOST, "localhost"} or not place.port or not key:
        message = "Payments go elsewhere: set GREENLIGHT_DEMO=true, or a local GREENLIGHT_STRIPE_URL with its keys."
        raise Conflict("sandbox_not_wanted", message)
    host = _ANY.get(settings.host, f"[{settings.host}]" if ":" in settings.host else settings.host)
    try:
        return Sandbox(
            settings.data_dir / FOLDER / "sandbox.db",
            port=place.port,
            api_key=key,
            webhook_url=f"http://{host}:{settings.port}{STRIPE_PATH}",
            webhook_secret=settings.stripe_webhook_secret.get_secret_value(),
            payout_median_seconds=PAYOUT_MEDIAN_SECONDS,
        )
    except (OSError, SystemExit) as error:  # Werkzeug ends the process where a port is taken
        raise Conflict("sandbox_port_taken", f"{settings.stripe_url} cannot be listened on; is it running?") from error


def run(settings: Settings) -> None:
    """Serve until the process is told to end.

    Raises: Conflict where payments go elsewhere.
    """
    logging.getLogger("werkzeug").setLevel(logging.WARNING)  # it tells of each request
    # Blocked before any thread starts, so that the one wait below gets them whenever they come.
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)
    sandbox = open_sandbox(with_sandbox(settings))
    sandbox.start()
    _log.info("payment_sandbox_open", extra={"url": sandbox.url})
    signal.sigwait(_ENDINGS)
    sandbox.stop()


def behave(settings: Settings, **wanted: str) -> dict[str, str]:
    """Set how the running sandbox behaves, and return how it behaves then.

    Raises: Conflict where payments go elsewhere; Unavailable where it does not run; Invalid for what it does not know.
    """
    unreachable = Unavailable(
        "sandbox_unreachable", "The demo's payment sandbox does not answer; start it with `manage.py up --demo`."
    )
    if not (settings.data_dir / FOLDER / "address").exists():
        raise unreachable
    settings = with_sandbox(settings)
    if not practises(settings):
        raise Conflict(
            "sandbox_not_wanted", "Payments go elsewhere: only the demo's own payment sandbox can be broken."
        )
    key = settings.stripe_secret_key.get_secret_value()
    url = f"{settings.stripe_url}/_sandbox/behaviour"
    try:
        with make_client() as client:
            answer = client.post(url, data=wanted, headers={"Authorization": f"Bearer {key}"})
    except httpx.HTTPError as error:
        raise unreachable from error
    if not answer.is_success:
        raise Invalid("sandbox_refused", f"The payment sandbox refused: HTTP {answer.status_code}.")
    return {str(name): str(value) for name, value in answer.json().items()}


def break_shop(settings: Settings, what: str) -> str:
    """Break one thing of the demo's payment processor, and return in words what is broken now.

    Raises: Invalid for what cannot be broken; Conflict and Unavailable where there is no sandbox to break.
    """
    if what not in BREAKS:
        raise Invalid("break_unknown", f"Break one of: {', '.join(BREAKS)}.")
    part, value, words = BREAKS[what]
    behave(settings, **{part: value})
    return words


def mend_shop(settings: Settings) -> None:
    """Let the demo's payment processor work again.

    Raises: Conflict and Unavailable where there is no sandbox to mend.
    """
    behave(settings, **MENDED)


def _derived(settings: Settings, prefix: str) -> str:
    return prefix + derive_key(settings.secret_key.get_secret_value(), f"payment-sandbox {prefix}")


def _address(folder: Path, *, starting: bool) -> str:
    """Return where the sandbox of a data folder listens: a port that was free when it was first asked for."""
    file = folder / "address"
    if file.exists() and (not starting or _free(urlsplit(file.read_text().strip()).port or 0)):
        return file.read_text().strip()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        address = f"http://{_HOST}:{probe.getsockname()[1]}"
    draft = file.with_suffix(".new")
    draft.write_text(address)
    draft.rename(file)
    return address


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True
