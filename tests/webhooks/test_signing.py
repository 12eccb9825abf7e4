"""Signatures: the specification's own vector, the reference library, and plain HMAC agree with ours."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from services.webhooks.signing import new_secret, signed_headers


@pytest.mark.capability("HOOK-1")
def test_the_specifications_vector_comes_out() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    headers = signed_headers(
        "msg_p5jXN8AQM9LWM0D4loKWxJek", '{"test": 2432232314}', [secret], datetime.fromtimestamp(1_614_265_330, UTC)
    )
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(body=st.text(st.characters(codec="utf-8")))
def test_any_body_is_verified_by_the_reference_library_and_by_plain_hmac(body: str) -> None:
    old, new = new_secret(), new_secret()
    headers = dict(signed_headers("msg_1", body, [new, old], datetime.now(UTC)))  # noqa: TID251 -- the library reads the wall clock
    for secret in (old, new):
        Webhook(secret).verify(body.encode(), headers, json_parse=False)
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"msg_1.{headers['webhook-timestamp']}.{body}".encode()
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        assert f"v1,{expected}" in headers["webhook-signature"].split(" ")
    with pytest.raises(WebhookVerificationError):
        Webhook(new_secret()).verify(body.encode(), headers, json_parse=False)
    with pytest.raises(WebhookVerificationError):
        Webhook(new).verify(f"{body} ".encode(), headers, json_parse=False)


def test_an_instant_of_another_zone_is_signed_as_the_instant_that_it_is() -> None:
    at = datetime(2026, 11, 24, 12, tzinfo=UTC)
    east = at.astimezone(timezone(timedelta(hours=9)))
    secret = new_secret()
    assert signed_headers("msg_1", "{}", [secret], east) == signed_headers("msg_1", "{}", [secret], at)


def test_secrets_are_of_their_own_and_long_enough() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    assert all(24 <= len(base64.b64decode(s.removeprefix("whsec_"))) <= 64 for s in made)
