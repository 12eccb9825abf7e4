import asyncio
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.kernel.context import (
    Actor,
    ApiKeyActor,
    JobActor,
    UserActor,
    VendorActor,
    VisitorActor,
    acting_as,
    correlated,
    correlation,
    current_actor,
    current_correlation,
    new_correlation,
)

pytestmark = pytest.mark.capability("ERR-2")


@pytest.mark.parametrize("given_id", ["order-2026-0001", "a" * 64, "0192f0c1-4111-7111-8111-111111111111", "A.b_c-d9"])
def test_a_callers_well_formed_correlation_id_is_kept(given_id: str) -> None:
    assert new_correlation(given_id).correlation_id == given_id


@pytest.mark.parametrize(
    "given_id", [None, "", "short", "a" * 65, "-leading-dash", "a space", "line\nbreak", "ümlaut-id"]
)
def test_any_other_is_replaced(given_id: str | None) -> None:
    made = new_correlation(given_id).correlation_id
    assert made != given_id
    assert re.fullmatch(r"cor_[0-9a-f]{32}", made)


@given(st.text())
def test_whatever_a_caller_sends_the_id_is_safe_in_headers_and_logs(text: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}", new_correlation(text).correlation_id)


def test_a_trace_id_has_the_form_of_w3c_trace_context() -> None:
    made = {new_correlation().trace_id for _ in range(500)}
    assert len(made) == 500
    assert all(re.fullmatch("[0-9a-f]{32}", one) and set(one) != {"0"} for one in made)


def test_correlation_holds_inside_and_ends_with_the_block_even_by_an_exception() -> None:
    outer, inner = new_correlation(), new_correlation()
    with correlated(outer):
        with pytest.raises(ZeroDivisionError), correlated(inner):
            assert (correlation() is current_correlation() is inner) / 0
        assert correlation() is outer
    assert current_correlation() is None
    assert correlation() != correlation()


def test_concurrent_requests_do_not_see_each_others_correlation() -> None:
    async def request(number: int) -> bool:
        with correlated(new_correlation(f"request-{number:04}")):
            await asyncio.sleep(0)
            return correlation().correlation_id == f"request-{number:04}"

    async def all_of_them() -> list[bool]:
        return await asyncio.gather(*map(request, range(50)))

    # A thread of its own: the browser that other tests share keeps a loop running in this one.
    with ThreadPoolExecutor(1) as loop:
        assert all(loop.submit(lambda: asyncio.run(all_of_them())).result())
    with correlated(new_correlation()), ThreadPoolExecutor(1) as other:
        assert other.submit(current_correlation).result() is None


def test_every_kind_of_actor_says_who_it_is() -> None:
    none: frozenset[str] = frozenset()
    actors: list[Actor] = [
        UserActor("usr_1", none),
        ApiKeyActor("key_1", none),
        JobActor("roll-up", none),
        VendorActor("stripe", none),
        VisitorActor(),
    ]
    assert [(actor.kind, actor.id) for actor in actors] == [
        ("user", "usr_1"),
        ("api_key", "key_1"),
        ("job", "roll-up"),
        ("vendor", "stripe"),
        ("visitor", "visitor"),
    ]


def test_the_acting_actor_is_named_inside_the_block_only() -> None:
    with acting_as(JobActor("roll-up", frozenset())) as actor:
        assert current_actor() is actor
    assert current_actor() is None
