"""What `tests/` and `e2e/` share: capability markers, real servers, grouping by file."""

pytest_plugins = (
    "tests.plugins.capability",
    "tests.plugins.loopback",
    "tests.plugins.workers",
    "tests.servers.fixtures",
    "tests.servers.browser",
    "tests.servers.product",
)
