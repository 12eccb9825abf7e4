"""What an installation looks at from its first minute on: its own doors, its database, and whom it needs."""

from dataclasses import replace
from urllib.parse import urlsplit

from services.catalogue.views import TitleView
from services.infra.settings import Settings
from services.infra.targets import literal
from services.probes.founding import FOUNDER, FirstProbe
from services.probes.kinds import OWN_DATABASE, SECRET_MARK
from services.probes.rules import BUILT_IN
from services.probes.views import ProbeDraft
from services.wiring import Wired
from storefront.media import media_url

_HERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "localhost": "127.0.0.1"}  # noqa: S104 -- what a server listens on, read and not bound


def opened(settings: Settings) -> Settings:
    """Return the settings with this installation's own doors open to its probes."""
    own = [_place(settings)] if literal(_host(settings)) else []
    payments = urlsplit(settings.stripe_url)
    if payments.hostname in {"127.0.0.1", "::1"}:
        own.append(payments.netloc)
    known = [part for part in settings.probe_allow.split(",") if part]
    allowed = ",".join(dict.fromkeys([*known, *own]))
    return settings.model_copy(update={"probe_allow": allowed})


def own_door(settings: Settings) -> str:
    """Return where this installation tells that it runs, if its probes were opened to itself."""
    place = _place(settings)
    return f"http://{place}/health/live" if place in settings.probe_allow.split(",") else ""


def found_probes(wired: Wired) -> None:
    """Make the probes of the first components, where they were never made, and lead along what moved."""
    if wired.settings.built_in_vantage:
        wired.services.probes.founding.found(FOUNDER, first_probes(wired.settings))


def found_film_probes(wired: Wired, title: TitleView) -> None:
    """Look at a film from now on; it has to be there, or nobody could tell a film that fails from none."""
    if wired.settings.built_in_vantage:
        wired.services.probes.founding.found(FOUNDER, film_probes(wired.settings, title))


def first_probes(settings: Settings) -> list[FirstProbe]:
    """Return the probes that need nothing but a running installation."""
    site = f"http://{_place(settings)}"
    first = [
        _first("website", "Shop", "website00001", "http", f"{site}/shop/", contains="</html>"),
        _first("status-page", "Status page", "website00001", "http", f"{site}/status/", contains="</html>"),
        _first("public-api", "Public API", "publicapi001", "http", f"{site}/api/v2/summary.json",
               json_path="page.name", json_value="Greenlight"),
        _first("database", "Database", "database0001", "sql", OWN_DATABASE),
    ]  # fmt: skip
    if settings.stripe_secret_key.get_secret_value():
        first += [_of_payments(settings, "checkout", "checkout0001", "payment_intents"),
                  _of_payments(settings, "payouts", "payouts00001", "payouts")]  # fmt: skip
    return first


def _of_payments(settings: Settings, key: str, component_id: str, what: str) -> FirstProbe:
    """Ask the processor for the latest of what the component is about: reads alone, with the shop's own key."""
    asked = {"headers": {"Authorization": f"Bearer {SECRET_MARK}"}, "json_path": "object", "json_value": "list"}
    url = f"{settings.stripe_url}/v1/{what}?limit=1"
    first = _first(key, f"Payment processor, for {key}", component_id, "http", url, **asked)
    return replace(first, draft=replace(first.draft, secret=settings.stripe_secret_key.get_secret_value()))


def film_probes(settings: Settings, title: TitleView) -> list[FirstProbe]:
    """Return the probes of one film: that it is delivered, and that its page hands it to the player."""
    site, film = f"http://{_place(settings)}", media_url(title.draft.hls_path)
    demo = title.draft.origin == "demo"
    delivery = _first("video-delivery", "Playlist and first segment", "videodeliv01", "hls", f"{site}{film}")
    page = f"{site}/shop/watch/{title.slug}"
    start = _first("video-start", "Player with its film", "videostart01", "http", page, contains=film)
    return [replace(each, demo=demo) for each in (delivery, start)]


def _first(key: str, name: str, component_id: str, kind: str, target: str, **settings: object) -> FirstProbe:
    # Only this machine's own vantage can go to this machine.
    draft = ProbeDraft(
        name=name, kind=kind, target=target, settings=settings, component_id=component_id, vantages=(BUILT_IN,)
    )
    return FirstProbe(key, draft)


def _place(settings: Settings) -> str:
    host = _host(settings)
    return f"[{host}]:{settings.port}" if ":" in host else f"{host}:{settings.port}"


def _host(settings: Settings) -> str:
    return _HERE.get(settings.host, settings.host)
