"""What the demo brings: people, titles, history, traffic; made once, and removed without a trace."""

import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pyotp

from demo.buyers import Buyers
from demo.clerk import Clerk
from demo.components import TELLER, tell_components, tell_releases
from demo.history import tell_history
from demo.incidents import ORIGIN, tell_incidents
from demo.incidents import TELLER as NARRATOR
from demo.media import build, remove
from demo.orders import MERCHANT, PRICES, price_titles
from demo.publish import PUBLISHER, publish_titles
from demo.titles import RECIPES
from demo.traffic import Audience
from processes.first_probes import found_film_probes
from services.components.founding import DEMO_SOURCE, FIRST, FOUNDER
from services.infra.http import make_client
from services.kernel.clock import Clock, SystemClock
from services.kernel.context import JobActor
from services.kernel.errors import Invalid
from services.metrics import SqlMetricStore
from services.wiring import Wired

WHEEL = Path(__file__).parent.parent / "var" / "media-wheel"
_PATIENCE_SECONDS = 2.0
_SEEDER = JobActor("demo.seeder", frozenset({"identity.demo"}))
_CLEANER = JobActor("demo.cleaner", frozenset({"identity.demo", "metrics.forget", "probes.demo"}))


def seed_people(wired: Wired) -> None:
    """Make one person for each role, where they are not there yet."""
    wired.services.identity.founding.seed_demo(_SEEDER)


def found_components(wired: Wired) -> None:
    """Make the components that an installation begins with, where there has never been one."""
    if wired.services.components.founding.is_empty(FOUNDER):
        wired.services.components.founding.found(FOUNDER)


def seed_components(wired: Wired, say: Callable[[str], None]) -> None:
    """Tell the demo's past of the first components, as far as it is not told yet, and its releases."""
    known = wired.services.components.reads.named(FOUNDER, [c.id for group in FIRST for c in group.components])
    founding = wired.services.components.founding
    if tell_components(founding, sorted(known), wired.clock.now(), say):
        tell_releases(wired.services.releases, wired.clock.now())


def seed_incidents(wired: Wired, say: Callable[[str], None]) -> None:
    """Tell the demo's past incidents, maintenance and templates, where none are told yet."""
    known = wired.services.components.reads.named(FOUNDER, [c.id for group in FIRST for c in group.components])
    told = tell_incidents(wired.services.incidents, sorted(known), wired.clock.now())
    if told:
        say(f"incidents: {told} of the last 90 days are told now")


def seed_titles(wired: Wired, say: Callable[[str], None]) -> None:
    """Make the demo's videos where they are missing, and publish each, with its price, as soon as it is there."""
    for recipe in RECIPES:
        publish_titles(wired.services.catalogue, build(wired.settings.data_dir / "media", WHEEL, say, [recipe]))
        if recipe is RECIPES[0]:
            found_film_probes(wired, wired.services.catalogue.title(PUBLISHER, recipe.slug))
        price_titles(wired.services.payments.prices, [recipe.slug])


def seed_history(
    wired: Wired, say: Callable[[str], None], rest: Callable[[float], bool] = lambda _seconds: False
) -> None:
    """Tell the demo's last ninety days to the metrics, as far as they are not told yet; `rest` waits between days."""
    tell_history(wired.recording, SqlMetricStore(wired.uow), wired.clock.now(), say, rest=rest)


def run_traffic(wired: Wired, wait: Callable[[float], bool]) -> None:
    """Be the demo's audience, its buyers and its clerk until `wait` says that it is over.

    Raises: Invalid where this installation is no demo.
    """
    settings = wired.settings
    if not settings.demo:
        raise Invalid("demo_off", "Demo traffic needs a demo installation: set GREENLIGHT_DEMO=true.")

    def browser() -> httpx.Client:
        client = make_client()
        client.base_url = f"http://{settings.host}:{settings.port}"
        client.headers["User-Agent"] = "greenlight-demo"
        return client

    others: list[threading.Thread] = []
    if wired.services.payments.orders.enabled:
        buyers, clerk = (
            Buyers(browser, settings.demo_key, SystemClock()),
            Clerk(wired.services.payments.payouts, wired.clock),
        )
        others = [threading.Thread(target=each.run, args=(wait,), daemon=True) for each in (buyers, clerk)]
    for other in others:
        other.start()
    with browser() as client:
        Audience(client, settings.demo_key, [recipe.slug for recipe in RECIPES], SystemClock()).run(wait)
    for other in others:
        other.join(_PATIENCE_SECONDS)


def demo_people(wired: Wired) -> str:
    """Return how each person of the demo signs in, with the second factor's code of this moment."""
    people = wired.services.identity.founding.demo_people()
    rows = [f"  {p.role:<11} {p.email:<31} {p.password}   {_code(p.totp_secret, wired.clock)}" for p in people]
    return "\n".join([f"  {'role':<11} {'e-mail':<31} {'password':<24}   second factor", *rows])


def forget_demo(wired: Wired) -> dict[str, int]:
    """Remove everything that the demo made, and return how much that was."""
    return {
        "cells": wired.recording.forget_origin(_CLEANER, "demo"),
        "orders": forget_orders(wired),
        "titles": len(wired.services.catalogue.withdraw_all(PUBLISHER, "demo")),
        "videos": remove(wired.settings.data_dir / "media"),
        "incidents": wired.services.incidents.forgetting.forget_origin(NARRATOR, origin=ORIGIN),
        "probes": wired.services.probes.founding.remove_demo(_CLEANER),
        "components": wired.services.components.founding.forget_source(TELLER, source=DEMO_SOURCE),
        "releases": wired.services.releases.forget_origin(TELLER, "demo"),
        "people": wired.services.identity.founding.remove_demo(_CLEANER),
    }


def forget_orders(wired: Wired) -> int:
    """Remove the demo's orders and payouts, take its titles off sale, and return how many orders and payouts went."""
    till = wired.services.payments.till
    till.forget_prices(MERCHANT, tuple(PRICES))
    return till.forget_origin(MERCHANT, "demo")


def _code(secret: str | None, clock: Clock) -> str:
    if secret is None:
        return "none"
    code = pyotp.TOTP(secret)
    now = clock.now()
    left = round(code.interval - now.timestamp() % code.interval)
    return f"{code.at(now)} (for {left} s; secret {secret})"
