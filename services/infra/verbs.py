"""Verbs: what the business can do and ask, each with its permission, transaction, audit row and span.

A verb is a method whose first argument is the actor. `@command` changes: one transaction, one audit row, never nested.
`@query` asks: it reads in the session of the running verb or in one of its own, and can write in neither. `@intake`
takes in measurements at machine rate: one transaction, and no audit row, since its own rows are the record.
"""

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Concatenate, Literal, ParamSpec, Protocol, TypeAlias, TypeVar

from services.infra import audit
from services.infra.telemetry import span
from services.infra.uow import Scope, UnitOfWork, entered, running
from services.kernel.context import Actor
from services.kernel.errors import Forbidden, Unauthenticated


class HasUow(Protocol):
    """What a class of verbs has."""

    @property
    def uow(self) -> UnitOfWork:
        """Opens the transaction of each verb."""
        ...


@dataclass(frozen=True, slots=True)
class VerbInfo:
    """What is known of a verb without running it."""

    kind: Literal["command", "query", "intake"]
    permission: str
    module: str
    unaudited_because: str = ""


S = TypeVar("S", bound=HasUow)
P = ParamSpec("P")
R = TypeVar("R")
Verb: TypeAlias = Callable[Concatenate[S, Actor, P], R]

REGISTRY: dict[str, VerbInfo] = {}
"""Every verb by name (`<domain>.<Class>.<method>`), filled as modules are imported."""


def command(*, permission: str) -> Callable[[Verb[S, P, R]], Verb[S, P, R]]:
    """Declare a change: it commits together with its audit row and its facts, or not at all."""
    return _writing(VerbInfo("command", permission, ""), audit.record)


def intake(*, permission: str, unaudited_because: str) -> Callable[[Verb[S, P, R]], Verb[S, P, R]]:
    """Declare a machine-rate change to measurements, which keeps no audit row for the reason given."""
    return _writing(VerbInfo("intake", permission, "", unaudited_because), lambda _: None)


def query(*, permission: str) -> Callable[[Verb[S, P, R]], Verb[S, P, R]]:
    """Declare a question: it cannot write."""

    def decorate(method: Verb[S, P, R]) -> Verb[S, P, R]:
        name = _register(method, VerbInfo("query", permission, ""))

        @functools.wraps(method)
        def run(self: S, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            with span(name):
                check(actor, permission, name)
                with self.uow.reading() as session, entered(Scope(session, actor, name, self.uow)):
                    return method(self, actor, *args, **kwargs)

        return run

    return decorate


def _writing(info: VerbInfo, finish: Callable[[Scope], None]) -> Callable[[Verb[S, P, R]], Verb[S, P, R]]:
    def decorate(method: Verb[S, P, R]) -> Verb[S, P, R]:
        name = _register(method, info)

        @functools.wraps(method)
        def run(self: S, actor: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            outer = running()
            if outer is not None:
                raise RuntimeError(f"{name} called inside {outer.verb}: changes do not nest.")
            with span(name):
                check(actor, info.permission, name)
                with self.uow.writing() as session, entered(Scope(session, actor, name, self.uow)) as scope:
                    result = method(self, actor, *args, **kwargs)
                    session.flush()
                    finish(scope)
                    return result

        return run

    return decorate


def check(actor: Actor, permission: str, verb: str) -> None:
    """Refuse an actor who lacks a permission.

    Raises: Unauthenticated for a visitor, Forbidden for anybody else.
    """
    if permission in actor.permissions:
        return
    if actor.kind == "visitor":
        raise Unauthenticated("sign_in_required", "Sign in to do this.", permission=permission, verb=verb)
    raise Forbidden("forbidden", "Your role may not do this; ask an administrator.", permission=permission, verb=verb)


def _register(method: Callable[..., object], info: VerbInfo) -> str:
    if not info.permission:
        raise TypeError(f"{method.__qualname__} names no permission.")
    if inspect.isgeneratorfunction(method) or inspect.iscoroutinefunction(method):
        raise TypeError(f"{method.__qualname__} would run after its transaction has ended: return a finished value.")
    module = method.__module__.removeprefix("services.")
    name = f"{module.split('.')[0]}.{method.__qualname__}"
    if name in REGISTRY and REGISTRY[name].module != method.__module__:
        raise RuntimeError(f"Two verbs are named {name}.")
    REGISTRY[name] = VerbInfo(info.kind, info.permission, method.__module__, info.unaudited_because)
    return name
