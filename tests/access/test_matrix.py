"""Every door of the product as every role, against what is declared in matrix.toml."""

from pathlib import Path

import pytest

from tests.access.product import actors, drafts, make_product, verbs, walk_of
from tests.access.walker import Walk, differences, read_matrix, verb_of, verb_surprises

pytestmark = pytest.mark.capability("GO-4")

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
