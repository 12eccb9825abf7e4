from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from services.events.incidents import ComponentsAffected, IncidentAnnounced
from services.incidents.once import Once
from services.incidents.views import Impact, IncidentDraft, PastDraft, UpdateDraft
from services.kernel.context import UserActor
from services.kernel.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Unauthenticated
from services.kernel.paging import PageRequest
from tests.incidents.conftest import OPERATOR, SECOND, VISITOR, House, gave

pytestmark = pytest.mark.capability("STATUS-2")


def test_an_incident_is_told_from_the_first_word_to_the_post_mortem(house: House) -> None:
    incident_id = house.declare(components=gave(checkout="major_outage", playback="degraded_performance"))
    house.clock.advance(minutes=10)
    house.update(incident_id, "identified", components=gave(playback="operational"))
    house.clock.advance(minutes=10)
    house.update(incident_id, "monitoring", components=gave(checkout="degraded_performance"))
    house.clock.advance(minutes=10)
    house.update(incident_id, "resolved")
    view = house.verbs.reads.incident(VISITOR, incident_id)
    house.verbs.postmortems.publish(OPERATOR, incident_id, text="# Why\n\nA disk.", version=view.version)
    view = house.verbs.reads.incident(VISITOR, incident_id)
    assert [u.status for u in view.updates] == ["postmortem", "resolved", "monitoring", "identified", "investigating"]
    assert view.updates[1].changes[0].old_status == "degraded_performance"
    assert view.updates[1].changes[0].new_status == "operational"
    assert (view.status, view.impact, view.resolved_at) == ("postmortem", Impact.CRITICAL, house.clock.now())
    assert view.postmortem_html == "<h3>Why</h3>\n<p>A disk.</p>"
    assert house.occasions == ["opened", "updated", "updated", "resolved", "postmortem"]
    assert [fact.statuses for fact in house.told.of(ComponentsAffected)] == [
        ("checkout=major_outage", "playback=degraded_performance"),
        ("checkout=major_outage",),
        ("checkout=degraded_performance",),
        (),
    ]
    versions = [fact.version for fact in house.told.of(ComponentsAffected)]
    assert versions == sorted(set(versions))


def test_a_reopened_incident_is_active_again(house: House) -> None:
    incident_id = house.declare()
    house.update(incident_id, "resolved")
    assert house.verbs.reads.active(VISITOR) == []
    house.update(incident_id, "investigating", components=gave(checkout="partial_outage"))
    view = house.verbs.reads.active(VISITOR)[0]
    assert (view.id, view.resolved_at) == (incident_id, None)
    assert house.last_affected().statuses == ("checkout=partial_outage",)


def test_after_the_post_mortem_nothing_follows(house: House) -> None:
    incident_id = house.declare()
    house.update(incident_id, "resolved")
    version = house.verbs.reads.incident(VISITOR, incident_id).version
    house.verbs.postmortems.publish(OPERATOR, incident_id, text="Why.", version=version)
    with pytest.raises(Conflict, match="declare a new incident"):
        house.update(incident_id, "investigating")


def test_a_post_mortem_waits_for_the_end_and_its_draft_stays_inside(house: House) -> None:
    incident_id = house.declare()
    version = house.verbs.postmortems.save_draft(OPERATOR, incident_id, text="Suspicion: disks.", version=1)
    with pytest.raises(Conflict, match="Resolve the incident first"):
        house.verbs.postmortems.publish(OPERATOR, incident_id, text="Why.", version=version)
    assert house.verbs.reads.incident(VISITOR, incident_id).postmortem == ""
    assert house.verbs.casebook.case(OPERATOR, incident_id).postmortem_draft == "Suspicion: disks."
    with pytest.raises(Unauthenticated):
        house.verbs.casebook.case(VISITOR, incident_id)


def test_the_second_of_two_editors_is_shown_what_changed(house: House) -> None:
    incident_id = house.declare()
    seen = house.verbs.reads.incident(VISITOR, incident_id).version
    draft = UpdateDraft("identified", "It is the **disk**.", gave(checkout="partial_outage"))
    house.verbs.declaring.post_update(OPERATOR, incident_id, draft, version=seen)
    with pytest.raises(Conflict) as refusal:
        house.verbs.declaring.post_update(SECOND, incident_id, replace(draft, body="No, the net."), version=seen)
    assert refusal.value.facts["version"] == seen + 1
    assert refusal.value.facts["changes"] == (
        "Posted “identified”: It is the disk.",
        "Checkout: major outage → partial outage",
    )
    assert len(house.verbs.reads.incident(VISITOR, incident_id).updates) == 2


def test_of_two_editors_at_the_same_moment_exactly_one_is_heard(house: House) -> None:
    incident_id = house.declare()

    def post(actor: UserActor) -> str:
        try:
            return house.verbs.declaring.post_update(actor, incident_id, UpdateDraft("identified", actor.id), version=1)
        except Conflict as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(post, [OPERATOR, SECOND] * 4))
    assert outcomes.count("incident_changed") == 7
    view = house.verbs.reads.incident(VISITOR, incident_id)
    assert (len(view.updates), view.version) == (2, 2)


def test_a_corrected_update_is_marked_and_what_stood_there_is_kept(house: House) -> None:
    incident_id = house.declare(body="Chekout fails.")
    update = house.verbs.reads.incident(VISITOR, incident_id).updates[0]
    house.clock.advance(minutes=1)
    house.verbs.declaring.correct_update(OPERATOR, incident_id, update.id, body="Checkout fails.", version=1)
    corrected = house.verbs.reads.incident(VISITOR, incident_id).updates[0]
    assert (corrected.body, corrected.edited_at) == ("Checkout fails.", house.clock.now())
    assert house.verbs.casebook.case(OPERATOR, incident_id).journal[0].action == "corrected"
    assert not house.told.of(IncidentAnnounced)[-1].notifies
    with pytest.raises(NotFound):
        house.verbs.declaring.correct_update(OPERATOR, incident_id, "nothing", body="x", version=2)


def test_impact_follows_the_worst_that_was_said_of_a_component_and_stays(house: House) -> None:
    incident_id = house.declare(components=gave(checkout="degraded_performance"))
    assert house.verbs.reads.incident(VISITOR, incident_id).impact is Impact.MINOR
    house.update(incident_id, "identified", components=gave(checkout="partial_outage"))
    house.update(incident_id, "resolved")
    assert house.verbs.reads.incident(VISITOR, incident_id).impact is Impact.MAJOR


def test_impact_set_by_hand_needs_a_reason_and_can_be_let_go(house: House) -> None:
    incident_id = house.declare(components=gave(checkout="degraded_performance"))
    with pytest.raises(Invalid) as refusal:
        house.verbs.declaring.set_impact(OPERATOR, incident_id, impact="critical", reason=" ", version=1)
    assert list(refusal.value.fields) == ["impact_reason"]
    house.verbs.declaring.set_impact(OPERATOR, incident_id, impact="critical", reason="Black Friday", version=1)
    view = house.verbs.reads.incident(VISITOR, incident_id)
    assert (view.impact, view.impact_overridden) == (Impact.CRITICAL, True)
    house.verbs.declaring.set_impact(OPERATOR, incident_id, impact=None, reason="", version=2)
    assert house.verbs.reads.incident(VISITOR, incident_id).impact is Impact.MINOR


def test_a_backdated_incident_begins_when_it_began(house: House) -> None:
    began = house.clock.now() - timedelta(hours=2)
    incident_id = house.declare(started_at=began)
    view = house.verbs.reads.incident(VISITOR, incident_id)
    assert (view.started_at, view.updates[0].display_at, view.backfilled) == (began, began, True)
    assert house.last_affected().starts_at == began.isoformat()


def test_an_incident_that_is_over_is_entered_without_touching_components_or_subscribers(house: House) -> None:
    began = house.clock.now() - timedelta(hours=2)
    incident_id = house.declare(started_at=began, resolved_at=began + timedelta(hours=1))
    view = house.verbs.reads.incident(VISITOR, incident_id)
    assert (view.status, view.impact, view.resolved_at) == ("resolved", Impact.CRITICAL, began + timedelta(hours=1))
    assert house.told.of(ComponentsAffected) == []
    assert not any(fact.notifies for fact in house.told.of(IncidentAnnounced))


def test_a_withdrawn_incident_is_gone_for_everybody_and_lets_its_components_go(house: House) -> None:
    incident_id = house.declare()
    house.verbs.declaring.withdraw(OPERATOR, incident_id, reason="A mistake.", version=1)
    with pytest.raises(NotFound):
        house.verbs.reads.incident(VISITOR, incident_id)
    assert house.last_affected().statuses == ()
    assert house.occasions[-1] == "deleted"


REFUSED: list[tuple[str, Callable[[House], object]]] = [
    ("name", lambda h: h.declare(" ")),
    ("name", lambda h: h.declare("x" * 256)),
    ("body", lambda h: h.declare(body="")),
    ("body", lambda h: h.declare(body="x" * 10_001)),
    ("status", lambda h: h.declare(status="postmortem")),
    ("status", lambda h: h.declare(status="scheduled")),
    ("status", lambda h: h.declare(status="resolved")),
    ("components", lambda h: h.declare(components=gave(nobody="major_outage"))),
    ("components", lambda h: h.declare(components=gave(checkout="on_fire"))),
    ("components", lambda h: h.declare(components=gave(checkout="under_maintenance"))),
    ("components", lambda h: h.declare(components=(*gave(checkout="major_outage"), *gave(checkout="operational")))),
    ("impact", lambda h: h.declare(impact="huge", impact_reason="x")),
    ("impact_reason", lambda h: h.declare(impact="minor")),
    ("started_at", lambda h: h.declare(started_at=h.clock.now() + timedelta(seconds=1))),
    ("started_at", lambda h: h.declare(resolved_at=h.clock.now())),
    ("components", lambda h: h.update(h.declare(), "resolved", components=gave(checkout="major_outage"))),
    ("display_at", lambda h: h.update(h.declare(), "monitoring", display_at=h.clock.now() + timedelta(days=1))),
    ("updates", lambda h: h.verbs.declaring.record_past(OPERATOR, PastDraft("x", ()))),
]


@pytest.mark.parametrize(("field", "act"), REFUSED)
def test_what_cannot_be_is_refused_by_field_and_leaves_nothing(
    house: House, field: str, act: Callable[[House], object]
) -> None:
    with pytest.raises(Invalid) as refusal:
        act(house)
    assert list(refusal.value.fields) == [field]


def test_only_staff_declare(house: House) -> None:
    fan = UserActor("usr_" + "f" * 32, VISITOR.permissions)
    draft = IncidentDraft("x", "investigating", "x")
    for actor, refusal in ((VISITOR, Unauthenticated), (fan, Forbidden)):
        with pytest.raises(refusal):
            house.verbs.declaring.declare(actor, draft)


def test_a_request_that_is_sent_again_is_done_once(house: House) -> None:
    draft = IncidentDraft("Checkout fails", "investigating", "We look.")
    once = Once("key-1", b"body")
    first = house.verbs.declaring.declare(OPERATOR, draft, once=once)
    assert house.verbs.declaring.declare(OPERATOR, draft, once=once) == first
    assert len(house.verbs.reads.active(VISITOR)) == 1
    with pytest.raises(Conflict) as refusal:
        house.verbs.declaring.declare(OPERATOR, draft, once=Once("key-1", b"another body"))
    assert refusal.value.code == "idempotency_key_reused"
    assert house.verbs.declaring.declare(SECOND, draft, once=once) != first


def test_a_request_that_is_sent_eight_times_at_once_is_done_once(house: House) -> None:
    def declare(_: int) -> str:
        try:
            draft = IncidentDraft("Checkout fails", "investigating", "We look.")
            return house.verbs.declaring.declare(OPERATOR, draft, once=Once("key", b"body"))
        except DomainError as refusal:
            return refusal.code

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(declare, range(8)))) == 1
    assert len(house.verbs.reads.active(VISITOR)) == 1


def test_a_request_that_was_refused_may_be_sent_again_corrected(house: House) -> None:
    once = Once("key-1", b"body")
    with pytest.raises(Invalid):
        house.verbs.declaring.declare(OPERATOR, IncidentDraft("", "investigating", "x"), once=once)
    assert house.verbs.declaring.declare(OPERATOR, IncidentDraft("x", "investigating", "x"), once=once)


def test_html_in_names_and_bodies_is_kept_as_written_and_shown_inert(house: House) -> None:
    attack = "<script>alert(1)</script>"
    incident_id = house.declare(attack, body=f"{attack} [x](javascript:alert(1))")
    view = house.verbs.reads.incident(VISITOR, incident_id)
    assert view.name == attack
    assert "<script" not in view.updates[0].body_html
    assert "href" not in view.updates[0].body_html


def test_the_worst_of_what_goes_on_comes_first(house: House) -> None:
    minor = house.declare("Slow", components=gave(playback="degraded_performance"))
    critical = house.declare("Down")
    house.declare("Not bad", components=())
    assert [view.id for view in house.verbs.reads.active(VISITOR)][:2] == [critical, minor]


def test_history_is_paged_by_key_and_misses_nothing(house: House) -> None:
    for hours in range(7):
        house.declare(f"Number {hours}", started_at=house.clock.now() - timedelta(hours=hours // 2))
    found: list[str] = []
    cursor = None
    while True:
        page = house.verbs.reads.history(VISITOR, PageRequest(cursor, 2))
        found += [view.id for view in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(found) == len(set(found)) == 7
    for bad in ("x", "~", "2026-01-01~a", "'; drop table--~x", "9999-99-99T00:00:00+00:00~x"):
        with pytest.raises(Invalid):
            house.verbs.reads.history(VISITOR, PageRequest(bad, 2))


def test_history_of_a_component_has_its_incidents_alone(house: House) -> None:
    mine = house.declare()
    house.declare(components=gave(playback="degraded_performance"))
    page = house.verbs.reads.history(VISITOR, PageRequest(), component_id="checkout")
    assert [view.id for view in page.items] == [mine]


def test_what_touches_a_span_is_found(house: House) -> None:
    now = house.clock.now()
    over = house.declare("Over", started_at=now - timedelta(hours=9), resolved_at=now - timedelta(hours=8))
    going = house.declare("Goes on", started_at=now - timedelta(hours=2))
    coming = house.schedule()
    reads = house.verbs.reads

    def found(hours_from: int, hours_to: int) -> list[str]:
        spans = reads.between(VISITOR, now + timedelta(hours=hours_from), now + timedelta(hours=hours_to))
        return [view.id for view in spans]

    assert found(-10, -8) == [over]
    assert found(-8, -2) == []
    assert found(-10, 0) == [over, going]
    assert found(0, 48) == [going, coming]
    assert reads.between(VISITOR, now, now + timedelta(1))[0].updates == ()
