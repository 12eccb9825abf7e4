from pathlib import Path

import pytest

from demo.components import troubles
from demo.incidents import MOST, ORIGIN, TELLER
from processes.demo_data import found_components, seed_components, seed_incidents
from services.infra.migrate import migrate
from services.infra.settings import read
from services.kernel.paging import PageRequest
from services.wiring import Wired, wire
from status_page.pages.rows import incident_row
from web.ui.render import to_html

pytestmark = pytest.mark.capability("STATUS-2")


@pytest.fixture
def wired(tmp_path: Path) -> Wired:
    settings = read({}, data_dir=tmp_path, demo=True)
    migrate(settings.database_url)
    made = wire(settings)
    found_components(made)
    seed_components(made, lambda _: None)
    seed_incidents(made, lambda _: None)
    return made


def test_the_demo_tells_incidents_that_fit_what_its_components_went_through(wired: Wired) -> None:
    told = wired.public.incidents.history(wired.public.visitor, PageRequest(None, 50)).items
    assert 2 <= len(told) <= MOST
    spans = {(t.component_id, t.starts_at, t.ends_at) for t in troubles(wired.clock.now())}
    for view in told:
        assert (view.affected[0].component_id, view.started_at, view.resolved_at) in spans
        assert "demo" in view.updates[-1].body
        assert [change.old_status for change in view.updates[-1].changes] == ["operational"]
        assert "We are looking into it." in to_html(incident_row(view, wired.clock.now()))
    assert any(view.status == "postmortem" for view in told)
    assert wired.public.incidents.active(wired.public.visitor) == []
    assert len(wired.public.incidents.upcoming(wired.public.visitor)) == 3


def test_it_is_told_once_and_goes_without_a_trace(wired: Wired) -> None:
    before = wired.public.incidents.history(wired.public.visitor, PageRequest(None, 50)).items
    seed_incidents(wired, lambda _: None)
    assert wired.public.incidents.history(wired.public.visitor, PageRequest(None, 50)).items == before
    wired.services.incidents.forgetting.forget_origin(TELLER, origin=ORIGIN)
    assert not wired.public.incidents.history(wired.public.visitor, PageRequest()).items
    assert not wired.public.incidents.maintenances(wired.public.visitor, PageRequest()).items
    assert wired.services.incidents.templates.every(TELLER) == ()
