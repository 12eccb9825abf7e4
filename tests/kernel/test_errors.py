import copy
import pickle

import pytest

from services.kernel import errors
from services.kernel.errors import DomainError, Invalid, RateLimited, Unavailable

SIMPLE = ["Unauthenticated", "Forbidden", "NotFound", "Conflict", "Gone", "TooLarge", "UnsupportedMedia", "Invalid"]


@pytest.mark.parametrize("name", SIMPLE)
@pytest.mark.capability("ERR-1")
def test_an_error_carries_code_message_facts_and_is_final(name: str) -> None:
    error = getattr(errors, name)("thing_wrong", "Do this next.", thing_id="thg_1")
    assert isinstance(error, DomainError)
    assert (error.code, error.message, str(error), error.facts) == (
        "thing_wrong",
        "Do this next.",
        "Do this next.",
        {"thing_id": "thg_1"},
    )
    assert not error.retryable


@pytest.mark.capability("ERR-1")
def test_errors_that_pass_say_when_to_try_again() -> None:
    assert RateLimited("slow_down", "Wait.", retry_after_seconds=7).retry_after_seconds == 7
    assert Unavailable("gone", "Wait.").retry_after_seconds == 5
    assert RateLimited.retryable
    assert Unavailable.retryable


@pytest.mark.capability("ERR-1")
def test_an_invalid_input_says_what_is_wrong_with_which_field() -> None:
    error = Invalid("form_invalid", "Check the form.", fields={"age": "Give a number."}, form="sign-up")
    assert error.fields == {"age": "Give a number."}
    assert error.facts == {"form": "sign-up"}
    assert Invalid("x", "y").fields == {}


@pytest.mark.parametrize(
    "error",
    [
        Invalid("a", "b", fields={"c": "d"}, e=1),
        RateLimited("a", "b", retry_after_seconds=3),
        Unavailable("a", "b", retry_after_seconds=9, host="db"),
    ],
)
def test_errors_cross_process_boundaries_whole(error: DomainError) -> None:
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error), copy.deepcopy(error)):  # noqa: S301 -- our own bytes
        assert type(twin) is type(error)
        assert vars(twin) == vars(error)
        assert str(twin) == str(error)
