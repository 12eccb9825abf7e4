"""Every door of the product as every role, against what is declared in matrix.toml."""

import re
from pathlib import Path

import pytest

from tests.access.product import actors, drafts, make_product, verbs, walk_of
from tests.access.walker import Walk, differences, read_matrix, verb_of, verb_surprises
from web.shell.csrf import SAFE_METHODS
from web.shell.routes import declared_rules

pytestmark = pytest.mark.capability("GO-4")

_NAMES = ("new", "inc_00000000000000000000000000000000", "%3Cscript%3E")
MATRIX = read_matrix(Path(__file__).parent / "matrix.toml")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    return walk_of(*make_product(tmp_path_factory.mktemp("product")), MATRIX)


def test_every_door_is_declared_and_none_in_vain(walk: Walk) -> None:
    drafted = drafts(walk)
    assert [
        *differences("route", set(MATRIX.routes), set(walk.routes()), drafted["routes"]),
        *differences("page", set(MATRIX.pages), set(walk.pages()), drafted["pages"]),
        *differences("callback", set(MATRIX.callbacks), set(walk.callbacks()), drafted["callbacks"]),
        *differences("verb", set(MATRIX.verbs), set(verbs()), drafted["verbs"]),
        *differences("shut rule", set(MATRIX.shut), walk.shut(), lambda _: "shut"),
    ] == []


@pytest.mark.parametrize("door", sorted(MATRIX.routes))
def test_a_route_lets_in_exactly_whom_the_matrix_names(walk: Walk, door: str) -> None:
    assert walk.route_surprises(door) == []


@pytest.mark.parametrize("door", sorted(MATRIX.pages))
def test_a_page_lets_in_exactly_whom_the_matrix_names(walk: Walk, door: str) -> None:
    assert walk.page_surprises(door) == []


@pytest.mark.parametrize("door", sorted(door for door in MATRIX.pages if "<" in door))
def test_a_page_about_something_that_does_not_exist_answers_that_it_is_not_found(walk: Walk, door: str) -> None:
    assert [walk.client_as("admin").get(re.sub("<[^>]+>", each, door)).status_code for each in _NAMES] == [404] * 3


@pytest.mark.parametrize("door", sorted(MATRIX.callbacks))
def test_a_callback_lets_in_exactly_whom_the_matrix_names(walk: Walk, door: str) -> None:
    assert walk.callback_surprises(door) == []


@pytest.mark.parametrize("name", sorted(MATRIX.verbs))
def test_a_verb_lets_in_exactly_whom_the_matrix_names(name: str) -> None:
    verb = verb_of(name, verbs()[name])
    assert verb_surprises(name, verb, MATRIX.verbs[name], actors()) == []


@pytest.mark.parametrize("rule", sorted(MATRIX.shut))
def test_an_address_that_nobody_declared_lets_nobody_in(walk: Walk, rule: str) -> None:
    assert walk.shut_surprises(rule) == []


def test_every_door_that_changes_something_refuses_another_site(walk: Walk) -> None:
    taken = [
        f"{method} {rule.rule}: {answer.status_code}"
        for rule, declared in declared_rules(walk.server)
        for method in (rule.methods or set()) - SAFE_METHODS
        if declared is not None and declared.csrf
        for answer in [
            walk.client_as("admin").open(
                walk.path(rule.rule), method=method, headers={"Origin": "https://evil.test"}, json={}
            )
        ]
        if answer.status_code != 403 or answer.get_json()["code"] != "csrf_foreign_origin"
    ]
    assert taken == []


def test_every_door_that_changes_something_for_a_person_needs_the_page_s_token(walk: Walk) -> None:
    taken = [
        f"{method} {rule.rule}: {answer.status_code}"
        for rule, declared in declared_rules(walk.server)
        for method in (rule.methods or set()) - SAFE_METHODS
        if declared is not None and declared.csrf and not declared.anonymous
        for answer in [walk.client_as("admin").open(walk.path(rule.rule), method=method, data={"a": "b"})]
        if answer.status_code != 403 or answer.get_json()["code"] != "csrf_token_missing"
    ]
    assert taken == []


def test_the_doors_without_a_token_are_those_that_need_none(walk: Walk) -> None:
    free = {
        f"{method} {rule.rule}"
        for rule, declared in declared_rules(walk.server)
        for method in (rule.methods or set()) - SAFE_METHODS
        if declared is not None and (not declared.csrf or declared.anonymous) and not declared.api_key
    }
    # Each of these acts for nobody: what it does needs no session, so no other site gains by sending it.
    assert free == {
        "POST /csp-report",
        "POST /hooks/stripe",
        "POST /ingest/cmcd",
        "POST /status/subscribe/stop/<token>/",
    }
