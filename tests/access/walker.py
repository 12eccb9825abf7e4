"""Walks every door of a server as every role, and compares what happens with what the matrix declares.

Doors are routes (`GET /admin/`), pages of a surface (`/admin/people`), callbacks of Dash (`admin people-body.children`)
and verbs (`identity.People.invite`); the matrix names the roles that may pass each.
"""

import importlib
import json
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from services.infra.verbs import VerbInfo
from services.kernel.context import Actor
from services.kernel.errors import Forbidden, Unauthenticated
from web.shell.dash_surface import SurfaceApp, surfaces
from web.shell.pages import Page
from web.shell.routes import declared_rules

SKIPPED_METHODS = frozenset({"HEAD", "OPTIONS"})
REFUSALS = frozenset(
    {"sign_in_required", "second_factor_required", "forbidden", "key_required", "key_lacks_permission"}
)
OK, NOT_THERE, BROKEN = 200, 404, 500
ROUTER = "..shell-page.children...shell-drawn.data.."
# Dash tells callbacks with one output apart by a hash of their inputs.
_UNSTABLE = re.compile(r"@[0-9a-f]{64}")


@dataclass(frozen=True)
class Matrix:
    """What is declared: for each door the roles that pass, and the doors that stay shut for everybody."""

    roles: tuple[str, ...]
    routes: Mapping[str, frozenset[str]]
    pages: Mapping[str, frozenset[str]]
    callbacks: Mapping[str, frozenset[str]]
    verbs: Mapping[str, frozenset[str]]
    shut: frozenset[str]
    samples: Mapping[str, str] = field(default_factory=dict)


def read_matrix(path: Path) -> Matrix:
    """Read a matrix; a door's roles are written as words, of which some name groups."""
    written = tomllib.loads(path.read_text("utf-8"))
    groups: dict[str, str] = written["groups"]
    roles = tuple(groups["everyone"].split())

    def expanded(words: str) -> frozenset[str]:
        named = {role for word in words.split() for role in groups.get(word, word).split()}
        unknown = named - set(roles)
        if unknown:
            raise ValueError(f"{path.name} names no role: {', '.join(sorted(unknown))}")
        return frozenset(named)

    def section(name: str) -> dict[str, frozenset[str]]:
        return {door: expanded(words) for door, words in written.get(name, {}).items()}

    return Matrix(
        roles,
        section("routes"),
        section("pages"),
        section("callbacks"),
        section("verbs"),
        frozenset(written.get("shut", {}).get("rules", ())),
        written.get("samples", {}),
    )


@dataclass(frozen=True)
class Walk:
    """A server with a way to be each role."""

    server: Flask
    matrix: Matrix
    client_as: Callable[[str], FlaskClient]

    def routes(self) -> dict[str, str]:
        """Return every declared door of the server with its rule."""
        return {
            f"{method} {rule.rule}": rule.rule
            for rule, declared in declared_rules(self.server)
            if declared is not None
            for method in (rule.methods or set()) - SKIPPED_METHODS
        }

    def pages(self) -> dict[str, Page]:
        """Return every page of every surface by its address."""
        return {
            app.surface.prefix + page.path: page for app in surfaces(self.server).values() for page in app.surface.pages
        }

    def shut(self) -> set[str]:
        """Return every rule that is not declared and hence must be shut."""
        return {rule.rule for rule, declared in declared_rules(self.server) if declared is None}

    def callbacks(self) -> dict[str, tuple[SurfaceApp, str]]:
        """Return every callback that the server runs."""
        return {
            f"{name} {_UNSTABLE.sub('@', output)}": (app, output)
            for name, app in surfaces(self.server).items()
            for output, entry in app.callback_map.items()
            if "callback" in entry
        }

    def route_surprises(self, door: str) -> list[str]:
        """Return where a route does not do to each role what is declared."""
        method, rule = door.split(" ", 1)
        path = self.path(rule)
        return list(self._surprises(door, self.matrix.routes[door], lambda c: c.open(path, method=method)))

    def page_surprises(self, door: str) -> list[str]:
        """Return where a page does not do to each role what is declared, as a document and drawn by the router."""
        path = self.path(door)
        app = next(app for app in surfaces(self.server).values() if path.startswith(app.surface.prefix))
        allowed = self.matrix.pages[door]
        found = list(self._surprises(door, allowed, lambda client: client.get(path)))
        for role in self.matrix.roles:
            drawn = self._post(app, ROUTER, self.client_as(role), path).get_json(silent=True) or {}
            status = drawn.get("response", {}).get("shell-drawn", {}).get("data", {}).get("status")
            # What the sample names need not exist: whoever may look is then told so.
            if (status in {OK, NOT_THERE}) != (role in allowed):
                found.append(f"{door}: drawn for {role} with {status}")
        return found

    def shut_surprises(self, rule: str) -> list[str]:
        """Return the roles that an undeclared rule lets in."""
        path = self.path(rule)
        seen = ((role, self.client_as(role).get(path).status_code) for role in self.matrix.roles)
        return [f"{rule} answers {status} to {role}" for role, status in seen if status not in {NOT_THERE, 401, 403}]

    def callback_surprises(self, door: str) -> list[str]:
        """Return where a callback does not do to each role what is declared."""
        app, output = self.callbacks()[door]
        return list(self._surprises(door, self.matrix.callbacks[door], lambda client: self._post(app, output, client)))

    def _post(self, app: SurfaceApp, output: str, client: FlaskClient, first_value: object = None) -> TestResponse:
        prefix = app.surface.prefix
        client.get(f"{prefix}_dash-layout")
        token = client.get_cookie(app.config.csrf_token_name)
        body = request_body(app, output)
        if first_value is not None:
            body["inputs"][0]["value"] = first_value
        headers = {"X-CSRFToken": token.decoded_value} if token else {}
        return client.post(f"{prefix}_dash-update-component", json=body, headers=headers)

    def _surprises(
        self, door: str, allowed: frozenset[str], ask: Callable[[FlaskClient], TestResponse]
    ) -> Iterator[str]:
        for role in self.matrix.roles:
            response = ask(self.client_as(role))
            passed = not refused(response)
            if passed != (role in allowed):
                yield f"{door}: {role} {'passes' if passed else 'is refused'} ({response.status_code})"
            if passed and response.status_code == BROKEN:
                yield f"{door}: breaks for {role} ({response.status_code})"

    def path(self, rule: str) -> str:
        """Return an address that a rule matches."""

        def sample(found: re.Match[str]) -> str:
            return self.matrix.samples.get(found[1].split(":")[-1], "sample")

        return re.sub(r"<([^>]+)>", sample, rule)


def refused(response: TestResponse) -> bool:
    """Tell whether an answer refuses the role, and not only the request."""
    if response.status_code in {302, 303}:
        return response.location.startswith(("/account/sign-in?", "/account/second-factor?"))
    if response.status_code not in {401, 403}:
        return False
    document = response.get_json(silent=True)
    return not isinstance(document, dict) or document.get("code") in REFUSALS


def request_body(app: SurfaceApp, output: str) -> dict[str, Any]:
    """Return a well-formed request for a callback, with nothing in its values."""
    entry = app.callback_map[output]
    names = output.strip(".").split("...") if output.startswith("..") else [output]
    outputs = [_property(*name.rsplit(".", 1)) for name in names if name]
    return {
        "output": output,
        "outputs": outputs if output.startswith("..") or not outputs else outputs[0],
        "inputs": [_value(d) for d in entry["inputs"]],
        "state": [_value(d) for d in entry["state"]],
        "changedPropIds": [],
    }


def _property(identifier: str, name: str) -> dict[str, Any]:
    given = json.loads(identifier) if identifier.startswith("{") else identifier
    if isinstance(given, dict):
        given = {key: "sample" if isinstance(value, list) else value for key, value in given.items()}
    return {"id": given, "property": name.split("@", maxsplit=1)[0]}


def _value(dependency: Mapping[str, Any]) -> Any:
    if str(dependency["id"]).startswith("{"):
        return []
    return {"id": dependency["id"], "property": dependency["property"], "value": None}


def verb_of(name: str, info: VerbInfo) -> Callable[..., object]:
    """Return a registered verb by its name."""
    owner: Any = importlib.import_module(info.module)
    for part in name.split(".")[1:]:
        owner = getattr(owner, part)
    verb: Callable[..., object] = owner
    return verb


def verb_surprises(
    name: str, verb: Callable[..., object], allowed: frozenset[str], actors: Mapping[str, Actor]
) -> list[str]:
    """Return where a verb does not do to each role what is declared, by calling it as that role."""
    seen = {role: _lets_in(verb, actor) for role, actor in actors.items()}
    return [
        f"{name}: {role} {'passes' if passed else 'is refused'}"
        for role, passed in seen.items()
        if passed != (role in allowed)
    ]


def _lets_in(verb: Callable[..., object], actor: Actor) -> bool:
    try:
        # Without a unit of work, whoever is let in stumbles over that at the next step.
        verb(None, actor)
    except (Forbidden, Unauthenticated):
        return False
    except (AttributeError, TypeError):
        return True
    raise AssertionError(f"{verb} ran without a unit of work")


def differences(kind: str, declared: set[str], existing: set[str], drafted: Callable[[str], str]) -> list[str]:
    """Return what the matrix lacks, as lines to add once they are agreed, and what it names in vain."""
    lacking = [f'not declared: "{door}" = "{drafted(door)}"' for door in sorted(existing - declared)]
    return lacking + [f"stale: {kind} {door!r} does not exist" for door in sorted(declared - existing)]
