"""The catalogues of the public pages' texts: whole, current, and with the same places as the texts in the code."""

import ast
import json
import re
from string import Formatter

import pytest

from services.components.timeline import NO_PROBE, SILENT
from services.components.views import UptimePolicy
from services.kernel.languages import LANGUAGES, SOURCE
from services.metrics.figures import COMPANION_TITLES
from services.metrics.slis import SLIS
from services.slas.agreements import DECLARED, of_component
from services.slas.reads import policy_of, promise_of
from status_page import supplied
from status_page.languages import SCRIPT, script_words
from status_page.presentation import NOUNS, NOUNS_ALONE
from tools import messages
from tools.paths import ROOT
from web.ui import fmt
from web.ui.language import language, speaking

pytestmark = pytest.mark.capability("STATUS-5")
TRANSLATED = [(package, code) for package in messages.PACKAGES for code in LANGUAGES if code != SOURCE]


def forms(text: object) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)  # type: ignore[arg-type] # a text or its plural forms


def places(text: str) -> set[str]:
    return {name for _words, name, _spec, _conversion in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("package", messages.PACKAGES)
def test_the_template_has_exactly_the_texts_of_the_code(package: str) -> None:
    said = {m.id for m in messages.extracted(package) if m.id}
    assert {m.id for m in messages.read(messages.template_of(package)) if m.id} == said, "run: python -m tools.messages"


@pytest.mark.parametrize(("package", "code"), TRANSLATED)
def test_every_text_is_translated_and_nothing_else_is(package: str, code: str) -> None:
    catalogue = messages.read(messages.catalogue_of(package, code), code)
    assert {m.id for m in catalogue if m.id} == {m.id for m in messages.extracted(package) if m.id}
    assert not catalogue.obsolete
    assert [m.id for m in catalogue if m.id and m.fuzzy] == []
    assert [m.id for m in catalogue if m.id and not all(forms(m.string))] == []


@pytest.mark.parametrize(("package", "code"), TRANSLATED)
def test_a_translation_has_the_places_of_its_text_and_every_plural_form(package: str, code: str) -> None:
    catalogue = messages.read(messages.catalogue_of(package, code), code)
    for message in (each for each in catalogue if each.id):
        wanted = set.union(*map(places, forms(message.id)))
        assert all(places(each) == wanted for each in forms(message.string)), message.id
        assert len(forms(message.string)) == (catalogue.num_plurals if message.pluralizable else 1), message.id


@pytest.mark.parametrize("package", messages.PACKAGES)
def test_what_is_said_is_a_text_that_stands_in_the_code(package: str) -> None:
    """`_(f"…")` would be looked up as what it became, which no catalogue has."""
    for file in (ROOT / package).rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text())):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") in {"_", "later", "ngettext"}:
                assert not [each for each in call.args[:2] if isinstance(each, ast.JoinedStr | ast.BinOp)], file


def test_texts_are_found_in_the_order_in_which_they_stand_and_inside_others() -> None:
    source = 'x = f"{_(\'inner\')}"; fmt.counted(2, "{n} cat", "{n} cats"); _("a", b=later("c")); _(name)'
    assert list(messages.said_in(source)) == ["inner", ("{n} cat", "{n} cats"), "a", "c"]


def test_what_the_services_declare_stands_in_the_catalogues() -> None:
    told = {message.id for message in messages.read(messages.template_of("status_page"))}
    for sli in SLIS.values():
        assert {sli.title, sli.definition} <= told
        assert sli.sample_noun in NOUNS
        assert sli.sample_noun in NOUNS_ALONE
    assert set(COMPANION_TITLES.values()) <= told
    assert {NO_PROBE, SILENT} <= told


def test_promises_and_policies_are_said_whole_in_german() -> None:
    english = re.compile(r"\b(the|of|is|are|within|which|neither|with)\b")
    with speaking(language("de")):
        for agreement in (*DECLARED, of_component("c1", "n", "Player")):
            for text in (promise_of(agreement), policy_of(agreement)):
                assert not english.search(supplied.said(text)), supplied.said(text)
        for text in UptimePolicy().words:
            assert not english.search(supplied.said(text)), supplied.said(text)
        assert supplied.said(promise_of(DECLARED[4])).startswith("Komponenten sind 99,95\N{NO-BREAK SPACE}% der")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2 of 3 vantages: timeout", "2 von 3 Messorten: Zeitüberschreitung"),
        ("3 of 3 vantages see it up", "3 von 3 Messorten erreichen sie"),
        ("2 of 3 vantages: answers 503", "2 von 3 Messorten: antwortet mit 503"),
        ("All of the last 1,200 checkouts failed, within 90 s.",
         "Alle der letzten 1.200 Bezahlvorgänge schlugen fehl (Zeitraum: 90\N{NO-BREAK SPACE}Sek.)."),
        ("It depends on Node 1.5, which has a major outage.",
         "Sie hängt ab von Node 1.5; dort gibt es einen Ausfall."),
        ("The hall is on fire. 3 of 4 know.", "The hall is on fire. 3 of 4 know."),
        ("", ""),
    ],
)  # fmt: skip
def test_what_machines_found_is_said_and_what_people_wrote_is_left(text: str, said: str) -> None:
    with speaking(language("de")):
        assert supplied.said(text) == said
    assert supplied.said(text) == text


@pytest.mark.parametrize(
    ("number", "said"),
    [(0, "0 Wiedergaben"), (1, "1 Wiedergabe"), (2, "2 Wiedergaben"), (12_345, "12.345 Wiedergaben")],
)
def test_counted_nouns_have_the_form_of_their_number(number: int, said: str) -> None:
    with speaking(language("de")):
        assert fmt.counted(number, *NOUNS["play"]) == said.replace(" ", fmt.NBSP)
    assert fmt.counted(number, *NOUNS["play"]) == fmt.plural(number, "play")


def test_the_script_is_given_every_word_that_it_says() -> None:
    source = (ROOT / "assets" / "status.js").read_text()
    used = set(re.findall(r"\btexts\.(\w+)", source)) - {"units"}
    assert used | {"system", "light", "dark"} == set(SCRIPT)
    with speaking(language("de")):
        words = script_words()
        assert words["ago"] == "vor {age}"
        assert words["units"]["min"] == {"other": "{n}\N{NO-BREAK SPACE}Min.", "one": "{n}\N{NO-BREAK SPACE}Min."}  # type: ignore[index] # by unit
    assert json.loads(json.dumps(script_words()))["units"]["d"] == {"other": "{n}\N{NO-BREAK SPACE}d"}
