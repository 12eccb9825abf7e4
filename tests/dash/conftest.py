"""Tests of our own Dash components by Dash's own harness: a pytest run apart from the others, since its plugin pins
selenium and breaks warnings-as-errors.
"""

from selenium.webdriver.chrome.options import Options
from selenium.webdriver.remote.remote_connection import RemoteConnection

# The pinned selenium has no default that today's urllib3 accepts.
RemoteConnection.set_timeout(60)


def pytest_setup_options() -> Options:
    """Let Chromium run where tests run as root."""
    options = Options()
    options.add_argument("--no-sandbox")
    return options
