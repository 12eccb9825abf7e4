"""Pytest plugin: checks capability markers, counts the proofs of each, and leaves the figures in `test-results/`."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import capability_table
from tools.capability_table import Counts, Run
from tools.paths import RESULTS

KEY = "capability"


class Recorder:
    """Counts outcomes in the process that sees all reports: the only one, or xdist's controller."""

    def __init__(self, name: str | None, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.outcomes: dict[str, str] = {}
        self.carried: dict[str, set[str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the worst outcome over set-up, call and tear-down."""
        ids = {str(value) for key, value in report.user_properties if key == KEY}
        self.carried.setdefault(report.nodeid, set()).update(ids)
        known = self.outcomes.get(report.nodeid)
        if report.failed:
            self.outcomes[report.nodeid] = "failed"
        elif report.skipped and known != "failed":
            self.outcomes[report.nodeid] = "skipped"
        elif report.when == "call" and known is None:
            self.outcomes[report.nodeid] = "passed"

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Count a file that cannot be collected as a failure."""
        if report.failed:
            self.outcomes[report.nodeid] = "failed"

    def run(self) -> Run:
        """Return what this run proved."""
        totals = capability_table.nothing()
        by_id: dict[str, Counts] = defaultdict(capability_table.nothing)
        for test, outcome in self.outcomes.items():
            one = capability_table.nothing()
            one[outcome] += 1  # type: ignore[literal-required] # outcomes are named as the counts are
            totals = capability_table.added(totals, one)
            for identifier in self.carried.get(test, ()):
                by_id[identifier] = capability_table.added(by_id[identifier], one)
        return {"name": self.name or "run", "totals": totals, "capabilities": dict(by_id)}

    def pytest_sessionfinish(self) -> None:
        """Leave the figures for the table over several runs."""
        if self.name:
            self.folder.mkdir(parents=True, exist_ok=True)
            (self.folder / f"{self.name}.json").write_text(json.dumps(self.run(), indent=1))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Show the capabilities that this run touched, and what could not run."""
        proofs = capability_table.merge([self.run()])
        if any(proof.verdict != "none" for proof in proofs.values()):
            terminalreporter.section("capabilities of this run")
            terminalreporter.line(capability_table.render(proofs, only_touched=True))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options that name this run's result file."""
    parser.addoption("--result-name", help="leave the proofs of each capability in test-results/NAME.json")
    parser.addoption("--result-folder", type=Path, default=RESULTS, help="where to leave them instead")


def pytest_configure(config: pytest.Config) -> None:
    """Record in the controller only: workers send their reports there."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_recorder(config), "capability-recorder")


def _recorder(config: pytest.Config) -> Recorder:
    return Recorder(config.getoption("--result-name"), config.getoption("--result-folder"))


def marked_ids(item: pytest.Item) -> Iterator[str]:
    """Return the capabilities that a test says it proves."""
    for mark in item.iter_markers(KEY):
        yield from map(str, mark.args)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse unknown capabilities, and let each test's reports carry its own."""
    known = {row.id for row in capability_table.catalogue()}
    for item in items:
        for identifier in dict.fromkeys(marked_ids(item)):
            if identifier not in known:
                raise pytest.UsageError(f"{item.nodeid}: the product has no capability {identifier!r}")
            item.user_properties.append((KEY, identifier))
