import string
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.identity.rules import (
    PASSWORD_LENGTH_MAX,
    PASSWORD_LENGTH_MIN,
    WAIT_SECONDS_MAX,
    check_new_password,
    current_code,
    device_label,
    matching_step,
    normalise_name,
    normalise_password,
    step_at,
    wait_seconds,
)
from services.kernel.addresses import normalise_email
from services.kernel.errors import Invalid

INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants naive bounds beside its time zones
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (" Ada@Example.COM ", "ada@example.com"),
        ("ada+films@sub.example.org", "ada+films@sub.example.org"),
        ("\uff46\uff55\uff4c\uff4c@example.com", "full@example.com"),
        ("ada@bücher.example", "ada@xn--bcher-kva.example"),
    ],
)
def test_an_address_has_one_form(given: str, stored: str) -> None:
    assert normalise_email(given) == stored


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ada",
        "ada@",
        "@example.com",
        "ada@localhost",
        "a da@example.com",
        "ada@example.com\nBcc: all@example.com",
        "ada@exa_mple.com",
        ".ada@example.com",
        "ada..b@example.com",
        "ada@example..com",
        "<ada@example.com>",
        "ada@example.com,eve@example.com",
        "a" * 65 + "@example.com",
        "ada@" + "a." * 130 + "com",
        "ada@" + "a" * 70 + ".com",
        "\x00@example.com",
    ],
)
def test_what_is_no_address_is_refused_with_its_field(text: str) -> None:
    with pytest.raises(Invalid) as refused:
        normalise_email(text)
    assert "email" in refused.value.fields


@given(st.text(max_size=300))
def test_no_text_yields_an_address_that_could_break_a_header(text: str) -> None:
    try:
        address = normalise_email(text)
    except Invalid:
        return
    assert not set(address) & set("\r\n\0 ,;<>")
    assert normalise_email(address) == address
    assert address.count("@") == 1


@given(st.text(max_size=200))
def test_a_name_is_one_line_of_bounded_length_or_refused(text: str) -> None:
    try:
        name = normalise_name(text)
    except Invalid:
        return
    assert 1 <= len(name) <= 80
    assert len(name.splitlines()) == 1
    assert normalise_name(name) == name


@pytest.mark.parametrize("length", [0, 1, PASSWORD_LENGTH_MIN - 1])
def test_short_passwords_are_refused(length: int) -> None:
    with pytest.raises(Invalid, match="at least 12"):
        check_new_password("x7!kQz9#wR2pv"[:length])


def test_overlong_passwords_are_refused_before_any_work_on_them() -> None:
    with pytest.raises(Invalid, match="at most 128"):
        check_new_password("x" * (PASSWORD_LENGTH_MAX + 1))


@pytest.mark.parametrize(
    "password",
    [
        "password1234",
        "qwertyuiop12",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabc",
        "greenlight-2026",
        "Greenlight123",
        "ada.byron@example.com",
        "ada.byron1815",
        "adabyronadabyron",
        "123456789012",
        "P@ssw0rdP@ssw0rd",
    ],
)
def test_guessable_passwords_are_refused(password: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_new_password(password, about=["ada.byron@example.com", "Ada Byron"])
    assert refused.value.code == "password_guessable"
    assert "password" in refused.value.fields


@pytest.mark.parametrize(
    "password",
    [
        "violet harbour 93 kettle",
        "correct horse battery staple",
        "καλημέρα μεγάλη πόλη",
        "kfq3-mzxw-6ytb-oi2d",
        "onlylowercaseletterssufficiently",
    ],
)
def test_long_unrelated_words_are_accepted_without_rules_about_characters(password: str) -> None:
    check_new_password(password, about=["ada.byron@example.com", "Ada Byron"])


def test_the_same_password_from_two_keyboards_is_one() -> None:
    assert normalise_password("paßwort é") == normalise_password("paßwort e\u0301")


@given(st.integers(0, 10_000), st.integers(0, 50))
def test_waiting_grows_from_nothing_to_a_cap_and_never_shrinks(failures: int, free: int) -> None:
    waits = wait_seconds(failures, free)
    assert 0 <= waits <= WAIT_SECONDS_MAX
    assert waits <= wait_seconds(failures + 1, free)
    assert (waits == 0) == (failures <= free)


@given(INSTANTS, st.integers(-29, 29))
def test_a_code_is_good_within_a_step_of_drift(at: datetime, seconds: int) -> None:
    assert matching_step(SEED, current_code(SEED, at), at + timedelta(seconds=seconds)) == step_at(at)


@given(INSTANTS, st.sampled_from([-95, -61, 61, 95]))
def test_a_code_from_farther_away_is_not_good_as_its_own_step(at: datetime, seconds: int) -> None:
    # Codes of six digits repeat by chance, so the step is compared, not only whether one matches.
    assert matching_step(SEED, current_code(SEED, at), at + timedelta(seconds=seconds)) != step_at(at)


@given(st.text(max_size=40))
def test_nonsense_is_no_code(text: str) -> None:
    if not set(text) <= set(string.digits + " -"):
        assert matching_step(SEED, text, datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_codes_equal_the_published_vectors() -> None:
    # RFC 6238 appendix B, SHA-1, last six of the eight digits.
    published = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
    vectors = {59: "287082", 1111111109: "081804", 1234567890: "005924", 2000000000: "279037"}
    assert {s: current_code(published, datetime.fromtimestamp(s, UTC)) for s in vectors} == vectors


def test_browsers_are_named_as_people_name_them() -> None:
    chrome = (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0 Safari/537.36"
    )
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Safari/604.1"
    assert device_label(chrome) == "Chrome on Windows"
    assert device_label(chrome + " Edg/156.0") == "Edge on Windows"
    assert device_label(iphone) == "Safari on iPhone"
    assert device_label("curl/8") == "Unknown browser"
