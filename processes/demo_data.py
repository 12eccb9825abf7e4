"""The demo's people and titles: made once, shown to whoever starts the demo, and removed without a trace."""

from collections.abc import Callable
from pathlib import Path

import pyotp

from demo.media import build
from demo.publish import PUBLISHER, publish_titles
from services.kernel.clock import Clock
from services.kernel.context import JobActor
from services.wiring import Wired

WHEEL = Path(__file__).parent.parent / "var" / "media-wheel"
_SEEDER = JobActor("demo.seeder", frozenset({"identity.demo"}))
_CLEANER = JobActor("demo.cleaner", frozenset({"identity.demo", "metrics.forget"}))


def seed_people(wired: Wired) -> None:
    """Make one person for each role, where they are not there yet."""
    wired.services.identity.founding.seed_demo(_SEEDER)


def seed_titles(wired: Wired, say: Callable[[str], None]) -> None:
    """Make the demo's videos and put them into the catalogue, where they are not there yet."""
    publish_titles(wired.services.catalogue, build(wired.settings.data_dir / "media", WHEEL, say))


def demo_people(wired: Wired) -> str:
    """Return how each person of the demo signs in, with the second factor's code of this moment."""
    people = wired.services.identity.founding.demo_people()
    rows = [f"  {p.role:<11} {p.email:<31} {p.password}   {_code(p.totp_secret, wired.clock)}" for p in people]
    return "\n".join([f"  {'role':<11} {'e-mail':<31} {'password':<24}   second factor", *rows])


def forget_demo(wired: Wired) -> dict[str, int]:
    """Remove everything that the demo made, and return how much that was."""
    return {
        "cells": wired.recording.forget_origin(_CLEANER, "demo"),
        "titles": len(wired.services.catalogue.withdraw_all(PUBLISHER, "demo")),
        "people": wired.services.identity.founding.remove_demo(_CLEANER),
    }


def _code(secret: str | None, clock: Clock) -> str:
    if secret is None:
        return "none"
    code = pyotp.TOTP(secret)
    now = clock.now()
    left = round(code.interval - now.timestamp() % code.interval)
    return f"{code.at(now)} (for {left} s; secret {secret})"
