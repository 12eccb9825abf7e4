"""The walker itself: it passes over the shell's test product, and finds every hole that is planted there."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from services.infra.uow import UnitOfWork
from services.infra.verbs import REGISTRY, query
from services.kernel.context import Actor, UserActor, VisitorActor
from tests.access.walker import Walk, differences, read_matrix, verb_surprises
from tests.web.shell.product import make_product
from web.shell.routes import PUBLIC, route

pytestmark = pytest.mark.capability("GO-4")

MATRIX = read_matrix(Path(__file__).parent / "small_matrix.toml")


def _client_as(server: Flask) -> Callable[[str], FlaskClient]:
    def client(role: str) -> FlaskClient:
        made = server.test_client()
        if role != "visitor":
            made.set_cookie("greenlight-session", f"token-{role}")
        return made

    return client


@pytest.fixture
def walk(tmp_path: Path) -> Walk:
    server = make_product(tmp_path)
    return Walk(server, MATRIX, _client_as(server))


def test_every_door_of_the_product_is_declared_and_none_in_vain(walk: Walk) -> None:
    assert differences("route", set(MATRIX.routes), set(walk.routes()), lambda _: "?") == []
    assert differences("page", set(MATRIX.pages), set(walk.pages()), lambda _: "?") == []
    assert differences("callback", set(MATRIX.callbacks), set(walk.callbacks()), lambda _: "?") == []
    assert walk.shut() == MATRIX.shut


@pytest.mark.parametrize("door", sorted(MATRIX.routes))
def test_a_route_lets_in_exactly_whom_the_matrix_names(walk: Walk, door: str) -> None:
    assert walk.route_surprises(door) == []


@pytest.mark.parametrize("door", sorted(MATRIX.pages))
def test_a_page_lets_in_exactly_whom_the_matrix_names(walk: Walk, door: str) -> None:
    assert walk.page_surprises(door) == []


@pytest.mark.parametrize("door", sorted(MATRIX.callbacks))
def test_a_callback_lets_in_exactly_whom_the_matrix_names(walk: Walk, door: str) -> None:
    assert walk.callback_surprises(door) == []


@pytest.mark.parametrize("rule", sorted(MATRIX.shut))
def test_a_rule_that_is_not_declared_lets_nobody_in(walk: Walk, rule: str) -> None:
    assert walk.shut_surprises(rule) == []


def test_a_new_route_and_a_stale_entry_are_found(walk: Walk) -> None:
    route(walk.server, "/new", access=PUBLIC, endpoint="new")(lambda: "")
    declared = (set(MATRIX.routes) - {"GET /new"}) | {"GET /gone"}
    assert differences("route", declared, set(walk.routes()), lambda _: "everyone") == [
        'not declared: "GET /new" = "everyone"',
        "stale: route 'GET /gone' does not exist",
    ]


def test_a_route_that_lets_in_too_many_or_too_few_is_found(walk: Walk) -> None:
    wrong = replace(MATRIX, routes={**MATRIX.routes, "GET /account/profile": frozenset({"visitor", "fan", "operator"})})
    assert Walk(walk.server, wrong, walk.client_as).route_surprises("GET /account/profile") == [
        "GET /account/profile: visitor is refused (401)",
        "GET /account/profile: compliance passes (200)",
    ]


def test_a_callback_that_lets_in_too_many_is_found(walk: Walk) -> None:
    wrong = replace(MATRIX, callbacks={**MATRIX.callbacks, "admin settings-saved.children": frozenset({"admin"})})
    assert Walk(walk.server, wrong, walk.client_as).callback_surprises("admin settings-saved.children") == [
        "admin settings-saved.children: operator passes (200)"
    ]


def test_a_matrix_that_names_no_role_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "matrix.toml"
    file.write_text('[groups]\neveryone = "fan"\n[routes]\n"GET /" = "fna"\n')
    with pytest.raises(ValueError, match="names no role: fna"):
        read_matrix(file)


class Shop:
    """Verbs of no domain."""

    def __init__(self, uow: UnitOfWork) -> None:
        self.uow = uow

    @query(permission="shop.buy")
    def browse(self, actor: Actor) -> str:
        """Ask for something."""
        return actor.id


REGISTRY.pop(next(name for name, info in REGISTRY.items() if info.module == Shop.__module__))


def test_a_verb_that_lets_in_the_wrong_roles_is_found() -> None:
    actors: dict[str, Actor] = {"visitor": VisitorActor(), "fan": UserActor("usr_1", frozenset({"shop.buy"}))}
    assert verb_surprises("Shop.browse", Shop.browse, frozenset({"fan"}), actors) == []
    assert verb_surprises("Shop.browse", Shop.browse, frozenset({"visitor"}), actors) == [
        "Shop.browse: visitor is refused",
        "Shop.browse: fan passes",
    ]
