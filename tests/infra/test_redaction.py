"""No seeded secret or personal value stands in any line, however it got there."""

import json
import logging
import random
import re
import string
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from services.infra import redaction, sensitive_text
from services.infra.db import make_engine
from services.kernel.ids import new_id, secret_token
from tests.infra.logging_lines import captured, make_settings

pytestmark = pytest.mark.capability("ERR-5")
log = logging.getLogger("greenlight.test")


def _card(rng: random.Random) -> str:
    digits = rng.choice(["4", "51", "37", "6011", "2221"])
    digits += "".join(rng.choice(string.digits) for _ in range((14 if digits == "37" else 15) - len(digits)))
    check = next(d for d in string.digits if sensitive_text._luhn(digits + d))
    sep = rng.choice(["", " ", "-"])
    return sep.join(re.findall(".{1,4}", digits + check))


def _iban(rng: random.Random) -> str:
    country, length = rng.choice([("DE", 18), ("GB", 18), ("NO", 11), ("FR", 23), ("MT", 27)])
    bank = "".join(rng.choice(string.digits) for _ in range(length))
    check = 98 - int("".join(str(int(c, 36)) for c in bank + country + "00")) % 97
    text = f"{country}{check:02d}{bank}"
    return rng.choice([text, text.lower(), " ".join(re.findall(".{1,4}", text))])


def _token_of(alphabet: str, length: int) -> Callable[[random.Random], str]:
    return lambda rng: "".join(rng.choice(alphabet) for _ in range(length))


def _base64url(rng: random.Random) -> str:
    return "aZ9" + _token_of(string.ascii_letters + string.digits + "-_", 40)(rng)


def _ipv4(rng: random.Random) -> str:
    return ".".join(str(rng.randint(1, 254)) for _ in range(4)).replace("127.", "128.", 1)


def _ipv6(rng: random.Random) -> str:
    return "2001:db8:" + ":".join(f"{rng.randint(1, 65535):x}" for _ in range(6))


def _email(rng: random.Random) -> str:
    name = _token_of(string.ascii_lowercase + string.digits, 9)(rng)
    return rng.choice([f"{name}@example.com", f"{name}.o'hara+x@mail.example.co.uk", f"{name.upper()}@Müller.example"])


def _phone(rng: random.Random) -> str:
    digits = "".join(rng.choice("123456789") for _ in range(10))
    forms = [f"+49{digits}", f"+1 ({digits[:3]}) {digits[3:6]}-{digits[6:]}", f"0049 {digits[:3]} {digits[3:]}"]
    return rng.choice([*forms, f"({digits[:3]}) {digits[3:6]}-{digits[6:]}", f"0{digits[:3]} {digits[3:]}"])


def _jwt(rng: random.Random) -> str:
    part = _token_of(string.ascii_letters + string.digits + "-_", 30)
    return f"eyJhbGciOiJFUzI1NiJ9.{part(rng)}.{part(rng)}"


BY_FORM: dict[str, Callable[[random.Random], str]] = {
    "card": _card,
    "email": _email,
    "hex key": _token_of("0123456789abcdef", 64),
    "iban": _iban,
    "ipv4": _ipv4,
    "ipv6": _ipv6,
    "jwt": _jwt,
    "our token": _base64url,
    "phone": _phone,
    "stripe key": lambda rng: "sk_live_" + _token_of(string.ascii_letters + string.digits, 24)(rng),
    "totp secret": _token_of(string.ascii_uppercase + "234567", 32),
}
SENSITIVE_KEYS = [
    "password",
    "newPassword",
    "PASSWORD_HASH",
    "client_secret",
    "Authorization",
    "X-Api-Key",
    "apiKey",
    "set-cookie",
    "Cookie",
    "totp",
    "otp_code",
    "access_token",
    "refreshToken",
    "master_keyset",
    "DSN",
    "email",
    "e_mail",
    "customerEmail",
    "phone",
    "first_name",
    "lastName",
    "displayName",
    "remote_addr",
    "client_ip",
    "userAgent",
    "birth_date",
    "postcode",
    "iban",
    "card_number",
    "cvv",
    "session_id",
    "csrf_token",
    "recovery-codes",
]
SEEDS = st.tuples(st.sampled_from(sorted(BY_FORM)), st.integers(0, 2**32)).map(
    lambda pick: BY_FORM[pick[0]](random.Random(pick[1]))
)
PLAIN = st.text(string.ascii_letters + " ,;()<>\"'\n\t=/", max_size=12)
SEPARATOR = st.sampled_from([" ", ", ", "\n", "=", ": ", "'", '"', "(", "<", "/", "?q=", "\t"])


@dataclass
class Wrapped:
    note: object


def _shaped(seed: str, shape: int) -> object:
    shapes: list[Callable[[str], object]] = [
        str,
        str.encode,
        lambda v: [v],
        lambda v: {"inner": {"deep": [v]}},
        lambda v: {v: 1},
        lambda v: (v, {v}),
        Wrapped,
        ValueError,
        lambda v: {"list": [{"bytes": v.encode()}]},
        lambda v: f"{{'a': {v!r}}}",
        lambda v: json.dumps({"a": [v]}),
    ]
    return shapes[shape % len(shapes)](seed)


def leaked(seed: str, text: str) -> bool:
    """Tell whether a value stands in a text, as it is or as its JSON or its digits."""
    digits = re.sub(r"\D", "", seed)
    compact = re.sub(r"[ ().-]", "", text)
    return seed in text or json.dumps(seed)[1:-1] in text or (len(digits) >= 12 and digits in compact)


@settings(max_examples=250, deadline=None)
@given(seed=SEEDS, before=PLAIN, after=PLAIN, gaps=st.tuples(SEPARATOR, SEPARATOR), shape=st.integers(0, 10))
def test_no_seeded_value_is_logged_by_its_form(
    tmp_path_factory: pytest.TempPathFactory, *, seed: str, before: str, after: str, gaps: tuple[str, str], shape: int
) -> None:
    sentence = f"{before}{gaps[0]}{seed}{gaps[1]}{after}"
    with captured(make_settings(tmp_path_factory.getbasetemp() / "redaction")) as lines:
        log.info(sentence)
        log.info("about %s and %r", _shaped(sentence, shape), seed)
        log.warning("by mapping %(who)s", {"who": seed})
        log.info("extra", extra={"payload": _shaped(seed, shape), "more": {"x": _shaped(sentence, shape)}})
        try:
            _fail(sentence, _shaped(seed, shape))
        except RuntimeError:
            log.exception("failed for %s", seed)
        logging.getLogger("werkzeug").info('%s - - "GET /a?b=%s" 200', seed, seed)
    assert len(lines.entries) == 6
    assert not leaked(seed, lines.text), (seed, lines.text)


def _fail(sentence: str, value: object) -> None:
    cause = ValueError(sentence, value)
    cause.add_note(f"note: {sentence}")
    raise RuntimeError(f"while working on {sentence}") from cause


@settings(max_examples=150, deadline=None)
@given(
    key=st.sampled_from(SENSITIVE_KEYS),
    value=st.text(string.ascii_letters + string.digits + "!$%_- ", min_size=8, max_size=30).map(lambda v: f"q{v}z"),
    shape=st.integers(0, 10),
)
def test_no_value_of_a_sensitive_key_is_logged(
    tmp_path_factory: pytest.TempPathFactory, key: str, value: str, shape: int
) -> None:
    with captured(make_settings(tmp_path_factory.getbasetemp() / "redaction")) as lines:
        log.info("extra", extra={"payload": {key: _shaped(value, shape)}, key: value})
        log.info("args %s", {key: _shaped(value, shape), "plain": "kept"})
        log.info("repr %r", f"{ {key: value, 'plain': 'kept'} }")
        log.info("json %s", json.dumps({"outer": {key: value}}))
        log.info("assigned %s=%r, x=1", key, value)
        log.info("query /p?%s=%s&plain=kept", key, value.replace(" ", "+"))
        log.info("header")
    assert value not in lines.text
    assert value.replace(" ", "+") not in lines.text
    assert lines.text.count("kept") >= 2


@pytest.mark.parametrize(
    "line",
    [
        "Authorization: Basic cXVpenN0YXI6cXVpenN0YXI=",
        "authorization: Bearer quizstar.and.more",
        'Cookie: a="quoted"; session=quizstar; theme=dark',
        "Set-Cookie: session=quizstar; HttpOnly",
        "{'Cookie': 'session=quizstar; a=b'}",
        "[(b'cookie', b'session=quizstar')]",
        "postgresql+psycopg://greenlight:quizstar@db:5432/greenlight",
        "redis://:p@quizstar@cache:6379/0",
        "https://user:quizstar@example.com/path",
        "GET /account/invitation?code=quizstar&next=/",
        "next=%2Freset%3Ftoken%3Dquizstar",
        "-----BEGIN EC PRIVATE KEY-----\nquizstarAAAA\n-----END EC PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nquizstar and no end",
        "otpauth://totp/Greenlight:x?secret=quizstar",
        "password: quizstar",
        "tokens=['quizstar', 'other']",
        "User(user_id='usr_1', password='quizstar', roles=[])",
        "DETAIL:  Key (display_name)=(quizstar of Berlin) already exists.",
        "DETAIL:  Failing row contains (usr_1, quizstar, null).",
        "invalid input syntax for type integer: \"quizstar\"\nLINE 1: select 'quizstar'",
        "CONTEXT:  unnamed portal parameter $1 = 'quizstar'",
        "[SQL: insert into t values ('quizstar')]\n[parameters: {'a': 'quizstar'}]",
        "whsec_quizstar12345678",
        "ghp_quizstar1234567890abcdef1234567890",
    ],
)
def test_known_carriers_of_secrets_do_not_carry_them(line: str) -> None:
    assert "quizstar" not in redaction.redact_text(line)
    assert "quizstar" not in redaction.redact_text(f"before {line}")
    assert "quizstar" not in str(redaction.redact({"k": [line]}))


@pytest.mark.parametrize(
    "line",
    [
        "GET /status/ 200 in 12.3 ms",
        "job@2026-11-24T05:31:00+00:00 took 1700000000000 ms",
        pytest.param(f"{new_id('usr')} did {new_id('aud')}", id="our ids"),
        "traceparent 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "listening on 127.0.0.1:8050, [::1]:8050 and 0.0.0.0:80",
        "0192f0c1-4111-7111-8111-111111111111 finished",
        "release 2026.11.24.1-rc2 on v1.2.3",
        "Basic plotting of 250 sessions, 12:34:56 to 13:00:00",
        "services.infra.uow database_unavailable /srv/greenlight/var/greenlight.db",
        "rebuffer_ratio=0.0123 sessions=104233 window=2026-11-24T05:00:00Z",
    ],
)
def test_what_operators_need_stays_readable(line: str) -> None:
    assert redaction.redact_text(line) == line


def test_measures_stay_numbers_under_keys_that_speak_of_secrets() -> None:
    kept: Mapping[str, object] = {"token_count": 3, "session_id_length": 43, "password_present": True, "email": None}
    assert redaction.redact(kept) == kept
    assert redaction.redact({"otp": 123456}) == {"otp": redaction.MASK}


def test_secrets_of_this_installation_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    secret = f"correct horse battery staple {tmp_path}"
    with captured(make_settings(tmp_path, secret_key=secret)) as lines:
        log.info("it was %s", secret, extra={"note": f"<{secret}>"})
        log.error("failed", exc_info=ValueError(secret))
    assert secret not in lines.text


def test_our_own_tokens_are_recognised() -> None:
    without_a_digit = "TeWRzugtPxton_azKZDTQNTJnRwVvlJzgwLgpZAlPuM"
    for token in [without_a_digit, *(secret_token() for _ in range(2_000))]:
        assert token not in redaction.redact_text(f"link /account/reset/{token} sent")


def test_statements_values_are_in_no_line_on_either_database(tmp_path: Path, empty_database_url: str) -> None:
    engine = make_engine(empty_database_url)
    name = "Quentin Quizstar of Nowhere"
    with engine.begin() as connection:
        connection.execute(sa.text("create table people (name varchar(20) primary key, age integer not null)"))
    statements: list[tuple[str, dict[str, Any]]] = [
        ("insert into people values (:name, 1), (:name, 1)", {"name": name[:20]}),
        ("insert into people values (:name, null)", {"name": name[:20]}),
        ("insert into people values (:name, 1)", {"name": name}),
        ("select * from people where age = cast(:name as integer) and nothing = 1", {"name": name}),
        (f"insert into people values ('{name}', null)", {}),  # noqa: S608 -- a value in the statement itself
        (f"selec '{name}'", {}),
    ]
    failures = 0
    with captured(make_settings(tmp_path)) as lines:
        for statement, values in statements:
            try:
                with engine.begin() as connection:
                    connection.execute(sa.text(statement), values)
            except sa.exc.DBAPIError as error:
                failures += 1
                log.exception("statement_failed")
                log.warning("statement_failed: %s", error, extra={"reason": str(error.orig), "error": error})
    engine.dispose()
    assert failures >= 4
    assert "Quizstar" not in lines.text
    assert "Quentin" not in lines.text


def test_values_in_validation_errors_are_in_no_line(tmp_path: Path) -> None:
    class Form(pydantic.BaseModel):
        age: int
        name: str

    word = "quizstar secret"
    with captured(make_settings(tmp_path)) as lines:
        try:
            Form.model_validate({"age": word, "name": [word]})
        except pydantic.ValidationError:
            log.exception("refused")
    assert "quizstar" not in lines.text


@pytest.mark.parametrize(
    "piece",
    [
        "a",
        "a-",
        "1",
        "1 ",
        "1.",
        "a:",
        "(",
        "'",
        "password",
        "ab12",
        "\\",
        "input_value=",
        "key (",
        "http://",
        "+1",
        "0",
        "@",
        "-----begin private key",
        "'cookie':'",
        "basic ",
        "a@",
        "=(",
        "authorization:",
        'b"',
        "%40",
        "eyJa.",
        "[sql: '",
    ],
)
def test_hostile_texts_take_no_longer_than_long_ones(piece: str) -> None:
    """A bound against quadratic patterns; 16 kB is the longest text that patterns see."""
    import time  # noqa: PLC0415 -- measures the thread

    text = piece * (redaction.RAW_LENGTH_MAX // len(piece))
    started = time.thread_time()
    sensitive_text.mask(f"{text}=(@:://$bearer eyj")
    assert time.thread_time() - started < 1.0


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.text() | st.binary() | st.integers(), inner) | st.tuples(inner, inner)
        ),
    )
)
@settings(deadline=None)
def test_whatever_comes_in_plain_json_comes_out(value: object) -> None:
    json.dumps(redaction.redact(value), allow_nan=False)
