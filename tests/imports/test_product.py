"""Imports in the product as it is wired, with its durable outbox, and from the command line."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from processes.importing import Wanted, bring_over
from services.imports import Upload
from services.kernel.context import JobActor
from services.kernel.errors import Invalid
from services.wiring import Wired
from tests.access.product import make_product

pytestmark = pytest.mark.capability("STATUS-5")

IMPORTER = JobActor("test", frozenset({"imports.run"}))
LISTED = b"email\nada@example.com\nbob@example.com\n"


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory) -> Wired:
    return make_product(tmp_path_factory.mktemp("product"))[0]


def waiting(wired: Wired) -> int:
    """How much durable work is enqueued."""
    with wired.engine.connect() as connection:
        return int(connection.scalar(sa.text("select count(*) from workflow_status")) or 0)


def test_a_rehearsal_takes_its_letters_back_and_the_import_sends_each_once(wired: Wired) -> None:
    before, imports = waiting(wired), wired.services.imports
    report = imports.rehearse(IMPORTER, Upload("subscribers", LISTED))
    assert (report.changes, waiting(wired)) == (2, before)
    assert imports.carry_out(IMPORTER, Upload("subscribers", LISTED), expected=report.digest).changes == 2
    assert waiting(wired) == before + 2
    assert imports.carry_out(IMPORTER, Upload("subscribers", LISTED)).changes == 0
    assert waiting(wired) == before + 2


def test_the_command_line_reports_first_and_says_what_it_did(wired: Wired, tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text('endpoints: [{name: Site, url: "https://shop.example", conditions: ["[STATUS] == 200"]}]')
    rehearsed = bring_over(wired, file, Wanted("gatus", dry_run=True))
    assert "would change: 2 (source: gatus)" in rehearsed
    assert "changed: 2 (source: gatus)" in bring_over(wired, file, Wanted("gatus"))
    assert '"outcome": "unchanged"' in bring_over(wired, file, Wanted("gatus", as_json=True))
    with pytest.raises(Invalid, match="cannot be read"):
        bring_over(wired, tmp_path / "nothing.yaml", Wanted("gatus"))
