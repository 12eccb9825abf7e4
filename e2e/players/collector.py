"""What the product says of a play, asked as any player may ask."""

from collections.abc import Callable
from typing import Any

import httpx

from tests.servers.waiting import until

Account = dict[str, Any]


def recorded(product_url: str, session_id: str, holds: Callable[[Account], bool], what: str) -> Account:
    """Return the collector's account of a session once it holds what is asked.

    Raises: TimeoutError with the last account.
    """
    last: list[object] = [None]

    def ask() -> Account | None:
        answer = httpx.get(f"{product_url}/ingest/cmcd/sessions/{session_id}", trust_env=False)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        account: Account = answer.raise_for_status().json()
        last[0] = account
        return account if holds(account) else None

    try:
        return until(ask, what, 30, poll_seconds=0.1) or {}
    except TimeoutError as late:
        raise TimeoutError(f"{late}; the last account was {last[0]}") from late


def occurrences(product_url: str, metric: str, **labels: str) -> float:
    """Return the sum of a metric's samples in the exposition that carry these labels."""
    lines = httpx.get(f"{product_url}/metrics", trust_env=False).raise_for_status().text.splitlines()
    wanted = [f'{name}="{value}"' for name, value in labels.items()]
    return sum(
        float(line.rsplit(" ", 1)[1])
        for line in lines
        if line.startswith(f"{metric}{{") and all(w in line for w in wanted)
    )


def film(product_url: str, slug: str) -> str:
    """Return the page of a film once it is published: a new installation makes its films beside the running pages.

    Raises: TimeoutError.
    """

    def ask() -> str:
        answer = httpx.get(f"{product_url}/shop/watch/{slug}", trust_env=False)
        return answer.text if answer.status_code == httpx.codes.OK else ""

    return until(ask, f"the film {slug}", 180, poll_seconds=0.5)
