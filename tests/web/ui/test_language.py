"""Numbers, units and dates in other languages, and sentences with places."""

from datetime import UTC, date, datetime

import pytest
from dash import html

from services.kernel.languages import LANGUAGES
from web.ui import fmt, locale_data
from web.ui.language import ENGLISH, current, filled, language, speaking
from web.ui.render import to_html

pytestmark = pytest.mark.capability("STATUS-5")
NBSP = "\N{NO-BREAK SPACE}"
AT = datetime(2026, 11, 21, 14, 2, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _german() -> object:
    with speaking(language("de")):
        yield


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (lambda: fmt.number(1234567.5), "1.234.568"),
        (lambda: fmt.number(-0.5), f"{fmt.MINUS}0,50"),
        (lambda: fmt.count(48_212), "48.212"),
        (lambda: fmt.percent(0.978), f"97,8{NBSP}%"),
        (lambda: fmt.availability(0.99977), f"99,977{NBSP}%"),
        (lambda: fmt.number(None), "keine Daten"),
        (lambda: fmt.duration(0.42), f"420{NBSP}ms"),
        (lambda: fmt.duration(3.9), f"3,9{NBSP}Sek."),
        (lambda: fmt.duration(3_900), f"1{NBSP}Std. 5{NBSP}Min."),
        (lambda: fmt.duration(-51 * 3_600), f"{fmt.MINUS}2{NBSP}Tg. 3{NBSP}Std."),
        (lambda: fmt.age(AT, AT.replace(minute=6)), f"vor 4{NBSP}Min."),
        (lambda: fmt.day(AT), f"21.{NBSP}Nov.{NBSP}2026"),
        (lambda: fmt.day(date(2026, 5, 3), year=False), f"3.{NBSP}Mai"),
        (lambda: fmt.instant(AT), f"21.{NBSP}Nov.{NBSP}2026, 14:02{NBSP}UTC"),
        (lambda: fmt.month(AT), f"November{NBSP}2026"),
        (lambda: fmt.month_short(date(2026, 10, 1)), "Okt"),
    ],
)  # fmt: skip
def test_german_is_written_by_its_locale(written: object, said: str) -> None:
    assert written() == said  # type: ignore[operator] # a function of nothing


@pytest.mark.parametrize("value", [2.675, 1.005, 0.125, 99.995, 1e9 + 0.5, -3.14159])
@pytest.mark.parametrize("decimals", [0, 1, 2])
def test_a_figure_has_the_same_digits_in_every_language(value: float, decimals: int) -> None:
    german = fmt.number(value, decimals)
    with speaking(ENGLISH):
        assert german.translate(str.maketrans(".,", ",.")) == fmt.number(value, decimals)


def test_unit_forms_are_those_of_the_locale() -> None:
    assert locale_data.length_forms("d", language("de").locale) == {
        "other": f"{{n}}{NBSP}Tg.",
        "one": f"{{n}}{NBSP}Tg.",
    }


def test_a_sentence_is_filled_where_its_language_puts_the_places() -> None:
    sentence = filled("{b}: «{a}».", a=html.B("x"), b="y")
    assert to_html(sentence) == "y: «<b>x</b>»."


def test_a_language_is_spoken_for_as_long_as_it_is_asked_for() -> None:
    assert current().code == "de"
    with speaking(ENGLISH):
        assert current().code == "en"
    assert current().code == "de"


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_language_has_texts_and_a_name_in_itself(code: str) -> None:
    assert language(code).name == {"en": "English", "de": "Deutsch"}.get(code, language(code).name)
    with pytest.raises(KeyError):
        language("xx")
