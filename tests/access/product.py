"""The whole product, with somebody of each role really signed in."""

import re
from collections.abc import Callable
from pathlib import Path

import pyotp
from flask import Flask
from flask.testing import FlaskClient

from processes.demo_data import seed_people
from processes.web import build
from services.identity import ROLE_PERMISSIONS
from services.identity.roles import KEY_PERMISSIONS, MACHINE_PERMISSIONS, PUBLIC_PERMISSIONS, VERIFYING_PERMISSIONS
from services.infra.migrate import migrate
from services.infra.settings import read
from services.infra.verbs import REGISTRY, VerbInfo
from services.kernel.context import Actor, ApiKeyActor, UserActor, VisitorActor
from services.wiring import Wired, wire
from tests.access.walker import Matrix, Walk
from web.shell.routes import FIRST_FACTOR, PUBLIC, SIGNED_IN, Access, declared_rules
from web.ui import bundles

UNVERIFIED = "unverified"
"""A member of staff whose second factor is still due."""
KEY = "key"
"""A program whose API key has every permission that a key can have."""
COOKIE = "greenlight-session"
_MAKER = UserActor("usr_maker", KEY_PERMISSIONS | {"partners.manage"})


def make_product(folder: Path) -> tuple[Wired, Flask]:
    """Return the product with its demo people in a folder of its own."""
    settings = read({}, data_dir=folder, demo=True, public_url="http://localhost")
    migrate(settings.database_url)
    wired = wire(settings)
    seed_people(wired)
    return wired, build(wired, bundles.build())


def walk_of(wired: Wired, server: Flask, matrix: Matrix) -> Walk:
    """Return a walk on which every role has signed in once, by password and second factor."""
    tokens = session_tokens(wired, server)
    made = wired.services.keys.create(_MAKER, name="Walker", permissions=KEY_PERMISSIONS | MACHINE_PERMISSIONS)

    def client_as(role: str) -> FlaskClient:
        client = server.test_client()
        if role in tokens:
            client.set_cookie(COOKIE, tokens[role])
        if role == KEY:
            client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {made.token}"
        return client

    return Walk(server, matrix, client_as)


def session_tokens(wired: Wired, server: Flask) -> dict[str, str]:
    """Sign in everybody of the demo, and return the token that each browser holds then."""
    tokens: dict[str, str] = {}
    for person in wired.services.identity.founding.demo_people():
        client = server.test_client()
        _send(client, "/account/sign-in", email=person.email, password=person.password)
        if person.totp_secret:
            tokens.setdefault(UNVERIFIED, _held(_half_signed_in(server, person.email, person.password)))
            code = pyotp.TOTP(person.totp_secret).at(wired.clock.now())
            _send(client, "/account/second-factor", code=code)
        tokens[person.role] = _held(client)
    return tokens


def actors() -> dict[str, Actor]:
    """Return an actor of each role, and one of staff whose second factor is due."""
    people: dict[str, Actor] = {
        role.value: UserActor(f"usr_{role.value}", permissions) for role, permissions in ROLE_PERMISSIONS.items()
    }
    people["visitor"] = VisitorActor(permissions=next(p for r, p in ROLE_PERMISSIONS.items() if r.value == "visitor"))
    people[UNVERIFIED] = UserActor("usr_unverified", VERIFYING_PERMISSIONS)
    people[KEY] = ApiKeyActor("key_1", KEY_PERMISSIONS | MACHINE_PERMISSIONS | PUBLIC_PERMISSIONS)
    return people


def verbs() -> dict[str, VerbInfo]:
    """Return the product's verbs, without those that other tests of this run have made."""
    return {name: info for name, info in REGISTRY.items() if info.module.startswith("services.")}


def drafts(walk: Walk) -> dict[str, Callable[[str], str]]:
    """Return, for each kind of door, who passes by what the code declares: a draft to be read before it is agreed."""
    by_route = {
        f"{method} {rule.rule}": declared
        for rule, declared in declared_rules(walk.server)
        if declared is not None
        for method in rule.methods or ()
    }
    holders = {role: actor.permissions for role, actor in actors().items()}

    def of_permission(name: str) -> str:
        return " ".join(role for role in walk.matrix.roles if name in holders[role]) or "nobody"

    def of_access(access: Access, *, api_key: bool = False) -> str:
        known = {PUBLIC: "everyone", FIRST_FACTOR: "people unverified", SIGNED_IN: "people"}
        named = known.get(access) or of_permission(access.permission)
        if api_key:
            return KEY if KEY in named.split() else "nobody"
        return named if access == PUBLIC else named.removesuffix(f" {KEY}").removeprefix(KEY) or "nobody"

    return {
        "routes": lambda door: of_access(by_route[door].access, api_key=by_route[door].api_key),
        "pages": lambda door: of_access(walk.pages()[door].access),
        "callbacks": lambda door: of_access((found := walk.callbacks()[door])[0].callback_access[found[1]]),
        "verbs": lambda name: of_permission(REGISTRY[name].permission),
    }


def _half_signed_in(server: Flask, email: str, password: str) -> FlaskClient:
    client = server.test_client()
    _send(client, "/account/sign-in", email=email, password=password)
    return client


def _send(client: FlaskClient, path: str, **fields: str) -> None:
    page = client.get(path).text
    token = re.search(r'name="_csrf_token"[^>]* value="([^"]+)"|value="([^"]+)"[^>]* name="_csrf_token"', page)
    assert token, f"{path} has no form"
    answer = client.post(path, data={"_csrf_token": token[1] or token[2], **fields})
    assert answer.status_code in {302, 303}, answer.text[:2000]


def _held(client: FlaskClient) -> str:
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    return cookie.decoded_value
