"""Fixtures of a real Chromium, driven by Playwright."""

from collections.abc import Iterator
from typing import Literal

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.servers.fixtures import require

FLAGS = (
    "--no-sandbox",  # tests may run as root
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
)


def _lifetime(fixture_name: str, config: pytest.Config) -> Literal["session", "module"]:
    """One for all journeys; elsewhere one a file, since the driver keeps an event loop running in our thread."""
    return "session" if any(argument.startswith("e2e") for argument in config.args) else "module"


@pytest.fixture(scope=_lifetime)
def browser(request: pytest.FixtureRequest) -> Iterator[Browser]:
    """A headless Chromium."""
    program = require(request, "chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser profile of its own, at desktop size."""
    fresh = browser.new_context(viewport={"width": 1440, "height": 900})
    yield fresh
    fresh.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    """A tab in a profile of its own."""
    return context.new_page()
