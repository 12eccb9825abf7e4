"""How a route says who may use it: every rule of every surface is declared here, and the guard refuses the rest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from flask import Blueprint, Flask
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule

_EXTENSION: Final = "greenlight_routes"
V = TypeVar("V", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Access:
    """Who may pass: anybody, anybody with a first factor, anybody signed in, or holders of a permission."""

    kind: str
    permission: str = ""

    def __str__(self) -> str:
        """The word that the access matrix uses."""
        return self.permission or self.kind


PUBLIC: Final = Access("public")
FIRST_FACTOR: Final = Access("first_factor")
SIGNED_IN: Final = Access("signed_in")
AccessLike: TypeAlias = Access | str


def access_of(value: AccessLike) -> Access:
    """Return the access that a permission's name stands for; an `Access` stands for itself.

    Raises: ValueError for an empty name.
    """
    if isinstance(value, Access):
        return value
    if not value:
        raise ValueError("Name a permission, or write PUBLIC.")
    return Access("permission", value)


@dataclass(frozen=True, slots=True)
class CachedDocument:
    """How the micro-cache keeps a public document.

    `query` names the parameters that select another document; any other query goes past the cache. A `translated` one
    is kept once for each language; the parameter that names one is then among those.
    Units: ttl_seconds is how old a copy may be; stale_seconds how old while fresh ones fail.
    """

    ttl_seconds: float = 1.0
    query: frozenset[str] = frozenset()
    stale_seconds: float = 86_400.0
    translated: bool = False


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is declared of one endpoint."""

    endpoint: str
    access: Access
    csrf: bool = True
    cache: CachedDocument | None = None
    body_bytes: int | None = None
    anonymous: bool = False
    api_key: bool = False
    translated: bool = False


class Declarations:
    """Every declared endpoint of one server."""

    def __init__(self) -> None:
        self._by_endpoint: dict[str, Declaration] = {}

    def add(self, declaration: Declaration) -> None:
        """Keep a declaration.

        Raises: ValueError where the endpoint is declared otherwise already, or a private document is to be cached.
        """
        other = self._by_endpoint.setdefault(declaration.endpoint, declaration)
        if other != declaration:
            raise ValueError(f"{declaration.endpoint} is declared twice: {other.access} and {declaration.access}.")
        if declaration.cache and declaration.access != PUBLIC:
            raise ValueError(f"{declaration.endpoint}: only a public document may be cached for everybody.")
        if declaration.api_key and not declaration.access.permission:
            raise ValueError(f"{declaration.endpoint}: a door for API keys names the permission that opens it.")

    def find(self, endpoint: str | None) -> Declaration | None:
        """Return what is declared of an endpoint, or nothing."""
        return self._by_endpoint.get(endpoint or "")

    def __iter__(self) -> Iterator[Declaration]:
        return iter(self._by_endpoint.values())


def declarations(server: Flask) -> Declarations:
    """Return the declared endpoints of a server (or of the running request's, by Flask's `current_app`)."""
    found: Declarations = server.extensions.setdefault(_EXTENSION, Declarations())
    return found


def route(
    owner: Blueprint | Flask,
    rule: str,
    *,
    access: AccessLike,
    methods: tuple[str, ...] = ("GET",),
    csrf: bool = True,
    cache: CachedDocument | None = None,
    body_bytes: int | None = None,
    anonymous: bool = False,
    api_key: bool = False,
    translated: bool = False,
    endpoint: str | None = None,
) -> Callable[[V], V]:
    """Declare a view: its rule, who may use it, and how.

    `csrf=False` is for doors without a browser's authority (beacons, API keys, webhooks). `body_bytes` replaces the
    server's limit. `anonymous` ignores any session: the view always acts as a visitor, and then sets no cookie.
    `api_key` opens the door to programs, and to them alone: they send `Authorization: Bearer <key>`, no cookie counts,
    no CSRF token is needed, and `current_actor()` is the key. A `translated` page is written in its reader's language.
    """

    def decorate(view: V) -> V:
        name = endpoint or view.__name__

        def declare(server: Flask, full_name: str) -> None:
            found = Declaration(
                full_name,
                access_of(access),
                csrf=csrf and not api_key,
                cache=cache,
                body_bytes=body_bytes,
                anonymous=anonymous or api_key or cache is not None,
                api_key=api_key,
                translated=translated or (cache is not None and cache.translated),
            )
            declarations(server).add(found)

        if isinstance(owner, Flask):
            declare(owner, name)
            owner.add_url_rule(rule, name, view, methods=list(methods))
        else:
            _record(owner, rule, name, declare, lambda state: state.add_url_rule(rule, name, view, methods=[*methods]))
        return view

    return decorate


def _record(
    owner: Blueprint,
    rule: str,
    name: str,
    declare: Callable[[Flask, str], None],
    add: Callable[[BlueprintSetupState], None],
) -> None:
    """Declare a blueprint's view wherever the blueprint is registered, under the name that it has there."""

    def on_register(state: BlueprintSetupState) -> None:
        server = state.app
        if not isinstance(server, Flask):
            raise TypeError(f"{rule} is registered on {type(server).__name__}, not on a Flask server.")
        declare(server, f"{state.name_prefix}.{state.name}.{name}".lstrip("."))
        add(state)

    owner.record(on_register)


def declared_rules(server: Flask) -> Iterator[tuple[Rule, Declaration | None]]:
    """Return every rule of a server with what is declared of it: for the guard's tests and the cache."""
    known = declarations(server)
    for rule in server.url_map.iter_rules():
        yield rule, known.find(rule.endpoint)
