"""The page of people comes in pages, each disclosed for the same recorded reason."""

from types import SimpleNamespace
from typing import Any

import pytest
from dash.development.base_component import Component

from admin.pages.people_tables import people_panel
from services.identity import Identity, Role
from services.kernel.clock import FixedClock
from tests.identity.conftest import ADMIN, People

pytestmark = pytest.mark.capability("GO-4")


def ids_of(tree: Component, part: str) -> list[str]:
    found: list[Any] = [getattr(each, "id", None) for each in tree._traverse()]
    return [each["key"] for each in found if isinstance(each, dict) and each["part"] == part]


def test_everybody_is_reached_page_by_page_and_there_is_a_way_back(
    identity: Identity, people: People, clock: FixedClock
) -> None:
    ids = {people.join(Role.FAN, f"user{n}@example.com").user_id for n in range(5)}
    services: Any = SimpleNamespace(identity=identity, clock=clock)
    seen: list[str] = []
    after: str | None = None
    for number in range(3):
        page = people_panel(services, ADMIN, "walk the list", "", after, size=2)
        seen += ids_of(page, "people-manage")
        ways = ids_of(page, "people-after")
        assert ("" in ways) == (number > 0)
        after = next((way for way in ways if way), None)
    assert after is None
    assert len(seen) == len(set(seen))
    assert set(seen) == ids
