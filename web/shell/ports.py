"""What the shell needs to know and is told: who is signed in, what is ready, what is measured."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from prometheus_client.metrics_core import Metric

from services.kernel.context import ApiKeyActor, UserActor
from web.ui.static import StaticManifest


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request came from."""

    address: str
    user_agent: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A person with a valid session.

    While `second_factor_pending`, the guard lets them only to pages declared `FIRST_FACTOR`, and `actor` has only the
    permissions that finishing the sign-in needs.
    """

    actor: UserActor
    session_id: str
    name: str
    roles: tuple[str, ...] = ()
    second_factor_pending: bool = False


Authenticate: TypeAlias = Callable[[str, Client], SignedIn | None]
"""Tells whose session a cookie's token belongs to; nothing for an unknown, expired or revoked one."""

RecogniseKey: TypeAlias = Callable[[str], ApiKeyActor | None]
"""Tells whose API key a bearer token is; nothing for an unknown, expired or revoked one."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One condition of readiness: `check` returns why it is not met, or nothing where it is."""

    name: str
    check: Callable[[], str | None]


class MetricSource(Protocol):
    """Figures that `/metrics` shows beside the shell's own."""

    def collect(self) -> Iterable[Metric]:
        """Return the metric families with their samples of now."""
        ...


def nobody(_token: str, _client: Client) -> SignedIn | None:
    """Recognise no session: for a process whose surfaces are all public."""
    return None


def no_key(_token: str) -> ApiKeyActor | None:
    """Recognise no API key: for a process without doors for programs."""
    return None


@dataclass(frozen=True, slots=True)
class Ports:
    """Everything that the shell takes from the rest of the product.

    `version` answers with a value that changes when public documents must be made anew (a version row). `static` is the
    built front-end; without it pages have no looks, which only tests want.
    """

    authenticate: Authenticate = nobody
    recognise_key: RecogniseKey = no_key
    visitor_permissions: frozenset[str] = frozenset()
    probes: tuple[Probe, ...] = ()
    metrics: tuple[MetricSource, ...] = ()
    version: Callable[[], object] | None = None
    static: StaticManifest | None = None
