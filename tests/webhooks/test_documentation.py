"""What docs/subscribers.md tells receivers to run, and what the subscribe page shows, verifies what we send."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.kernel.clock import SystemClock
from services.webhooks.signing import new_secret, signed_headers
from status_page.pages.subscribe import VERIFYING
from tools.paths import ROOT

BODY = '{"incident":{"name":"Grüße"}}'
EXAMPLES = re.findall(r"```python\n(.*?)```", Path(ROOT / "docs" / "subscribers.md").read_text(), re.DOTALL)


def _function(source: str, name: str) -> Callable[..., Any]:
    known: dict[str, Any] = {}
    exec(compile(source, "docs/subscribers.md", "exec"), known)  # noqa: S102 -- the page's own example, as readers run it
    found: Callable[..., Any] = known[name]
    return found


RECEIVERS = [_function(text, "verify") for text in EXAMPLES] + [_function(VERIFYING, "handle")]


def test_the_page_has_both_ways() -> None:
    assert len(RECEIVERS) == 3


@pytest.mark.capability("HOOK-1")
@pytest.mark.parametrize("verify", RECEIVERS)
def test_an_example_takes_ours_and_nothing_else(verify: Callable[..., Any]) -> None:
    old, new, now = new_secret(), new_secret(), SystemClock().now()
    headers = dict(signed_headers("msg_1", BODY, [new, old], now))
    for secret in (old, new):
        assert verify(BODY.encode(), headers, secret) == json.loads(BODY)
    refused = [
        (BODY.encode() + b" ", headers, new),
        (BODY.encode(), headers, new_secret()),
        (BODY.encode(), headers | {"webhook-id": "msg_2"}, new),
        (BODY.encode(), headers | {"webhook-signature": "nonsense"}, new),
        (BODY.encode(), dict(signed_headers("msg_1", BODY, [new], datetime(2026, 1, 1, tzinfo=UTC))), new),
    ]
    for body, given, secret in refused:
        with pytest.raises(PermissionError):
            verify(body, given, secret)
