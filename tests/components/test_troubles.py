"""Troubles that are over: found by probes, whether or not anybody told of them."""

from datetime import timedelta

import pytest

from services.components.views import ComponentStatus
from tests.components.conftest import VISITOR, House

pytestmark = pytest.mark.capability("STATUS-2")


def test_what_was_bad_and_is_over_is_listed_once_with_its_worst_and_its_whole_length(house: House) -> None:
    shop, video, since = house.component("Shop"), house.component("Video"), house.clock.now()
    for component, verdicts in ((shop, ("up", "partial", "down", "partial", "up")), (video, ("up", "down", "up"))):
        for verdict in verdicts:
            house.judge(component, verdict, probe=component)
            house.clock.advance(seconds=20)
    house.judge(video, "down", probe=video)  # goes on
    found = house.verbs.troubles.since(VISITOR, since)
    assert [(each.name, each.worst, each.ends_at - each.starts_at) for each in found] == [
        ("Video", ComponentStatus.MAJOR_OUTAGE, timedelta(seconds=20)),
        ("Shop", ComponentStatus.MAJOR_OUTAGE, timedelta(seconds=60)),
    ]
    assert found[1].reason == f"{shop} is down."
    assert house.verbs.troubles.since(VISITOR, since, component_id=shop) == found[1:]
    assert house.verbs.troubles.since(VISITOR, house.clock.now()) == ()


def test_what_maintenance_excuses_is_no_trouble(house: House) -> None:
    component, since = house.component(), house.clock.now()
    house.account((component,), since, since + timedelta(hours=1))
    for verdict in ("up", "down", "up"):
        house.judge(component, verdict)
        house.clock.advance(minutes=5)
    assert house.verbs.troubles.since(VISITOR, since) == ()
