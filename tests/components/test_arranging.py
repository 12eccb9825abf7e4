"""Arranging by two people at once, moving, and what was said by hand."""

from datetime import timedelta

import pytest

from services.components import ComponentDraft
from services.components.views import ComponentStatus as Is
from services.kernel.errors import Conflict, Invalid, NotFound
from tests.components.conftest import ARRANGER, VISITOR, House

pytestmark = pytest.mark.capability("STATUS-4")


def test_the_second_of_two_who_change_a_component_is_refused_and_nothing_is_lost(house: House) -> None:
    component = house.component("Checkout")
    seen = house.verbs.board.component(ARRANGER, component)
    change = house.verbs.arranging.change
    change(ARRANGER, component_id=component, draft=ComponentDraft("Payments"), version=seen.version)
    with pytest.raises(Conflict, match="Somebody changed") as refused:
        change(ARRANGER, component_id=component, draft=ComponentDraft("Till"), version=seen.version)
    now = house.verbs.board.component(ARRANGER, component)
    assert (now.name, refused.value.facts["version"]) == ("Payments", now.version)
    change(ARRANGER, component_id=component, draft=ComponentDraft("Till"), version=now.version)
    assert house.verbs.board.component(ARRANGER, component).name == "Till"


def test_a_status_that_changes_meanwhile_is_no_conflict(house: House) -> None:
    component = house.component("Checkout")
    seen = house.verbs.board.component(ARRANGER, component)
    house.judge(component, "down")
    house.verbs.arranging.change(
        ARRANGER, component_id=component, draft=ComponentDraft("Payments"), version=seen.version
    )
    assert house.status(component) is Is.MAJOR_OUTAGE


def test_needs_and_groups_are_guarded_in_the_same_way(house: House) -> None:
    a, b, arranging = house.component("A"), house.component("B"), house.verbs.arranging
    seen = house.verbs.board.component(ARRANGER, a).version
    arranging.depend(ARRANGER, component_id=a, depends_on=[b], version=seen)
    with pytest.raises(Conflict):
        arranging.depend(ARRANGER, component_id=a, depends_on=[], version=seen)
    with pytest.raises(Conflict, match="circle"):
        arranging.depend(ARRANGER, component_id=b, depends_on=[a])
    group = arranging.create_group(ARRANGER, name="Commerce")
    version = house.verbs.board.group(ARRANGER, group).version
    arranging.change_group(ARRANGER, group_id=group, name="Shop", description="", version=version)
    with pytest.raises(Conflict):
        arranging.change_group(ARRANGER, group_id=group, name="Store", description="", version=version)
    assert house.verbs.board.group(ARRANGER, group).name == "Shop"


def test_two_who_move_at_once_both_get_their_way(house: House) -> None:
    a, b, c = (house.component(name) for name in "ABC")
    placing = house.verbs.placing
    placing.place(ARRANGER, component_id=c, before=a)
    placing.place(ARRANGER, component_id=b, before=a)
    assert _names(house) == ["C", "B", "A"]
    placing.place(ARRANGER, component_id=c, before=None)
    assert _names(house) == ["B", "A", "C"]
    house.verbs.arranging.archive(ARRANGER, component_id=a)
    with pytest.raises(Conflict, match="moved"):
        placing.place(ARRANGER, component_id=c, before=a)
    with pytest.raises(NotFound):
        placing.place(ARRANGER, component_id=a, before=c)


def test_groups_are_moved_in_the_same_way(house: House) -> None:
    first, second = (house.verbs.arranging.create_group(ARRANGER, name=name) for name in ("One", "Two"))
    house.verbs.placing.place_group(ARRANGER, group_id=second, before=first)
    assert [group.name for group in house.verbs.board.look(ARRANGER).groups] == ["Two", "One"]
    with pytest.raises(Conflict):
        house.verbs.placing.place_group(ARRANGER, group_id=second, before="nowhere")


def test_the_board_finds_by_every_word_and_shows_what_was_archived(house: House) -> None:
    group = house.verbs.arranging.create_group(ARRANGER, name="Commerce")
    payouts, search = house.component("Creator payouts", group_id=group), house.component("100%_search")
    look = house.verbs.board.look
    assert [each.id for each in look(ARRANGER, search="payouts COMMERCE").components] == [payouts]
    assert [each.id for each in look(ARRANGER, search="%_").components] == [search]
    house.verbs.arranging.archive(ARRANGER, component_id=payouts)
    assert [each.id for each in look(ARRANGER, archived=True).components] == [payouts]
    assert look(ARRANGER, search="payouts").found == 0


def test_a_word_by_hand_ends_by_itself_and_its_history_says_who_said_what_until_when(house: House) -> None:
    component, noon = house.component("Checkout"), house.clock.now()
    house.judge(component, "up")
    overrides = house.verbs.overrides
    until = noon + timedelta(hours=1)
    overrides.override(ARRANGER, component_id=component, status=Is.DEGRADED, reason="The bank is slow.",
                       until_at=until, newest="")  # fmt: skip
    with pytest.raises(Conflict, match="said something"):
        overrides.override(ARRANGER, component_id=component, status=Is.OPERATIONAL, reason="I see none.", newest="")
    (word,) = overrides.decrees(ARRANGER, component_id=component)
    assert (word.status, word.ends_at, word.said_at, word.reason) == (Is.DEGRADED, until, noon, "The bank is slow.")
    house.clock.set(until)
    house.verbs.hearing.keep_up()
    assert house.status(component) is Is.OPERATIONAL
    with pytest.raises(Conflict, match="not overridden"):
        overrides.clear(ARRANGER, component_id=component, reason="It is over.", newest=word.word_id)


def test_the_history_shows_what_was_taken_back(house: House) -> None:
    component, noon = house.component("Checkout"), house.clock.now()
    house.clock.set(noon + timedelta(hours=2))
    overrides = house.verbs.overrides
    correction = overrides.correct(
        ARRANGER, component_id=component, status=Is.MAJOR_OUTAGE, starts_at=noon,
        ends_at=noon + timedelta(hours=1), reason="The log shows it.",
    )  # fmt: skip
    overrides.withdraw(ARRANGER, correction_id=correction, reason="It was another shop.")
    back, said = overrides.decrees(ARRANGER, component_id=component)
    assert (back.status, back.reason, said.withdrawn) == (None, "It was another shop.", True)


@pytest.mark.parametrize("name", ["", " \n ", "x" * 256, "a\u202eb", "\x00"])
def test_a_name_that_no_page_can_show_is_refused(house: House, name: str) -> None:
    with pytest.raises(Invalid):
        house.component(name)


def test_html_in_a_name_is_kept_as_it_is_and_left_to_those_who_show_it(house: House) -> None:
    component = house.component("<script>alert(1)</script>")
    assert house.verbs.reads.component(VISITOR, component).name == "<script>alert(1)</script>"


def _names(house: House) -> list[str]:
    return [each.name for each in house.verbs.board.look(ARRANGER).components]
